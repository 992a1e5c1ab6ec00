"""Channels: connected seller accounts, what each has brought in, fetching now, connecting and disconnecting."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined, Mistake
from tieout.api.following import followed
from tieout.api.idempotency import Repeatable
from tieout.api.operation_shapes import Operation
from tieout.api.paging import Cursor, Limit, Paging
from tieout.api.raw import Body
from tieout.api.routes import Route
from tieout.api.shapes import Moment, Page, Shape, answered, page_of
from tieout.api.strict import Asked, parsed
from tieout.core.channel_account import FetchedItem
from tieout.core.ledger_link import LinkFacts
from tieout.people.tokens import Scope
from tieout.sync import channel_accounts, fetching, ledger_links
from tieout.sync.channel_accounts import AccountCard

_MISSING = "record_not_found"
_MOST_PAYOUTS = 5000
_Text = Annotated[str, Field(max_length=2000)]


class Counted(Shape):
    kept: int
    waiting: int
    not_given: int


class LedgerLink(Shape):
    """Where an account's settlements post to: the books it means, and whether that holds."""

    state: Literal["works", "ended", "missing", "other-books", "no-books"]
    books: str | None
    message: str
    last_good_at: Moment | None


class ChannelAccount(Shape):
    """A connected seller account. `problem` and `message` say why it cannot be asked, where it cannot.

    `ledger_link` is told of live accounts.
    """

    id: str
    channel: str
    label: str
    name: str
    state: Literal["connected", "needs-reconnect", "disconnected"]
    problem: str | None
    message: str | None
    connected_by: str
    connected_at: Moment
    fetched_at: Moment | None
    next_fetch_at: Moment | None
    operation_id: str | None
    payouts: Counted
    ledger_link: LedgerLink | None


class Payout(Shape):
    """A payout that the channel has named. `operation_id` is the reading of its file."""

    id: str
    label: str
    dated: Moment
    state: Literal["listed", "kept", "gone"]
    is_final: bool
    kept_at: Moment | None
    operation_id: str | None
    message: str | None


class ConnectChannel(Asked):
    """`given` are the fields that the channel needs, by name; `reconnects` an account to give a new access."""

    channel: Annotated[str, Field(min_length=1, max_length=32)]
    given: dict[Annotated[str, Field(max_length=40)], _Text] = Field(max_length=10)
    reconnects: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")] = ""


class FetchChannel(Asked):
    """`since`: payouts from this day on, as far as the channel still names them; without it what is new."""

    since: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


def listing(calling: Calling) -> Response:
    """Every seller account that is or was connected, live ones first."""
    found = [_shown(each) for each in channel_accounts.cards(calling.tools, calling.organisation)]
    return answered(page_of(found, len(found), None))


def show(calling: Calling, id: str) -> Response:
    """One seller account."""
    return answered(_shown(_card(calling, id)))


