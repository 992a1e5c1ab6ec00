"""A settlement file opened by hand: its lines as lists of fields, changed, and put together again as it was printed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.amazon import settlements
from tieout.sandbox.amazon.marketplaces import FORMS
from tieout.sandbox.amazon.state import Sellers
from tieout.sandbox.statements import HEADINGS

Lines = list[list[str]]
TOTAL, KIND, AMOUNT_TYPE, DESCRIPTION, AMOUNT = (
    HEADINGS.index(name) for name in ("total-amount", "transaction-type", "amount-type", "amount-description", "amount")
)
FIRST_ROW = 2  # after the headings and the summary


def change(sellers: Sellers, row: Doc, act: Callable[[Lines], Lines]) -> None:
    """What the report holds becomes what `act` makes of its lines; every report of the settlement holds it."""
    form = FORMS[row["made"]["form"]]
    text = settlements.content(sellers, row).decode(form.encoding)
    lines = [line.split("\t") for line in text.removesuffix(form.line_end).split(form.line_end)]
    changed = form.line_end.join("\t".join(fields) for fields in act(lines)) + form.line_end
    sellers.shelf.put("content", row["settlement"], {"body": changed.encode(form.encoding)})


def add(row: Doc, field: str, by: Decimal) -> str:
    """An amount as the file prints it, so much more."""
    sign = FORMS[row["made"]["form"]].decimal
    return str(Decimal(field.replace(sign, ".")) + by).replace(".", sign)
