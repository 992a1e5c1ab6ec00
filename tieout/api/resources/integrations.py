"""Integrations: the connection to books at one provider: status, connect, renew, check, hand on, decide, end."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined, Mistake
from tieout.api.following import followed
from tieout.api.idempotency import Repeatable
from tieout.api.integration_shapes import (
    CheckReport,
    IntegrationStatus,
    TimelineEntry,
    entry,
    never,
    report,
    status,
)
from tieout.api.operation_shapes import Operation
from tieout.api.raw import Body
from tieout.api.routes import Route
from tieout.api.shapes import Moment, Page, Shape, answered, page_of
from tieout.api.strict import Asked, parsed
from tieout.core.failure import NotAllowed
from tieout.people.tokens import Scope
from tieout.sync import connection_card, connection_check, connections, consent_asked, consent_links, own_apps
from tieout.sync.connecting import ConnectOutcome
from tieout.sync.connection_card import FullCard
from tieout.sync.parked import Decision, decide_parked

_MISSING = "provider_not_found"
_MODES = Literal["connect", "reconnect", "switch_organisation"]


class ScopeAsked(Shape):
    scope: str
    why: str


class ConsentBegun(Shape):
    """`authorize_url` is an address of ours: the person of the token opens it signed in, and is led on from there."""

    attempt_id: str
    authorize_url: str
    scopes: list[ScopeAsked]
    expires_at: Moment


class Refreshed(Shape):
    token_expires_at: Moment


class Kept(Shape):
    documents_waiting: int
    documents_posted: int


class DisconnectedShape(Shape):
    state: Literal["disconnected_local"]
    disconnected_at: Moment
    disconnected_by: str
    removed_at_provider: bool
    kept: Kept
    stopped: list[str]


class LinkMade(Shape):
    """A link of one use; it is shown this once."""

    link_id: str
    url: str
    sent_to: str | None


class Decided(Shape):
    state: str
    connection_id: str | None
    message: str | None
    next: str | None


class Connect(Asked):
    """`mode` reconnect renews the connection there is; switch_organisation means other books on purpose."""

    mode: _MODES = "connect"


class Disconnect(Asked):
    """Without `confirm` nothing is done, and the answer says what would stop."""

    confirm: bool = False


class LinkWanted(Asked):
    """`email`: where it is sent, too."""

    email: Annotated[str, Field(max_length=254)] = ""


class DecisionMade(Asked):
    choice: Literal["switch_back", "new_book", "same"]


def show(calling: Calling, provider: str) -> Response:
    """What is known of it. No call is made to the provider."""
    now = calling.tools.now()
    found = _found(calling, provider)
    if found is None:
        standing = connection_card.unconnected(calling.tools, calling.organisation, provider)
        return answered(never(standing, provider, calling.organisation, now))
    return answered(status(found, calling.organisation, now))


def connect(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[Connect, Depends(parsed(Connect))],
    provider: str,
) -> Response:
    """Begin a consent, to be finished in a browser by the person whose token this is."""

    def carry_out() -> Response:
        found = _found(calling, provider)
        if not calling.actor.person:
            detail = "Nobody stands behind this token who could consent. Make a link instead: POST …/reconnect-link."
            raise Declined("state_conflict", detail)
        reconnects = found.connection.id if found is not None and asked.mode == "reconnect" else ""
        try:
            begun = consent_asked.begin(calling.tools, calling.actor, provider, reconnects)
        except NotAllowed as error:
            raise Declined("connection_not_usable", str(error), problem="connect-error-shown") from error
        scopes = [ScopeAsked(scope=scope, why=why) for scope, why in begun.scopes]
        shape = ConsentBegun(
            attempt_id=begun.attempt, authorize_url=begun.url, scopes=scopes, expires_at=begun.expires_at
        )
        return answered(shape, 201)

    return repeatable(body, carry_out)


def refresh(calling: Calling, repeatable: Repeatable, provider: str) -> Response:
    """Renew the access now. That it was renewed says nothing of the books: ask for a check."""

    def carry_out() -> Response:
        refreshed = connections.refresh(calling.tools, calling.actor, _live(calling, provider).connection.id)
        if refreshed is None or refreshed.expires_at is None:
            failure = refreshed.failure if refreshed else None
            detail = failure.sentence if failure else "It was disconnected meanwhile."
            raise Declined("connection_not_usable", detail, problem=failure.code if failure else None)
        return answered(Refreshed(token_expires_at=refreshed.expires_at))

    return repeatable(b"", carry_out)


def check(request: Request, calling: Calling, repeatable: Repeatable, provider: str) -> Response:
    """Every line of the connection check, with real calls. What came of it: GET …/check."""

    def carry_out() -> Response:
        found = _live(calling, provider)
        operation = connection_check.begin(calling.tools, calling.actor, found.connection.id)
        response = followed(request, calling, operation, is_new=True) if operation else None
        if response is None:
            raise Declined("connection_not_usable", "It was disconnected meanwhile.")
        return response

    return repeatable(b"", carry_out)


def show_check(calling: Calling, provider: str) -> Response:
    """The last check, line by line."""
    found = _found(calling, provider)
    if found is None or found.checked is None:
        raise Declined("record_not_found", "It was not checked yet.")
    return answered(report(found.checked, provider))


def show_timeline(calling: Calling, provider: str) -> Response:
    """What the connection has been through, the newest first."""
    found = _found(calling, provider)
    moves = [entry(each) for each in found.moves] if found else []
    return answered(page_of(moves, len(moves), None))


def disconnect(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[Disconnect, Depends(parsed(Disconnect))],
    provider: str,
) -> Response:
    """End it here and there. What waits and what was posted is kept."""

    def carry_out() -> Response:
        id = _live(calling, provider).connection.id
        leaving = connections.leaving(calling.tools, calling.organisation, id)
        if leaving is None:
            raise Declined("state_conflict", "It was disconnected before.")
        if not asked.confirm:
            words = f"This would stop: {'; '.join(leaving.stops)}. {leaving.waiting} documents would wait."
            raise Declined("validation_failed", words, (Mistake("confirm", "required", words),))
        ended = connections.disconnect(calling.tools, calling.actor, id)
        if ended is None:
            raise Declined("state_conflict", "It was disconnected before.")
        shape = DisconnectedShape(
            state="disconnected_local",
            disconnected_at=calling.tools.now(),
            disconnected_by=calling.actor.name,
            removed_at_provider=ended.is_ended_there,
            kept=Kept(documents_waiting=ended.documents_waiting, documents_posted=leaving.posted),
            stopped=list(leaving.stops),
        )
        return answered(shape)

    return repeatable(body, carry_out)


def make_link(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[LinkWanted, Depends(parsed(LinkWanted))],
    provider: str,
) -> Response:
    """A link for somebody who has the rights in the books, and needs no account here."""

    def carry_out() -> Response:
        found = _found(calling, provider)
        if asked.email and "@" not in asked.email:
            mistake = Mistake("email", "not_allowed", "That is no e-mail address.")
            raise Declined("validation_failed", mistake.message, (mistake,))
        id = found.connection.id if found else ""
        made = consent_links.make(calling.tools, calling.actor, provider, id, asked.email)
        url = f"{calling.tools.url}{made.path}"
        return answered(LinkMade(link_id=made.id, url=url, sent_to=asked.email or None), 201)

    return repeatable(body, carry_out)


def decide(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[DecisionMade, Depends(parsed(DecisionMade))],
    provider: str,
) -> Response:
    """Which books are meant, where a consent for other ones has parked the connection."""

    def carry_out() -> Response:
        found = _live(calling, provider)
        choice = Decision(asked.choice.replace("_", "-"))
        result = decide_parked(calling.tools, calling.actor, found.connection.id, choice)
        if result.outcome is ConnectOutcome.REFUSED:
            raise Declined("state_conflict", result.words, problem=result.code or None)
        now = _found(calling, provider)
        is_back = choice is Decision.SWITCH_BACK
        return answered(
            Decided(
                state=now.standing.state.value if now else "not_connected",
                connection_id=result.connection or None,
                message="Approve again, and choose the books that were meant." if is_back else None,
                next=f"/api/integrations/{provider}/connect" if is_back else None,
            )
        )

    return repeatable(body, carry_out)


def _found(calling: Caller, provider: str) -> FullCard | None:
    """Raises Declined for a provider that nobody here can connect."""
    if not own_apps.is_known(provider):
        raise Declined(_MISSING)
    return connection_card.of_platform(calling.tools, calling.organisation, provider)


def _live(calling: Caller, provider: str) -> FullCard:
    found = _found(calling, provider)
    if found is None or not found.connection.is_live:
        raise Declined("connection_not_usable", "No books are connected there.")
    return found


def _route(method: str, path: str, *rest: Any, **more: Any) -> Route:
    more = {"missing": _MISSING} | more
    return Route(method, f"/api/integrations/{{provider}}/{path}", *rest, **more)


_READ, _RETRY, _CONNECT = Scope.INTEGRATIONS_READ, Scope.INTEGRATIONS_RETRY, Scope.INTEGRATIONS_CONNECT
_UNUSABLE = ("connection_not_usable",)
ROUTES = (
    _route("GET", "status", show, _READ, "getIntegration", "How a connection stands", {200: IntegrationStatus}),
    _route("GET", "timeline", show_timeline, _READ, "listTimeline", "What it went through", {200: Page[TimelineEntry]}),
    _route("GET", "check", show_check, _READ, "getCheck", "The last check", {200: CheckReport}, ("record_not_found",)),
    _route(
        "POST",
        "connect",
        connect,
        _CONNECT,
        "connectIntegration",
        "Begin a consent",
        {201: ConsentBegun},
        ("state_conflict", *_UNUSABLE),
        body=Connect,
    ),
    _route("POST", "refresh", refresh, _RETRY, "refreshAccess", "Renew the access", {200: Refreshed}, _UNUSABLE),
    _route(
        "POST",
        "check",
        check,
        _RETRY,
        "checkIntegration",
        "Check the connection",
        {202: Operation, 200: Operation},
        _UNUSABLE,
        headers=("Prefer",),
    ),
    _route(
        "POST",
        "disconnect",
        disconnect,
        _CONNECT,
        "disconnectIntegration",
        "Disconnect",
        {200: DisconnectedShape},
        ("state_conflict", *_UNUSABLE),
        body=Disconnect,
    ),
    _route(
        "POST",
        "reconnect-link",
        make_link,
        _CONNECT,
        "makeReconnectLink",
        "A link to hand on",
        {201: LinkMade},
        body=LinkWanted,
    ),
    _route(
        "POST",
        "decision",
        decide,
        _CONNECT,
        "decideParked",
        "Decide on a parked connection",
        {200: Decided},
        ("state_conflict", *_UNUSABLE),
        body=DecisionMade,
    ),
)
