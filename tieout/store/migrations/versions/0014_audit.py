"""The audit log: what people and jobs changed, chained by hashes; triggers that let it only grow. Who asked, by id."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_person", "audit", ["organisation", "person", "number"])
    op.create_index("ix_audit_act", "audit", ["organisation", "act", "number"])
    op.create_table(
        "audit_heads",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_audit_heads")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()
    for table, column in (("operations", "person"), ("issue_blocks", "asked_person"), ("plans", "frozen_person")):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(column, sa.String(36), nullable=False, server_default=""))


def _guard_on_postgresql() -> None:
    own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
    for table in ("audit", "audit_heads"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
    op.execute(
        "CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$"
    )
    refuse = "EXECUTE FUNCTION refuse_change_of_audit()"
    op.execute(f"CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT {refuse}")
    op.execute(f"CREATE TRIGGER audit_heads_are_kept BEFORE DELETE ON audit_heads FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER audit_heads_are_not_emptied BEFORE TRUNCATE ON audit_heads FOR EACH STATEMENT {refuse}")
    op.execute(
        "CREATE TRIGGER audit_heads_go_on BEFORE UPDATE ON audit_heads FOR EACH ROW "
        f"WHEN (NEW.organisation <> OLD.organisation OR NEW.number <> OLD.number + 1) {refuse}"
    )


def _guard_on_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    op.execute(f"CREATE TRIGGER audit_is_kept BEFORE UPDATE ON audit {refuse}")
    op.execute(f"CREATE TRIGGER audit_is_not_emptied BEFORE DELETE ON audit {refuse}")
    op.execute(f"CREATE TRIGGER audit_heads_are_kept BEFORE DELETE ON audit_heads {refuse}")
    op.execute(
        "CREATE TRIGGER audit_heads_go_on BEFORE UPDATE ON audit_heads "
        f"WHEN NEW.organisation <> OLD.organisation OR NEW.number <> OLD.number + 1 {refuse}"
    )
