"""Invented exports of Shopify Payments from a seed: transactions and payouts of one shop, tied to each other.

The same seed and options give the same bytes. Rows are streamed, newest first, as Shopify exports them; money is
integer minor units until it is printed. Order numbers start with #D, payout ids with 118: none of it is anybody's. The
answer sheet is counted here, beside the rows.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from tieout.sandbox.statements import amount

HEADINGS = (
    *("Transaction Date", "Type", "Order", "Card Brand", "Card Source", "Payout Status", "Payout Date", "Payout ID"),
    *("Available On", "Amount", "Fee", "Net", "Checkout", "Payment Method Name", "Presentment Amount"),
    *("Presentment Currency", "Currency", "VAT", "Business Entity Name", "Business Entity ID"),
)
PAYOUT_HEADINGS = (
    *("Payout Date", "Status", "Charges", "Refunds", "Adjustments", "Marketplace Sales Tax", "Advances"),
    *("Reserved Funds", "Fees", "Retried Amount", "Total", "Currency", "Bank Reference"),
)
_EARLIER = ("Marketplace Sales Tax", "Advances", "Bank Reference")  # columns that the earlier layout has not
# Type → share in 10,000, its column in the payouts export, its meaning. Labels are off: real exports leave them out.
TYPES = {
    "charge": (9737, "Charges", "sales.gross"),
    "refund": (150, "Refunds", "refund.gross"),
    "adjustment": (30, "Adjustments", "adjustment.misc"),
    "reserved_funds": (5, "Reserved Funds", "reserve.hold"),
    "reserved_funds_reversal": (5, "Reserved Funds", "reserve.release"),
    "chargeback": (10, "Adjustments", "dispute.chargeback"),
    "chargeback_won": (4, "Adjustments", "dispute.chargeback"),
    "payout_failure": (2, "Retried Amount", "transfer.failed"),
}
_SHARES = tuple(accumulate(share for share, _, _ in TYPES.values()))
_BRANDS = ("visa", "visa", "visa", "master", "master", "american_express")
_ABROAD = ("EUR", "USD", "SEK")
_SETTLING, _PENDING = 3, 2  # days until money is paid out; days at the end that are in no payout yet


@dataclass(frozen=True, slots=True)
class Shop:
    """`newest`: the last day of sales. `rows_a_day` is the median; `failed`: one payout came back."""

    newest: date = date(2026, 7, 8)
    currency: str = "GBP"
    zone: str = "Europe/London"
    rows_a_day: int = 21
    has_tax: bool = False
    has_odd_payouts: bool = True  # one of zero, one that takes money from the bank


@dataclass(frozen=True, slots=True)
class Print:
    """How the same rows are printed; nothing here changes the money."""

    columns: tuple[str, ...] = HEADINGS[:18]
    encoding: str = "utf-8"
    line_end: str = "\n"
    sign: str = ","
    decimal: str = "."
    is_resaved: bool = False  # by a spreadsheet: $ before amounts, 2026/6/12 9:03
    is_later: bool = True  # the newer layout of the payouts export


class Row(NamedTuple):
    kind: str
    moment: datetime
    order: str
    brand: str
    minor: int
    fee: int
    tax: int
    presented: int
    currency: str

    @property
    def net(self) -> int:
        return self.minor - self.fee


class Paid(NamedTuple):
    """A payout: id and day blank while its rows wait."""

    id: str
    on: date | None
    state: str


def rows(seed: int, lines: int, shop: Shop) -> Iterator[tuple[Paid, tuple[Row, ...]]]:
    """Payouts with their rows, newest first, until there are about `lines` rows; the last payout is whole."""
    day, made, number = shop.newest, 0, 0
    bundle: list[Row] = []
    paid = _payout(day, shop, number)
    while made < lines or bundle:
        of_day = _payout(day, shop, number)
        if of_day.on != paid.on:
            made += len(bundle)
            yield paid, _finished(tuple(bundle), paid, number, shop)
            number, bundle = number + bool(paid.on), []
            paid = _payout(day, shop, number)
            if made >= lines:
                return
        bundle += _of_day(seed, day, shop)
        day -= timedelta(days=1)


def transactions(
    out: BinaryIO,
    seed: int,
    lines: int,
    shop: Shop | None = None,
    form: Print | None = None,
    zones: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Writes the transactions export and gives back the answer sheet."""
    shop, form = shop or Shop(), form or Print()
    sheet, digest = _Sheet(shop, zones), hashlib.sha256()
    names = [HEADINGS.index(name) for name in form.columns]
    mark = "\ufeff" if form.encoding == "utf-8-sig" else ""
    buffer = [mark + form.sign.join(form.columns)]
    for paid, bundle in rows(seed, lines, shop):
        sheet.count(paid, bundle)
        for row in bundle:
            fields = _fields(paid, row, shop, form)
            buffer.append(form.sign.join([fields[at] for at in names]))
        if len(buffer) >= 1000:
            _write(out, buffer, form, digest)
    _write(out, buffer, form, digest)
    return sheet.answers() | {"sha256": digest.hexdigest()}


