"""Saying what an unknown label means: one choice, for this and every later settlement."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.category import Category
from tieout.core.headings import heading_of
from tieout.core.money import Money, total
from tieout.core.settlement import Label, Settlement
from tieout.people.roles import Right
from tieout.store import settlements as rows_of_settlements
from tieout.store.engine import read
from tieout.sync import mapping
from tieout.sync.settlements.rows import unknown_rows
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

GROUPS = {
    "sales": "Sales",
    "refund": "Refunds",
    "promo": "Promotions",
    "fee": "Fees",
    "cost": "Costs",
    "tax": "Tax",
    "reimbursement": "Reimbursements",
    "dispute": "Disputes",
    "liquidation": "Liquidation",
    "income": "Other income",
    "adjustment": "Adjustments",
    "reserve": "Reserves",
    "balance": "Balances brought forward",
    "transfer": "Transfers to and from the bank",
    "loan": "Loans",
    "clearing": "Money paid elsewhere",
    "fx": "Currency conversion",
}


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, label: str = "") -> Response:
    return _form(request, visitor, tools, id, label, 200, "", {})


def explain(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    id: str,
    label: Annotated[str, Form()] = "",
    category: Annotated[str, Form()] = "",
) -> Response:
    found, _ = _label(tools, visitor, id, label)
    try:
        changed = mapping.explain(tools, visitor.actor, found.words, category)
    except mapping.NotAMeaning:
        return _form(request, visitor, tools, id, label, 422, category, {"category": "Choose what the label means."})
    response = RedirectResponse(f"/settlements/{id}", 303)
    others = f" It also moved {changed - 1} other settlements on." if changed > 1 else ""
    say(request, response, f"Saved: {label} is {heading_of(Category(category)).lower()}.{others}")
    return response


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every category but UNKNOWN under its group, by name."""
    found: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
    for category in Category:
        if category is not Category.UNKNOWN:
            found[category.value.partition(".")[0]].append((category.value, heading_of(category)))
    return [(GROUPS[group], sorted(members, key=lambda member: member[1])) for group, members in found.items()]


def _form(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    id: str,
    label: str,
    status: int,
    category: str,
    mistakes: dict[str, str],
) -> Response:
    found, settlement = _label(tools, visitor, id, label)
    amount, rows = _at_stake(settlement, found)
    return page(
        request,
        "label.html",
        status,
        label=found,
        settlement=id,
        amount=amount,
        rows=rows,
        samples=unknown_rows(tools, visitor.organisation, id, found, 3),
        groups=groups(),
        category=category,
        mistakes=mistakes,
    )


def _label(tools: guard.CallerTools, visitor: guard.Visitor, id: str, text: str) -> tuple[Label, Settlement]:
    """The label that prints like this, among those that no map knew in this settlement. Raises Missing."""
    with read(tools.engines, visitor.organisation) as db:
        kept = rows_of_settlements.get(db, id)
    labels = [subtotal.label for subtotal in kept.settlement.unknown if str(subtotal.label) == text] if kept else []
    if kept is None or not labels:
        raise Missing
    return labels[0], kept.settlement


def _at_stake(settlement: Settlement, label: Label) -> tuple[Money, int]:
    waiting = [subtotal for subtotal in settlement.unknown if subtotal.label == label]
    amount = total((subtotal.amount for subtotal in waiting), settlement.currency)
    return amount, sum(subtotal.rows for subtotal in waiting)


ROUTES = (
    get("/settlements/{id}/label", show, Right.MAP),
    post("/settlements/{id}/label", explain, Right.MAP),
)
