"""A seller account that somebody else here holds: who may ask for it, and what the holder answers, all in the product.

Who asks sees the holder masked; the holder sees who asks. Nothing is handed over: a holder who agrees lets the account
go, and whoever asked connects it by an access of their own. History stays where it was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tieout import channels
from tieout.core.actor import Actor
from tieout.core.channel_account import called
from tieout.people import letters, roles
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import channel_accounts as account_rows
from tieout.store import channel_claims as rows
from tieout.store import memberships, organisations
from tieout.store.channel_claims import Claim
from tieout.store.engine import read, write
from tieout.sync import door_issues
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks of this organisation: by whom, of which organisation, and for which of its accounts."""

    organisation: str
    claim: str
    account: str
    channel: str
    person: str
    business: str
    asked_at: datetime | None


def met(tools: Tools, actor: Actor, channel: str, account: str, name: str) -> Claim | None:
    """Keeps that connecting was refused because somebody else holds it. None where nobody does any more."""
    held = account_rows.owners(tools.engines, channel, account)
    owner = next(((organisation, id) for organisation, id in held if organisation != actor.organisation), None)
    if owner is None:
        return None
    masked = _masked(tools, *owner)
    with write(tools.engines, actor.organisation) as db:
        known = next((each for each in rows.still_open(db) if (each.channel, each.account) == (channel, account)), None)
        claim = known or Claim(
            id=tools.new_id(),
            channel=channel,
            account=account,
            name=name,
            owner_organisation=owner[0],
            owner_account=owner[1],
            owner_masked=masked,
            person=actor.person,
            person_name=actor.name,
            met_at=tools.now(),
        )
        if known is None:
            rows.add(db, claim)
        door_issues.of_claim(db, claim.id, tools.now())
    return claim


def still_open(tools: Tools, organisation: str) -> tuple[Claim, ...]:
    """What this organisation was refused or asks for."""
    with read(tools.engines, organisation) as db:
        return rows.still_open(db)


def ask(tools: Tools, actor: Actor, claim: str) -> bool:
    """Sends the request to the holder; False where there is nothing to ask for. Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        found, own = rows.find(db, claim), organisations.find(db)
        if found is None or not found.is_open or not rows.move(db, claim, rows.ASKED, tools.now()):
            return False
        door_issues.of_claim(db, claim, tools.now())
        record(db, actor, "channel-asked-for", f"claim:{claim}", tools.now(), {"account": found.name})
    business = own.name if own else ""
    text = f"{actor.name} of {business} asks for the seller account {_name(found)}. Approve or decline it in Tieout."
    with write(tools.engines, found.owner_organisation) as db:
        for each in memberships.listed(db):
            if roles.allows(each.role, Right.OWN) and each.suspended_at is None:
                letters.enqueue(db, tools, each.email, f"{actor.name} asks for {found.name}", text, "/channels")
    return True


def withdraw(tools: Tools, actor: Actor, claim: str) -> bool:
    """Nobody asks for it any more. Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        moved = rows.move(db, claim, rows.OVER, tools.now(), actor.name)
        if moved:
            door_issues.of_claim(db, claim, tools.now())
            record(db, actor, "channel-claim-withdrawn", f"claim:{claim}", tools.now())
    return moved


def wishes(tools: Tools, organisation: str) -> Mapping[str, tuple[Wish, ...]]:
    """What others ask of this organisation, by the id of its channel account."""
    with read(tools.engines, "") as db:
        asked = rows.asked_of(db, organisation)
    found: dict[str, tuple[Wish, ...]] = {}
    for other, claim in asked:
        with read(tools.engines, other) as db:
            own = organisations.find(db)
        business, name = own.name if own else "", _name(claim)
        wish = Wish(other, claim.id, claim.owner_account, name, claim.person_name, business, claim.asked_at)
        found[claim.owner_account] = (*found.get(claim.owner_account, ()), wish)
    return found


def decide(tools: Tools, actor: Actor, claim: str, lets_go: bool) -> Wish | None:
    """The holder's answer: letting go disconnects the account here. None where nobody asks any more.

    Raises NotPermitted.
    """
    from tieout.sync.channel_accounts import disconnect  # which itself tells of claims

    right = Right.OWN if lets_go else Right.CONNECT
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, right)
    mine = (each for found in wishes(tools, actor.organisation).values() for each in found if each.claim == claim)
    wish = next(mine, None)
    if wish is None:
        return None
    state = rows.RELEASED if lets_go else rows.DECLINED
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, right)
        act = "channel-released" if lets_go else "channel-claim-declined"
        details = {"account": wish.channel, "to": wish.business}
        record(db, actor, act, f"channel-account:{wish.account}", tools.now(), details)
    if lets_go:
        disconnect(tools, actor, wish.account)
    with write(tools.engines, wish.organisation) as db:
        rows.move(db, claim, state, tools.now(), "its holder")
        door_issues.of_claim(db, claim, tools.now())
        found = rows.find(db, claim)
        member = memberships.find(db, found.person) if found else None
        if member is not None:
            words = "has let it go: connect it now" if lets_go else "has declined"
            letters.enqueue(db, tools, member.email, f"{wish.channel}", f"Its holder {words}.", "/channels")
    return wish


def _name(claim: Claim) -> str:
    return called(channels.label(claim.channel), claim.name)


def _masked(tools: Tools, organisation: str, account: str) -> str:
    """O••••• F••••, and nothing else of them."""
    with read(tools.engines, organisation) as db:
        found = account_rows.find(db, account)
    words = (found.connected_by_name if found else "").split()
    return " ".join(f"{word[0]}{'•' * max(len(word) - 1, 2)}" for word in words) or "somebody else"
