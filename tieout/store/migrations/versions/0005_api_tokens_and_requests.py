"""Api tokens and requests."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_api_requests()
    _change_api_requests()
    _create_api_tokens()
    _create_api_token_organisations()
    _change_api_token_organisations()


def _create_api_requests() -> None:
    op.create_table(
        "api_requests",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "key", name=op.f("pk_api_requests")),
    )
    _own_rows_only("api_requests")


def _change_api_requests() -> None:
    with op.batch_alter_table("api_requests", schema=None) as batch_op:
        batch_op.create_index("ix_api_requests_began_at", ["organisation", "began_at"], unique=False)


def _create_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.String(length=32), nullable=True),
        sa.Column("used_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_api_tokens_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
    )


def _create_api_token_organisations() -> None:
    op.create_table(
        "api_token_organisations",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisations.id"], name=op.f("fk_api_token_organisations_organisation")
        ),
        sa.ForeignKeyConstraint(["token"], ["api_tokens.id"], name=op.f("fk_api_token_organisations_token")),
        sa.PrimaryKeyConstraint("organisation", "token", name=op.f("pk_api_token_organisations")),
    )
    _own_rows_only("api_token_organisations")


def _change_api_token_organisations() -> None:
    with op.batch_alter_table("api_token_organisations", schema=None) as batch_op:
        batch_op.create_index("ix_api_token_organisations_token", ["token"], unique=False)


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
