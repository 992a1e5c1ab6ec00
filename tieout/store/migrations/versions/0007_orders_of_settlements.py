"""Settlements are listed by amount and by status too, a page at a time."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.create_index(
            "ix_settlements_amount", ["organisation", "is_current", "total", "ends_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_settlements_standing", ["organisation", "is_current", "status", "ends_at", "id"], unique=False
        )
