"""Steps of the set-up, the ledger link of a channel account, claims to one, and what people met at our door."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# The links that were implied until now: every live channel account posted to the newest live connection.
_IMPLIED = """
INSERT INTO ledger_links (organisation, account, connection, platform, books_id, books_name, made_at, made_by, words)
SELECT accounts.organisation, accounts.id, books.id, books.platform, books.books_id, books.books_name,
       books.connected_at, books.connected_by_name, ''
FROM channel_accounts AS accounts
JOIN connections AS books ON books.organisation = accounts.organisation AND books.id = (
    SELECT newest.id FROM connections AS newest
    WHERE newest.organisation = accounts.organisation AND newest.state <> 'disconnected'
    ORDER BY newest.connected_at DESC, newest.id LIMIT 1)
WHERE accounts.state <> 'disconnected'
"""


def upgrade() -> None:
    _create_ledger_links()
    _create_channel_claims()
    _create_onboarding()
    _create_encounters()
    for table in ("ledger_links", "channel_claims", "onboardings", "onboarding_drafts", "encounters"):
        _own_rows_only(table)
    op.execute(_IMPLIED)


def _create_ledger_links() -> None:
    op.create_table(
        "ledger_links",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("books_id", sa.String(length=64), nullable=False),
        sa.Column("books_name", sa.String(length=255), nullable=False),
        _moment("made_at", is_needed=True),
        sa.Column("made_by", sa.String(length=255), nullable=False),
        *(_moment(name) for name in ("checked_at", "good_at", "failing_since")),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "account"],
            ["channel_accounts.organisation", "channel_accounts.id"],
            name=op.f("fk_ledger_links_organisation_account"),
        ),
        sa.PrimaryKeyConstraint("organisation", "account", name=op.f("pk_ledger_links")),
    )


def _create_channel_claims() -> None:
    op.create_table(
        "channel_claims",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("owner_organisation", sa.String(length=36), nullable=False),
        sa.Column("owner_account", sa.String(length=36), nullable=False),
        sa.Column("owner_masked", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("person_name", sa.String(length=255), nullable=False),
        _moment("met_at", is_needed=True),
        *(_moment(name) for name in ("asked_at", "decided_at")),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_channel_claims")),
    )
    with op.batch_alter_table("channel_claims", schema=None) as batch_op:
        batch_op.create_index("ix_channel_claims_owner", ["owner_organisation", "state"], unique=False)


def _create_onboarding() -> None:
    op.create_table(
        "onboardings",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        _moment("begun_at", is_needed=True),
        sa.Column("begun_by", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        _moment("ended_at"),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_onboardings")),
    )
    op.create_table(
        "onboarding_drafts",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("entered", sa.JSON(), nullable=False),
        _moment("saved_at", is_needed=True),
        sa.Column("saved_by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "step", name=op.f("pk_onboarding_drafts")),
    )


def _create_encounters() -> None:
    op.create_table(
        "encounters",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        _moment("met_at", is_needed=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "person", "code", name=op.f("pk_encounters")),
    )


def _moment(name: str, is_needed: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length=32), nullable=not is_needed)


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
