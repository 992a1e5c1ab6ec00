"""Renewals of a grant, each with what came of it."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "renewals",
        sa.Column("grant", sa.String(36), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("grant", "fence", name=op.f("pk_renewals")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("listed_at", Moment))
