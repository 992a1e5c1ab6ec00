"""Invitations, practices, transfers of ownership, platform administrators."""

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
