"""Bank accounts: where each marketplace's payouts are expected, and what the bank feed will show for them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.mapping import Bank, BankPlace
from tieout.people.roles import Right
from tieout.sync import banks
from tieout.web import guard
from tieout.web.notes import say
from tieout.web.render import count, page
from tieout.web.routes import Entry, get, post

MENU = Entry(17, "Bank accounts", "/bank-accounts", "building-bank")

Several = Annotated[list[str] | None, Form()]


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    return _page(request, visitor, tools)


def choose(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    marketplace: Several = None,
    currency: Several = None,
    deposit: Several = None,
    charge: Several = None,
    seen: Annotated[int, Form()] = 0,
) -> Response:
    """All rows of the page at once: each marketplace with its two accounts."""
    told = zip(marketplace or (), currency or (), deposit or (), charge or (), strict=False)
    chosen = {BankPlace(site[:64], code[:3]): Bank(into[:64], out[:64]) for site, code, into, out in told}
    changed, mistakes = banks.choose(tools, visitor.actor, chosen, seen)
    if mistakes:
        return _page(request, visitor, tools, 422, chosen, mistakes)
    response = RedirectResponse("/bank-accounts", 303)
    moved = f" {count(changed, 'settlement')} moved on." if changed else ""
    say(request, response, f"Bank accounts saved.{moved}")
    return response


def _page(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int = 200,
    chosen: Mapping[BankPlace, Bank] | None = None,
    mistakes: Mapping[BankPlace, str] | None = None,
) -> Response:
    found = banks.view(tools, visitor.organisation)
    return page(
        request,
        "bank_accounts.html",
        status,
        found=found,
        chosen={row.place: row.bank for row in found.rows} | dict(chosen or {}),
        mistakes=mistakes or {},
        named=banks.named,
        can_map=visitor.may("map"),
    )


ROUTES = (get("/bank-accounts", show), post("/bank-accounts", choose, Right.MAP))
