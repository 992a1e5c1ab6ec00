"""Payouts as lists of payouts state them, without rows."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Amount4, Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payouts",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("paid_on", sa.String(10), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total", Amount4, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("statement", sa.String(64), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("stated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "channel", "paid_on", "currency", "total", name=op.f("pk_payouts")),
    )
    # PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one.
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute("ALTER TABLE payouts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON payouts USING ({own})")
