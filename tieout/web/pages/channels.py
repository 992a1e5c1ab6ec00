"""Channels: seller accounts whose payouts come in by themselves; connect, look, fetch now, check, disconnect."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.channel_account import AccountState, FetchedItem, ItemState
from tieout.core.failure import RemoteError
from tieout.core.ledger_link import LinkState
from tieout.people import asking_access
from tieout.people.roles import Right
from tieout.store.memberships import Membership
from tieout.sync import channel_accounts, channel_check, channel_claims, fetching, ledger_links, onboarding
from tieout.sync.channel_accounts import AccountCard, Joined, Offer
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.pages import completion
from tieout.web.render import count, page
from tieout.web.routes import Entry, get, post

MENU = Entry(12, "Channels", "/channels", "building-store")

STATES = {
    AccountState.CONNECTED: ("sent", "Connected"),
    AccountState.NEEDS_RECONNECT: ("blocked", "Reconnect needed"),
    AccountState.DISCONNECTED: ("nothing-to-post", "Disconnected"),
}
LINKS = {
    LinkState.WORKS: ("sent", "Link works"),
    LinkState.ENDED: ("blocked", "Link points at an ended connection"),
    LinkState.MISSING: ("blocked", "Link missing"),
    LinkState.OTHER_BOOKS: ("blocked", "Link points at other books"),
    LinkState.NO_BOOKS: ("nothing-to-post", "No books connected"),
}
_LONGEST = 2000
_SHOWN = 100
Several = Annotated[list[str] | None, Form()]


def show_all(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    cards = channel_accounts.cards(tools, visitor.organisation)
    return page(
        request,
        "channels.html",
        live=[card for card in cards if card.account.is_live],
        ended=[card for card in cards if not card.account.is_live],
        offers=channel_accounts.offers(tools),
        states=STATES,
        links=ledger_links.states(tools, visitor.organisation),
        link_looks=LINKS,
        claims=channel_claims.still_open(tools, visitor.organisation),
        wishes=[each for found in channel_claims.wishes(tools, visitor.organisation).values() for each in found],
        setup=onboarding.bar(tools, visitor.organisation),
        helpers=_helpers(tools, visitor),
    )


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    card = _card(tools, visitor, id)
    offer = channel_accounts.offer(tools, card.account.channel)
    return page(
        request,
        "channel.html",
        card=card,
        offer=offer,
        states=STATES,
        link=ledger_links.states(tools, visitor.organisation).get(id),
        link_looks=LINKS,
        setup=onboarding.bar(tools, visitor.organisation),
        items=[(item, *_told(item)) for item in card.items],
        shown=_SHOWN,
        today=tools.now().astimezone(visitor.zone).date(),
    )


def show_connect(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    channel: str,
    reconnects: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """What the channel needs, as its own file says."""
    return _form(request, _offer(tools, channel), reconnects)


def connect(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    channel: str,
    field: Several = None,
    value: Several = None,
    reconnects: Annotated[str, Form()] = "",
) -> Response:
    """By what a person gives. Secrets are never shown again, so that a mistake elsewhere means typing them anew."""
    offer = _offer(tools, channel)
    given = {name: text[:_LONGEST] for name, text in zip(field or (), value or (), strict=False)}
    joined = channel_accounts.connect(tools, visitor.actor, channel, given, reconnects)
    if not joined.account:
        shown = {need.name: given.get(need.name, "") for need in offer.needs if not need.is_secret}
        return _form(request, offer, reconnects, joined, shown, 422)
    return _arrived(request, joined, offer)


def install(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    channel: str,
    shop: Annotated[str, Form()] = "",
    reconnects: Annotated[str, Form()] = "",
) -> Response:
    """Off to the channel by a Refresh header: `form-action 'self'` would stop a redirect that a form began."""
    offer = _offer(tools, channel)
    url, refused = channel_accounts.begin_install(
        tools, visitor.actor, channel, shop[:200], visitor.binding, reconnects
    )
    if not url:
        return _form(request, offer, reconnects, refused, {"shop": shop[:200]}, 422)
    response = page(request, "channel_leaving.html", url=url, label=offer.label)
    response.headers["Refresh"] = f"0; url={url}"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def callback(request: Request, tools: guard.CallerTools, channel: str) -> Response:
    """Back from the channel. The answer is empty and leads to a clean address, so that no code stays anywhere."""
    visitor = guard.find_visitor(request)
    offer = _offer(tools, channel)
    params = {name: value[:4096] for name, value in request.query_params.items()}
    if (of_client := completion.came_back(request, tools, channel, params)) is not None:
        return of_client
    if visitor is None:
        return _away("/sign-in?back=/channels")
    joined = channel_accounts.finish_install(tools, channel, params, visitor.binding)
    response = _away(f"/channels/{joined.account}" if joined.account else "/channels")
    if joined.account:
        say(request, response, _welcome(offer))
    else:
        say(request, response, f"Not connected. {joined.words}", "danger")
    return response


def fetch(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    id: str,
    since: Annotated[str, Form()] = "",
) -> Response:
    card = _card(tools, visitor, id)
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        return _back(request, id, f"{since[:20]} is no day. Choose one from the calendar.", "danger")
    begin = datetime.combine(day, time(), tzinfo=visitor.zone).astimezone(UTC) if day else None
    operation = fetching.ask_now(tools, visitor.actor, id, begin)
    if operation is None:
        return _back(request, id, f"{card.account.name} cannot be asked now. Connect it again first.", "danger")
    return RedirectResponse(f"/operations/{operation}", 303)


def check(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """What the channel names, compared with what is here; nothing is fetched."""
    try:
        card = channel_accounts.check(tools, visitor.actor, id)
    except RemoteError as error:
        return _back(request, id, f"{error.failure.sentence}. Nothing was fetched.", "warning")
    if card is None:
        raise Missing
    waiting = f"{count(card.waiting, 'payout')} not here yet." if card.waiting else "Everything it names is here."
    return _back(request, id, f"Checked: {card.label} answers. {waiting}")


def look(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """Every check of this channel by what is known, the first failing one with its fix."""
    found = channel_check.known(tools, visitor.organisation, id)
    if found is None:
        raise Missing
    return page(request, "channel_look.html", check=found, is_fresh=False)


def look_now(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """The same with real calls: through the connection that the link names, and to the channel."""
    found = channel_check.check(tools, visitor.actor, id)
    if found is None:
        raise Missing
    return page(request, "channel_look.html", check=found, is_fresh=True)


def relink(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """This channel posts to the books in use; whatever waited for that goes by itself."""
    done = ledger_links.reconnect(tools, visitor.actor, id)
    if done is None:
        raise Missing
    going = f" {count(done.going, 'settlement')} on the way." if done.going else ""
    return _back(request, id, done.message + going, "success" if done.is_done else "warning")


def ask_owner(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    asked = channel_claims.ask(tools, visitor.actor, id)
    words = (
        "The owner was asked; the answer shows here, and comes by mail." if asked else "There is nothing to ask for."
    )
    return _to_all(request, words, "success" if asked else "warning")


def withdraw_claim(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    channel_claims.withdraw(tools, visitor.actor, id)
    return _to_all(request, "Set aside: nobody asks for this account any more.")


def decide_claim(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, answer: Annotated[str, Form()] = ""
) -> Response:
    """The holder's own answer to somebody who asks for one of their accounts."""
    wish = channel_claims.decide(tools, visitor.actor, id, lets_go=answer == "release")
    if wish is None:
        return _to_all(request, "Nobody asks for this any more.", "warning")
    if answer == "release":
        return _to_all(
            request, f"{wish.channel} is let go: it is disconnected here, and {wish.business} may connect it."
        )
    return _to_all(request, f"Declined: {wish.channel} stays connected here.")


