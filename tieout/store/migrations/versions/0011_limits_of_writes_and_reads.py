"""Writes and reads that platforms count apart, and the day on which a grant ends for good."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meters",
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("reads", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("platform", "month", name="pk_meters"),
    )
    with op.batch_alter_table("call_slots", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_write", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true())
        )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ends_at", Moment, nullable=True))
