"""Channel accounts: what can be connected, connecting by given keys or by an install, checking, disconnecting.

What a person did wrong, or saw refused, is a `Joined`, never an exception.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import TypeVar

from tieout import channels
from tieout.calls import Call, make_call
from tieout.channels import FIELD, TOKEN_EXPIRED, Access, Askable, Field, Keys
from tieout.core.actor import Actor
from tieout.core.channel_account import AccountState, ChannelAccount, FetchedItem, ItemState
from tieout.core.failure import Disconnected, NotAllowed, RemoteError
from tieout.core.ledger_link import LinkFacts
from tieout.core.secret import Secret
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import channel_accounts, channel_items, drafts
from tieout.store.drafts import Draft
from tieout.store.engine import read, write
from tieout.sync import channel_claims, channel_issues, channel_keys, linked, operations
from tieout.sync.channel_gate import PATIENCE, PERSONS_PATIENCE, call_for
from tieout.sync.channel_keys import app_of
from tieout.sync.tools import Tools

T = TypeVar("T")
DRAFT_MINUTES = 10
_SHOWN = 20
_DRAFT_KIND = "channel "  # in the place of a platform's name, in which no blank can stand


@dataclass(frozen=True, slots=True)
class Offer:
    """A channel that can be connected, and what for. `app_lacks` says what whoever runs this server has to set."""

    channel: str
    label: str
    needs: tuple[Field, ...]
    install: Field | None
    guide: str
    history_days: int
    app_lacks: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """How a connect ended: the account, or a sentence why not, and the field at fault where it is one."""

    account: str = ""
    words: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account as people see it; `kept`, `waiting` and `gone` count payouts, `items` are the newest.

    `link` says where a live account's settlements post to.
    """

    account: ChannelAccount
    label: str
    items: tuple[FetchedItem, ...]
    kept: int
    waiting: int
    gone: int
    leaving: str
    every: timedelta
    link: LinkFacts | None = None


def offers(tools: Tools) -> tuple[Offer, ...]:
    """By the label, as a person reads them."""
    found = [_offer(tools, name, asked) for name, asked in channels.askable().items()]
    return tuple(sorted(found, key=lambda offer: offer.label))


def offer(tools: Tools, channel: str) -> Offer | None:
    return next((each for each in offers(tools) if each.channel == channel), None)


def cards(tools: Tools, organisation: str) -> tuple[AccountCard, ...]:
    """Every account the organisation has or had, live ones first; no call is made."""
    with read(tools.engines, organisation) as db:
        found = channel_accounts.listed(db)
    return tuple(each for account in found if (each := card(tools, organisation, account.id)))


def card(tools: Tools, organisation: str, account: str, shown: int = _SHOWN) -> AccountCard | None:
    with read(tools.engines, organisation) as db:
        found = channel_accounts.find(db, account)
        if found is None:
            return None
        items, counted = channel_items.newest(db, account, shown), channel_items.count(db, account)
        link = linked.facts(db, found) if found.is_live else None
    asked = channels.askable()[found.channel]
    return AccountCard(
        account=found,
        label=channels.label(found.channel),
        items=items,
        kept=counted.get(ItemState.KEPT, 0),
        waiting=counted.get(ItemState.LISTED, 0),
        gone=counted.get(ItemState.GONE, 0),
        leaving=asked.LEAVING,
        every=timedelta(minutes=asked.EVERY_MINUTES),
        link=link,
    )


# --- Connecting -----------------------------------------------------------------------------------------------------


def connect(tools: Tools, actor: Actor, channel: str, given: Mapping[str, str], reconnects: str = "") -> Joined:
    """By what a person gives. It is proven by a real call before anything is kept; the first fetch is due at once.

    Raises NotPermitted.
    """
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
    asked = channels.askable()[channel]
    lacking = next(
        (need for need in asked.NEEDS if not need.is_optional and not given.get(need.name, "").strip()), None
    )
    if lacking is not None:
        return Joined(words=f"{lacking.label} is missing.", field=lacking.name)
    return _joined(tools, actor, channel, lambda: asked.keys(_call(tools), app_of(tools, channel), given), reconnects)


def begin_install(
    tools: Tools, actor: Actor, channel: str, shop: str, session_binding: str, reconnects: str = ""
) -> tuple[str, Joined]:
    """The address to send the browser to, or why there is none. Raises NotPermitted."""
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
    state = f"{actor.organisation}.{secrets.token_urlsafe(32)}"
    try:
        url = channels.askable()[channel].install_url(app_of(tools, channel), shop, state)
    except RemoteError as error:
        return "", _refused(error)
    if not url:
        return "", Joined(words="This installation has no app of its own there: connect by a token instead.")
    id, now = drafts.digest(state), tools.now()
    nothing = tools.vault.seal(actor.organisation, "connection_drafts", "verifier", id, Secret(""))
    binding = drafts.digest(session_binding)
    draft = Draft(id, _DRAFT_KIND + channel, actor.person, actor.name, binding, nothing, now, reconnects)
    with write(tools.engines, actor.organisation) as db:
        drafts.add(db, draft, now - timedelta(days=1))
    return url, Joined()


