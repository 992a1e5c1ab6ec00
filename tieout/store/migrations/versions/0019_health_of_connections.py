"""What a connection has been through, and its last check."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _timeline()
    _checks()
    _rights()
    _pauses()
    _reminders()


def _timeline() -> None:
    op.create_table(
        "connection_timeline",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("connection", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", "number", name=op.f("pk_connection_timeline")),
    )
    _own_rows_only("connection_timeline")


def _checks() -> None:
    op.create_table(
        "connection_checks",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("connection", sa.String(36), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", name=op.f("pk_connection_checks")),
    )
    _own_rows_only("connection_checks")


def _rights() -> None:
    op.create_table(
        "connection_rights",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("connection", sa.String(36), nullable=False),
        sa.Column("checked_at", Moment, nullable=False),
        sa.Column("allowed", sa.JSON(), nullable=False),
        sa.Column("barred", sa.JSON(), nullable=False),
        sa.Column("full_at", Moment, nullable=True),
        sa.Column("changed_at", Moment, nullable=True),
        sa.Column("refusals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", name=op.f("pk_connection_rights")),
    )
    _own_rows_only("connection_rights")


def _pauses() -> None:
    op.create_table(
        "organisation_pauses",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("paused_at", Moment, nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("resumed_at", Moment, nullable=True),
        sa.Column("checked_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_organisation_pauses")),
    )
    _own_rows_only("organisation_pauses")


def _reminders() -> None:
    op.create_table(
        "scope_reminders",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("connection", sa.String(36), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", "days", name=op.f("pk_scope_reminders")),
    )
    _own_rows_only("scope_reminders")


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
