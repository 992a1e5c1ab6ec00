"""Money as Shopify shows it: in the shop's currency and in the buyer's, each printed as short as it can be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tieout.sandbox import Doc


@dataclass(frozen=True, slots=True)
class Bag:
    """One amount twice: minor units of the shop and minor units of the buyer. They add up each by itself."""

    shop: int = 0
    buyer: int = 0

    def __add__(self, other: Bag) -> Bag:
        return Bag(self.shop + other.shop, self.buyer + other.buyer)

    def __sub__(self, other: Bag) -> Bag:
        return Bag(self.shop - other.shop, self.buyer - other.buyer)

    def __neg__(self) -> Bag:
        return Bag(-self.shop, -self.buyer)

    def times(self, number: int) -> Bag:
        return Bag(self.shop * number, self.buyer * number)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two currencies of an order, and how many of the buyer's one of the shop's buys."""

    shop: str
    buyer: str
    rate: Decimal

    def of(self, minor: int) -> Bag:
        return Bag(minor, int((minor * self.rate).quantize(Decimal(1))))

    def doc(self, bag: Bag) -> Doc:
        """As a MoneyBag."""
        return {"shopMoney": money(bag.shop, self.shop), "presentmentMoney": money(bag.buyer, self.buyer)}


def total(bags: list[Bag]) -> Bag:
    return sum(bags, Bag())


def money(minor: int, currency: str) -> Doc:
    """As a MoneyV2."""
    return {"amount": printed(minor), "currencyCode": currency}


def printed(minor: int) -> str:
    """Hundredths with one decimal at least: 1200 → 12.0, 1234 → 12.34, -5 → -0.05."""
    text = str(Decimal(minor).scaleb(-2))
    return text[:-1] if text.endswith("0") and "." in text else text


def minor_of(doc: Doc) -> int:
    """The hundredths of a MoneyV2."""
    return int(Decimal(str(doc["amount"])).scaleb(2))


def share(minor: int, rate: Decimal, *, inside: bool) -> int:
    """Tax at a rate, inside the amount or on top of it; half up, to the minor unit."""
    exact = minor * rate / (1 + rate) if inside else minor * rate
    return int((abs(exact) + Decimal("0.5")) // 1) * (1 if minor >= 0 else -1)