def show_payouts(calling: Calling, paging: Paging, id: str, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """What the channel has named, the newest first, and what became of each."""
    card = channel_accounts.card(calling.tools, calling.organisation, id, _MOST_PAYOUTS)
    if card is None:
        raise Declined(_MISSING)
    begin = int(paging.read({}, cursor) or 0)
    following = paging.write({}, begin + limit) if len(card.items) > begin + limit else None
    return answered(page_of([_payout(item) for item in card.items[begin : begin + limit]], limit, following))


def connect(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[ConnectChannel, Depends(parsed(ConnectChannel))],
) -> Response:
    """Connect a seller account with what its owner has in hand. It is proven by a real call before it is kept."""

    def carry_out() -> Response:
        if channel_accounts.offer(calling.tools, asked.channel) is None:
            raise Declined("provider_not_found")
        joined = channel_accounts.connect(calling.tools, calling.actor, asked.channel, asked.given, asked.reconnects)
        if not joined.account:
            path = f"given.{joined.field}" if joined.field else "given"
            raise Declined("validation_failed", joined.words, (Mistake(path, "not_allowed", joined.words),))
        return answered(_shown(_card(calling, joined.account)))

    return repeatable(body, carry_out)


def fetch(
    request: Request,
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[FetchChannel, Depends(parsed(FetchChannel))],
    id: str,
) -> Response:
    """Ask the channel for payouts now; joins a fetch that is under way."""

    def carry_out() -> Response:
        _card(calling, id)
        operation = fetching.ask_now(calling.tools, calling.actor, id, _since(asked))
        if operation is None:
            detail = "The channel takes our access no more, or the account was disconnected. Connect it again first."
            raise Declined("connection_not_usable", detail, problem="channel-disconnected")
        response = followed(request, calling, operation, is_new=True)
        assert response is not None, "it was begun just now"
        return response

    return repeatable(body, carry_out)


def disconnect(calling: Calling, repeatable: Repeatable, id: str) -> Response:
    """End it here and erase its access. What it brought in stays."""

    def carry_out() -> Response:
        _card(calling, id)
        ended = channel_accounts.disconnect(calling.tools, calling.actor, id)
        if ended is None:
            raise Declined("state_conflict", "It was disconnected before.")
        return answered(_shown(ended))

    return repeatable(b"", carry_out)


def relink(calling: Calling, repeatable: Repeatable, id: str) -> Response:
    """Post this account's settlements to the books in use from now on; whatever waited for that goes by itself."""

    def carry_out() -> Response:
        done = ledger_links.reconnect(calling.tools, calling.actor, id)
        if done is None:
            raise Declined(_MISSING)
        if not done.is_done:
            raise Declined("connection_not_usable", done.message, problem="connect-org-unlinked")
        return answered(_shown(_card(calling, id)))

    return repeatable(b"", carry_out)


def _since(asked: FetchChannel) -> datetime | None:
    if asked.since is None:
        return None
    try:
        return datetime.fromisoformat(f"{asked.since}T00:00:00+00:00")
    except ValueError as error:
        mistake = Mistake("since", "not_allowed", "There is no such day.")
        raise Declined("validation_failed", mistake.message, (mistake,)) from error


def _card(calling: Caller, id: str) -> AccountCard:
    found = channel_accounts.card(calling.tools, calling.organisation, id)
    if found is None:
        raise Declined(_MISSING)
    return found


def _shown(card: AccountCard) -> ChannelAccount:
    account = card.account
    return ChannelAccount(
        id=account.id,
        channel=account.channel,
        label=card.label,
        name=account.name,
        state=account.state.value,
        problem=account.cause or None,
        message=account.words or None,
        connected_by=account.connected_by_name,
        connected_at=account.connected_at,
        fetched_at=account.fetched_at,
        next_fetch_at=account.next_at,
        operation_id=account.operation or None,
        payouts=Counted(kept=card.kept, waiting=card.waiting, not_given=card.gone),
        ledger_link=_link(card.link) if card.link else None,
    )


def _link(link: LinkFacts) -> LedgerLink:
    return LedgerLink(state=link.state.value, books=link.books or None, message=link.words, last_good_at=link.good_at)


def _payout(item: FetchedItem) -> Payout:
    return Payout(
        id=item.id,
        label=item.label,
        dated=item.at,
        state=item.state.value,
        is_final=item.is_ready,
        kept_at=item.kept_at,
        operation_id=item.operation or None,
        message=item.words or None,
    )


ROUTES = (
    Route(
        "GET",
        "/api/channels",
        listing,
        Scope.INTEGRATIONS_READ,
        "listChannels",
        "Connected seller accounts",
        {200: Page[ChannelAccount]},
    ),
    Route(
        "POST",
        "/api/channels",
        connect,
        Scope.INTEGRATIONS_CONNECT,
        "connectChannel",
        "Connect a seller account",
        {200: ChannelAccount},
        ("provider_not_found",),
        body=ConnectChannel,
    ),
    Route(
        "GET",
        "/api/channels/{id}",
        show,
        Scope.INTEGRATIONS_READ,
        "getChannel",
        "One seller account",
        {200: ChannelAccount},
        missing=_MISSING,
    ),
    Route(
        "GET",
        "/api/channels/{id}/payouts",
        show_payouts,
        Scope.INTEGRATIONS_READ,
        "listPayouts",
        "What the channel has named",
        {200: Page[Payout]},
        ("cursor_invalid",),
        missing=_MISSING,
    ),
    Route(
        "POST",
        "/api/channels/{id}/fetch",
        fetch,
        Scope.SETTLEMENTS_IMPORT,
        "fetchChannel",
        "Fetch new payouts now",
        {202: Operation, 200: Operation},
        ("connection_not_usable",),
        missing=_MISSING,
        body=FetchChannel,
        headers=("Prefer",),
    ),
    Route(
        "POST",
        "/api/channels/{id}/relink",
        relink,
        Scope.INTEGRATIONS_CONNECT,
        "relinkChannel",
        "Reconnect a seller account to the books in use",
        {200: ChannelAccount},
        ("connection_not_usable",),
        missing=_MISSING,
    ),
    Route(
        "POST",
        "/api/channels/{id}/disconnect",
        disconnect,
        Scope.INTEGRATIONS_CONNECT,
        "disconnectChannel",
        "Disconnect a seller account",
        {200: ChannelAccount},
        ("state_conflict",),
        missing=_MISSING,
    ),
)
