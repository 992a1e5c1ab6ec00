"""The doctor: facts of an installation that should hold, each with what to do when one does not. Reads only."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tieout.core.connection import ConnectionState
from tieout.core.posting import IN_BOOKS, State
from tieout.core.problem import Owner
from tieout.core.proof import parts_meet_payout, rows_meet_payout
from tieout.core.status import MOVING
from tieout.store import across, attempts, deployment, organisations, plans, postings, settlements
from tieout.store.engine import Db, read, sqlite_facts
from tieout.store.letters import FAILED, WAITING
from tieout.store.plans import FrozenPlan
from tieout.store.postings import Posting
from tieout.store.settlements import Kept, Wanted
from tieout.sync import auditing, issues, mailing
from tieout.sync.in_use import live
from tieout.sync.settlements.withdrawing import is_void
from tieout.sync.tools import Tools

_MOST = 100_000
_LIVE = IN_BOOKS | {State.SENDING, State.UNKNOWN}
_LATEST = timedelta(hours=25)
_TRIES_IN_VAIN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact. `is_good`: it holds; else `remedy` says what to do."""

    name: str
    is_good: bool
    text: str
    remedy: str = ""


def examine(tools: Tools, folder: Path) -> tuple[Finding, ...]:
    """Everything worth knowing before somebody trusts this installation with books."""
    facts = (*_database(tools), *_installation(tools, folder), *_keys(tools), *_audit(tools), *_mail(tools))
    return (*facts, *_organisations(tools))


def invariants(tools: Tools) -> tuple[Finding, ...]:
    """What must be true of the stored rows at any moment (I1, I2, I3, I7 as far as rows can tell)."""
    found: list[Finding] = []
    for organisation in across.organisations(tools.engines):
        with read(tools.engines, organisation) as db:
            found += _rows_hold(db, tools)
    return tuple(found)


def _database(tools: Tools) -> Iterator[Finding]:
    if not tools.engines.is_sqlite:
        yield Finding("database", True, "PostgreSQL; any number of workers may share it.")
        return
    facts = sqlite_facts(tools.engines)
    yield Finding(
        "database",
        facts.is_safe,
        f"SQLite {'.'.join(map(str, facts.version))} from {facts.module}, journal mode {facts.journal_mode}.",
        "" if facts.is_safe else "Install the pysqlite3 that the requirements name; WAL is unsafe on this library.",
    )


def _installation(tools: Tools, folder: Path) -> Iterator[Finding]:
    """A copied or rolled-back database has forgotten what was posted; nothing is sent from it unseen."""
    try:
        deployment.check(tools.engines, folder)
    except deployment.WrongDatabase as error:
        yield Finding("installation", False, str(error), "`tieout doctor --adopt`, if it is the only one.")
    else:
        yield Finding("installation", True, "The database is the one that was worked on last.")


def _keys(tools: Tools) -> Iterator[Finding]:
    unreadable = tools.vault.unreadable()
    text = f"Master key in {tools.vault.masters.place}; keep a copy of it elsewhere."
    remedy = f"Put back the master key that sealed organisations {', '.join(unreadable)}." if unreadable else ""
    yield Finding("master key", not unreadable, text, remedy)


def _audit(tools: Tools) -> Iterator[Finding]:
    """Who changed what: every chain whole, and as the newest checkpoint outside the data folder says."""
    try:
        earlier = auditing.kept_checkpoint(tools)
    except (OSError, ValueError) as error:
        remedy = "Look who changed it; compare with an older one: tieout audit verify --against FILE"
        yield Finding("audit checkpoint", False, f"The newest cannot be used: {error}.", remedy)
        earlier = None
    found = auditing.verify(tools, earlier)
    for each in found:
        if each.broken:
            text = f"{each.name}: broken at entry {each.broken.number} of {each.number}: {each.broken.why}."
            remedy = "Somebody changed the database itself: find out who, and compare with a backup."
            yield Finding("audit log", False, text, remedy)
    if not any(each.broken for each in found):
        since = f", and as on {earlier.made_at:%Y-%m-%d}" if earlier else ""
        yield Finding("audit log", True, f"{sum(each.number for each in found)} entries, unbroken{since}.")


def _mail(tools: Tools) -> Iterator[Finding]:
    """One letter that an address refuses is its own matter; several tries in vain mean that the way out is closed."""
    unsent = mailing.outgoing(tools, unsent_only=True)
    stuck = [letter for letter in unsent if letter.state == WAITING and letter.tries >= _TRIES_IN_VAIN]
    if stuck:
        text = f"Not taken, after {_TRIES_IN_VAIN} tries or more: {len(stuck)}. {stuck[0].words}."
        yield Finding("mail", False, text, "Mend TIEOUT_SMTP_…, then `tieout mail retry`.")
    else:
        refused = sum(letter.state == FAILED for letter in unsent)
        more = f" Refused for good: {refused}, see `tieout mail list --unsent`." if refused else ""
        yield Finding("mail", True, f"Letters go out by {tools.post.words}.{more}")


