"""Channel accounts, and what each of them has listed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_channel_accounts()
    _change_channel_accounts()
    _create_channel_items()
    _change_channel_items()


def _create_channel_accounts() -> None:
    op.create_table(
        "channel_accounts",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("connected_by", sa.String(length=36), nullable=False),
        sa.Column("connected_by_name", sa.String(length=255), nullable=False),
        *(_moment(name, is_needed=True) for name in ("connected_at", "begins_at")),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        *(_moment(name) for name in ("changed_at", "good_at", "fetched_at", "next_at", "cursor")),
        sa.Column("operation", sa.String(length=36), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("dismissed", sa.JSON(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("refresh", sa.Text(), nullable=False),
        sa.Column("hook_secret", sa.Text(), nullable=False),
        sa.Column("token_id", sa.String(length=36), nullable=False),
        _moment("expires_at"),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("refresher", sa.String(length=64), nullable=True),
        _moment("refresh_started_at"),
        sa.Column("holder", sa.String(length=64), nullable=True),
        _moment("held_until"),
        sa.Column("paces", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_channel_accounts")),
    )
    _own_rows_only("channel_accounts")


def _change_channel_accounts() -> None:
    live = sa.text("state <> 'disconnected'")
    with op.batch_alter_table("channel_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_channel_accounts_next_at", ["organisation", "next_at"], unique=False)
        batch_op.create_index(
            "uq_channel_accounts_live",
            ["channel", "account"],
            unique=True,
            sqlite_where=live,
            postgresql_where=live,
        )


def _create_channel_items() -> None:
    op.create_table(
        "channel_items",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        *(_moment(name, is_needed=True) for name in ("at", "first_seen")),
        sa.Column("is_ready", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("operation", sa.String(length=36), nullable=False),
        _moment("kept_at"),
        sa.ForeignKeyConstraint(
            ["organisation", "account"],
            ["channel_accounts.organisation", "channel_accounts.id"],
            name=op.f("fk_channel_items_organisation_account"),
        ),
        sa.PrimaryKeyConstraint("organisation", "account", "id", name=op.f("pk_channel_items")),
    )
    _own_rows_only("channel_items")


def _change_channel_items() -> None:
    with op.batch_alter_table("channel_items", schema=None) as batch_op:
        batch_op.create_index("ix_channel_items_state", ["organisation", "account", "state", "at"], unique=False)
        batch_op.create_index("ix_channel_items_newest", ["organisation", "account", "at"], unique=False)


def _moment(name: str, is_needed: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length=32), nullable=not is_needed)


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
