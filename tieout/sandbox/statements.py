"""Invented settlement reports from a seed: the same seed and options give the same bytes.

Rows are streamed, so a report of a million lines needs no memory. Money is integer minor units until it is printed. The
answer sheet that comes back is counted here, beside the rows; whoever reads the file must arrive at the same figures.
Order ids start with 990-, settlement ids with 99: none of it is anybody's.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

HEADINGS = (
    "settlement-id settlement-start-date settlement-end-date deposit-date total-amount currency transaction-type "
    "order-id merchant-order-id adjustment-id shipment-id marketplace-name amount-type amount-description amount "
    "fulfillment-id posted-date posted-date-time order-item-code merchant-order-item-id merchant-adjustment-item-id "
    "sku quantity-purchased promotion-id"
).split()
DECIMALS = {"JPY": 0, "KWD": 3}  # of a minor unit; two for all others here
_DATES = {"iso": "%Y-%m-%d", "dotted": "%d.%m.%Y", "us": "%m/%d/%y", "japan": "%Y/%m/%d"}
_HOURS = (1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 7, 7, 8, 9, 8, 6, 4, 2)  # when people buy
_SKU_TAILS = {
    "plain": ("DEMO-MUG", "=DEMO-SUM", "-DEMO-DASH", "00DEMO-ZERO", "DEMO NAME WITH SPACES"),
    "latin": ("TASSE-GRÜN", "=DEMO-SUM", "GRÖSSE-½", "00DEMO-ZERO", "CAFÉ-KANNE"),
    "japanese": ("急須-黒", "=DEMO-SUM", "カップ-青", "00DEMO-ZERO", "箸セット"),
}
_COUPONS = {
    "plain": 'Save 1.00 on "Demo" mugs, while stocks last',
    "latin": "5 % Rabatt auf Gläser – solange Vorrat reicht",
    "japanese": "クーポン: 急須 5% オフ",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What happened to the seller. `tax`: gross, split (the seller owes it) or facilitator (the site remits it).

    `sites` with weights; `opening`: a debt carried in, `charge`: its repayment by card; `reserve_in` and `reserve_out`:
    money released and held back; `cost_percent` scales the account's own fees; `edges`: moments at which an order
    stands for certain; `extra`: rows of (type, amount type, description, minor, category).
    """

    settlement_id: str = "99000000001"
    start: datetime = datetime(2026, 6, 10, 21, 40, 10, tzinfo=UTC)
    days: int = 14
    currency: str = "GBP"
    sites: tuple[tuple[str, int], ...] = (("Amazon.co.uk", 100),)
    tax: str = "gross"
    texts: str = "plain"
    skus: int = 60
    opening: int = 0
    charge: int = 0
    reserve_in: int = 0
    reserve_out: int = 0
    cost_percent: int = 100
    edges: tuple[datetime, ...] = ()
    extra: tuple[tuple[str, str, str, int, str], ...] = ()

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Form:
    """How the same rows are printed; nothing here changes the money."""

    dates: str = "iso"
    decimal: str = "."
    encoding: str = "utf-8"
    line_end: str = "\n"
    repeats_currency: bool = False
    drops_trailing: bool = False


class Row(NamedTuple):
    """One amount. `category` is the answer, which the file does not show."""

    kind: str
    amount_type: str
    description: str
    minor: int
    category: str
    moment: datetime
    order_id: str = ""
    adjustment_id: str = ""
    shipment_id: str = ""
    site: str = ""
    fulfilment: str = ""
    item_code: str = ""
    sku: str = ""
    quantity: str = ""
    promotion_id: str = ""


def amazon_v2(
    out: BinaryIO,
    seed: int,
    lines: int,
    *,
    shape: Shape | None = None,
    form: Form | None = None,
    zones: tuple[str, ...] = ("UTC",),
) -> dict[str, Any]:
    """Writes one settlement of about `lines` rows and gives back the answer sheet.

    The rows are made twice from the same seed: once for the total that has to stand in the second line, once to write.
    """
    shape, form = shape or Shape(), form or Form()
    total = sum(row.minor for row in rows(seed, lines, shape))
    sheet, digest = _Sheet(zones), hashlib.sha256()
    for text in _printed(seed, lines, shape, form, total, sheet):
        content = text.encode(form.encoding if form.encoding != "utf-8-sig" else "utf-8")
        digest.update(content)
        out.write(content)
    return sheet.answers(shape) | {"sha256": digest.hexdigest()}


