"""Steps of the set-up, and the ledger link of a channel account."""

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
