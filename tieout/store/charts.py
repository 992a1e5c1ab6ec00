"""Charts: one set of books' accounts, tax rates, lock dates and rights as last read, kept as one JSON record."""

from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from tieout.core.chart import Account, Books, TaxRate
from tieout.core.records import DocumentKind
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

CHARTS = organisation_table(
    "charts",
    sa.Column("connection", ID, nullable=False),
    sa.Column("read_at", Moment, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    key=("connection",),
)


def keep(db: Db, connection: str, books: Books, read_at: datetime) -> None:
    """The latest reading takes the place of the one before."""
    mine = (CHARTS.c.organisation == db.organisation, CHARTS.c.connection == connection)
    values = {"read_at": read_at, "record": to_record(books)}
    if db.execute(CHARTS.update().where(*mine).values(**values)).rowcount == 0:
        db.execute(CHARTS.insert().values(organisation=db.organisation, connection=connection, **values))


def find(db: Db, connection: str) -> tuple[Books, datetime] | None:
    """The books as last read, and when that was."""
    mine = (CHARTS.c.organisation == db.organisation, CHARTS.c.connection == connection)
    row = db.execute(sa.select(CHARTS.c.record, CHARTS.c.read_at).where(*mine)).first()
    return None if row is None else (from_record(row.record), row.read_at)


def to_record(books: Books) -> dict[str, Any]:
    """Plain JSON: rates and days are texts."""
    return {name: _plain(value) for name, value in asdict(books).items()}


def from_record(record: dict[str, Any]) -> Books:
    """Fields that a later release added are left out, those it lacks have their defaults."""
    known = {field.name for field in fields(Books)}
    values = {name: value for name, value in record.items() if name in known}
    for name in ("period_lock_on", "year_lock_on"):
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    values["currencies"] = tuple(values.get("currencies", ()))
    values["allowed"] = tuple((name, is_allowed) for name, is_allowed in values.get("allowed", ()))
    values["accounts"] = tuple(Account(**each) for each in values.get("accounts", ()))
    rates = ({**each, "rate": Decimal(each["rate"]), "suits": tuple(each["suits"])} for each in values["tax_rates"])
    values["tax_rates"] = tuple(TaxRate(**each) for each in rates)
    values["barred"] = tuple(DocumentKind(each) for each in values.get("barred", ()))
    return Books(**values)


def _plain(value: Any) -> Any:
    match value:
        case Decimal() | date():
            return str(value)
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
