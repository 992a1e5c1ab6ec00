"""A seller account passes from one organisation to another with its access: one owner offers, the other accepts.

So several channels come under one owner. What was brought in before stays where it is, and is not brought in again;
what the channel names from then on comes to the new organisation.
"""

from dataclasses import replace
from datetime import timedelta

from tieout.core.actor import Actor
from tieout.core.channel_account import AccountState, ChannelAccount, ItemState
from tieout.people import acting, letters, ownership
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Right
from tieout.store import channel_accounts, channel_items, organisations, people, transfers
from tieout.store.channel_accounts import SealedKeys
from tieout.store.engine import Db, write
from tieout.store.transfers import Transfer
from tieout.sync import channel_issues, linked, operations
from tieout.sync.channel_keys import TABLE
from tieout.sync.tools import Tools

_MOST_ITEMS = 10_000


def offer(tools: Tools, actor: Actor, account: str, email: str) -> Transfer:
    """Offers a connected account to whoever has this address, who gets a letter. Raises NotPermitted, Impossible."""
    email, now = email.strip().lower(), tools.now()
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        found, organisation = channel_accounts.find(db, account), organisations.find(db)
        if found is None or organisation is None or not found.is_live:
            raise Impossible("This seller account is not connected here.")
        made = Transfer(
            organisation=actor.organisation,
            id=tools.new_id(),
            subject=account,
            subject_name=found.name,
            state="offered",
            from_person=actor.person,
            from_name=actor.name[:120],
            to_person="",
            to_name=email,
            to_organisation="",
            made_at=now,
            ends_at=now + timedelta(days=ownership.DAYS),
        )
        if not transfers.add(db, made):
            raise Impossible(f"{found.name} is offered to somebody already. Withdraw that offer first, under People.")
        text = (
            f"{actor.name} of {organisation.name} offers you the seller account {found.name}. If you accept, it is "
            f"connected to an organisation of yours, with the access it has. The offer stands {ownership.DAYS} days."
        )
        letters.enqueue(db, tools, email, f"{found.name} is offered to you", text, "/offers")
        acting.record(db, actor, "channel-offered", f"channel-account:{account}", now, {"to": email})
    return made


def accept(tools: Tools, id: str, person: str, organisation: str) -> str:
    """The account is connected to an organisation that the person owns, and to the former one no more; its id there.

    Raises Impossible. Both sides' rights are asked again; only one answer to an offer counts.
    """
    now = tools.now()
    with write(tools.engines, "") as db:
        found = ownership.offered(db, id, person)
        who = people.person(db, person)
        here, there = Db(db.connection, found.organisation), Db(db.connection, organisation)
        giver = Actor(found.organisation, found.from_person, found.from_name)
        taker = Actor(organisation, person, who.name if who else "")
        _check(here, there, giver, taker)
        account, keys = channel_accounts.find(here, found.subject), channel_accounts.keys(here, found.subject)
        is_first = transfers.end(here, id, "offered", "accepted", taker.name[:120], now)
        if account is None or keys is None or not account.is_live or not is_first:
            raise Impossible(ownership.OVER)
        moved = _moved(tools, there, account, taker)
        sealed = _sealed_there(tools, here, there, account.id, moved.id, keys)
        _end_here(tools, here, account)
        assert channel_accounts.keep(there, moved, sealed), "nobody else holds what was given up in this transaction"
        _remember(here, there, account.id, moved.id)
        linked.make_missing(there, now, taker.name)
        channel_issues.of_account(there, moved.id, now)
        ownership.tell(here, tools, found, f"{taker.name} has taken over {account.name}. It is disconnected here.")
        acting.record(here, taker, "channel-given", f"channel-account:{account.id}", now, {"to": taker.name})
        acting.record(there, taker, "channel-taken-over", f"channel-account:{moved.id}", now, {"from": giver.name})
    return moved.id


def _check(here: Db, there: Db, giver: Actor, taker: Actor) -> None:
    if here.organisation == there.organisation:
        raise Impossible("Choose another organisation of yours: the account is in this one.")
    try:
        acting.ensure(there, taker, Right.OWN)
    except NotPermitted as error:
        raise Impossible("Choose an organisation that you own.") from error
    try:
        acting.ensure(here, giver, Right.OWN)
    except NotPermitted as error:
        raise Impossible(f"{giver.name} does not own the organisation of this account any more.") from error


def _moved(tools: Tools, there: Db, account: ChannelAccount, taker: Actor) -> ChannelAccount:
    """The same account as the new organisation holds it; a row that it had of it before goes on."""
    known, now = channel_accounts.known_for(there, account.channel, account.account), tools.now()
    return replace(
        account,
        id=known.id if known else tools.new_id(),
        connected_by=taker.person,
        connected_by_name=taker.name,
        connected_at=now,
        changed_at=now,
        next_at=now if account.state is AccountState.CONNECTED else None,
        operation="",
        tries=0,
        dismissed=known.dismissed if known else (),
    )


def _sealed_there(tools: Tools, here: Db, there: Db, old: str, new: str, keys: SealedKeys) -> SealedKeys:
    """The access under the key of the new organisation: sealed for the former one it opens nowhere else."""

    def again(column: str, text: str) -> str:
        if not text:
            return ""
        secret = tools.vault.open(here.organisation, TABLE, column, old, text)
        return tools.vault.seal(there.organisation, TABLE, column, new, secret, there)

    return replace(
        keys,
        access=again("access", keys.access),
        refresh=again("refresh", keys.refresh),
        hook_secret=again("hook_secret", keys.hook_secret),
        token_id=tools.new_id(),
        refresh_started_at=None,
    )


def _end_here(tools: Tools, here: Db, account: ChannelAccount) -> None:
    channel_accounts.end(here, account.id, tools.now())
    if account.operation:
        operations.fail(tools, here, account.operation, "Ended: the account passed to another organisation.", {})
    channel_issues.of_account(here, account.id, tools.now())


def _remember(here: Db, there: Db, old: str, new: str) -> None:
    """What was brought in before counts as here already, so that no payout is booked in two organisations."""
    items = channel_items.newest(here, old, _MOST_ITEMS)
    words = "Brought in by the former owner."
    channel_items.note(
        there,
        (
            replace(each, account=new, operation="", words=words if each.state is ItemState.KEPT else each.words)
            for each in items
        ),
    )