def payouts(out: BinaryIO, seed: int, lines: int, shop: Shop | None = None, form: Print | None = None) -> None:
    """Writes the payouts export that goes with it."""
    shop, form = shop or Shop(), form or Print()
    names = [name for name in PAYOUT_HEADINGS if form.is_later or name not in _EARLIER]
    buffer = [form.sign.join(names)]
    for paid, bundle in rows(seed, lines, shop):
        if paid.on is None:
            continue
        sums = Counter(dict.fromkeys(PAYOUT_HEADINGS[2:10], 0))
        for row in bundle:
            sums[TYPES[row.kind][1]] += row.minor
            sums["Fees"] -= row.fee
        fields = {name: amount(minor, 2, form.decimal) for name, minor in sums.items()}
        fields |= {"Payout Date": paid.on.isoformat(), "Status": paid.state, "Currency": shop.currency}
        fields |= {"Total": amount(sum(sums.values()), 2, form.decimal), "Bank Reference": f"DEMO{paid.id}"}
        buffer.append(form.sign.join(fields[name] for name in names))
    _write(out, buffer, form, hashlib.sha256())


def _write(out: BinaryIO, buffer: list[str], form: Print, digest: Any) -> None:
    if not buffer:
        return
    content = (form.line_end.join(buffer) + form.line_end).encode(form.encoding.removesuffix("-sig"))
    digest.update(content)
    out.write(content)
    buffer.clear()


def _payout(day: date, shop: Shop, number: int) -> Paid:
    """Sales of a day are paid three days later, those of a weekend together; the newest are in no payout yet."""
    if day > shop.newest - timedelta(days=_PENDING):
        return Paid("", None, "pending")
    on = day + timedelta(days=_SETTLING)
    while on.weekday() >= 5:
        on += timedelta(days=1)
    return Paid(f"{118_000_900_000 - number}", on, "in_transit" if number == 0 else "paid")


def _of_day(seed: int, day: date, shop: Shop) -> list[Row]:
    """The newest first."""
    chance = random.Random(f"shop {seed} {day}")
    wanted = max(1, min(20 * shop.rows_a_day, round(chance.lognormvariate(0, 0.5) * shop.rows_a_day)))
    seconds = sorted((chance.randrange(86_400) for _ in range(wanted)), reverse=True)
    zone = ZoneInfo(shop.zone)
    start = datetime(day.year, day.month, day.day)
    return [_row(chance, (start + timedelta(seconds=each)).replace(tzinfo=zone), shop) for each in seconds]


