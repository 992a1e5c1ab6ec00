"""What a person met at our door, a set-up left half-finished, a seller account held elsewhere: told as issues.

Each is a row of its own, and an issue that the row holds open. Facts end an issue, never a press alone: a role that
includes the right, a consent that came back, a page of this release, a draft that is finished or gone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tieout import __version__, channels, problems
from tieout.core.actor import Actor
from tieout.core.channel_account import called
from tieout.core.door import DoorFacts
from tieout.core.ledger_link import ClaimFacts
from tieout.core.problem import Case, filled
from tieout.people import roles
from tieout.people.roles import Right
from tieout.store import channel_accounts, channel_claims, connections, encounters, issues, memberships, people
from tieout.store.channel_claims import Claim
from tieout.store.encounters import Encounter
from tieout.store.engine import Db, read, write
from tieout.store.issues import Block, Seen
from tieout.sync import diagnosis
from tieout.sync.setup_facts import half_finished
from tieout.sync.tools import Tools

CLAIM, PERSON, SETUP = "claim", "person", "setup"
KINDS = (CLAIM, PERSON, SETUP)
ROLE, FRAMED, POPUP, STALE = (
    "connect-role-too-low",
    "embedded-app-blocked",
    "connect-popup-blocked",
    "browser-cache-stale",
)
FORGOTTEN = timedelta(days=2)  # what a browser did is no issue for longer


# --- At the door ----------------------------------------------------------------------------------------------------


def met(tools: Tools, actor: Actor, code: str, facts: Mapping[str, str] = {}) -> None:
    """A member met this just now; the console and jobs meet nothing, and who only looks by a grant leaves no trace."""
    if not actor.person:
        return
    with write(tools.engines, actor.organisation) as db:
        if people.role_of(db, actor.person) is None:
            return
        issues.hold(db)
        encounters.put(db, Encounter(actor.person, code, tools.now(), facts))
        _see(db, cases(db, Block(PERSON, actor.person), tools.now()), Block(PERSON, actor.person), tools.now())


def past(tools: Tools, organisation: str, person: str, code: str) -> bool:
    """They have got past it; False where they had not met it."""
    with read(tools.engines, organisation) as db:
        if not any(each.code == code for each in encounters.listed(db, person)):
            return False
    with write(tools.engines, organisation) as db:
        return _past(db, person, code, tools.now())


def helpers(db: Db, right: Right) -> tuple[str, ...]:
    """Who can give somebody a right, by name and role."""
    able = (each for each in memberships.listed(db) if roles.allows(each.role, Right.PEOPLE))
    return tuple(f"{each.name} ({each.role})" for each in able if each.suspended_at is None)


# --- The facts behind an issue --------------------------------------------------------------------------------------


def cases(db: Db, block: Block, now: datetime) -> tuple[Case, ...]:
    bare = diagnosis.bare(db, now)
    match block.kind:
        case "claim":
            claim = channel_claims.find(db, block.subject)
            return (_claimed(bare, claim),) if claim is not None and claim.is_open else ()
        case "setup":
            left = half_finished(db, now)
            return (Case(now, zone=bare.zone, setup=left),) if left else ()
        case _:
            return tuple(_at_door(db, bare, each) for each in encounters.listed(db, block.subject))


def held(db: Db, block: Block) -> tuple[str, str, str, str] | None:
    """Name, address, and state of what waits, by its kind."""
    match block.kind:
        case "claim":
            claim = channel_claims.find(db, block.subject)
            return ("claim", claim.name, "/channels", claim.state) if claim else None
        case "setup":
            return "setup", "The set-up", "/start", "open"
        case _:
            member = memberships.find(db, block.subject)
            return ("person", member.name, "/people", member.role) if member else None


def _claimed(bare: Case, claim: Claim) -> Case:
    name = called(channels.label(claim.channel), claim.name)
    facts = ClaimFacts(claim.id, claim.channel, name, claim.owner_masked, claim.state, claim.asked_at)
    return Case(bare.now, zone=bare.zone, channel=name, claim=facts)


def _at_door(db: Db, bare: Case, each: Encounter) -> Case:
    member, said = memberships.find(db, each.person), each.facts
    right = said.get("right", "")
    facts = DoorFacts(
        code=each.code,
        person=each.person,
        name=member.name if member else "somebody who has left",
        met_at=each.met_at,
        right=right,
        helpers=helpers(db, Right(right)) if right else (),
        address=said.get("address", "/"),
        release=said.get("release", ""),
        current=__version__,
    )
    return Case(bare.now, zone=bare.zone, door=facts)


# --- Opening and ending ---------------------------------------------------------------------------------------------


def of_claim(db: Db, claim: str, now: datetime) -> None:
    """Opens or ends the issue of one claim, by what its row says now."""
    issues.hold(db)
    block = Block(CLAIM, claim)
    _see(db, cases(db, block, now), block, now)


def look(tools: Tools, organisation: str) -> None:
    """What has changed since: a set-up left or gone on with, roles raised, pages loaded anew, accounts set free."""
    now = tools.now()
    with read(tools.engines, organisation) as db:
        is_left = half_finished(db, now) is not None
        is_told = bool(issues.of_subject(db, SETUP, SETUP))
        over = [each for each in encounters.listed(db) if _is_over(db, each, now)]
        claims = channel_claims.still_open(db)
    free = [each.id for each in claims if not _is_held(tools, each)]
    if is_left != is_told or over or free:
        with write(tools.engines, organisation) as db:
            issues.hold(db)
            block = Block(SETUP, SETUP)
            _see(db, cases(db, block, now), block, now)
            for each in over:
                _past(db, each.person, each.code, now)
            for id in free:
                channel_claims.move(db, id, channel_claims.OVER, now)
                of_claim(db, id, now)


def _is_over(db: Db, each: Encounter, now: datetime) -> bool:
    if each.code == ROLE:
        member = memberships.find(db, each.person)
        return member is None or roles.allows(member.role, Right(each.facts.get("right", Right.CONNECT.value)))
    if each.code == POPUP and _has_connected(db, each):
        return True
    return now - each.met_at >= FORGOTTEN


def _has_connected(db: Db, each: Encounter) -> bool:
    """Whether this person's way to the provider led somewhere afterwards."""
    books = (found.connected_at for found in connections.listed(db) if found.connected_by == each.person)
    shops = (found.connected_at for found in channel_accounts.listed(db) if found.connected_by == each.person)
    return any(at >= each.met_at for at in (*books, *shops))


