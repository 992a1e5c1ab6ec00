"""Writes the next migration: what the tables of the store have that the newest revision does not make.

    python tools/migration.py 0002 adds_vat_reports [TABLE …]

With tables named, only what differs in those. A draft for a person: read it, try it with rows in the tables, then
commit it with the change of the tables.
"""

import re
import subprocess
import sys
import tempfile

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops

from tieout.store.engine import open_engines
from tieout.store.metadata import METADATA
from tieout.store.schema import MIGRATIONS, known_revisions, load_tables, prepare

HEAD = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
{calls}
'''

SECURITY = '''

def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
'''


def main(revision: str, name: str, *tables: str) -> int:
    load_tables()
    known = known_revisions()
    with tempfile.TemporaryDirectory() as folder:
        engines = open_engines(f"sqlite:///{folder}/app.db")
        if known:
            prepare(engines)
        with engines.writing.begin() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": METADATA})
            operations = produce_migrations(context, METADATA).upgrade_ops
        engines.dispose()
    if operations is None or operations.is_empty():
        print("tables and migrations agree")
        return 1
    wanted = [each for each in operations.ops if not tables or getattr(each, "table_name", None) in tables]
    functions = [(function_name(operation), body(operation) + security(operation)) for operation in wanted]
    text = HEAD.format(
        title=name.replace("_", " ").capitalize(),
        revision=revision,
        down=repr(known[-1]) if known else None,
        calls="\n".join(f"    {function}()" for function, _ in functions),
    )
    text += "".join(f"\n\ndef {function}() -> None:\n{code}\n" for function, code in functions)
    text += SECURITY if "_own_rows_only(" in text else ""
    path = MIGRATIONS / "versions" / f"{revision}_{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=True)
    print(path)
    return 0


def function_name(operation: ops.MigrateOperation) -> str:
    table = getattr(operation, "table_name", "tables")
    return f"_{'create' if isinstance(operation, ops.CreateTableOp) else 'change'}_{table}"


def body(operation: ops.MigrateOperation) -> str:
    """One operation, with the indexes of a new table right behind it."""
    container = ops.UpgradeOps(ops=[operation])
    code = render_python_code(container, render_as_batch=True, user_module_prefix="", sqlalchemy_module_prefix="sa.")
    lines = [line for line in code.splitlines() if not line.strip().startswith("#")]
    code = re.sub(r"^(?!    )(?=\S)", "    ", "\n".join(lines), flags=re.M)
    # Plain types, so that a later change of ours does not change what an old migration did.
    for ours, plain in (("Amount4", "sa.BigInteger()"), ("Moment", "sa.String(length=32)")):
        code = re.sub(rf"\b{ours}\([^)]*\)", plain, code)
    return code


def security(operation: ops.MigrateOperation) -> str:
    if isinstance(operation, ops.CreateTableOp):
        key = operation.to_table().primary_key.columns.keys()
        return f'\n    _own_rows_only("{operation.table_name}")' if key[:1] == ["organisation"] else ""
    return ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
