"""The part of the Admin schema that is stood in for: types, fields, arguments; and the real fields that are not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

SCALARS = frozenset(
    "ID String Int Float Boolean BigInt Decimal Money URL UnsignedInt64 DateTime CurrencyCode CountryCode".split()
)
INPUTS = frozenset({"WebhookSubscriptionInput"})
NODES = frozenset(
    "Order Refund OrderTransaction ShopifyPaymentsPayout ShopifyPaymentsBalanceTransaction ShopifyPaymentsDispute"
    " WebhookSubscription Shop ShopifyPaymentsAccount".split()
)
ROOTS = {"query": "QueryRoot", "mutation": "Mutation"}


@dataclass(frozen=True, slots=True)
class Argument:
    """`type` as the schema writes it, such as [ID!]!; `default` as text, blank when there is none."""

    name: str
    type: str
    default: str

    @property
    def is_required(self) -> bool:
        return self.type.endswith("!") and not self.default


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field; `since` is the API version that brought it, blank for those that were always there."""

    owner: str
    name: str
    returns: str
    arguments: tuple[Argument, ...]
    since: str

    @property
    def base(self) -> str:
        """The name of the type that comes back, without its brackets and exclamation marks."""
        return base_of(self.returns)

    @property
    def is_nullable(self) -> bool:
        return not self.returns.endswith("!")

    @property
    def is_connection(self) -> bool:
        return self.base.endswith("Connection")


def base_of(written: str) -> str:
    return written.strip("[]!")


def field(owner: str, name: str) -> FieldType | None:
    return _fields().get((owner, name))


def fields_of(owner: str) -> tuple[FieldType, ...]:
    return tuple(one for (of, _), one in _fields().items() if of == owner)


def is_object(name: str) -> bool:
    return name in _owners() - INPUTS


def is_input(name: str) -> bool:
    """Whether a variable may be of the type."""
    return name in SCALARS or name in INPUTS or name in enums()


def is_left_out(owner: str, name: str) -> bool:
    """Whether the real schema has the field and the stand-in does not."""
    return name in _left_out().get(owner, frozenset())


def fits(owner: str, on: str) -> bool:
    """Whether a fragment on one type can apply where the other stands."""
    return owner == on or (owner == "Node" and on in NODES) or (on == "Node" and owner in NODES)


@cache
def enums() -> dict[str, tuple[str, ...]]:
    return {row["enum"]: tuple(row["values"].split()) for row in _rows("enums.csv")}


@cache
def _fields() -> dict[tuple[str, str], FieldType]:
    return {
        (row["type"], row["field"]): FieldType(
            row["type"], row["field"], row["returns"], _arguments(row["arguments"]), row["since"]
        )
        for row in _rows("fields.csv")
    }


@cache
def _owners() -> frozenset[str]:
    return frozenset(owner for owner, _ in _fields())


@cache
def _left_out() -> dict[str, frozenset[str]]:
    return {row["type"]: frozenset(row["fields"].split()) for row in _rows("uncovered.csv")}


def _arguments(text: str) -> tuple[Argument, ...]:
    found: list[Argument] = []
    for one in filter(None, text.split(";")):
        name, _, rest = one.partition(":")
        kind, _, default = rest.partition("=")
        found.append(Argument(name.strip(), kind.strip(), default.strip()))
    return tuple(found)


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("tieout.sandbox.shopify").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
