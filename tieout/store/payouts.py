"""Payouts as lists of payouts state them, without rows: kept to prove the totals of settlements, whichever comes first.

A figure once stated stays: of a day with two payouts, or a figure that a later list corrects, both are kept.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from tieout.core.money import Money
from tieout.core.settlement import Payout
from tieout.store import settlements
from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.settlements import SETTLEMENTS, Kept
from tieout.store.types import Amount4, Moment

PAYOUTS = organisation_table(
    "payouts",
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("paid_on", sa.String(10), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("total", Amount4, nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("statement", sa.String(64), nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("stated_at", Moment, nullable=False),
    key=("channel", "paid_on", "currency", "total"),
)
_AT_ONCE = 200  # days asked for in one query


@dataclass(frozen=True, slots=True)
class Stated:
    """A payout and the statement that states it."""

    payout: Payout
    statement: str


def state(db: Db, channel: str, payouts: Iterable[Payout], statement: str, now: datetime) -> int:
    """Keeps what a list states; how many of them were new. Safe to repeat: what is known takes the newer state."""
    new = 0
    for payout in payouts:
        key = {
            "organisation": db.organisation,
            "channel": channel,
            "paid_on": payout.paid_on.isoformat(),
            "currency": payout.total.currency,
            "total": payout.total.amount,
        }
        told = {"state": payout.state, "statement": statement, "row": payout.row, "stated_at": now}
        if insert_missing(db, PAYOUTS, key | told):
            new += 1
        else:
            db.execute(
                sa.update(PAYOUTS).where(*(PAYOUTS.c[name] == value for name, value in key.items())).values(told)
            )
    return new


def on(db: Db, channel: str, paid_on: date, currency: str) -> tuple[Stated, ...]:
    """What was stated for a day and currency."""
    table = PAYOUTS
    query = sa.select(table).where(
        table.c.organisation == db.organisation,
        table.c.channel == channel,
        table.c.paid_on == paid_on.isoformat(),
        table.c.currency == currency,
    )
    return tuple(
        Stated(Payout(paid_on, Money.of(row.total, currency), row.state, row.row), row.statement)
        for row in db.execute(query.order_by(table.c.total))
    )


def settled_on(db: Db, channel: str, days: Collection[date]) -> tuple[Kept, ...]:
    """The current settlements that were paid out on one of these days, in the order of their numbers."""
    table, wanted, found = SETTLEMENTS, sorted({day.isoformat() for day in days}), []
    for start in range(0, len(wanted), _AT_ONCE):
        query = sa.select(table.c.id).where(
            table.c.organisation == db.organisation,
            table.c.is_current,
            table.c.channel == channel,
            table.c.deposit_on.in_(wanted[start : start + _AT_ONCE]),
        )
        kept = (settlements.get(db, id) for id in db.execute(query.order_by(table.c.number)).scalars())
        found += [each for each in kept if each is not None]
    return tuple(found)


def restate(db: Db, kept: Kept) -> None:
    """What is known of a payout beside its rows: the total that the channel states, its day, what a person is told."""
    table, settlement = SETTLEMENTS, kept.settlement
    values = {
        "total": settlement.total.amount,
        "deposit_on": settlement.deposit_on.isoformat() if settlement.deposit_on else None,
        "fingerprint": settlement.fingerprint,
        "warnings": [[each.code, each.message, each.row] for each in kept.warnings],
    }
    db.execute(sa.update(table).where(table.c.organisation == db.organisation, table.c.id == kept.id).values(values))