def _organisations(tools: Tools) -> Iterator[Finding]:
    found = across.organisations(tools.engines)
    if not found:
        yield Finding("organisation", False, "There is none yet.", "Start `tieout serve` and open its first page.")
    for organisation in found:
        with read(tools.engines, organisation) as db:
            named, connections = organisations.find(db), live(db)
            counted = settlements.counts(db)
        assert named is not None, "it was listed a moment ago"
        yield Finding(
            "organisation", True, f"{named.name}, months end by {named.zone}; settlements: {counted or 'none'}."
        )
        if not connections:
            yield Finding("books", False, f"{named.name} has no books connected.", "Open Connection and press Connect.")
        for each in connections:
            is_good = each.state is ConnectionState.CONNECTED
            text = f"{each.books_name} at {each.platform}: {each.state.value}. {each.words}".strip()
            yield Finding("books", is_good, text, "" if is_good else f"{each.cause}: open Connection and reconnect.")
        yield from _issues(tools, organisation)


def _issues(tools: Tools, organisation: str) -> Iterator[Finding]:
    """What does not go on. What Tieout or the provider ends is told, and needs nobody."""
    for issue in issues.listing(tools, organisation):
        is_good = Owner(issue.owner) in (Owner.PRODUCT, Owner.VENDOR)
        ways = "; ".join(fix.words for fix in issue.fixes)
        remedy = f"{issue.owner_words}: {ways} (tieout fix {issue.id} …)"
        yield Finding(issue.code, is_good, issue.title, "" if is_good else remedy)


def _rows_hold(db: Db, tools: Tools) -> Iterator[Finding]:
    everything = settlements.listed(db, Wanted(limit=_MOST))
    by_settlement: dict[str, list[Posting]] = defaultdict(list)
    for posting in postings.of_settlements(db, [kept.id for kept in everything]):
        by_settlement[posting.settlement].append(posting)
    broken: list[tuple[str, str]] = []
    for kept in everything:
        broken += _settlement_holds(db, tools, kept, by_settlement[kept.id])
        broken += _payout_holds(db, kept, by_settlement[kept.id])
    for code, text in broken:
        yield Finding(
            code, False, text, "Send the output of `tieout show` with a report; nothing of it is sent meanwhile."
        )
    if not broken:
        yield Finding("I1 I2 I3 I7", True, f"{len(everything)} settlements: rows, plans, postings and attempts agree.")


def _settlement_holds(db: Db, tools: Tools, kept: Kept, ever: list[Posting]) -> Iterator[tuple[str, str]]:
    name = f"settlement {kept.settlement.id}"
    rows = rows_meet_payout(kept.settlement)
    if not rows.holds:
        yield "I2", f"{name}: {rows.text}"
    frozen = plans.newest(db, kept.id)
    if frozen is not None:
        yield from _plan_holds(frozen, kept, [posting for posting in ever if posting.plan == frozen.id], name)
    yield from _attempts_hold(db, ever, name)
    late = [p for p in ever if p.protocol.next_at and p.protocol.next_at < tools.now() - _LATEST]
    endless = [p for p in ever if not p.protocol.is_terminal and p.protocol.state is not State.PLANNED]
    if late or any(posting.protocol.next_at is None for posting in endless):
        yield "I7", f"{name}: a document has no next step, or one long past."
    if kept.status in MOVING and not ever:
        yield "I7", f"{name}: it is said to be on its way, but has no document."


def _payout_holds(db: Db, kept: Kept, ever: list[Posting]) -> Iterator[tuple[str, str]]:
    """At most one plan of a payout is in the books or on its way there, over all versions of its file."""
    everywhere = postings.of_payout(db, kept.settlement.channel, kept.settlement.id) if kept.version > 1 else ever
    live = {posting.plan for posting in everywhere if posting.protocol.state in _LIVE and not is_void(db, posting)}
    if len(live) > 1:
        yield "I1", f"settlement {kept.settlement.id}: {len(live)} plans of it are in the books or on their way there."


def _plan_holds(frozen: FrozenPlan, kept: Kept, parts: list[Posting], name: str) -> Iterator[tuple[str, str]]:
    planned = {document.number: document.total for document in frozen.plan.documents}
    if planned != {part.number: part.total for part in parts}:
        yield "I1", f"{name}: its postings are not the documents of its frozen plan."
    for part in parts:
        if part.protocol.state is State.DONE and part.books_total != part.total:
            yield "I2", f"{name}: {part.number} is {part.total} here and {part.books_total} in the books."
    payout = parts_meet_payout(kept.settlement, frozen.plan)
    if not payout.holds:
        yield "I2", f"{name}: {payout.text}"


def _attempts_hold(db: Db, ever: list[Posting], name: str) -> Iterator[tuple[str, str]]:
    recorded: dict[str, int] = defaultdict(int)
    for attempt in attempts.of_postings(db, [posting.id for posting in ever]):
        recorded[attempt.posting] += 1
    for posting in ever:
        if recorded[posting.id] != posting.protocol.attempt_count:
            yield (
                "I3",
                f"{name}: {posting.number} counts {posting.protocol.attempt_count} attempts, rows say otherwise.",
            )
