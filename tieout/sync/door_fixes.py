"""What the buttons do at a channel's link, a claim, a set-up left half-finished, and for who met a closed door."""

from collections.abc import Mapping

from tieout.core.actor import Actor
from tieout.people import asking_access
from tieout.people.members import Impossible
from tieout.people.roles import Right
from tieout.store import encounters, issues
from tieout.store.engine import read
from tieout.store.issues import Issue
from tieout.sync import channel_claims, channel_issues, door_issues, ledger_links, onboarding
from tieout.sync.setup_facts import half_finished
from tieout.sync.tools import Tools

Told = tuple[bool, str]


def reconnect_link(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Told:
    said: Told = (False, "This channel is not connected any more.")
    for account in _subjects(tools, actor, issue, channel_issues.ACCOUNT) or [issue.root.partition(":")[2]]:
        done = ledger_links.reconnect(tools, actor, account)
        if done is not None:
            more = f" Settlements that go by themselves: {done.going}." if done.going else ""
            said = done.is_done, done.message + more
    return said


def ask_owner(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Told:
    asked = [channel_claims.ask(tools, actor, id) for id in _subjects(tools, actor, issue, door_issues.CLAIM)]
    if not any(asked):
        return False, "The owner has been asked already, or there is nothing to ask for any more."
    return True, "The owner was asked. The answer shows here, and comes by mail."


def withdraw_claim(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Told:
    ended = [channel_claims.withdraw(tools, actor, id) for id in _subjects(tools, actor, issue, door_issues.CLAIM)]
    return any(ended), "Set aside: nobody asks for this account any more."


def discard_draft(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Told:
    with read(tools.engines, actor.organisation) as db:
        left = half_finished(db, tools.now())
    if left is None:
        return True, "There is no draft any more."
    thrown = onboarding.start_over(tools, actor, left.step)
    return True, f"Thrown away: {thrown}. Nothing that was posted or saved in the settings has changed."


def ask_for_access(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Told:
    """Whoever may grant it gets the request; who has the right is told where to grant it."""
    with read(tools.engines, actor.organisation) as db:
        mine = [each for each in encounters.listed(db, actor.person) if each.code == door_issues.ROLE]
    right = Right(mine[0].facts.get("right", Right.CONNECT.value)) if mine else Right.CONNECT
    try:
        is_new = asking_access.ask(tools, actor, right, given.get("words", ""))
    except Impossible as error:
        return False, f"{error} Give the person a role with this right under People."
    return (
        True,
        "Asked. Whoever may grant it has a letter." if is_new else "It was asked for before; it is not decided.",
    )


def got_past(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Told:
    met = [door_issues.past(tools, actor.organisation, id, issue.code) for id in _subjects(tools, actor, issue)]
    return any(met), "Noted. It is told anew when it happens again."


def _subjects(tools: Tools, actor: Actor, issue: Issue, kind: str = door_issues.PERSON) -> list[str]:
    with read(tools.engines, actor.organisation) as db:
        return [block.subject for block in issues.blocks(db, issue.id) if block.kind == kind]
