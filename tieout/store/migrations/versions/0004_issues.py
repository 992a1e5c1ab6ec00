"""Issues."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_issues()
    _change_issues()
    _create_issue_blocks()
    _change_issue_blocks()
    _change_connections()


def _create_issues() -> None:
    op.create_table(
        "issues",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("root", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("retry", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.String(length=32), nullable=False),
        sa.Column("last_seen", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("next_attempt_at", sa.String(length=32), nullable=True),
        sa.Column("muted_until", sa.String(length=32), nullable=True),
        sa.Column("resolved_at", sa.String(length=32), nullable=True),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_issues")),
    )
    _own_rows_only("issues")


def _change_issues() -> None:
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.create_index("ix_issues_newest", ["organisation", "state", "last_seen"], unique=False)
        batch_op.create_index(
            "uq_issues_open",
            ["organisation", "code", "root"],
            unique=True,
            sqlite_where=sa.text("state <> 'resolved'"),
            postgresql_where=sa.text("state <> 'resolved'"),
        )


def _create_issue_blocks() -> None:
    op.create_table(
        "issue_blocks",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("issue", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("mark", sa.String(length=120), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "issue"],
            ["issues.organisation", "issues.id"],
            name=op.f("fk_issue_blocks_organisation_issue"),
        ),
        sa.PrimaryKeyConstraint("organisation", "issue", "kind", "subject", name=op.f("pk_issue_blocks")),
    )
    _own_rows_only("issue_blocks")


def _change_issue_blocks() -> None:
    with op.batch_alter_table("issue_blocks", schema=None) as batch_op:
        batch_op.create_index("ix_issue_blocks_subject", ["organisation", "kind", "subject"], unique=False)


def _change_connections() -> None:
    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failing_since", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("failing_calls", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("failing_books", sa.Integer(), server_default="0", nullable=False))


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