def finish_install(tools: Tools, channel: str, params: Mapping[str, str], session_binding: str) -> Joined:
    """What the person came back with: good once, for ten minutes, for one browser session. Raises NotPermitted."""
    organisation, _, secret = params.get("state", "").partition(".")
    if not organisation or not secret or len(params.get("state", "")) > 200:
        return Joined(words="This is not an answer to a connection begun here. Start again.")
    with read(tools.engines, organisation) as db:
        draft = drafts.find(db, drafts.digest(params["state"]))
    if draft is None or draft.platform != _DRAFT_KIND + channel:
        return Joined(words="This is not an answer to a connection begun here. Start again.")
    if not compare_digest(draft.binding, drafts.digest(session_binding)):
        return Joined(words="The connection was begun in another session. Start again from here.")
    if tools.now() - draft.begun_at > timedelta(minutes=DRAFT_MINUTES):
        return Joined(words=f"More than {DRAFT_MINUTES} minutes have passed. Start again.")
    actor = Actor(organisation, draft.person, draft.person_name)
    with write(tools.engines, organisation) as db:
        ensure(db, actor, Right.CONNECT)
        is_first = drafts.use(db, draft.id, tools.now())
    if not is_first:
        return Joined(draft.connection, "" if draft.connection else "This answer was used before. Start again.")
    asked = channels.askable()[channel]
    joined = _joined(
        tools,
        actor,
        channel,
        lambda: asked.exchange(_call(tools), app_of(tools, channel), params, ""),
        draft.reconnects,
    )
    if joined.account:
        with write(tools.engines, organisation) as db:
            drafts.finish(db, draft.id, joined.account, tools.now())
    return joined


def _joined(tools: Tools, actor: Actor, channel: str, proven: Callable[[], Keys], reconnects: str) -> Joined:
    try:
        keys = proven()
    except RemoteError as error:
        return _refused(error)
    account = _account(tools, actor, channel, keys, reconnects)
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        is_kept = channel_accounts.keep(db, account, channel_keys.sealed(tools, actor.organisation, account.id, keys))
        if is_kept:
            details = {"channel": channel, "account": account.name}
            record(db, actor, "channel-connected", f"channel-account:{account.id}", tools.now(), details)
    if not is_kept:
        return _held_elsewhere(tools, actor, account)
    with write(tools.engines, actor.organisation) as db:
        channel_items.ask_again(db, account.id)  # a new access may reach further
        linked.make_missing(db, tools.now(), actor.name)
        channel_issues.of_account(db, account.id, tools.now())
    _subscribe(tools, actor.organisation, account)
    return Joined(account.id)


def _held_elsewhere(tools: Tools, actor: Actor, account: ChannelAccount) -> Joined:
    """Whose it is stays masked; the request to the holder is one button away."""
    claim = channel_claims.met(tools, actor, account.channel, account.account, account.name)
    holder = f" by {claim.owner_masked}" if claim else ""
    words = f"This seller account is held{holder} in another organisation here. Ask the owner on the page Channels."
    return Joined(words=words)


def _account(tools: Tools, actor: Actor, channel: str, keys: Keys, reconnects: str) -> ChannelAccount:
    """New, or the row of the same seller account, whose cursor goes on where it stood.

    A channel that gives an account no lasting name is believed when a person reconnects that very account.
    """
    asked, now = channels.askable()[channel], tools.now()
    with read(tools.engines, actor.organisation) as db:
        meant = channel_accounts.find(db, reconnects) if reconnects else None
        known = channel_accounts.known_for(db, channel, keys.account)
    if known is None and meant is not None and meant.channel == channel and meant.place == keys.place:
        known = meant
    return ChannelAccount(
        id=known.id if known else tools.new_id(),
        channel=channel,
        account=keys.account,
        name=keys.name,
        place=keys.place,
        connected_by=actor.person,
        connected_by_name=actor.name,
        connected_at=now,
        begins_at=known.begins_at if known else now - timedelta(days=asked.HISTORY_DAYS),
        changed_at=now,
        good_at=now,
        fetched_at=known.fetched_at if known else None,
        next_at=now,
        cursor=known.cursor if known else None,
        operation=known.operation if known else "",
        dismissed=known.dismissed if known else (),
    )


