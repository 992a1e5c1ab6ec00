"""One MetaData for every table, its naming rule, and the shape that all tables of an organisation share."""

from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = sa.String(36)


def organisation_table(
    name: str, *parts: sa.Column[Any] | sa.schema.SchemaItem, key: tuple[str, ...] = ("id",)
) -> sa.Table:
    """A table whose rows belong to organisations: the id leads the primary key, so no link crosses organisations."""
    return sa.Table(
        name,
        METADATA,
        sa.Column("organisation", ID, nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("organisation", *key),
    )


def within(columns: tuple[str, ...], table: str, target: tuple[str, ...] = ("id",)) -> sa.ForeignKeyConstraint:
    """A foreign key that carries the organisation along."""
    return sa.ForeignKeyConstraint(
        ("organisation", *columns), (f"{table}.organisation", *(f"{table}.{column}" for column in target))
    )
