"""Consent by a link, parked books, and an organisation's own app."""

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _change_drafts()
    _create_tables()
    # PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one.
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        for table in ("consent_links", "own_apps"):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")


def _change_drafts() -> None:
    with op.batch_alter_table("connection_drafts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("step", sa.String(16), nullable=False, server_default="begun"))
        batch_op.add_column(sa.Column("link", sa.String(64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("client_id", sa.String(128), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("held", sa.Text, nullable=True))
        batch_op.add_column(sa.Column("held_at", Moment, nullable=True))
        batch_op.add_column(sa.Column("ended_at", Moment, nullable=True))
        batch_op.add_column(sa.Column("cause", sa.String(64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("words", sa.Text, nullable=False, server_default=""))


def _create_tables() -> None:
    op.create_table(
        "consent_links",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("connection", sa.String(36), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_by_name", sa.String(255), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("sent_to", sa.String(254), nullable=False),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("opened_at", Moment, nullable=True),
        sa.Column("used_at", Moment, nullable=True),
        sa.Column("used_by_name", sa.String(255), nullable=False),
        sa.Column("withdrawn_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_consent_links")),
    )
    op.create_table(
        "own_apps",
        sa.Column("organisation", sa.String(36), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("client_id", sa.String(128), nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("is_custom", sa.Boolean, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("changed_by_name", sa.String(255), nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("organisation", "platform", name=op.f("pk_own_apps")),
    )
