"""Organisations and people."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_deployment()
    _create_operations()
    _change_operations()
    _create_organisation_keys()
    _create_organisations()
    _create_persons()
    _create_settings()
    _create_sign_in_tries()
    _create_known_devices()
    _create_login_sessions()
    _change_login_sessions()
    _create_members()
    _change_members()
    _create_one_use_links()


def _create_deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_deployment_one_row")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_deployment")),
    )


def _create_operations() -> None:
    op.create_table(
        "operations",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("deadline", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_operations")),
    )
    _own_rows_only("operations")


def _change_operations() -> None:
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index("ix_operations_newest", ["organisation", "began_at", "id"], unique=False)
        batch_op.create_index("ix_operations_open", ["organisation", "ended_at", "deadline"], unique=False)


def _create_organisation_keys() -> None:
    op.create_table(
        "organisation_keys",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("master", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "version", name=op.f("pk_organisation_keys")),
    )
    _own_rows_only("organisation_keys")


def _create_organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
    )


def _create_persons() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("email", name=op.f("uq_persons_email")),
    )


def _create_settings() -> None:
    op.create_table(
        "settings",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "version", name=op.f("pk_settings")),
    )
    _own_rows_only("settings")


def _create_sign_in_tries() -> None:
    op.create_table(
        "sign_in_tries",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_tries")),
    )


def _create_known_devices() -> None:
    op.create_table(
        "known_devices",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_known_devices_person")),
        sa.PrimaryKeyConstraint("digest", "person", name=op.f("pk_known_devices")),
    )


def _create_login_sessions() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_login_sessions_organisation")),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_login_sessions_person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_login_sessions")),
    )


def _change_login_sessions() -> None:
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_login_sessions_person", ["person"], unique=False)


def _create_members() -> None:
    op.create_table(
        "members",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_members_organisation")),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_members_person")),
        sa.PrimaryKeyConstraint("organisation", "person", name=op.f("pk_members")),
    )
    _own_rows_only("members")


def _change_members() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index("ix_members_person", ["person"], unique=False)


def _create_one_use_links() -> None:
    op.create_table(
        "one_use_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("ends_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_one_use_links_person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_one_use_links")),
    )


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
