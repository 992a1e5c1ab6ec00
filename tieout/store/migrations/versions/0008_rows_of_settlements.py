"""A settlement says how many rows of its file are its own, where that is not the number of its amounts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_rows", sa.Integer(), nullable=True))