def rows(seed: int, lines: int, shape: Shape) -> Iterator[Row]:
    """The rows in order of their time: orders and refunds at the pace of a shop, the account's own between them."""
    chance = random.Random(f"statement {seed} {shape.settlement_id}")
    shop = _Shop(chance, shape)
    account = sorted(_account_rows(chance, shape), key=lambda row: row.moment)
    clock = _Clock(shape)
    edges = sorted(shape.edges)
    made = 0
    while made < lines:
        moment = clock.at(made, lines)
        if edges and edges[0] <= moment:
            moment = edges.pop(0)
        while account and account[0].moment <= moment and account[0].category != "reserve.current":
            yield account.pop(0)
            made += 1
        for row in shop.order(moment):
            yield row
            made += 1
    yield from account


class _Clock:
    """Progress through the rows → a moment of the period, denser in the evening and thinner at the weekend."""

    def __init__(self, shape: Shape) -> None:
        self._start = shape.start
        hours = [shape.start + timedelta(hours=hour) for hour in range(shape.days * 24)]
        weights = [_HOURS[hour.hour] * (17 if hour.weekday() >= 5 else 20) for hour in hours]
        self._upto = list(accumulate(weights, initial=0))

    def at(self, done: int, of: int) -> datetime:
        place = done * self._upto[-1] * 3600 // of
        hour = min(bisect_right(self._upto, place // 3600) - 1, len(self._upto) - 2)
        share = (place - self._upto[hour] * 3600) // (self._upto[hour + 1] - self._upto[hour])
        return self._start + timedelta(hours=hour, seconds=share)


class _Shop:
    """Orders and refunds with the frequencies measured on real files."""

    def __init__(self, chance: random.Random, shape: Shape) -> None:
        self._chance, self._shape = chance, shape
        tails = _SKU_TAILS[shape.texts]
        self._skus = [f"{tails[i % len(tails)]}-{i:04d}" if i % 5 else f"DEMO-{i:05d}" for i in range(shape.skus)]
        self._prices = [_price(chance) for _ in range(shape.skus)]
        self._popularity = list(accumulate(1_000_000 // (i + 1) for i in range(shape.skus)))
        self._sites = [site for site, _ in shape.sites]
        self._site_weights = list(accumulate(weight for _, weight in shape.sites))

    def order(self, moment: datetime) -> Iterator[Row]:
        chance = self._chance
        site = chance.choices(self._sites, cum_weights=self._site_weights)[0]
        order = _order_id(chance)
        fulfilment = "MFN" if chance.randrange(10) == 0 else "AFN"
        for _ in range(_pick(chance, ((86, 1), (10, 2), (4, 3)))):
            yield from self._item(moment, order, site, fulfilment)
        if chance.randrange(100) < 2:
            yield from self._refund(moment, site)

    def _item(self, moment: datetime, order: str, site: str, fulfilment: str) -> Iterator[Row]:
        chance = self._chance
        place = chance.choices(range(len(self._skus)), cum_weights=self._popularity)[0]
        quantity = _pick(chance, ((93, 1), (5, 2), (2, 3 + chance.randrange(4))))
        price = self._prices[place] * quantity
        code = f"99{chance.randrange(10**12):012d}"
        shipment, sku = f"D{chance.randrange(36**8):08x}", self._skus[place]
        for amount_type, description, minor, category, promotion in self._amounts(price, fulfilment == "AFN"):
            words = ("Order", amount_type, description, minor, category, moment, order, "", shipment, site, fulfilment)
            yield Row(*words, code, sku, str(quantity), promotion)

    def _amounts(self, price: int, is_fba: bool) -> Iterator[tuple[str, str, int, str, str]]:
        """Principal, Tax, Shipping, ShippingTax, fees, promotions: the order in which real files print them."""
        chance, rate = self._chance, 0 if self._shape.tax == "gross" else 20
        postage = 399 if chance.randrange(100) < 30 else 0
        tax, postage_tax = _share(price, rate), _share(postage, rate)
        is_remitted = self._shape.tax == "facilitator" or (rate > 0 and chance.randrange(4) == 0)
        yield "ItemPrice", "Principal", price, "sales.principal", ""
        if tax:
            yield "ItemPrice", "Tax", tax, "tax.collected", ""
        if postage:
            yield "ItemPrice", "Shipping", postage, "sales.shipping", ""
            if postage_tax:
                yield "ItemPrice", "ShippingTax", postage_tax, "tax.collected", ""
        if is_remitted:
            yield "ItemWithheldTax", "MarketplaceFacilitatorVAT-Principal", -tax, "tax.withheld.vat", ""
        if is_fba:
            yield "ItemFees", "FBAPerUnitFulfillmentFee", -(170 + price // 12), "fee.fba_fulfilment", ""
        yield "ItemFees", "Commission", -max(30, _share(price, 15)), "fee.referral", ""
        if chance.randrange(50) == 0:
            yield "ItemFees", "DigitalServicesFee", -max(1, _share(price, 15) * 2 // 100), "fee.digital_services", ""
        if postage:
            yield "Promotion", "Shipping", -postage, "promo.shipping", "DEMO Free Postage"
            if postage_tax:
                yield "Promotion", "TaxDiscount", -postage_tax, "promo.tax", "DEMO Free Postage"

    def _refund(self, moment: datetime, site: str) -> Iterator[Row]:
        """Of an order of an earlier settlement, as most are."""
        chance = self._chance
        place = chance.randrange(len(self._skus))
        price = self._prices[place] * (100 if chance.randrange(100) < 85 else 40) // 100
        fee = max(30, _share(price, 15))
        item = (moment, _order_id(chance), f"99{chance.randrange(10**12):012d}", "", site, "AFN", "", self._skus[place])
        yield Row("Refund", "ItemPrice", "Principal", -price, "refund.principal", *item)
        yield Row("Refund", "ItemFees", "Commission", fee, "fee.referral", *item)
        yield Row("Refund", "ItemFees", "RefundCommission", -min(fee // 5, 500), "fee.refund_admin", *item)


def _account_rows(chance: random.Random, shape: Shape) -> Iterator[Row]:
    """What the account pays and gets beside its orders: balances carried, fees of the period, the reserve."""
    other = "other-transaction"
    if shape.opening:
        yield Row(other, other, "Payable to Amazon", shape.opening, "balance.payable_to_amazon", shape.start)
    if shape.charge:
        at = shape.start + timedelta(minutes=83)
        yield Row(other, other, "Successful charge", shape.charge, "balance.successful_charge", at)
    if shape.reserve_in:
        yield Row(other, other, "Previous Reserve Amount Balance", shape.reserve_in, "reserve.previous", shape.start)
    for number, (kind, amount_type, description, usual, category) in enumerate(_fees(shape)):
        moment = shape.start + timedelta(seconds=1 + chance.randrange(shape.days * 86400 - 7200) + number)
        minor = usual * (shape.cost_percent if usual < 0 else 100) // 100
        yield Row(kind, amount_type, description, minor, category, moment)
    for number, (kind, amount_type, description, minor, category) in enumerate(shape.extra):
        yield Row(kind, amount_type, description, minor, category, shape.start + timedelta(days=3, seconds=number))
    if shape.reserve_out:
        yield Row(other, other, "Current Reserve Amount", -shape.reserve_out, "reserve.current", shape.end)


def _fees(shape: Shape) -> Iterator[tuple[str, str, str, int, str]]:
    other, total = "other-transaction", "TransactionTotalAmount"
    for minor in (-2500, -2500, -1844)[: 1 + shape.days // 5]:
        yield "ServiceFee", "Cost of Advertising", total, minor, "fee.advertising"
    yield other, other, "Subscription Fee", -3000, "fee.subscription"
    yield "FBAFees", "FBA Inventory Storage Fee", "Base fee", -1535, "fee.fba_storage"
    yield "FBAFees", "FBA Inventory Storage Fee", "Tax on fee", -307, "fee.tax_on_fee"
    yield other, other, "Shipping label purchase", -335, "fee.shipping_services"
    yield other, other, "Shipping label purchase", -335, "fee.shipping_services"  # equal rows are legal
    yield "CouponRedemptionFee", "CouponRedemptionFee", _COUPONS[shape.texts], -60, "fee.coupon"
    yield other, "FBA Inventory Reimbursement", "WAREHOUSE_DAMAGE", 1175, "reimbursement.fba"


class _Sheet:
    """The answers: exact sums by everything a reader may be asked for."""

    def __init__(self, zones: tuple[str, ...]) -> None:
        self.total = self.rows = 0
        self._zones = tuple(map(ZoneInfo, zones))
        self._by: dict[str, Counter[Any]] = {name: Counter() for name in ("categories", "labels", "sites")}
        self._counts: dict[str, Counter[Any]] = {name: Counter() for name in ("categories", "labels", "sites")}
        self._months: dict[str, Counter[str]] = {zone: Counter() for zone in zones}
        self._orders: set[str] = set()

    def count(self, row: Row) -> None:
        self.total += row.minor
        self.rows += 1
        if row.kind == "Order":
            self._orders.add(row.order_id)
        labels = (row.kind, row.amount_type, row.description)
        for name, key in (("categories", row.category), ("labels", labels), ("sites", row.site)):
            self._by[name][key] += row.minor
            self._counts[name][key] += 1
        quarter = row.moment.replace(minute=row.moment.minute // 15 * 15, second=0)
        for zone in self._zones:
            self._months[zone.key][_month(quarter, zone)] += row.minor

    def answers(self, shape: Shape) -> dict[str, Any]:
        money = DECIMALS.get(shape.currency, 2)
        tables = {
            name: [
                {"name": key, "amount": amount(minor, money), "rows": self._counts[name][key]}
                for key, minor in sorted(table.items())
            ]
            for name, table in self._by.items()
        }
        months = {
            zone: {month: amount(minor, money) for month, minor in sorted(table.items())}
            for zone, table in self._months.items()
        }
        return {
            "id": shape.settlement_id,
            "currency": shape.currency,
            "start": shape.start.isoformat(),
            "end": shape.end.isoformat(),
            "total": amount(self.total, money),
            "rows": self.rows,
            "orders": len(self._orders),
            "months": months,
            **tables,
        }


def amount(minor: int, decimals: int, sign: str = ".") -> str:
    """Minor units as a decimal string: -312 → -3.12."""
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}{sign}{digits[-decimals:]}" if decimals else digits
    return f"-{text}" if minor < 0 else text


def _printed(seed: int, lines: int, shape: Shape, form: Form, total: int, sheet: _Sheet) -> Iterator[str]:
    """The file as text, a thousand lines at a time; every row printed is counted on the sheet."""
    decimals = DECIMALS.get(shape.currency, 2)
    stamps = [_stamp(moment, form) for moment in (shape.start, shape.end, shape.end + timedelta(days=2))]
    mark = "\ufeff" if form.encoding in ("utf-8-sig", "utf-16-le") else ""
    summary = [shape.settlement_id, *stamps, amount(total, decimals, form.decimal), shape.currency]
    buffer = [mark + "\t".join(HEADINGS), _line(summary, form)]
    repeated = shape.currency if form.repeats_currency else ""
    for row in rows(seed, lines, shape):
        sheet.count(row)
        fields = [shape.settlement_id, "", "", "", "", repeated, row.kind, row.order_id, row.order_id]
        fields += [row.adjustment_id, row.shipment_id, row.site, row.amount_type, row.description]
        fields += [amount(row.minor, decimals, form.decimal), row.fulfilment, _day(row.moment, form)]
        fields += [_stamp(row.moment, form), row.item_code, "", "", row.sku, row.quantity, row.promotion_id]
        buffer.append(_line(fields, form))
        if len(buffer) >= 1000:
            yield form.line_end.join(buffer) + form.line_end
            buffer.clear()
    if buffer:
        yield form.line_end.join(buffer) + form.line_end


def _line(fields: list[str], form: Form) -> str:
    if form.drops_trailing:
        return "\t".join(fields).rstrip("\t")
    return "\t".join(fields) + "\t" * (len(HEADINGS) - len(fields))


@lru_cache(maxsize=4096)
def _stamp(moment: datetime, form: Form) -> str:
    return moment.strftime(_DATES[form.dates] + " %H:%M:%S UTC")


def _day(moment: datetime, form: Form) -> str:
    return _stamp(moment, form).split(" ", 1)[0]


@lru_cache(maxsize=4096)
def _month(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m")


def _order_id(chance: random.Random) -> str:
    return f"990-{chance.randrange(10**7):07d}-{chance.randrange(10**7):07d}"


def _price(chance: random.Random) -> int:
    """Most things are cheap and end in 99."""
    return (5 + chance.randrange(60) ** 2 // 60) * 100 + _pick(chance, ((60, 99), (25, 95), (15, 0)))


def _pick(chance: random.Random, weighted: tuple[tuple[int, int], ...]) -> int:
    place = chance.randrange(sum(weight for weight, _ in weighted))
    for weight, value in weighted:
        place -= weight
        if place < 0:
            return value
    raise AssertionError("the weights cover every place")


def _share(minor: int, percent: int) -> int:
    """Half up, to the minor unit."""
    return (minor * percent * 2 + 100) // 200