def _is_held(tools: Tools, claim: Claim) -> bool:
    """Whether somebody else still holds the seller account; one that was let go waits for its new holder."""
    found = channel_accounts.owners(tools.engines, claim.channel, claim.account)
    is_elsewhere = any(organisation == claim.owner_organisation for organisation, _ in found)
    return is_elsewhere or (claim.state == channel_claims.RELEASED and not found)


def _past(db: Db, person: str, code: str, now: datetime) -> bool:
    issues.hold(db)
    if not encounters.drop(db, person, code):
        return False
    block = Block(PERSON, person)
    _see(db, cases(db, block, now), block, now)
    return True


def _see(db: Db, found: tuple[Case, ...], block: Block, now: datetime) -> None:
    """One issue a case, and no other for this piece of work."""
    keep = []
    for case in found:
        diagnosed = problems.diagnose(case)
        problem, evidence = diagnosed.problem, diagnosed.evidence
        if problem.code == problems.LAST:
            continue
        seen = Seen(
            code=problem.code,
            family=problem.family,
            root=evidence.root,
            title=filled(problem.title, case.names(), dict(evidence.names)),
            owner=problem.owner.value,
            retry=problem.retry.value,
            lines=evidence.lines,
        )
        mark = f"{_marked(case)}"[:120]
        keep.append(issues.see(db, seen, Block(block.kind, block.subject, mark), now))
    issues.release(db, block.kind, block.subject, now, keep)


def _marked(case: Case) -> str:
    """Changes whenever the same was met again."""
    if case.door is not None:
        return case.door.met_at.isoformat()
    if case.claim is not None:
        return f"{case.claim.state} {case.claim.asked_at}"
    return f"{case.setup.step} {case.setup.saved_at}" if case.setup else ""