def _subscribe(tools: Tools, organisation: str, account: ChannelAccount) -> None:
    """Notices are a convenience: without them payouts come by the timetable."""
    if app_of(tools, account.channel).hook_url:
        try:
            ask(tools, organisation, account.id, lambda asked, call, access: asked.subscribed(call, access))
        except RemoteError:
            return


def _call(tools: Tools) -> Call:
    return make_call(tools.transport)


def _refused(error: RemoteError) -> Joined:
    code = error.failure.code
    words = error.failure.sentence
    return Joined(words=words[:1].upper() + words[1:], field=code.removeprefix(FIELD) if code.startswith(FIELD) else "")


def _offer(tools: Tools, name: str, asked: Askable) -> Offer:
    app = app_of(tools, name)
    upper = name.upper()
    lacks = ""
    if asked.NEEDS_APP and not app.is_registered:
        lacks = (
            f"Set TIEOUT_{upper}_CLIENT_ID and TIEOUT_{upper}_CLIENT_SECRET first; the guide says how, step by step."
        )
    install = asked.INSTALL if app.is_registered else None
    return Offer(name, channels.label(name), asked.NEEDS, install, asked.GUIDE, asked.HISTORY_DAYS, lacks)


# --- Asking, checking, ending ---------------------------------------------------------------------------------------


def ask(
    tools: Tools,
    organisation: str,
    account: str,
    question: Callable[[Askable, Call, Access], T],
    patience: timedelta = PATIENCE,
    on_call: Callable[[], None] | None = None,
) -> T:
    """A question to the channel through the gate, asked again once with a renewed access when the first is refused.

    What a refusal says of the account is kept before the error is raised.
    """
    with read(tools.engines, organisation) as db:
        found = channel_accounts.find(db, account)
    if found is None or not found.is_live:
        raise Disconnected("this account was disconnected here", code="disconnected-by-user")
    asked = channels.askable()[found.channel]
    call = call_for(tools, organisation, account, asked, patience, on_call)
    access, id = channel_keys.access(tools, organisation, account)
    try:
        try:
            return question(asked, call, access)
        except Disconnected as error:
            if error.failure.code != TOKEN_EXPIRED:
                raise
            access, _ = channel_keys.access(tools, organisation, account, refused=id)
            return question(asked, call, access)
    except (Disconnected, NotAllowed) as error:
        channel_keys.refuse(tools, organisation, account, error)
        raise


def check(tools: Tools, actor: Actor, account: str) -> AccountCard | None:
    """One real call: what the channel names since the cursor, compared with what is here. Nothing is fetched.

    None when the organisation has no such account. Raises what the channel said when it did not answer, and
    NotPermitted.
    """
    organisation = actor.organisation
    with read(tools.engines, organisation) as db:
        ensure(db, actor, Right.VIEW)
        found = channel_accounts.find(db, account)
    if found is None or not found.is_live:
        return None
    now = tools.now()
    try:
        since = beginning(found, now).isoformat()
        listing = ask(
            tools, organisation, account, lambda a, call, access: a.listed(call, access, since), PERSONS_PATIENCE
        )
        with write(tools.engines, organisation) as db:
            channel_accounts.judge(db, account, AccountState.CONNECTED, "", "", now)
            named = [noted(account, item, now) for item in listing.items]
            channel_items.note(db, named)
            if found.state is not AccountState.CONNECTED:
                channel_accounts.bring_forward(db, account, now)
    finally:
        with write(tools.engines, organisation) as db:
            channel_issues.of_account(db, account, tools.now())
    return card(tools, organisation, account)


def disconnect(tools: Tools, actor: Actor, account: str) -> AccountCard | None:
    """Ends it here and erases its access; what it brought in stays. None when there is no such live account.

    Raises NotPermitted.
    """
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        found = channel_accounts.find(db, account)
        if found is None or not channel_accounts.end(db, account, tools.now()):
            return None
        if found.operation:
            operations.fail(tools, db, found.operation, "Ended: the account was disconnected meanwhile.", {})
        channel_issues.of_account(db, account, tools.now())
        details = {"channel": found.channel, "account": found.name}
        record(db, actor, "channel-disconnected", f"channel-account:{account}", tools.now(), details)
    return card(tools, actor.organisation, account)


def beginning(account: ChannelAccount, now: datetime, chosen: datetime | None = None) -> datetime:
    """From when on a channel is asked: a chosen day, or some days behind the cursor; never beyond what it keeps."""
    asked = channels.askable()[account.channel]
    oldest = now - timedelta(days=asked.HISTORY_DAYS) + timedelta(minutes=10)  # on its way it gets older
    behind = account.cursor - timedelta(days=asked.OVERLAP_DAYS) if account.cursor else account.begins_at
    return max(chosen or behind, oldest)


def noted(account: str, item: channels.Item, now: datetime) -> FetchedItem:
    return FetchedItem(account, item.id, item.label, item.at, now, item.is_ready)
