"""Connections to books: how each stands and why, check, renew, disconnect; what is wrong and who can mend it."""

import json

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.health import Button, Health, Label
from tieout.people.roles import Right
from tieout.sync import connecting, connection_card, connection_check, connections, own_apps, pausing
from tieout.sync.connection_card import FullCard
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.pages.consent import STATE, browser_of
from tieout.web.remedies import REMEDIES
from tieout.web.render import moment, page
from tieout.web.routes import Entry, get, post

MENU = Entry(20, "Books", "/connection", "plug-connected")

# How each label looks; a badge's own names.
LOOKS = {
    Label.NOT_CONNECTED: "nothing-to-post",
    Label.CONNECTING: "queued",
    Label.CONNECTED: "sent",
    Label.ATTENTION: "partially-sent",
    Label.REFRESH: "partially-sent",
    Label.EXPIRED: "blocked",
    Label.DISCONNECTED: "blocked",
    Label.WRONG: "blocked",
}
HEALTH = {
    Health.OK: "Works: the books answered within the last hour, and nothing stands against it.",
    Health.DEGRADED: "Works, and something is due.",
    Health.LIMITED: "Slowed or paused by a limit or an outage; it goes on by itself.",
    Health.BLOCKED: "Nothing is sent until this is mended. What waits is kept.",
    Health.UNKNOWN: "Nobody knows just now: no call was answered within the last hour.",
}
RESULTS = {
    "pass": ("good", "circle-check", "In order"),
    "warn": ("odd", "alert-triangle", "To know"),
    "fail": ("bad", "circle-x", "Failed"),
    "not_run": ("text-secondary", "circle-dashed", "Not run"),
    "not_in_use": ("text-secondary", "circle-dashed", "Not in use"),
}
_STATES = {
    "connected": "Connected",
    "read-only": "Reading only",
    "needs-reconnect": "Reconnect needed",
    "parked": "Wrong organisation",
    "disconnected": "Disconnected",
}


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """Every connection; the part that changes is asked for again every few seconds."""
    cards = connection_card.cards(tools, visitor.organisation)
    return page(
        request,
        "connection.html",
        live=[card for card in cards if card.connection.is_live],
        ended=[card for card in cards if not card.connection.is_live],
        looks=LOOKS,
        health_words=HEALTH,
        states=_STATES,
        remedies={card.connection.id: REMEDIES.get(card.card.cause, "") for card in cards},
        platforms=own_apps.offered(tools, visitor.organisation),
        every=own_apps.everywhere(),
        button=Button,
        paused=pausing.state(tools, visitor.organisation),
        owns=visitor.may(Right.OWN),
        chooses=connecting.choices(tools, guard.cookie(request, STATE), browser_of(request)),
    )


def check(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """All lines of the check, as a job; its page shows them as they are."""
    operation = connection_check.begin(tools, visitor.actor, id)
    if operation is None:
        raise Missing
    return RedirectResponse(f"/connection/{id}/check?operation={operation}", 303)


def show_check(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, operation: str = ""
) -> Response:
    """The last check, line by line; while one is under way the page asks again every second."""
    card = _card(tools, visitor, id)
    under_way = operation if connection_check.under_way(tools, visitor.organisation, operation) else ""
    return page(
        request,
        "connection_check.html",
        card=card,
        checked=card.checked,
        under_way=under_way,
        results=RESULTS,
        button=Button,
    )


def refresh(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    refreshed = connections.refresh(tools, visitor.actor, id)
    if refreshed is None:
        raise Missing
    response = RedirectResponse("/connection", 303)
    if refreshed.expires_at is not None:
        until = moment(refreshed.expires_at, visitor.zone).striptags()
        say(
            request, response, f"Renewed: the access lasts until {until}. Whether the books answer is another question."
        )
    else:
        words = refreshed.failure.sentence if refreshed.failure else ""
        say(request, response, f"Not renewed: {words}. The card says what to do.", "danger")
    return response


def show_disconnect(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """What disconnecting would do, before it is done."""
    leaving = connections.leaving(tools, visitor.organisation, id)
    if leaving is None:
        raise Missing
    return page(request, "disconnect.html", leaving=leaving)


def disconnect(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str) -> Response:
    card = _card(tools, visitor, id)
    ended = connections.disconnect(tools, visitor.actor, id)
    response = RedirectResponse("/connection", 303)
    name, label = card.connection.books_name, card.card.label
    if ended is None:
        say(request, response, f"{name} was disconnected before.", "warning")
    elif ended.is_ended_there:
        say(request, response, f"{name} is disconnected, here and at {label}. Its history stays.")
    else:
        words = f" ({ended.failure.sentence})" if ended.failure else ""
        say(
            request,
            response,
            f"{name} is disconnected here, but {label} could not be told{words}. "
            "Remove Tieout there as well, in the list of connected apps.",
            "warning",
        )
    return response


def evidence(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """What anybody needs who is to help, as a file without a secret."""
    found = connection_card.evidence(tools, visitor.organisation, id)
    if found is None:
        raise Missing
    name = f"connection-{id[:8]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(json.dumps(found, indent=2, ensure_ascii=False), 200, headers, "application/json")


def pause(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    response = RedirectResponse("/connection", 303)
    pausing.pause(tools, visitor.actor)
    say(request, response, "Paused. What waits is kept, the access is kept alive, and nothing is sent.")
    return response


def resume(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    response = RedirectResponse("/connection", 303)
    if pausing.resume(tools, visitor.actor):
        say(request, response, "Resumed. The connection is being checked; work goes on when that passes.")
    return response


def _card(tools: guard.CallerTools, visitor: guard.Visitor, id: str) -> FullCard:
    found = connection_card.find(tools, visitor.organisation, id)
    if found is None:
        raise Missing
    return found


ROUTES = (
    get("/connection", show),
    post("/connection/pause", pause, Right.OWN),
    post("/connection/resume", resume, Right.OWN),
    get("/connection/{id}/check", show_check),
    post("/connection/{id}/check", check, Right.CONNECT),
    post("/connection/{id}/refresh", refresh, Right.CONNECT),
    get("/connection/{id}/evidence", evidence, Right.CONNECT),
    get("/connection/{id}/disconnect", show_disconnect, Right.CONNECT),
    post("/connection/{id}/disconnect", disconnect, Right.CONNECT),
)
