"""Settlements out of the API's answers: one payout with what its orders say, or a period's payments by other gateways.

The rows of such a file are its balance transactions (for other gateways: its payments) in the order of the file, the
first of them row 2. A payout's total is its own `net`, so that it needs no other file to be proven.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tieout.channels._days import read_date
from tieout.channels._refused import Findings, Refused, Unreadable
from tieout.channels.shopify import answers, gateways, orders
from tieout.channels.shopify.answers import Answers, money, number
from tieout.channels.shopify.labels import AMOUNT, FEE, category_of, comparable, is_payout
from tieout.channels.shopify.tally import FAILED, LABEL, NAME, ON_ITS_WAY, PAID
from tieout.core.category import Category
from tieout.core.currency import EXPONENT
from tieout.core.money import Money, total
from tieout.core.settlement import Label, Line, Reading, Refusal, Settlement, Source, Statement, Warning, summed

_STATES = {"PAID": PAID, "IN_TRANSIT": ON_ITS_WAY, "FAILED": FAILED}
_FIRST_ROW = 2


def read(statement: Statement, zone: ZoneInfo | None = None) -> Reading:
    """The payout, or every refusal."""
    try:
        told = answers.read(statement.content)
        zone = zone or ZoneInfo("UTC")
        if told.period:
            settlements, warnings = gateways.read(told, statement.digest, zone)
            return Reading(NAME, settlements, (), warnings, told.encoding)
        return _reading(Payout(told, statement.digest), zone)
    except Refused as refused:
        return Reading(NAME, refusals=refused.refusals, encoding="utf-8")


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
    """The rows of the settlement again. Raises Refused where `read` would refuse."""
    told = answers.read(statement.content)
    if told.period:
        return gateways.lines(told, statement.digest, settlement_id, zone or ZoneInfo("UTC"))
    return Payout(told, statement.digest).lines()


class Payout:
    """One payout as it was answered. Raises Refused where it is not all there, or contradicts itself."""

    def __init__(self, told: Answers, digest: str) -> None:
        self.told, self.digest = told, digest
        self.findings = Findings()
        found = told.payouts.get(told.payout_id)
        if found is None or not told.is_whole:
            what = "the last page of its transactions" if found else "the payout itself"
            raise Refused(
                Refusal(
                    "answer-incomplete", f"{told.payout_id}: {what} is missing, so the file is not whole. Ask again."
                )
            )
        self.id = str(found.get("legacyResourceId") or told.payout_id.rpartition("/")[2])
        self.state = str(found.get("status") or "")
        try:
            self.total = self._total(found)
            self.issued = _moment(found.get("issuedAt"))
        except ValueError as error:
            raise Refused(Refusal("answer-damaged", f"Payout {self.id}: {error}.", 0, self.id)) from error
        self.without_order = self.incomplete = 0
        self.waiting: Counter[str] = Counter()

    def lines(self) -> Iterator[Line]:
        """Every balance transaction of the payout, divided as its order says. Raises Refused at the end."""
        stated = []
        for row, each in enumerate(self.told.rows.values(), _FIRST_ROW):
            try:
                amount, fee = self._amounts(each, row)
                own = str((each.get("associatedPayout") or {}).get("id") or "")
                kind = str(each.get("type") or "")
                if own != self.told.payout_id and not is_payout(kind):
                    self.waiting[own] += 1
                elif is_payout(kind):
                    stated.append(amount - fee)
                else:
                    yield from self._of_row(each, kind, amount, fee, row)
            except (Unreadable, ValueError) as error:
                self.findings.refuse("answer-damaged", f"Transaction {row - 1} ({each.get('id')}): {error}.", row)
        if stated and -sum(stated) != self.total.minor:
            said = Money(-sum(stated), self.total.currency)
            text = f"Payout {self.id} says {self.total}, its own row among the transactions {said}."
            self.findings.refuse("source-total-mismatch", text, 0, self.id)
        if self.findings.refusals:
            raise Refused(*self.findings.refusals)

    def _of_row(self, each: dict[str, Any], kind: str, amount: int, fee: int, row: int) -> Iterator[Line]:
        at = _moment(each.get("transactionDate"))
        order = each.get("associatedOrder") or {}
        named = (at, Source(self.digest, row), str(order.get("name") or ""))
        for part, minor in self._parts(each, kind, amount, order.get("id")):
            label = Label(tuple(filter(None, (kind, part.word, part.group))))
            yield _line(part.category, label, Money(minor, self.total.currency), *named, part.group)
        if fee:
            yield _line(category_of(kind, FEE), Label((kind, FEE)), Money(-fee, self.total.currency), *named)

    def _parts(
        self, each: dict[str, Any], kind: str, amount: int, order_id: str | None
    ) -> tuple[tuple[orders.Part, int], ...]:
        """A payment or refund of an order by its parts; anything else, and what no order explains, as one amount."""
        category, order = category_of(kind, AMOUNT), self.told.orders.get(order_id or "")
        is_tax = category.startswith("tax.")
        # Tax that the channel takes out again belongs where it was collected.
        group = orders.destination(order) if is_tax and order else ""
        whole = ((orders.Part(AMOUNT, category, group), amount),)
        divide = {"charge": orders.charged, "refund": orders.refunded}.get(comparable(kind))
        if divide is None or not amount or (amount < 0) != (divide is orders.refunded):
            return whole
        self.without_order += order is None
        self.incomplete += order is not None and order_id in self.told.incomplete
        if order is None or order_id in self.told.incomplete:
            return whole
        return divide(order, amount, str(each.get("sourceOrderTransactionId") or "")) or whole

    def _amounts(self, each: dict[str, Any], row: int) -> tuple[int, int]:
        if each.get("test"):
            raise Unreadable("answer-damaged", "a test payment stands among the transactions of a payout")
        amount, fee, net = (self._minor(each, name) for name in ("amount", "fee", "net"))
        if amount - fee != net:
            a, f, n = (f"{Money(minor, self.total.currency).amount:f}" for minor in (amount, fee, net))
            text = f"Transaction {row - 1}: the amount {a} less the fee {f} is not the net {n}."
            self.findings.refuse("row-sum-mismatch", text, row)
        return amount, fee

    def _minor(self, each: dict[str, Any], name: str) -> int:
        found, currency = money(each, name)
        if found and currency != self.total.currency:
            raise Unreadable("currency-mixed", f"{name} is in {currency}, the payout in {self.total.currency}")
        return _exact(found, self.total.currency).minor

    def _total(self, found: dict[str, Any]) -> Money:
        """A withdrawal is money from the bank, whichever sign it is printed with."""
        amount, currency = money(found, "net")
        if currency not in EXPONENT:
            raise Refused(Refusal("currency_unknown", f"Payout {self.id}: {currency!r} is not a currency.", 0, self.id))
        net = _exact(number(amount), currency)
        return -abs(net) if found.get("transactionType") == "WITHDRAWAL" else net


def _line(
    category: Category, label: Label, amount: Money, at: datetime, source: Source, order: str, group: str = ""
) -> Line:
    return Line(category, label, amount, at, "", source, order, variant=group)


def _moment(text: Any) -> datetime:
    found = read_date(str(text or ""))
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day, 12, tzinfo=UTC)


def _exact(amount: Decimal, currency: str) -> Money:
    return Money.of(amount, currency)


def _reading(payout: Payout, zone: ZoneInfo) -> Reading:
    found = list(payout.lines())
    state = _STATES.get(payout.state)
    if state is None:
        text = f"The payout of {payout.total} is not final yet ({payout.state.lower()}); it waits for a later answer."
        return Reading(NAME, (), (), (Warning("payout-not-final", text),), payout.told.encoding)
    added = total((line.amount for line in found), payout.total.currency)
    if added != payout.total:
        text = (
            f"Payout {payout.id}: the channel says {payout.total}, its rows add up to {added}:"
            f" {abs(added - payout.total).amount:f} apart. Ask for it again."
        )
        raise Refused(Refusal("source-total-mismatch", text, 0, payout.id))
    on = payout.issued.astimezone(zone).date()
    made = settlement(payout.id, payout.total, found, on, zone, payout.digest)
    return Reading(NAME, (made,), (), tuple(_warnings(payout, state, on)), payout.told.encoding)


def settlement(id: str, amount: Money, found: list[Line], on: date, zone: ZoneInfo, digest: str) -> Settlement:
    """What these lines make. A row of several parts is one row of the file."""
    moments = [line.posted_at for line in found] or [datetime(on.year, on.month, on.day, 12, tzinfo=UTC)]
    return Settlement(
        id=id,
        channel=NAME,
        currency=amount.currency,
        country="",
        marketplace=LABEL,
        start=min(moments),
        end=max(moments),
        deposit_on=on,
        total=amount,
        zone=zone.key,
        subtotals=summed(found, zone),
        statement=digest,
        file_rows=len({line.source.row for line in found}),
    )


def _warnings(payout: Payout, state: str, on: date) -> Iterator[Warning]:
    if payout.without_order or payout.incomplete:
        rows = payout.without_order + payout.incomplete
        text = f"{rows} payments are not divided into goods, postage and tax, since their orders are not all there."
        yield Warning("order-data-missing", text)
    if waiting := sum(payout.waiting.values()):
        yield Warning("rows-waiting", f"{waiting} transactions belong to another payout; they wait for its own answer.")
    if state == ON_ITS_WAY:
        text = f"On its way: Shopify expects it at the bank on {on}; it is not there yet."
        yield Warning("payout-in-transit", text, 0, payout.id)
    if state == FAILED:
        text = f"The payout of {on} failed: no bank line will show it; Shopify pays it again later."
        yield Warning("payout-failed", text, 0, payout.id)
