"""Each chunk of a statement says which row it begins with, so that a page of rows is found without reading the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("statement_chunks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_row", sa.Integer(), nullable=True))
