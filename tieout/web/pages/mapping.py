"""The mapping: which account and tax rate each kind of amount books to, what is missing, and who changed what."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.failure import RemoteError
from tieout.core.mapping import Node
from tieout.people.roles import Right
from tieout.sync import mapping, mapping_history, mapping_tree
from tieout.sync.mapping import Chosen
from tieout.sync.mapping_tree import Branch, Place
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import count, page, query
from tieout.web.routes import Entry, get, post

MENU = Entry(15, "Mapping", "/mapping", "list-tree")

Words = Annotated[str, Form(max_length=200)]
Several = Annotated[list[str] | None, Form()]


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, marketplace: str = "") -> Response:
    return _tree(request, visitor, tools, marketplace)


def show_place(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, scope: str = "", marketplace: str = ""
) -> Response:
    found = mapping_tree.place(tools, visitor.organisation, _node(scope, marketplace))
    entry = found.branch.entry
    chosen = (entry.account, entry.tax) if entry else ("", "")
    if not entry and found.suggestions:
        chosen = found.suggestions[0].account.code, found.suggestions[0].rate.code
    return _place(request, found, 200, chosen, "")


def choose(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    scope: Words = "",
    marketplace: Words = "",
    account: Words = "",
    tax: Words = "",
    suggestion: Words = "",
    seen: Annotated[int, Form()] = 0,
) -> Response:
    """One place. A suggestion is a button of its own, with account and rate on it."""
    node = _node(scope, marketplace)
    if suggestion:
        account, _, tax = suggestion.partition("|")
    saved = mapping.choose(tools, visitor.actor, (Chosen(node, account, tax),), seen)
    if saved.mistakes:
        found = mapping_tree.place(tools, visitor.organisation, node)
        return _place(request, found, 422, (account, tax), saved.mistakes[0][1])
    return _saved(request, marketplace, f"{mapping_tree.words_of(node)} books to {account} now.", saved.changed)


def inherit(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    scope: Words = "",
    marketplace: Words = "",
    seen: Annotated[int, Form()] = 0,
) -> Response:
    """What a place says of its own is taken away."""
    node = _node(scope, marketplace)
    changed = mapping.set_entries(tools, visitor.actor, {node: None}, seen)
    return _saved(request, marketplace, f"{mapping_tree.words_of(node)} has no entry of its own any more.", changed)


def fill(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    scope: Several = None,
    account: Several = None,
    tax: Several = None,
    marketplace: Words = "",
    seen: Annotated[int, Form()] = 0,
) -> Response:
    """All that was missing, in one version. What was left open stays missing."""
    told = list(zip(scope or (), account or (), tax or (), strict=False))
    chosen = tuple(Chosen(_node(place, ""), code, rate) for place, code, rate in told if code or rate)
    if not chosen:
        return _tree(request, visitor, tools, marketplace, 422, told, {}, "Choose an account for at least one of them.")
    saved = mapping.choose(tools, visitor.actor, chosen, seen)
    if saved.mistakes:
        mistakes = {node.scope: text for node, text in saved.mistakes}
        words = "Nothing was saved: look at what is marked."
        return _tree(request, visitor, tools, marketplace, 422, told, mistakes, words)
    return _saved(request, marketplace, f"Saved for {count(len(chosen), 'place')} of the mapping.", saved.changed)


def read_chart(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, back: Words = "/mapping"
) -> Response:
    """The books' accounts and rates as they are now, by a call that a person waits for."""
    response = RedirectResponse(guard.own_path(back), 303)
    try:
        books = mapping.read_chart(tools, visitor.actor)
    except RemoteError as error:
        say(
            request,
            response,
            f"The books could not be read: {error.failure.sentence} Try again in a minute.",
            "warning",
        )
        return response
    if books is None:
        say(request, response, "No books are connected: connect them first.", "warning")
    else:
        say(request, response, f"Read: {books.name} has {count(len(books.accounts), 'account')}.")
    return response


def show_versions(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    found = mapping_history.versions(tools, visitor.organisation)
    return page(request, "mapping_versions.html", versions=found)


def restore(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    version: int,
    seen: Annotated[int, Form()] = 0,
) -> Response:
    changed = mapping.restore(tools, visitor.actor, version, seen)
    if changed is None:
        raise Missing
    return _saved(request, "", f"The mapping says again what version {version} said.", changed)


def _tree(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    marketplace: str,
    status: int = 200,
    told: Sequence[tuple[str, str, str]] = (),
    mistakes: Mapping[str, str] | None = None,
    wrong: str = "",
) -> Response:
    found = mapping_tree.tree(tools, visitor.organisation, marketplace)
    gaps = [
        mapping_tree.place(tools, visitor.organisation, Node(each.node.scope)) for each in found.wrong if each.is_gap
    ]
    chosen = {scope: (account, tax) for scope, account, tax in told}
    for gap in gaps:
        if gap.suggestions and gap.branch.node.scope not in chosen:
            best = gap.suggestions[0]
            chosen[gap.branch.node.scope] = best.account.code, best.rate.code
    return page(
        request,
        "mapping.html",
        status,
        tree=found,
        gaps=gaps,
        faults=[each for each in found.wrong if not each.is_gap],
        chosen=chosen,
        mistakes=mistakes or {},
        wrong=wrong,
        can_map=visitor.may("map"),
        address=_address,
    )


def _place(request: Request, found: Place, status: int, chosen: tuple[str, str], mistake: str) -> Response:
    return page(
        request,
        "mapping_place.html",
        status,
        place=found,
        branch=found.branch,
        chosen=chosen,
        mistake=mistake,
        address=_address(found.branch),
    )


def _node(scope: str, marketplace: str) -> Node:
    """Raises Missing for what is no place of the tree."""
    try:
        return Node(scope, marketplace[:64])
    except ValueError as error:
        raise Missing from error


def _address(branch: Branch) -> str:
    return "/mapping/place" + query(scope=branch.node.scope, marketplace=branch.node.marketplace)


def _saved(request: Request, marketplace: str, words: str, changed: int) -> Response:
    response = RedirectResponse(f"/mapping?marketplace={quote(marketplace)}" if marketplace else "/mapping", 303)
    moved = f" {count(changed, 'settlement')} moved on." if changed else ""
    say(request, response, words + moved)
    return response


ROUTES = (
    get("/mapping", show),
    get("/mapping/place", show_place, Right.MAP),
    post("/mapping/place", choose, Right.MAP),
    post("/mapping/inherit", inherit, Right.MAP),
    post("/mapping/gaps", fill, Right.MAP),
    post("/mapping/chart", read_chart, Right.MAP),
    get("/mapping/versions", show_versions),
    post("/mapping/versions/{version}/restore", restore, Right.MAP),
)
