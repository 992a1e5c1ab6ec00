"""Invitations, practices, transfers of ownership, platform administrators."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from tieout.store.types import Moment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.String(36)


def upgrade() -> None:
    with op.batch_alter_table("members") as members:
        members.add_column(sa.Column("suspended_at", Moment))
        members.add_column(sa.Column("practice", ID))
        members.add_column(sa.Column("seen_at", Moment))
    _invitations()
    _requests()
    _transfers()
    _practices()
    _practice_links()
    _completion_links()
    _support()


def _invitations() -> None:
    _own(
        "invitations",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("invited_by", ID, nullable=False),
        sa.Column("invited_by_name", sa.String(120), nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
    )
    op.create_index("ix_invitations_email", "invitations", ["email", "state"])


def _requests() -> None:
    _own(
        "access_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("right", sa.String(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("decided_at", Moment),
        sa.Column("decided_by_name", sa.String(120), nullable=False),
    )
    is_open = sa.text("state = 'open'")
    columns = ["organisation", "person", "right"]
    op.create_index(
        "uq_access_requests_open",
        "access_requests",
        columns,
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _transfers() -> None:
    _own(
        "transfers",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("subject_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("from_person", ID, nullable=False),
        sa.Column("from_name", sa.String(120), nullable=False),
        sa.Column("to_person", ID, nullable=False),
        sa.Column("to_name", sa.String(254), nullable=False),
        sa.Column("to_organisation", ID, nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("ended_by_name", sa.String(120), nullable=False),
    )
    op.create_index("ix_transfers_to_person", "transfers", ["to_person", "state"])
    is_offered = sa.text("state = 'offered'")
    columns = ["organisation", "subject"]
    op.create_index(
        "uq_transfers_offered", "transfers", columns, unique=True, sqlite_where=is_offered, postgresql_where=is_offered
    )


def _practices() -> None:
    op.create_table(
        "practices",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practices")),
        sa.UniqueConstraint("code", name=op.f("uq_practices_code")),
    )
    op.create_table(
        "practice_members",
        sa.Column("practice", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("is_lead", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.ForeignKeyConstraint(["practice"], ["practices.id"], name=op.f("fk_practice_members_practice")),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_practice_members_person")),
        sa.PrimaryKeyConstraint("practice", "person", name=op.f("pk_practice_members")),
    )
    op.create_index("ix_practice_members_person", "practice_members", ["person"])


def _practice_links() -> None:
    op.create_table(
        "practice_invitations",
        sa.Column("id", ID, nullable=False),
        sa.Column("practice", ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("invited_by_name", sa.String(120), nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["practice"], ["practices.id"], name=op.f("fk_practice_invitations_practice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_invitations")),
    )
    _own(
        "practice_access",
        sa.Column("practice", ID, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("granted_by_name", sa.String(120), nullable=False),
        sa.Column("granted_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["practice"], ["practices.id"], name=op.f("fk_practice_access_practice")),
        key=("practice",),
    )
    op.create_index("ix_practice_access_practice", "practice_access", ["practice"])


def _completion_links() -> None:
    _own(
        "completion_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reconnects", ID, nullable=False),
        sa.Column("offers_ownership", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("made_by_name", sa.String(120), nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("guest_digest", sa.String(64), nullable=False),
        sa.Column("opened_at", Moment),
        sa.Column("done_at", Moment),
        sa.Column("accounts", sa.JSON, nullable=False),
    )


def _support() -> None:
    op.create_table(
        "platform_admins",
        sa.Column("person", ID, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_platform_admins_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_platform_admins")),
    )
    _own(
        "support_grants",
        sa.Column("id", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("person_name", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("began_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("ended_by_name", sa.String(120), nullable=False),
    )
    op.create_index("ix_support_grants_person", "support_grants", ["person", "ends_at"])


def _own(table: str, *parts: Any, key: tuple[str, ...] = ("id",)) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    op.create_table(
        table,
        sa.Column("organisation", ID, nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("organisation", *key, name=op.f(f"pk_{table}")),
    )
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
