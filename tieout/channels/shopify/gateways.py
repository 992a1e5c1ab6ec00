"""Payments by other gateways: they bring their money by themselves, so a period's sum goes to a clearing account.

One settlement a gateway and month, its total zero: sales and refunds on one side, the gateway's clearing account on the
other. An order paid wholly by gift card is such a summary too, and its other side is the cards' own liability.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from tieout.channels._days import read_date
from tieout.channels._refused import Refused, Unreadable
from tieout.channels.shopify import orders, zones
from tieout.channels.shopify.answers import Answers
from tieout.channels.shopify.orders import GATEWAY, GIFT_CARD, Part, Payment
from tieout.channels.shopify.tally import LABEL, NAME
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.settlement import Label, Line, Refusal, Settlement, Source, Warning, summed

# Gateway as Shopify names it, or how its name begins → number and name of its clearing account.
CLEARING = {
    "paypal": (320, "PayPal clearing"),
    "stripe": (321, "Stripe clearing"),
    "klarna": (322, "Klarna clearing"),
    "amazon_payments": (323, "Amazon Pay clearing"),
    "manual": (324, "Manual payments clearing"),
}
_BY_HAND = ("cash", "bank_deposit", "bank_transfer", "money_order", "cheque", "check")
_MOST = 40  # letters of a gateway's name
_LONGEST = 64  # letters of a settlement's id
_FIRST_ROW = 2


def variant(gateway: str) -> str:
    """The gateway as the mapping knows it; one without an account of its own keeps its name and is asked for."""
    word = slug(gateway)
    if word.startswith(_BY_HAND):
        return "manual"
    return next((known for known in CLEARING if word.startswith(known)), word)


def slug(gateway: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", gateway.casefold()).strip("_")[:_MOST] or "unnamed"


def read(told: Answers, digest: str, zone: ZoneInfo) -> tuple[tuple[Settlement, ...], tuple[Warning, ...]]:
    """A settlement for each gateway and currency. Raises Refused for orders that are not whole.

    A month begins and ends by the shop's own zone, where the answers tell it: by that zone it was asked for.
    """
    if told.incomplete:
        named = ", ".join(str(told.orders[id].get("name") or id) for id in sorted(told.incomplete)[:5])
        text = f"Not all of these orders is in the file: {named}. Ask again."
        raise Refused(Refusal("answer-incomplete", text))
    zone, found = zones.named(told.zone, zone), dict[str, list[Line]]()
    for id, line in _lines(told, digest, zone):
        found.setdefault(id, []).append(line)
    return tuple(_settlement(id, lines, zone) for id, lines in found.items()), ()


def lines(told: Answers, digest: str, settlement_id: str, zone: ZoneInfo) -> Iterator[Line]:
    own = zones.named(told.zone, zone)
    return (line for id, line in _lines(told, digest, own) if id == settlement_id)


def _lines(told: Answers, digest: str, zone: ZoneInfo) -> Iterator[tuple[str, Line]]:
    try:
        month = Month.read(told.period)
    except ValueError as error:
        raise Refused(Refusal("format_unknown", f"{told.period!r} is no month, such as 2026-06.", 1)) from error
    row = _FIRST_ROW - 1
    for order in told.orders.values():
        try:
            for payment, parts in _payments(order):
                row += 1
                at = _moment(payment.at)
                if Month.of(at, zone) != month:
                    continue  # the file of its own month has it
                id = _id(payment, told)
                for part, minor in parts:
                    words = tuple(filter(None, (payment.gateway, part.word, part.group)))
                    amount, source = Money(minor, payment.currency), Source(digest, row)
                    name = str(order.get("name") or "")
                    yield id, Line(part.category, Label(words), amount, at, "", source, name, variant=part.group)
        except (Unreadable, ValueError) as error:
            text = f"Order {order.get('name') or order.get('id')}: {error}."
            raise Refused(Refusal("answer-damaged", text, row)) from error


def _id(payment: Payment, told: Answers) -> str:
    """By gateway, month, currency and shop: two shops of one seller have such a month each."""
    whole, shop = f"{slug(payment.gateway)}-{told.period}-{payment.currency}", told.shop.partition(".")[0]
    if len(whole) + len(shop) >= _LONGEST:
        shop = sha256(shop.encode()).hexdigest()[:10]
    return ".".join(filter(None, (whole, shop.replace("-", "_"))))


def _payments(order: dict[str, Any]) -> Iterator[tuple[Payment, tuple[tuple[Part, int], ...]]]:
    """Each payment that brought no payout of Shopify's own, its parts and their other side."""
    found = orders.payments(order)
    is_by_card = all(each.gateway == GIFT_CARD for each in found if not each.is_refund)
    for each in found:
        if each.gateway == GATEWAY or (each.gateway == GIFT_CARD and not is_by_card):
            continue
        transaction = each.id.rpartition("/")[2]
        minor = -each.minor if each.is_refund else each.minor
        divide = orders.refunded if each.is_refund else orders.charged
        kind = Category.REFUND_GROSS if each.is_refund else Category.SALES_GROSS
        parts = divide(order, minor, transaction) or ((Part("Amount", kind), minor),)
        other = Part("To clearing", Category.CLEARING_GATEWAY, variant(each.gateway))
        if each.gateway == GIFT_CARD:
            other = Part("Gift cards redeemed", Category.SALES_GIFT_CARD_REDEEMED)
        yield each, (*parts, (other, -minor))


def _settlement(id: str, found: list[Line], zone: ZoneInfo) -> Settlement:
    currency, moments = found[0].amount.currency, [line.posted_at for line in found]
    return Settlement(
        id=id,
        channel=NAME,
        currency=currency,
        country="",
        marketplace=LABEL,
        start=min(moments),
        end=max(moments),
        deposit_on=None,
        total=Money.zero(currency),
        zone=zone.key,
        subtotals=summed(found, zone),
        statement=found[0].source.statement,
        file_rows=len({line.source.row for line in found}),
    )


def _moment(text: str) -> datetime:
    found = read_date(text)
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day, 12, tzinfo=UTC)
