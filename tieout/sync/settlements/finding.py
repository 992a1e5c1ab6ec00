"""Finding settlements: words as people type them, what narrows a list, its order, and where a page of it ends."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tieout.core.status import UNSENT, Status
from tieout.store import organisations, settlements
from tieout.store.engine import Db, read
from tieout.store.settlements import Kept, Order, Wanted
from tieout.sync.tools import Tools

_SMALLEST = Decimal("0.0001")  # no currency has finer amounts
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(rf"\b(?:(\d{{1,2}})\s+)?({'|'.join(_MONTHS)})[a-z]*\.?,?\s+(\d{{4}})\b", re.IGNORECASE)
_NUMBERED = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")


@dataclass(frozen=True, slots=True)
class Finer:
    """What narrows and orders a list besides status, channel and words.

    `since` and `until` are the first and the last day on which a settlement ended, where the organisation is.
    """

    is_unsent: bool = False
    marketplace: str = ""
    code: str = ""
    since: date | None = None
    until: date | None = None
    order: Order = Order.END
    rises: bool = False


EVERYTHING = Finer()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a list can be narrowed to: the sites and the problem codes that there are."""

    marketplaces: tuple[str, ...]
    codes: tuple[str, ...]


def choices(tools: Tools, organisation: str) -> Choices:
    with read(tools.engines, organisation) as db:
        return Choices(settlements.marketplaces(db), settlements.codes(db))


def wanted(db: Db, search: str, status: str, finer: Finer, after: str) -> Wanted:
    """The question for the store. Words that are days are asked for as the store writes them."""
    organisation = organisations.find(db)
    assert organisation is not None, "every transaction belongs to an organisation"
    zone = ZoneInfo(organisation.zone)
    return Wanted(
        search=_in_iso(search),
        statuses=(status,) if status else UNSENT if finer.is_unsent else (),
        after=_after(after, finer.order),
        marketplace=finer.marketplace,
        code=finer.code,
        since=datetime.combine(finer.since, time(), zone) if finer.since else None,
        before=datetime.combine(finer.until, time(), zone) + timedelta(days=1) if finer.until else None,
        order=finer.order,
        rises=finer.rises,
    )


def place(last: Kept, order: Order) -> str:
    """Where a page ends, as an address carries it: the values that decided the order."""
    first = {Order.AMOUNT: f"{last.settlement.total.amount:f}~", Order.STATUS: f"{last.status}~"}.get(order, "")
    return f"{first}{last.settlement.end.isoformat()}~{last.id}"


def _after(text: str, order: Order) -> tuple[Any, ...] | None:
    """The place a page ended at; nonsense begins at the first page again."""
    parts = text.split("~")
    readers: dict[Order, tuple[Callable[[str], Any], ...]] = {Order.AMOUNT: (_amount,), Order.STATUS: (Status,)}
    wanted: tuple[Callable[[str], Any], ...] = (*readers.get(order, ()), _moment, str)
    if len(parts) != len(wanted) or not parts[-1]:
        return None
    try:
        return tuple(reader(part) for reader, part in zip(wanted, parts, strict=True))
    except (ValueError, ArithmeticError):
        return None


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or abs(amount) > 10**12 or amount != amount.quantize(_SMALLEST):
        raise ValueError(f"{text!r} is no amount of a settlement")
    return amount


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} does not say in which zone")
    return at


def _in_iso(words: str) -> str:
    """14 Jun 2026, June 2026 and 14/06/2026 become 2026-06-14 and 2026-06; the rest stays."""
    named = _NAMED.sub(lambda found: _iso(found[3], str(_MONTHS.index(found[2].lower()) + 1), found[1]), words)
    return _NUMBERED.sub(lambda found: _iso(found[3], found[2], found[1]), named)


def _iso(year: str, month: str, day: str | None) -> str:
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else "")
