"""What a payment or refund of an order was for: goods, postage, tax by place and by who owes it, tips, gift cards.

The payout's own row decides the amount; the order only says how it divides. So the parts of a row always add up to it,
to the minor unit, whatever part of an order was paid in this way and in whatever currency the buyer saw it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieout.channels.shopify.answers import money, nodes, number
from tieout.core.category import Category
from tieout.core.currency import EXPONENT

GATEWAY, GIFT_CARD = "shopify_payments", "gift_card"
# Where tax stands within the price of the goods, and the usual rate there; elsewhere it is a liability beside it.
WITHIN = {"GB": Decimal("0.2"), "AU": Decimal("0.1"), "NZ": Decimal("0.15")}
_PAID, _GIVEN_BACK = ("SALE", "CAPTURE"), ("REFUND",)
_REFUNDED = {
    Category.SALES_PRINCIPAL: Category.REFUND_PRINCIPAL,
    Category.SALES_SHIPPING: Category.REFUND_SHIPPING,
    Category.TAX_COLLECTED: Category.REFUND_TAX,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A share of one row: what the channel's papers call it, its meaning, its tax group. `word` and `group` name it."""

    word: str
    category: Category
    group: str = ""


Weights = dict[Part, int]


@dataclass(frozen=True, slots=True)
class Payment:
    """One order transaction that moved money, in the shop's currency."""

    id: str
    gateway: str
    minor: int
    currency: str
    at: str
    is_refund: bool


def payments(order: dict[str, Any]) -> tuple[Payment, ...]:
    """What was paid and given back, in the order of the answer; failed tries and tests moved nothing."""
    found = {}
    listed = [
        *nodes(order.get("transactions")),
        *(t for r in nodes(order.get("refunds")) for t in nodes(r.get("transactions"))),
    ]
    for each in listed:
        kind, is_done = str(each.get("kind")), each.get("status") == "SUCCESS" and not each.get("test")
        if kind in (*_PAID, *_GIVEN_BACK) and is_done and each.get("id") not in found:
            amount, currency = money(each, "amountSet")
            at = str(each.get("processedAt") or "")
            gateway = str(each.get("gateway") or "")
            minor = _minor(amount, currency)
            found[each["id"]] = Payment(str(each["id"]), gateway, minor, currency, at, kind in _GIVEN_BACK)
    return tuple(found.values())


def charged(order: dict[str, Any], minor: int, transaction: str) -> tuple[tuple[Part, int], ...]:
    """The parts of a payment of `minor`, gift cards redeemed among them; empty where the order does not tell."""
    paid = [each for each in payments(order) if not each.is_refund]
    others = [each for each in paid if each.gateway != GIFT_CARD]
    redeemed = sum(each.minor for each in paid if each.gateway == GIFT_CARD)
    own = next((each.minor for each in others if each.id.rpartition("/")[2] == transaction), minor)
    card = 0
    if redeemed and others:
        shares = apportioned(redeemed, [each.minor for each in others])
        at = next((at for at, each in enumerate(others) if each.id.rpartition("/")[2] == transaction), 0)
        card = shares[at] if own == minor else _scaled(shares[at], minor, own)
    weights, kept = _composed(order, sum(each.minor for each in paid))
    goods = divided(minor + card, weights)
    if not goods:
        return ()
    if card:
        goods = (*goods, (Part("Gift cards redeemed", Category.SALES_GIFT_CARD_REDEEMED), -card))
    whole = sum(weights.values())
    for part, amount in kept.items():
        share = _scaled(amount, minor + card, whole)
        remitted = Part("Tax remitted by the channel", Category.TAX_WITHHELD_FACILITATOR, part.group)
        goods = (*goods, (part, share), (remitted, -share)) if share else goods
    return goods


def refunded(order: dict[str, Any], minor: int, transaction: str) -> tuple[tuple[Part, int], ...]:
    """The parts of a refund of `minor` (negative), in the tax groups of what was sold; empty where nothing tells."""
    refund = next(
        (
            each
            for each in nodes(order.get("refunds"))
            if any(str(t.get("id")).rpartition("/")[2] == transaction for t in nodes(each.get("transactions")))
        ),
        None,
    )
    weights = _taken_back(order, refund) if refund else {}
    if sum(weights.values()) <= 0:
        weights, _ = _composed(order, 0)
    return tuple((Part(p.word, _REFUNDED.get(p.category, p.category), p.group), m) for p, m in divided(minor, weights))


def divided(minor: int, weights: Weights) -> tuple[tuple[Part, int], ...]:
    """An amount in the proportion of the weights; parts of nothing are left out."""
    if sum(weights.values()) <= 0:
        return ()
    shares = apportioned(minor, list(weights.values()))
    return tuple((part, share) for part, share in zip(weights, shares, strict=True) if share)


def apportioned(minor: int, weights: Sequence[int]) -> list[int]:
    """Shares that add up to the amount; negative ones where the weight is. Odd units go to the largest rests."""
    whole, size = sum(weights), abs(minor)
    assert whole > 0, "it is divided by something"
    shares = [size * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda at: (-(size * weights[at] % whole), at))
    for at in by_rest[: size - sum(shares)]:
        shares[at] += 1
    return [-share for share in shares] if minor < 0 else shares


