"""One invented order: what was bought, where it goes, what tax that means and how it was paid."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources

from tieout.sandbox import Doc
from tieout.sandbox.shopify.amounts import Bag, Pair, share, total
from tieout.sandbox.shopify.state import Books, stamp

GOODS = (("Demo mug", 1250), ("Demo teapot", 4200), ("Demo tray", 2899), ("Demo apron", 3450), ("Demo spoon", 499))
GIFT_CARD = ("Demo gift card", 5000)
POSTAGE = 395
GATEWAYS = (
    ("shopify_payments", 80),
    ("paypal", 9),
    ("gift_card", 3),
    ("Klarna", 4),
    ("Bank Deposit", 2),
    ("manual", 2),
)
GATEWAY_NAMES = {"shopify_payments": "Shopify payments", "paypal": "PayPal", "gift_card": "Gift card"}
FIRST_ORDER, FIRST_LINE, FIRST_PAYMENT = 6_100_000_000_001, 15_000_000_000_001, 7_200_000_000_001


@dataclass(frozen=True, slots=True)
class Destination:
    country: str
    code: str
    province: str
    province_code: str
    weight: int
    currency: str
    rate: Decimal
    inclusive: bool
    taxes: tuple[tuple[str, Decimal], ...]


@cache
def destinations() -> tuple[Destination, ...]:
    text = resources.files("tieout.sandbox.shopify").joinpath("destinations.csv").read_text("utf-8")
    found: list[Destination] = []
    for row in csv.DictReader(text.splitlines()):
        taxes = tuple(
            (one.rpartition(":")[0], Decimal(one.rpartition(":")[2])) for one in row["taxes"].split(";") if one
        )
        place = (row["country"], row["code"], row["province"], row["province_code"], int(row["weight"]))
        found.append(Destination(*place, row["currency"], Decimal(row["rate"]), row["inclusive"] == "yes", taxes))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Priced:
    """An amount that is taxed: a line or the postage, after its discount. `taxes` in the order of the destination."""

    before: Bag
    after: Bag
    taxes: tuple[Bag, ...]


class Basket:
    """What is known of an order before it is written down."""

    def __init__(self, books: Books, chance: random.Random, moment: datetime) -> None:
        self.books, self.chance, self.moment = books, chance, moment
        places = destinations()
        self.place = chance.choices(places, weights=[place.weight for place in places])[0]
        self.pair = Pair(books.currency, self.place.currency, self.place.rate)
        self.is_channels = self.place.code == "US" and bool(self.place.taxes) and chance.randrange(100) < 40
        self.discount = 10 if chance.randrange(100) < 10 else 0
        self.lines: list[tuple[Doc, Priced]] = [self._line() for _ in range(_pick(chance, ((70, 1), (22, 2), (8, 3))))]
        self.postage = self.priced(POSTAGE if chance.randrange(100) < 60 else 0, 0, taxed=True)
        self.tip = self.pair.of(200) if chance.randrange(100) < 3 else Bag()

    @property
    def subtotal(self) -> Bag:
        return total([priced.after for _, priced in self.lines])

    @property
    def tax(self) -> Bag:
        return total([tax for priced in self.taxed() for tax in priced.taxes])

    @property
    def whole(self) -> Bag:
        on_top = Bag() if self.place.inclusive else self.tax
        return self.subtotal + self.postage.after + on_top + self.tip

    def taxed(self) -> list[Priced]:
        return [*(priced for _, priced in self.lines), self.postage]

    def priced(self, minor: int, percent: int, *, taxed: bool) -> Priced:
        after = minor - minor * percent // 100
        inside = self.place.inclusive
        taxes = tuple(self.pair.of(share(after, rate, inside=inside)) for _, rate in self.place.taxes) if taxed else ()
        return Priced(self.pair.of(minor), self.pair.of(after), taxes)

    def tax_lines(self, bags: Sequence[Bag]) -> list[Doc]:
        """As TaxLines; a tax of nothing is told too."""
        return [
            {
                "title": title,
                "rate": float(rate),
                "ratePercentage": float(rate * 100),
                "priceSet": self.pair.doc(bag),
                "price": self.pair.doc(bag)["shopMoney"]["amount"],
                "channelLiable": self.is_channels,
                "source": "Shopify" if not self.is_channels else "Marketplace",
            }
            for (title, rate), bag in zip(self.place.taxes, bags, strict=True)
        ]

    def _line(self) -> tuple[Doc, Priced]:
        is_gift_card = self.chance.randrange(100) < 3
        name, price = GIFT_CARD if is_gift_card else self.chance.choice(GOODS)
        quantity = 1 if is_gift_card else _pick(self.chance, ((90, 1), (8, 2), (2, 3)))
        priced = self.priced(price * quantity, 0 if is_gift_card else self.discount, taxed=not is_gift_card)
        unit = self.pair.of(price)
        each = self.pair.of(priced.after.shop // quantity)
        row = self.books.new("LineItem", FIRST_LINE) | {
            "name": name,
            "title": name,
            "sku": name.upper().replace(" ", "-"),
        }
        row |= {"quantity": quantity, "currentQuantity": quantity, "refundableQuantity": quantity}
        row |= {"isGiftCard": is_gift_card, "requiresShipping": not is_gift_card, "taxable": not is_gift_card}
        row |= {"variantTitle": None, "vendor": "Harbour & Finch", "duties": []}
        row |= {"originalUnitPriceSet": self.pair.doc(unit), "originalTotalSet": self.pair.doc(priced.before)}
        row |= {"discountedUnitPriceSet": self.pair.doc(each), "discountedTotalSet": self.pair.doc(priced.after)}
        row |= {"discountedUnitPriceAfterAllDiscountsSet": self.pair.doc(each)}
        row |= {"totalDiscountSet": self.pair.doc(priced.before - priced.after)}
        return row | {"taxLines": self.tax_lines(priced.taxes) if priced.taxes else []}, priced


def place_order(books: Books, chance: random.Random, moment: datetime) -> tuple[Doc, list[Doc]]:
    """Writes an order and its payments down; gives the order and those payments that were taken."""
    basket = Basket(books, chance, moment)
    row = books.new("Order", FIRST_ORDER)
    number = books.shops.next_number(f"{books.domain} order", 1001)
    row |= {"name": f"#{number}", "number": number} | _dates(moment) | _standing(basket) | _sums(basket)
    payments = _payments(basket, row)
    row |= {"paymentGatewayNames": list(dict.fromkeys(each["gateway"] for each in payments))}
    row |= {"transactions": [{"@": each["id"]} for each in payments], "refunds": [], "_at": moment}
    row |= {"_place": basket.place.code, "_rate": str(basket.pair.rate), "_channel_tax": basket.is_channels}
    books.keep(row)
    return row, [each for each in payments if each["kind"] != "AUTHORIZATION"]


def _dates(moment: datetime) -> Doc:
    said = stamp(moment)
    return {"createdAt": said, "processedAt": said, "updatedAt": said, "cancelledAt": None, "closedAt": None}


def _standing(basket: Basket) -> Doc:
    place = basket.place
    address: Doc = {"country": place.country, "countryCodeV2": place.code}
    address |= {"province": place.province or None, "provinceCode": place.province_code or None}
    return {
        "cancelReason": None,
        "closed": False,
        "confirmed": True,
        "test": False,
        "currencyCode": basket.pair.shop,
        "presentmentCurrencyCode": basket.pair.buyer,
        "taxesIncluded": place.inclusive,
        "taxExempt": False,
        "dutiesIncluded": False,
        "estimatedTaxes": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "FULFILLED",
        "sourceName": "marketplace" if basket.is_channels else "web",
        "tags": [],
        "note": None,
        "discountCodes": ["FINCH10"] if basket.discount else [],
        "shippingAddress": address,
        "billingAddress": address,
        "additionalFees": [],
    }


def _sums(basket: Basket) -> Doc:
    doc, zero = basket.pair.doc, basket.pair.doc(Bag())
    by_title = [basket.tax_lines(each.taxes) for each in basket.taxed() if each.taxes]
    summed = [total([each.taxes[at] for each in basket.taxed() if each.taxes]) for at in range(len(basket.place.taxes))]
    tax_lines = basket.tax_lines(summed) if by_title else []
    paid, discounts = doc(basket.whole), total([one.before - one.after for _, one in basket.lines])
    postage: Doc = {"id": None, "title": "Standard", "code": "Standard", "source": "shopify", "custom": False}
    postage |= {"isRemoved": False, "carrierIdentifier": None, "originalPriceSet": doc(basket.postage.before)}
    postage |= {"discountedPriceSet": doc(basket.postage.after), "currentDiscountedPriceSet": doc(basket.postage.after)}
    postage |= {"taxLines": basket.tax_lines(basket.postage.taxes), "__typename": "ShippingLine"}
    number = basket.books.shops.next_number("ShippingLine", 5_000_000_000_001)
    postage |= {"id": f"gid://shopify/ShippingLine/{number}"}
    has_postage = basket.postage.before != Bag()
    return {
        "lineItems": [row for row, _ in basket.lines],
        "shippingLines": [postage] if has_postage else [],
        "shippingLine": postage if has_postage else None,
        "taxLines": tax_lines,
        "currentTaxLines": tax_lines,
        "subtotalPriceSet": doc(basket.subtotal),
        "currentSubtotalPriceSet": doc(basket.subtotal),
        "totalShippingPriceSet": doc(basket.postage.after),
        "totalTaxSet": doc(basket.tax),
        "currentTotalTaxSet": doc(basket.tax),
        "totalDiscountsSet": doc(discounts),
        "totalTipReceivedSet": doc(basket.tip),
        "totalPriceSet": paid,
        "originalTotalPriceSet": paid,
        "currentTotalPriceSet": paid,
        "totalReceivedSet": paid,
        "netPaymentSet": paid,
        "totalOutstandingSet": zero,
        "totalRefundedSet": zero,
        "totalRefundedShippingSet": zero,
        "originalTotalDutiesSet": None,
        "currentTotalDutiesSet": None,
    }


def _payments(basket: Basket, order: Doc) -> list[Doc]:
    """One payment, or two where a gift card did not cover the whole; a card may be authorised before it is charged."""
    names, weights = zip(*GATEWAYS, strict=True)
    gateway = basket.chance.choices(names, weights=weights)[0]
    if basket.is_channels:
        gateway = "shopify_payments"
    whole = basket.whole
    if gateway == "gift_card":
        part = basket.pair.of(min(whole.shop, 1000))
        rest = whole - part
        first = payment(basket.books, order, basket.pair, "gift_card", "SALE", part, basket.moment)
        if rest.shop <= 0:
            return [first]
        return [first, payment(basket.books, order, basket.pair, "shopify_payments", "SALE", rest, basket.moment)]
    if gateway == "shopify_payments" and basket.chance.randrange(100) < 20:
        held = payment(basket.books, order, basket.pair, gateway, "AUTHORIZATION", whole, basket.moment)
        later = basket.moment + timedelta(minutes=3)
        taken = payment(basket.books, order, basket.pair, gateway, "CAPTURE", whole, later, parent=held["id"])
        return [held, taken]
    return [payment(basket.books, order, basket.pair, gateway, "SALE", whole, basket.moment)]


def payment(
    books: Books, order: Doc, pair: Pair, gateway: str, kind: str, bag: Bag, moment: datetime, parent: str = ""
) -> Doc:
    """An order transaction, written down; amounts of refunds are positive, as Shopify prints them."""
    row = books.new("OrderTransaction", FIRST_PAYMENT) | {"kind": kind, "status": "SUCCESS", "gateway": gateway}
    row |= {"formattedGateway": GATEWAY_NAMES.get(gateway, gateway), "test": False, "errorCode": None, "fees": []}
    row |= {"manualPaymentGateway": gateway in {"Bank Deposit", "manual"}, "createdAt": stamp(moment)}
    row |= {"processedAt": stamp(moment), "amountSet": pair.doc(bag), "amountRoundingSet": None}
    row |= {"parentTransaction": {"@": parent} if parent else None, "order": {"@": order["id"]}}
    row |= {"paymentId": f"{order['name']}.{1 if not parent else 2}", "totalUnsettledSet": pair.doc(Bag())}
    is_ours = gateway == "shopify_payments"
    row |= {"settlementCurrency": pair.shop if is_ours else None, "_bag": [bag.shop, bag.buyer], "_at": moment}
    row |= {"settlementCurrencyRate": str(round(1 / pair.rate, 6)) if is_ours and pair.shop != pair.buyer else None}
    return books.keep(row)


def _pick(chance: random.Random, weighted: tuple[tuple[int, int], ...]) -> int:
    return chance.choices([value for _, value in weighted], weights=[weight for weight, _ in weighted])[0]
