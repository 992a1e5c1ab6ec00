"""Consent by a link, parked books, and an organisation's own app."""

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
