"""Proof of an address, second factors, what a session has proven, and letters to go out."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _change_people()
    _create_factors()
    _create_passing()
    _create_letters()


def _change_people() -> None:
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.add_column(_moment("email_proven_at"))
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.add_column(_moment("proven_at"))
        batch_op.add_column(sa.Column("agent", sa.String(length=255), nullable=False, server_default=""))
    with op.batch_alter_table("one_use_links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=False, server_default=""))


def _create_factors() -> None:
    op.create_table(
        "code_apps",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        _moment("made_at", is_needed=True),
        _moment("proven_at"),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_code_apps_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_code_apps")),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(length=1400), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        _moment("made_at", is_needed=True),
        _moment("used_at"),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_passkeys_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
    )
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.create_index("ix_passkeys_person", ["person"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_recovery_codes_person")),
        sa.PrimaryKeyConstraint("person", "digest", name=op.f("pk_recovery_codes")),
    )


def _create_passing() -> None:
    """What lives for minutes: sign-ins that wait for a second factor, and challenges that were answered."""
    op.create_table(
        "pending_sign_ins",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        _moment("ends_at", is_needed=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name=op.f("fk_pending_sign_ins_person")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pending_sign_ins")),
    )
    op.create_table(
        "used_challenges",
        sa.Column("digest", sa.String(length=64), nullable=False),
        _moment("ends_at", is_needed=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_challenges")),
    )


def _create_letters() -> None:
    op.create_table(
        "letters",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("to", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        _moment("asked_at", is_needed=True),
        _moment("due_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        _moment("ended_at"),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_letters")),
    )
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.create_index("ix_letters_due_at", ["due_at"], unique=False)
    # PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one.
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute("ALTER TABLE letters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON letters USING ({own})")


def _moment(name: str, is_needed: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length=32), nullable=not is_needed)
