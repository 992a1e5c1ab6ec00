"""What the types of Shopify's balance transactions mean: the map in labels.csv.

About a hundred types exist and each version of the API adds some, so a type that no row knows is Category.UNKNOWN and
holds the settlement until a person says what it means. Rows marked unverified are off: no file has shown them yet.
"""

import csv
from functools import cache
from importlib.resources import files

from tieout.core.category import Category

AMOUNT, FEE, TAXED_FEE = "Amount", "Fee", "Fee with tax"


@cache
def entries() -> dict[str, tuple[Category, Category]]:
    """Type as it is compared → the meaning of its amount and of its fee."""
    text = files(__package__).joinpath("labels.csv").read_text(encoding="utf-8")
    return {
        comparable(row["type"]): (Category(row["category"]), Category(row["fee_category"]))
        for row in csv.DictReader(text.splitlines())
        if row["confidence"] != "unverified"
    }


def comparable(kind: str) -> str:
    """The export writes `reserved_funds`, the API RESERVED_FUNDS."""
    return "".join(sign for sign in kind.casefold() if sign.isalnum())


@cache
def is_payout(kind: str) -> bool:
    """The payout's own row, which states its total once more and is none of its rows."""
    return comparable(kind) in ("payout", "transfer")


def category_of(kind: str, part: str) -> Category:
    """The meaning of a type's amount or fee. A fee of a type nobody knows is unknown too."""
    amount, fee = entries().get(comparable(kind), (Category.UNKNOWN, Category.UNKNOWN))
    return amount if part == AMOUNT else fee