def show_disconnect(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """What disconnecting would do, before it is done."""
    return page(request, "channel_disconnect.html", card=_card(tools, visitor, id))


def disconnect(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str) -> Response:
    card = _card(tools, visitor, id)
    response = RedirectResponse("/channels", 303)
    if channel_accounts.disconnect(tools, visitor.actor, id) is None:
        say(request, response, f"{card.account.name} was disconnected before.", "warning")
    else:
        say(request, response, f"{card.account.name} is disconnected here. To end it there too: {card.leaving}")
    return response


def _told(item: FetchedItem) -> tuple[str, str]:
    """The badge of a payout, and its words."""
    match item.state:
        case ItemState.KEPT:
            return ("sent", "Brought in") if item.operation else ("nothing-to-post", "Already here")
        case ItemState.GONE:
            return "out-of-sync", "Not given any more"
        case ItemState.LISTED:
            if not item.is_ready:
                return "queued", "Not paid out yet"
            return ("partially-sent", "To be tried again") if item.tries else ("ready", "To be fetched")


def _form(
    request: Request,
    offer: Offer,
    reconnects: str,
    refused: Joined | None = None,
    given: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    told = refused or Joined()
    mistakes = {told.field: told.words} if told.field else {}
    return page(
        request,
        "channel_connect.html",
        status,
        offer=offer,
        reconnects=reconnects,
        mistakes=mistakes,
        wrong="" if told.field else told.words,
        given=given or {},
    )


def _offer(tools: guard.CallerTools, channel: str) -> Offer:
    found = channel_accounts.offer(tools, channel)
    if found is None:
        raise Missing
    return found


def _card(tools: guard.CallerTools, visitor: guard.Visitor, id: str) -> AccountCard:
    found = channel_accounts.card(tools, visitor.organisation, id, _SHOWN)
    if found is None:
        raise Missing
    return found


def _arrived(request: Request, joined: Joined, offer: Offer) -> Response:
    response = RedirectResponse(f"/channels/{joined.account}", 303)
    say(request, response, _welcome(offer))
    return response


def _welcome(offer: Offer) -> str:
    return (
        f"Connected. Payouts of up to {offer.history_days} days back are being fetched; "
        "older ones can be uploaded as files."
    )


def _helpers(tools: guard.CallerTools, visitor: guard.Visitor) -> tuple[Membership, ...]:
    """Who can give the right to connect to a visitor who lacks it."""
    may = visitor.may(Right.CONNECT)
    return () if may else asking_access.helpers(tools, visitor.organisation, Right.CONNECT)


def _to_all(request: Request, words: str, kind: str = "success") -> Response:
    response = RedirectResponse("/channels", 303)
    say(request, response, words, kind)
    return response


def _back(request: Request, id: str, words: str, kind: str = "success") -> Response:
    response = RedirectResponse(f"/channels/{id}", 303)
    say(request, response, words, kind)
    return response


def _away(target: str) -> Response:
    return Response(status_code=302, headers={"Location": target, "Referrer-Policy": "no-referrer"})


ROUTES = (
    get("/channels", show_all),
    get("/channels/connect/{channel}", show_connect, Right.CONNECT),
    post("/channels/connect/{channel}", connect, Right.CONNECT),
    post("/channels/install/{channel}", install, Right.CONNECT),
    get("/channels/{channel}/callback", callback, None),
    get("/channels/{id}", show),
    post("/channels/{id}/fetch", fetch, Right.IMPORT),
    post("/channels/{id}/check", check, Right.IMPORT),
    get("/channels/{id}/look", look),
    post("/channels/{id}/look", look_now, Right.IMPORT),
    post("/channels/{id}/relink", relink, Right.CONNECT),
    post("/channels/claims/{id}/ask", ask_owner, Right.CONNECT),
    post("/channels/claims/{id}/withdraw", withdraw_claim, Right.CONNECT),
    post("/channels/claims/{id}/decide", decide_claim, Right.CONNECT),
    get("/channels/{id}/disconnect", show_disconnect, Right.CONNECT),
    post("/channels/{id}/disconnect", disconnect, Right.CONNECT),
)
