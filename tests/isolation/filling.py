"""An organisation that has a row in every table there is, made from the tables themselves, full of one word."""

from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import sqlalchemy as sa

from tests.conftest import START
from tieout.store.engine import Engines, write
from tieout.store.schema import load_tables
from tieout.store.types import Amount4, Moment

WORD = "kanarie"
BY_HAND = {"organisations", "organisation_keys", "deployment", "audit", "audit_heads", "meters", "sign_in_tries"}

Rows = dict[str, dict[str, Any]]


def fill(engines: Engines, organisation: str) -> Rows:
    """One row a table, by table; links lead to the other rows made here. The organisation itself is there already."""
    made: Rows = {"organisations": {"id": organisation}}
    with write(engines, "") as db:
        for table in load_tables().sorted_tables:
            if table.name in BY_HAND:
                continue
            row = {column.name: _value(column, organisation, made) for column in table.columns}
            db.execute(table.insert().values(row))
            made[table.name] = row
    return made


def _value(column: sa.Column[Any], organisation: str, made: Rows) -> Any:
    if column.name == "organisation":
        return organisation
    if column.name == "ends_at" or column.name == "held_until":
        return START.replace(year=2099)
    for link in column.foreign_keys:
        if link.column.name != "organisation" and link.column.table.name in made:
            return made[link.column.table.name][link.column.name]
    match column.type:
        case Amount4():
            return Decimal("1.2345")
        case Moment():
            return None if column.nullable else START
        case sa.JSON():
            return [WORD]
        case sa.Boolean():
            return True
        case sa.Integer():
            return 7
        case sa.LargeBinary():
            return WORD.encode()
        case sa.String(length=int(length)) if column.primary_key or column.name == "id":
            return str(uuid5(NAMESPACE_DNS, f"{column.table.name}.{column.name}"))[:length]
        case sa.String(length=length):
            return WORD[: length or 99]
    raise AssertionError(f"say in this file what a {column.type!r} is filled with: {column}")


# Belong to no organisation, and to somebody.
OF_PEOPLE = ("persons", "identities", "practices", "practice_invitations", "practice_members", "api_tokens", "grants")


def rows_of(engines: Engines, organisation: str) -> dict[str, list[Any]]:
    """Every row of an organisation, and of people, by table, to compare before with after."""
    found = {}
    with engines.reading.begin() as connection:
        for table in load_tables().sorted_tables:
            if table.name in OF_PEOPLE or "organisation" in table.c:
                query = table.select().order_by(*table.primary_key)
                if table.name not in OF_PEOPLE:
                    query = query.where(table.c.organisation == organisation)
                found[table.name] = [tuple(row) for row in connection.execute(query)]
    return found


def moved(engines: Engines, organisation: str, before: dict[str, list[Any]]) -> set[str]:
    """The tables in which a row of the organisation is another since, is gone or came to be; people add their own."""
    after = rows_of(engines, organisation)
    gone = {name for name in after if any(row not in after[name] for row in before[name])}
    return gone | {name for name in after if name not in OF_PEOPLE and len(after[name]) != len(before[name])}
