"""Fixes: the name of an action and the verb behind it, the same for page, API and command line.

A fix does what its words say. It never closes an issue by itself: that is for the check that passes afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tieout import problems
from tieout.core.actor import Actor
from tieout.core.chart import Account, TaxRate
from tieout.core.failure import RemoteError
from tieout.core.mapping import Node
from tieout.core.role import role_at
from tieout.core.suiting import accounts_for, rates_for
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import channel_accounts, connections, issues, settlements
from tieout.store.engine import Db, read, write
from tieout.store.issues import Issue
from tieout.sync import channel_accounts as accounts
from tieout.sync import (
    channel_issues,
    diagnosis,
    door_fixes,
    door_issues,
    fetching,
    grants,
    ledger_links,
    mapping,
    own_apps,
)
from tieout.sync.charts import last_read
from tieout.sync.connection_check import run as run_connection_check
from tieout.sync.in_use import books_in_use
from tieout.sync.issues import case_of
from tieout.sync.pausing import go_on
from tieout.sync.settlements import again
from tieout.sync.settlements.accepting import accept_dates
from tieout.sync.settlements.approving import approve
from tieout.sync.settlements.preparing import mapping_of
from tieout.sync.settlements.replacing import use_new_file
from tieout.sync.tools import Tools

MUTED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Done:
    """What a fix did. `is_done` False: it could not be done, and the message says why and what to do instead."""

    is_done: bool
    message: str
    operation: str = ""


class NoSuchFix(LookupError):
    """The issue does not offer an action of this name, or there is no such issue in this organisation."""


Verb = Callable[[Tools, Actor, Issue, Mapping[str, str]], Done]


@dataclass(frozen=True, slots=True)
class Action:
    """A verb with the right it takes; `needs` are the arguments it cannot do without."""

    right: Right
    verb: Verb
    needs: tuple[str, ...] = ()


def carry_out(tools: Tools, actor: Actor, issue: str, action: str, arguments: Mapping[str, str] | None = None) -> Done:
    """Write it into the issue's history with who does it, then do it. Raises NoSuchFix and NotPermitted."""
    given = arguments or {}
    with read(tools.engines, actor.organisation) as db:
        found = issues.get(db, issue)
        offered = _offered(db, found, tools.now()) if found else frozenset()
    if found is None or action not in ACTIONS:
        raise NoSuchFix(f"there is no {action!r} here")
    if not found.is_open:
        return Done(False, "This has been resolved meanwhile; there is nothing left to do.")
    if action not in offered:
        raise NoSuchFix(f"{action!r} is no way out of this")
    if missing := [name for name in ACTIONS[action].needs if not given.get(name)]:
        return Done(False, f"{action} needs: {', '.join(missing)}.")
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, ACTIONS[action].right)
        issues.say(db, found, tools.now(), action, actor.name)
        details = {"action": action, "problem": found.code}
        record(db, actor, "fix-carried-out", f"issue:{issue}", tools.now(), details)
    return ACTIONS[action].verb(tools, actor, found, given)