def _row(chance: random.Random, moment: datetime, shop: Shop) -> Row:
    kind = chance.choices(tuple(TYPES), cum_weights=_SHARES)[0]
    minor = max(100, round(chance.lognormvariate(4.3, 0.7) * 100))
    order = f"#D{chance.randrange(10**7):07d}"
    currency = chance.choice(_ABROAD) if chance.randrange(100) < 8 else shop.currency
    presented = minor if currency == shop.currency else minor * 118 // 100
    brand = chance.choice(_BRANDS)
    if kind == "charge":
        percent = 29 if brand == "american_express" else 15 + 2 * chance.randrange(2)
        percent += 10 if currency != shop.currency else 0
        fee = (minor * percent + 500) // 1000 + 25
        return Row(kind, moment, order, brand, minor, fee, fee // 6 if shop.has_tax else 0, presented, currency)
    if kind == "chargeback":
        return Row(kind, moment, order, brand, -minor, 1500, 0, presented, currency)
    sign = -1 if kind in ("refund", "reserved_funds") or (kind == "adjustment" and chance.randrange(2)) else 1
    named = order if kind in ("refund", "chargeback_won") else ""
    return Row(kind, moment, named, brand if named else "", sign * minor, 0, 0, minor, shop.currency)


def _finished(bundle: tuple[Row, ...], paid: Paid, number: int, shop: Shop) -> tuple[Row, ...]:
    """One payout comes to nothing since all of it is held back, and one takes money from the bank."""
    if not shop.has_odd_payouts or number not in (2, 3):
        return bundle
    total = sum(row.net for row in bundle)
    first = bundle[0]
    kind, minor = ("reserved_funds", -total) if number == 2 else ("refund", -abs(total) - 4311)
    return (first._replace(kind=kind, order="", brand="", minor=minor, fee=0, tax=0, presented=abs(minor)), *bundle)


def _fields(paid: Paid, row: Row, shop: Shop, form: Print) -> tuple[str, ...]:
    """In the order of HEADINGS."""
    money = [amount(each, 2, form.decimal) for each in (row.minor, row.fee, row.net, row.presented, row.tax)]
    when = row.moment.strftime("%Y-%m-%d %H:%M:%S %z")
    on = paid.on.isoformat() if paid.on else ""
    if form.is_resaved:
        money = [("-$" + each[1:]) if each.startswith("-") else "$" + each for each in money]
        when = f"{row.moment.year}/{row.moment.month}/{row.moment.day} {row.moment.hour}:{row.moment.minute:02d}"
        on = f"{paid.on.year}/{paid.on.month}/{paid.on.day}" if paid.on else ""
    checkout = row.order.replace("#D", "#D77") if row.order else ""
    head = (when, row.kind, row.order, row.brand, "online" if row.brand else "", paid.state, on, paid.id, on)
    tail = (checkout, "card" if row.brand else "", money[3], row.currency, shop.currency, money[4], "Demo Ltd", "77001")
    return (*head, *money[:3], *tail)


class _Sheet:
    """The answers: exact sums by everything a reader may be asked for."""

    def __init__(self, shop: Shop, zones: tuple[str, ...]) -> None:
        self._shop, self._zones = shop, tuple(map(ZoneInfo, zones))
        self._payouts: list[dict[str, Any]] = []
        self._categories: Counter[str] = Counter()
        self._months: dict[str, Counter[str]] = {zone: Counter() for zone in zones}
        self._waiting = [0, 0]

    def count(self, paid: Paid, bundle: tuple[Row, ...]) -> None:
        total = sum(row.net for row in bundle)
        if paid.on is None:
            self._waiting = [self._waiting[0] + len(bundle), self._waiting[1] + total]
            return
        told = {"id": paid.id, "on": paid.on.isoformat(), "state": paid.state, "rows": len(bundle)}
        self._payouts.append(told | {"total": amount(total, 2), "minor": total})
        for row in bundle:
            self._categories[TYPES[row.kind][2]] += row.minor
            fee = "fee.dispute" if row.kind.startswith("chargeback") else "fee.payment_processing"
            self._categories[fee] -= row.fee
            for zone in self._zones:
                self._months[zone.key][row.moment.astimezone(zone).strftime("%Y-%m")] += row.net

    def answers(self) -> dict[str, Any]:
        return {
            "currency": self._shop.currency,
            "payouts": self._payouts,
            "rows": sum(each["rows"] for each in self._payouts),
            "minor": sum(each["minor"] for each in self._payouts),
            "categories": {name: amount(minor, 2) for name, minor in sorted(self._categories.items()) if minor},
            "months": {
                zone: {month: amount(minor, 2) for month, minor in sorted(sums.items())}
                for zone, sums in self._months.items()
            },
            "waiting": {"rows": self._waiting[0], "total": amount(self._waiting[1], 2)},
        }
