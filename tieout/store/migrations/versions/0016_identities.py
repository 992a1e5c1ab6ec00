"""Sign-in by an identity that somebody else vouches for."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID, DIGEST = sa.String(36), sa.String(64)


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", ID, nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("linked_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_identities_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    op.create_index("ix_identities_person", "identities", ["person"])
    op.create_table(
        "identity_drafts",
        sa.Column("id", DIGEST, nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("binding", DIGEST, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("endpoints", sa.JSON, nullable=False),
        sa.Column("begun_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.Column("proven_at", Moment),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("is_verified", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("meant", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_drafts")),
    )
    op.create_index("ix_identity_drafts_meant", "identity_drafts", ["meant"])