def _offered(db: Db, issue: Issue, now: datetime) -> frozenset[str]:
    """What its file offers as things stand, and what every issue has."""
    problem, (case, _connection) = problems.named(issue.code), case_of(db, issue, now)
    ways = problem.fixes(case) if problem else ()
    return frozenset({fix.action for fix in ways} | {"check-again", "mute", "unmute"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose for an issue of the mapping: its places, and what of the chart suits one of them.

    `version` is the mapping's, which the choice is made by.
    """

    version: int = 0
    places: tuple[Node, ...] = ()
    accounts: tuple[Account, ...] = ()
    rates: tuple[TaxRate, ...] = ()


def choices(tools: Tools, organisation: str, issue: str) -> Choices:
    """Nothing where the issue is not one of the mapping; no accounts before the books were read."""
    with read(tools.engines, organisation) as db:
        found, connection = issues.get(db, issue), books_in_use(db)
        books = last_read(db, connection.id) if connection else None
        places = _places(db, found, tools.now()) if found else ()
        version = mapping_of(db).version
    if books is None:
        return Choices(version, places)
    suiting = {each.code: each for place in places for each in accounts_for(role_at(place.scope), books)}
    accounts = tuple(suiting[code] for code in sorted(suiting))
    return Choices(version, places, accounts, rates_for(accounts, books))


def _places(db: Db, issue: Issue, now: datetime) -> tuple[Node, ...]:
    """The places of the mapping at fault: those that lack an entry, or whose entry names the account or the rate."""
    kind, _, about = issue.root.partition(":")
    if kind == "mapping":
        case, _connection = case_of(db, issue, now)
        return tuple(Node(gap.category) for gap in case.gaps)
    rate, _, account = about.partition("/") if kind == "tax" else ("", "", about)
    entries = mapping_of(db).entries if kind in ("account", "tax") else ()
    return tuple(node for node, entry in entries if entry.account == account and rate in ("", entry.tax))


def right_of(action: str) -> Right | None:
    """What a person must be allowed to do for it; None for no such action."""
    return ACTIONS[action].right if action in ACTIONS else None


def _check_again(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    door_issues.look(tools, actor.organisation)
    ledger_links.mend(tools, actor.organisation)
    if held := _accounts(tools, actor, issue):
        return _check_accounts(tools, actor, issue, held)
    going = again.recheck(tools, actor.organisation, issue.id)
    _sweep_soon(tools)
    with read(tools.engines, actor.organisation) as db:
        now = issues.get(db, issue.id)
    if going:
        return Done(True, f"Checked: nothing stands against it any more. Settlements that go by themselves: {going}.")
    if now is not None and not now.is_open:
        return Done(True, "Checked: nothing stands against it any more.")
    return Done(True, "Checked: what holds it up is still so, or clears within seconds; this page then says so.")


def _check_accounts(tools: Tools, actor: Actor, issue: Issue, held: list[str]) -> Done:
    try:
        for id in held:
            accounts.check(tools, actor, id)
    except RemoteError as error:
        return Done(True, f"Checked: the channel still says no: {error}")
    with read(tools.engines, actor.organisation) as db:
        now = issues.get(db, issue.id)
    is_over = now is not None and not now.is_open
    return Done(True, "Checked: nothing stands against it any more." if is_over else "Checked: it is still so.")


def _try_now(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    again.nudge(tools, actor.organisation, issue.id)
    return Done(True, "It is being tried now; nothing is sent before what may have arrived was looked for.")


def _send_again(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    held = _held(tools, actor, issue)
    again.nudge(tools, actor.organisation, issue.id)
    if not held:
        return _check_again(tools, actor, issue, given)
    return Done(True, "It is being sent again.", approve(tools, actor, held))


def _adopt(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    taken = sum(again.adopt(tools, actor.organisation, id) for id in _held(tools, actor, issue))
    _sweep_soon(tools)
    if not taken:
        return Done(False, "There is not exactly one document to take. Check again to see what the books hold now.")
    return Done(True, "The document is taken as it stands; whether it meets the deposit is for you to see.")


def _renumber(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    anew = sum(again.renumber(tools, actor, id) for id in _held(tools, actor, issue))
    if not anew:
        return Done(False, "A part of it may be in the books, so it is not planned anew. Check again first.")
    return Done(True, "Planned anew under the next number, and on its way.")


def _renew_access(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    with read(tools.engines, actor.organisation) as db:
        connection = connections.find(db, issue.root.partition("connection:")[2])
    if connection is None:
        return Done(False, "The connection is gone; connect the books again.")
    try:
        renewed = grants.renew(tools, actor.organisation, connection.id)
    except RemoteError as error:
        return Done(False, f"The access could not be renewed: {error}")
    again.nudge(tools, actor.organisation, issue.id)
    return Done(True, f"The access was renewed; it lasts until {renewed.expires_at:%H:%M} UTC.")


def _run_check(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    checked = run_connection_check(tools, actor, issue.root.partition("connection:")[2])
    if checked is None:
        return Done(False, "The connection is gone; connect the books again.")
    go_on(tools, actor.organisation)  # where a pause has ended, the check was all that work waited for
    again.nudge(tools, actor.organisation, issue.id)
    _sweep_soon(tools)
    return Done(True, checked.sentence)


def _set_aside(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    with write(tools.engines, actor.organisation) as db:
        for block in issues.blocks(db, issue.id):
            if block.kind == diagnosis.IMPORT:
                issues.release(db, block.kind, block.subject, tools.now())
    return Done(True, "Set aside: nobody waits for this file any more. Nothing of it was taken in.")


def _choose_account(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    """`account` and `tax` as the books name them; `scope` (and `marketplace`) where it is meant for one place alone.

    As on the mapping's own page: only what suits the place, and only on top of the version `seen`, where one is named.
    `rate` in percent, where the caller wants to be sure that the chart says the same.
    """
    found = choices(tools, actor.organisation, issue.id)
    try:
        places = (Node(given["scope"], given.get("marketplace", "")),) if given.get("scope") else found.places
    except ValueError as error:
        return Done(False, f"That is no place of the mapping: {error}.")
    if not places:
        return Done(False, "Nothing in the mapping waits for a choice any more. Check again.")
    rate = next((rate.rate for rate in found.rates if rate.code == given["tax"]), None)
    if given.get("rate") and rate is not None and Decimal(given["rate"]) != rate * 100:
        return Done(False, f"The books say that {given['tax']} is {rate * 100:f} percent.")
    chosen = tuple(mapping.Chosen(place, given["account"], given["tax"]) for place in places)
    try:
        saved = mapping.choose(tools, actor, chosen, int(given["seen"]) if given.get("seen") else None)
    except mapping.MappingMoved as moved:
        return Done(False, f"{str(moved)[:1].upper()}{str(moved)[1:]}. Look at this page again, then choose.")
    if saved.mistakes:
        return Done(False, " ".join(dict.fromkeys(text for _, text in saved.mistakes)))
    return Done(True, f"Saved for {len(places)} place(s) of the mapping; settlements that moved on: {saved.changed}.")


def _explain_label(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    """`category` is what the label means; `label` where the settlement holds several."""
    text = given.get("label") or issue.root.partition("/")[2]
    words = mapping.words_of(tools, actor.organisation, text)
    if words is None:
        return Done(False, f"No settlement waits for the label {text} any more.")
    try:
        changed = mapping.explain(tools, actor, words, given["category"])
    except mapping.NotAMeaning as error:
        return Done(False, f"{error}.")
    return Done(True, f"Saved; settlements that moved on: {changed}.")


def _fetch_now(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    operation = next(
        (each for id in _accounts(tools, actor, issue) if (each := fetching.ask_now(tools, actor, id))), ""
    )
    if not operation:
        return Done(False, "The channel cannot be asked: connect it again first.")
    return Done(True, "The channel is being asked now.", operation)


def _no_payout(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    """Remembered with the account, so that the question is not asked again."""
    hole = issue.root.partition("/")[2]
    for id in _accounts(tools, actor, issue):
        with write(tools.engines, actor.organisation) as db:
            channel_accounts.dismiss(db, id, hole)
            channel_issues.of_account(db, id, tools.now())
    return Done(True, "Noted: there was no settlement in these days.")


def _accounts(tools: Tools, actor: Actor, issue: Issue) -> list[str]:
    with read(tools.engines, actor.organisation) as db:
        return [block.subject for block in issues.blocks(db, issue.id) if block.kind == channel_issues.ACCOUNT]


def _accept_dates(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    accepted = sum(accept_dates(tools, actor, id) for id in _held(tools, actor, issue))
    if not accepted:
        return Done(False, "Nothing waits for that any more.")
    return Done(True, "Kept with your name; the settlement goes on as its other checks say.")


def _use_new_file(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    told = ""
    for id in _held(tools, actor, issue):
        try:
            told = told or use_new_file(tools, actor, id)
        except RemoteError as error:
            told = f"The books cannot be asked what became of the older document: {error}. Try again in a minute."
    return Done(not told, told or "The newer file is used now: look it over and send it.")


def _check_settings(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    """Whether the platform knows our client id and secret; a bad answer is an answer, too."""
    _is_good, told = own_apps.check_settings(tools, actor, issue.root.partition(":")[2])
    return Done(True, told)


def _mute(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    """`until` is a moment as ISO 8601 writes it; without it a week."""
    until = datetime.fromisoformat(given["until"]) if given.get("until") else tools.now() + MUTED
    with write(tools.engines, actor.organisation) as db:
        issues.mute(db, issue.id, until)
    return Done(True, f"Quiet until {until:%-d %B}; it still holds up what it holds up.")


def _unmute(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
    with write(tools.engines, actor.organisation) as db:
        issues.mute(db, issue.id, None)
    return Done(True, "It is shown as open again.")


def _held(tools: Tools, actor: Actor, issue: Issue) -> list[str]:
    with read(tools.engines, actor.organisation) as db:
        blocked = [block.subject for block in issues.blocks(db, issue.id) if block.kind == diagnosis.SETTLEMENT]
        return [id for id in blocked if settlements.get(db, id) is not None]


def _by(verb: Callable[[Tools, Actor, Issue, Mapping[str, str]], tuple[bool, str]]) -> Verb:
    """A verb of another module that says whether it could be done, and what it did."""

    def carry(tools: Tools, actor: Actor, issue: Issue, given: Mapping[str, str]) -> Done:
        is_done, message = verb(tools, actor, issue, given)
        _sweep_soon(tools)
        return Done(is_done, message)

    return carry


def _sweep_soon(tools: Tools) -> None:
    """What goes on by itself goes on now, not at the next round."""
    tools.jobs.enqueue("sweep", f"sweep:{tools.now().isoformat()}", {})


ACTIONS: dict[str, Action] = {
    "check-again": Action(Right.SEND, _check_again),
    "try-now": Action(Right.SEND, _try_now),
    "resolve-now": Action(Right.SEND, _try_now),
    "send-again": Action(Right.SEND, _send_again),
    "adopt": Action(Right.SEND, _adopt),
    "renumber": Action(Right.SEND, _renumber),
    "run-check": Action(Right.CONNECT, _run_check),
    "renew-access": Action(Right.CONNECT, _renew_access),
    "set-aside": Action(Right.IMPORT, _set_aside),
    "choose-account": Action(Right.MAP, _choose_account, ("account", "tax")),
    "accept-dates": Action(Right.SEND, _accept_dates),
    "use-new-file": Action(Right.SEND, _use_new_file),
    "explain-label": Action(Right.MAP, _explain_label, ("category",)),
    "fetch-now": Action(Right.IMPORT, _fetch_now),
    "no-payout": Action(Right.MAP, _no_payout),
    "check-settings": Action(Right.CONNECT, _check_settings),
    "reconnect-channel-link": Action(Right.CONNECT, _by(door_fixes.reconnect_link)),
    "ask-owner": Action(Right.CONNECT, _by(door_fixes.ask_owner)),
    "withdraw-claim": Action(Right.CONNECT, _by(door_fixes.withdraw_claim)),
    "discard-draft": Action(Right.CONNECT, _by(door_fixes.discard_draft)),
    "ask-for-access": Action(Right.VIEW, _by(door_fixes.ask_for_access)),
    "got-past": Action(Right.VIEW, _by(door_fixes.got_past)),
    "mute": Action(Right.VIEW, _mute),
    "unmute": Action(Right.VIEW, _unmute),
}
