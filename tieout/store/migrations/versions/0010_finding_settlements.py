"""A list of a hundred thousand settlements is searched, and its filters are offered, from indexes alone."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        place = ["organisation", "is_current"]
        batch_op.create_index("ix_settlements_marketplace", [*place, "marketplace"], unique=False)
        batch_op.create_index("ix_settlements_code", [*place, "code"], unique=False)
        searched = ["ends_at", "id", "number", "marketplace", "currency", "starts_at", "status", "total"]
        batch_op.create_index("ix_settlements_search", [*place, *searched], unique=False)
