"""Connections and mappings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_books_contacts()
    _create_budgets()
    _create_call_slots()
    _change_call_slots()
    _create_charts()
    _create_connection_drafts()
    _create_connections()
    _change_connections()
    _create_grants()
    _create_mappings()


def _create_books_contacts() -> None:
    op.create_table(
        "books_contacts",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", "name", name=op.f("pk_books_contacts")),
    )
    _own_rows_only("books_contacts")


def _create_budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("made_today", sa.Integer(), nullable=False),
        sa.Column("day_left", sa.Integer(), nullable=True),
        sa.Column("day_left_at", sa.String(length=32), nullable=True),
        sa.Column("made_since", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.String(length=32), nullable=True),
        sa.Column("blocked_code", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", name=op.f("pk_budgets")),
    )
    _own_rows_only("budgets")


def _create_call_slots() -> None:
    op.create_table(
        "call_slots",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_call_slots")),
    )
    _own_rows_only("call_slots")


def _change_call_slots() -> None:
    with op.batch_alter_table("call_slots", schema=None) as batch_op:
        batch_op.create_index("ix_call_slots_connection", ["organisation", "connection", "started_at"], unique=False)


def _create_charts() -> None:
    op.create_table(
        "charts",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("read_at", sa.String(length=32), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "connection", name=op.f("pk_charts")),
    )
    _own_rows_only("charts")


def _create_connection_drafts() -> None:
    op.create_table(
        "connection_drafts",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("person_name", sa.String(length=255), nullable=False),
        sa.Column("binding", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("reconnects", sa.String(length=36), nullable=False),
        sa.Column("begun_at", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=True),
        sa.Column("grant", sa.String(length=36), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_connection_drafts")),
    )
    _own_rows_only("connection_drafts")


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("books_id", sa.String(length=64), nullable=False),
        sa.Column("books_name", sa.String(length=255), nullable=False),
        sa.Column("link_id", sa.String(length=64), nullable=False),
        sa.Column("grant", sa.String(length=36), nullable=False),
        sa.Column("connected_by", sa.String(length=36), nullable=False),
        sa.Column("connected_by_name", sa.String(length=255), nullable=False),
        sa.Column("connected_at", sa.String(length=32), nullable=False),
        sa.Column("known_there_as", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=True),
        sa.Column("good_at", sa.String(length=32), nullable=True),
        sa.Column("checked_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_connections")),
    )
    _own_rows_only("connections")


def _change_connections() -> None:
    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.create_index(
            "uq_connections_live_books",
            ["platform", "books_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'disconnected'"),
            postgresql_where=sa.text("state <> 'disconnected'"),
        )


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("token_id", sa.String(length=36), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("refresh", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("previous_until", sa.String(length=32), nullable=True),
        sa.Column("candidate", sa.Text(), nullable=True),
        sa.Column("candidate_at", sa.String(length=32), nullable=True),
        sa.Column("refresher", sa.String(length=64), nullable=True),
        sa.Column("refresh_started_at", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("platform", "client_id", "person", name=op.f("uq_grants_platform_client_id_person")),
    )


def _create_mappings() -> None:
    op.create_table(
        "mappings",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "version", name=op.f("pk_mappings")),
    )
    _own_rows_only("mappings")


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