def _composed(order: dict[str, Any], paid: int) -> tuple[Weights, Weights]:
    """What the whole order consists of; and, apart, tax that the channel kept before it paid out.

    What is left of the total, as after a discount on the whole order, belongs to the goods.
    """
    made: Weights = {}
    country = destination(order)
    items = [
        (each, "discountedTotalSet", "Product", Category.SALES_PRINCIPAL) for each in nodes(order.get("lineItems"))
    ]
    posts = [
        (each, "discountedPriceSet", "Shipping", Category.SALES_SHIPPING) for each in nodes(order.get("shippingLines"))
    ]
    owed: Weights = {}
    for each, name, word, category in (*items, *posts):
        price = _of(each, name)
        if each.get("isGiftCard"):
            _add(made, Part("Gift cards sold", Category.SALES_GIFT_CARD), price)
            continue
        own, theirs = taxes(each)
        net = price - own - theirs if order.get("taxesIncluded") else price
        within = own if country in WITHIN else 0
        _add(made, Part(word, category, group_of(each, country)), net + within)
        _add(made, Part("Tax", Category.TAX_COLLECTED, country), own - within)
        _add(owed, Part("Tax that the channel owes", Category.TAX_COLLECTED, country), theirs)
    _add(made, Part("Tips", Category.SALES_TIP), _of(order, "totalTipReceivedSet"))
    _add(made, Part("Duties", Category.SALES_EXPORT_CHARGE, country), _of(order, "originalTotalDutiesSet"))
    total = _of(order, "totalPriceSet")
    is_kept = bool(owed) and paid == total - sum(owed.values())
    rest = total - sum(made.values()) - sum(owed.values())
    goods = {part: minor for part, minor in made.items() if part.category is Category.SALES_PRINCIPAL}
    spread = divided(rest, goods) if goods else ((Part("Product", Category.SALES_PRINCIPAL, country), rest),)
    for part, minor in spread:
        _add(made, part, minor)
    return (made, owed) if is_kept else ({**made, **owed}, {})


def _taken_back(order: dict[str, Any], refund: dict[str, Any]) -> Weights:
    """What a refund consists of, in positive amounts; without tax that the channel gave back by itself."""
    made: Weights = {}
    country, includes = destination(order), bool(order.get("taxesIncluded"))
    sold = {each.get("id"): each for each in nodes(order.get("lineItems"))}
    post = next(iter(nodes(order.get("shippingLines"))), {})
    goods = [(each, "subtotalSet", "totalTaxSet", _item(each, sold)) for each in nodes(refund.get("refundLineItems"))]
    posts = [(each, "subtotalAmountSet", "taxAmountSet", post) for each in nodes(refund.get("refundShippingLines"))]
    theirs = Part("Tax that the channel owes", Category.TAX_COLLECTED, country)
    for each, price, tax, line in (*goods, *posts):
        if line.get("isGiftCard"):
            _add(made, Part("Gift cards sold", Category.SALES_GIFT_CARD), _of(each, price))
            continue
        is_post, own, minor = price != "subtotalSet", taxes(line), _of(each, tax)
        is_theirs = bool(own[1]) and not own[0]
        within = minor if country in WITHIN and not is_theirs else 0
        word, category = ("Shipping", Category.SALES_SHIPPING) if is_post else ("Product", Category.SALES_PRINCIPAL)
        net = _of(each, price) - (minor if includes else 0)
        _add(made, Part(word, category, group_of(line, country)), net + within)
        _add(made, theirs if is_theirs else Part("Tax", Category.TAX_COLLECTED, country), minor - within)
    back = sum(_of(each, "amountSet") for each in nodes(refund.get("transactions")))
    if theirs in made and back == sum(made.values()) - made[theirs]:
        del made[theirs]
    return made


def _item(refunded: dict[str, Any], sold: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    """The line of the order that a line of a refund takes back, as far as either tells."""
    named = refunded.get("lineItem") or {}
    return {**named, **sold.get(named.get("id"), {})}


def taxes(line: dict[str, Any]) -> tuple[int, int]:
    """Tax of a line that the seller owes, and tax that the channel owes."""
    found = [(bool(each.get("channelLiable")), _of(each, "priceSet")) for each in nodes(line.get("taxLines"))]
    return sum(minor for is_theirs, minor in found if not is_theirs), sum(
        minor for is_theirs, minor in found if is_theirs
    )


def group_of(line: dict[str, Any], country: str) -> str:
    """The tax group: the country of destination, with the rate where tax is within the price and not the usual one."""
    if country not in WITHIN or "taxLines" not in line:
        return country
    lines = [each for each in nodes(line.get("taxLines")) if _of(each, "priceSet") and not each.get("channelLiable")]
    rate = sum((number(each.get("rate") or 0) for each in lines), Decimal(0))
    return country if rate == WITHIN[country] else f"{country} {(rate * 100).normalize():f}%"


def destination(order: dict[str, Any]) -> str:
    """Where the goods went; without an address, as over a counter, where they were billed."""
    for name in ("shippingAddress", "billingAddress"):
        code = str((order.get(name) or {}).get("countryCodeV2") or "")
        if len(code) == 2 and code.isascii() and code.isalpha():
            return code.upper()
    return ""


def _of(told: Any, name: str) -> int:
    return _minor(*money(told, name))


def _minor(amount: Decimal, currency: str) -> int:
    """Raises ValueError for more decimals than the currency has, or a word that is none."""
    if not amount:
        return 0
    if currency not in EXPONENT:
        raise ValueError(f"{currency!r} is not a currency")
    minor = amount.scaleb(EXPONENT[currency])
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} allows")
    return int(minor)


def _scaled(share: int, to: int, of: int) -> int:
    """Half up, away from zero."""
    size = (2 * abs(share * to) + abs(of)) // (2 * abs(of)) if of else 0
    return -size if share * to * of < 0 else size


def _add(made: Weights, part: Part, minor: int) -> None:
    if minor:
        made[part] = made.get(part, 0) + minor
