"""Statements to postings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_sends()
    _create_settlements()
    _change_settlements()
    _create_statements()
    _change_statements()
    _create_plans()
    _create_statement_chunks()
    _create_postings()
    _change_postings()
    _create_attempts()
    _change_attempts()
    _create_followups()
    _change_followups()


def _create_sends() -> None:
    op.create_table(
        "sends",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_sends")),
    )
    _own_rows_only("sends")


def _create_settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("marketplace", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.String(length=32), nullable=False),
        sa.Column("ends_at", sa.String(length=32), nullable=False),
        sa.Column("deposit_on", sa.String(length=10), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("subtotals", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("imported_at", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("next_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_settlements")),
        sa.UniqueConstraint(
            "organisation",
            "channel",
            "number",
            "version",
            name=op.f("uq_settlements_organisation_channel_number_version"),
        ),
    )
    _own_rows_only("settlements")


def _change_settlements() -> None:
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.create_index("ix_settlements_newest", ["organisation", "is_current", "ends_at", "id"], unique=False)
        batch_op.create_index("ix_settlements_status", ["organisation", "status", "ends_at", "id"], unique=False)


def _create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("encoding", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("kept_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "digest", name=op.f("pk_statements")),
    )
    _own_rows_only("statements")


def _change_statements() -> None:
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.create_index("ix_statements_newest", ["organisation", "received_at", "digest"], unique=False)


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("settlement", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("frozen_at", sa.String(length=32), nullable=False),
        sa.Column("frozen_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "settlement"],
            ["settlements.organisation", "settlements.id"],
            name=op.f("fk_plans_organisation_settlement"),
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_plans")),
        sa.UniqueConstraint(
            "organisation", "settlement", "version", name=op.f("uq_plans_organisation_settlement_version")
        ),
    )
    _own_rows_only("plans")


def _create_statement_chunks() -> None:
    op.create_table(
        "statement_chunks",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "digest"],
            ["statements.organisation", "statements.digest"],
            name=op.f("fk_statement_chunks_organisation_digest"),
        ),
        sa.PrimaryKeyConstraint("organisation", "digest", "number", name=op.f("pk_statement_chunks")),
    )
    _own_rows_only("statement_chunks")


def _create_postings() -> None:
    op.create_table(
        "postings",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("settlement", sa.String(length=36), nullable=False),
        sa.Column("plan", sa.String(length=36), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.String(length=32), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("books_total", sa.BigInteger(), nullable=True),
        sa.Column("books_status", sa.String(length=32), nullable=True),
        sa.Column("books_link", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "plan"], ["plans.organisation", "plans.id"], name=op.f("fk_postings_organisation_plan")
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "settlement"],
            ["settlements.organisation", "settlements.id"],
            name=op.f("fk_postings_organisation_settlement"),
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_postings")),
        sa.UniqueConstraint(
            "organisation", "connection", "kind", "number", name=op.f("uq_postings_organisation_connection_kind_number")
        ),
        sa.UniqueConstraint("organisation", "plan", "part", name=op.f("uq_postings_organisation_plan_part")),
    )
    _own_rows_only("postings")


def _change_postings() -> None:
    with op.batch_alter_table("postings", schema=None) as batch_op:
        batch_op.create_index("ix_postings_due", ["organisation", "connection", "next_at"], unique=False)
        batch_op.create_index("ix_postings_settlement", ["organisation", "settlement"], unique=False)


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("posting", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("send", sa.String(length=36), nullable=False),
        sa.Column("token_id", sa.String(length=64), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("failure", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "posting"],
            ["postings.organisation", "postings.id"],
            name=op.f("fk_attempts_organisation_posting"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation", "send"], ["sends.organisation", "sends.id"], name=op.f("fk_attempts_organisation_send")
        ),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("organisation", "posting", "number", name=op.f("uq_attempts_organisation_posting_number")),
    )
    _own_rows_only("attempts")


def _change_attempts() -> None:
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("ix_attempts_send", ["organisation", "send"], unique=False)


def _create_followups() -> None:
    op.create_table(
        "followups",
        sa.Column("organisation", sa.String(length=36), nullable=False),
        sa.Column("posting", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("connection", sa.String(length=36), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("next_at", sa.String(length=32), nullable=True),
        sa.Column("done_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation", "posting"],
            ["postings.organisation", "postings.id"],
            name=op.f("fk_followups_organisation_posting"),
        ),
        sa.PrimaryKeyConstraint("organisation", "posting", "kind", name=op.f("pk_followups")),
    )
    _own_rows_only("followups")


def _change_followups() -> None:
    with op.batch_alter_table("followups", schema=None) as batch_op:
        batch_op.create_index("ix_followups_due", ["organisation", "connection", "next_at"], unique=False)


def _own_rows_only(table: str) -> None:
    """PostgreSQL shows and takes only rows of the organisation that a transaction was opened for, if for one."""
    if op.get_bind().dialect.name == "postgresql":
        own = "coalesce(current_setting('tieout.organisation', true), '') IN ('', organisation)"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own})")
