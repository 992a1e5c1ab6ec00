"""What Amazon's labels mean: the map in labels.csv and the order in which it is asked.

Amazon publishes no list of transaction types, amount types and descriptions; labels drift, vary by spelling and
marketplace and include free text. Rows marked unverified are off: they match nothing until a file has shown them. A
label no rule knows is Category.UNKNOWN and holds the settlement until a person maps it.
"""

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tieout.core.category import Category

Triple = tuple[str, str, str]  # transaction type, amount type, amount description
_ANY = "<any>"
# The same words mean different things in different places, so they never match by themselves.
_PLACELESS = (
    "Principal, Shipping, Tax, ShippingTax, GiftWrap, GiftWrapTax, Product Tax, TaxDiscount, Goodwill, ReturnShipping, "
    "PaymentMethodFee, MiscAdjustment, FBAPerOrderFulfillmentFee, Base fee, Discount on fee"
)
_PREFIXES = (
    ("marketplacefacilitatorvat", Category.TAX_WITHHELD_VAT),
    ("marketplacefacilitator", Category.TAX_WITHHELD_FACILITATOR),
    ("lowvaluegoods", Category.TAX_WITHHELD_LVGT),
    ("tcs", Category.TAX_WITHHELD_TCS),
)
_SUFFIXES = ("cgst", "sgst", "igst", "utgst")  # India: tax on the fee that is named before
_DROPPED = str.maketrans("’", "'", " -_")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of labels.csv, its words as they are compared."""

    triple: Triple
    category: Category
    is_on: bool


def comparable(word: str) -> str:
    """What does not matter put aside: width, case, spaces, hyphens, underscores, the apostrophe, British fulfilment."""
    folded = unicodedata.normalize("NFKC", word).strip().casefold()
    return "".join(folded.split()).translate(_DROPPED).replace("fulfilment", "fulfillment")


@cache
def entries() -> tuple[Entry, ...]:
    """The map as it ships."""
    text = files(__package__).joinpath("labels.csv").read_text(encoding="utf-8")
    return tuple(
        Entry(
            (
                _word(row["transaction_type"]),
                _word(row["amount_type"]),
                _word(row["amount_description"]),
            ),
            Category(row["category"]),
            row["confidence"] != "unverified",
        )
        for row in csv.DictReader(text.splitlines())
    )


def _word(word: str) -> str:
    return word if word == _ANY else comparable(word)


class LabelMap:
    """Asks the rules in their order; the first that answers wins."""

    def __init__(self, rows: Iterable[Entry]) -> None:
        rows = tuple(rows)
        starred = [row for row in rows if any(word.endswith("*") for word in row.triple)]
        self._prefixed = sorted((row for row in starred if row.is_on), key=lambda row: -sum(map(len, row.triple)))
        plain = [row for row in rows if row not in starred]
        self._exact = {row.triple: row.category for row in plain if row.is_on and _ANY not in row.triple}
        self._any = [row for row in plain if row.is_on and _ANY in row.triple and row.triple[0] != _ANY]
        self._pairs = _agreed(plain, lambda triple: triple[1:])
        alone = _agreed(plain, lambda triple: triple[2:])
        placeless = {comparable(word) for word in _PLACELESS.split(",")}
        self._alone = {words[0]: category for words, category in alone.items() if words[0] not in placeless}
        self._known: dict[Triple, Category] = {}

    def category(self, triple: Triple) -> Category:
        """The meaning of a label in the file's own spelling."""
        if triple not in self._known:
            self._known[triple] = self._find((comparable(triple[0]), comparable(triple[1]), comparable(triple[2])))
        return self._known[triple]

    def _find(self, triple: Triple) -> Category:
        if triple in self._exact:
            return self._exact[triple]
        for row in self._prefixed:
            if all(map(_matches_prefix, row.triple, triple)):
                return row.category
        for row in self._any:
            if all(pattern in (_ANY, word) for pattern, word in zip(row.triple, triple, strict=True)):
                return row.category
        found = self._pairs.get(triple[1:]) or self._alone.get(triple[2])
        return found or self._by_prefix_alone(triple) or _by_affix(triple[2]) or Category.UNKNOWN

    def _by_prefix_alone(self, triple: Triple) -> Category | None:
        """A starred word keeps its meaning under another transaction type, a starred description anywhere."""
        for row in self._prefixed:
            first = 2 if row.triple[2].endswith("*") else 1
            if all(map(_matches_prefix, row.triple[first:], triple[first:])):
                return row.category
        return None


def _matches_prefix(pattern: str, word: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _agreed(rows: Iterable[Entry], key: Callable[[Triple], tuple[str, ...]]) -> dict[tuple[str, ...], Category]:
    """Part of a label → its category, where all rows that have it agree; rows that are off may object, not answer."""
    found: dict[tuple[str, ...], set[Category]] = defaultdict(set)
    answers: set[tuple[str, ...]] = set()
    for row in rows:
        words = key(row.triple)
        if words[-1] != _ANY and _ANY not in words:
            found[words].add(row.category)
            if row.is_on:
                answers.add(words)
    return {words: next(iter(found[words])) for words in answers if len(found[words]) == 1}


def _by_affix(description: str) -> Category | None:
    for prefix, category in _PREFIXES:
        if description.startswith(prefix):
            return category
    return Category.FEE_TAX_ON_FEE if description.endswith(_SUFFIXES) else None


@cache
def shipped() -> LabelMap:
    """The one map of this version."""
    return LabelMap(entries())


def category_of(triple: Triple) -> Category:
    return shipped().category(triple)
