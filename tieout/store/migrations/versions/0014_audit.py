"""The audit log: what people and jobs changed, chained by hashes."""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
