"""Connections to books: check, disconnect; what is wrong and who can mend it."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.connection import ConnectionState
from tieout.core.failure import RemoteError
from tieout.people.roles import Right
from tieout.sync import connections
from tieout.sync.connections import ConnectionCard
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import Entry, get, post

MENU = Entry(20, "Books", "/connection", "plug-connected")

STATES = {
    ConnectionState.CONNECTED: ("sent", "Connected"),
    ConnectionState.READ_ONLY: ("partially-sent", "Reading only"),
    ConnectionState.NEEDS_RECONNECT: ("blocked", "Reconnect needed"),
    ConnectionState.PARKED: ("blocked", "Wrong organisation"),
    ConnectionState.DISCONNECTED: ("nothing-to-post", "Disconnected"),
}

# What each cause means here and who can mend it; the platform's own words stand beside it.
REMEDIES = {
    "user-not-permitted": "The person who connected may read these books but not post to them. Somebody who may "
    "create invoices there must reconnect; settlements wait until then.",
    "connected-with-restricted-user": "The person who connected may not do everything Tieout needs. Somebody with more "
    "rights in the books must reconnect.",
    "connect-permission-partial": "Not every permission was granted on the consent page. Reconnect and leave all boxes "
    "ticked.",
    "connection-removed-remotely": "The connection was removed on the books' side. Reconnect if that "
    "was not meant; nothing is lost.",
    "grant-ended": "The permission has run out, as it does when it was not used for long. Reconnect; nothing is lost.",
    "app-authorisation-revoked": "The permission was withdrawn on the books' side. Reconnect if that was not meant.",
    "scope-missing": "A permission that Tieout needs was not granted. Reconnect and leave all boxes ticked.",
    "connect-never-completes": "The consent page was left before it was done. Nothing has changed. Start again when "
    "you are ready.",
    "connect-org-unlinked": "No organisation was chosen on the consent page. Start again and choose one.",
    "connect-not-signed-in": "You were signed out, or signed in anew, while the consent page was open. Start again.",
    "connect-wrong-organisation": "These are other books than the ones you meant to reconnect. If that was a mistake, "
    "disconnect them and reconnect the right ones.",
    "connect-error-shown": "The books could not be connected; nothing has changed.",
}


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    cards = connections.card(tools, visitor.organisation)
    live = [card for card in cards if card.connection.is_live]
    return page(
        request,
        "connection.html",
        live=live,
        ended=[card for card in cards if not card.connection.is_live],
        states=STATES,
        remedies={card.connection.id: REMEDIES.get(card.cause, "") for card in cards},
        platforms=connections.offered(tools),
        actions={card.connection.id: sum(allowed for _, allowed in card.books.allowed) for card in live if card.books},
    )


def check(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    response = RedirectResponse("/connection", 303)
    try:
        found = connections.check(tools, visitor.actor, id)
    except RemoteError as error:
        say(
            request, response, f"The check got no answer that could be used: {error}. Try again in a minute.", "warning"
        )
        return response
    if found is None:
        raise Missing
    if found.may_post:
        say(request, response, f"Checked: {found.books_name} answers, and documents can be sent.")
    else:
        say(request, response, f"Checked: {found.books_name} does not take documents now. The card says why.", "danger")
    return response


def show_disconnect(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """What disconnecting would do, before it is done."""
    return page(request, "disconnect.html", card=_card(tools, visitor, id))


def disconnect(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    card = _card(tools, visitor, id)
    ended = connections.disconnect(tools, visitor.actor, id)
    response = RedirectResponse("/connection", 303)
    name = card.connection.books_name
    if ended is None:
        say(request, response, f"{name} was disconnected before.", "warning")
    elif ended.is_ended_there:
        say(request, response, f"{name} is disconnected, here and at {card.label}. Its history stays.")
    else:
        words = f" ({ended.failure.sentence})" if ended.failure else ""
        say(
            request,
            response,
            f"{name} is disconnected here, but {card.label} could not be told{words}. "
            "Remove Tieout there as well, in the list of connected apps.",
            "warning",
        )
    return response


def _card(tools: guard.CallerTools, visitor: guard.Visitor, id: str) -> ConnectionCard:
    found = next((card for card in connections.card(tools, visitor.organisation) if card.connection.id == id), None)
    if found is None:
        raise Missing
    return found


ROUTES = (
    get("/connection", show),
    post("/connection/{id}/check", check, Right.CONNECT),
    get("/connection/{id}/disconnect", show_disconnect, Right.CONNECT),
    post("/connection/{id}/disconnect", disconnect, Right.CONNECT),
)
