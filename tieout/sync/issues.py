"""Issues as people see them: the sentence, the cause, who can act, the evidence, the ways out, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tieout import platforms, problems
from tieout.core.connection import Connection
from tieout.core.problem import Case, Fix, IssueState, Owner, filled
from tieout.core.settlement import Refusal
from tieout.store import channel_accounts, connections, issues, operations, settlements
from tieout.store.engine import Db, read
from tieout.store.issues import Block, Issue
from tieout.sync import channel_issues, consent_issues, diagnosis, door_issues
from tieout.sync.health_issues import PAUSED, RIGHTS, pause_case, rights_case
from tieout.sync.identity_issues import SIGN_IN, sign_in_cases, sign_in_held
from tieout.sync.in_use import books_in_use
from tieout.sync.scope_issues import PERMISSIONS, permissions_case
from tieout.sync.tools import Tools

OPEN = (IssueState.OPEN.value, IssueState.MUTED.value, IssueState.ESCALATED.value)
OWNERS = {
    Owner.USER: "You, or anybody of your organisation with the right to do it",
    Owner.ORG_ADMIN: "Whoever administers your organisation here or in the books",
    Owner.PLATFORM_ADMIN: "Whoever runs this server",
    Owner.VENDOR: "The provider; there is nothing to do but wait",
    Owner.PRODUCT: "Tieout by itself",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A piece of work that waits: what it is, its name for people, where it is shown, and how it stands."""

    kind: str
    id: str
    name: str
    link: str
    state: str


@dataclass(frozen=True, slots=True)
class IssueView:
    """One issue in full. `words` are the other side's own; `people` are those by name who can act."""

    id: str
    code: str
    family: str
    state: str
    title: str
    cause: str
    seen_as: str
    does: str
    owner: str
    owner_words: str
    people: tuple[str, ...]
    retry: str
    root: str
    first_seen: datetime
    last_seen: datetime
    count: int
    evidence: tuple[str, ...]
    words: tuple[str, ...]
    fixes: tuple[Fix, ...]
    holds: tuple[Held, ...]
    next_attempt_at: datetime | None
    muted_until: datetime | None
    resolved_at: datetime | None
    history: tuple[dict[str, str], ...]
    connection: str
    platform: str

    @property
    def is_open(self) -> bool:
        return self.state != IssueState.RESOLVED


def listing(tools: Tools, organisation: str, states: Sequence[str] = OPEN, limit: int = 200) -> tuple[IssueView, ...]:
    """The last seen first."""
    with read(tools.engines, organisation) as db:
        return tuple(_view(tools, db, issue) for issue in issues.listed(db, states, limit))


def view(tools: Tools, organisation: str, id: str) -> IssueView | None:
    with read(tools.engines, organisation) as db:
        issue = issues.get(db, id)
        return _view(tools, db, issue) if issue else None


def of_settlement(tools: Tools, organisation: str, settlement: str) -> tuple[IssueView, ...]:
    """What holds a settlement up, the root cause first."""
    with read(tools.engines, organisation) as db:
        found = [issues.get(db, id) for id in issues.of_subject(db, diagnosis.SETTLEMENT, settlement)]
        known = sorted((issue for issue in found if issue), key=lambda issue: problems.rank(issue.code))
        return tuple(_seen_from(db, settlement, _view(tools, db, issue), tools.now()) for issue in known)


def _seen_from(db: Db, settlement: str, view: IssueView, now: datetime) -> IssueView:
    """The same issue in the words of this settlement, where others wait for it too: its amounts, not theirs."""
    problem, kept = problems.named(view.code), settlements.get(db, settlement)
    if problem is None or kept is None or len(view.holds) < 2:
        return view
    for case in diagnosis.cases(db, kept, now):
        evidence = problem.detect(case)
        if evidence is not None and evidence.root == view.root:
            title = filled(problem.title, case.names(), dict(evidence.names))
            return replace(view, title=title, evidence=evidence.lines)
    return view


def case_of(db: Db, issue: Issue, now: datetime) -> tuple[Case, str]:
    """The facts as they are now behind an issue, and the connection it is about, if about one."""
    reached = connections.find(db, issue.root.partition("connection:")[2]) if "connection:" in issue.root else None
    problem, found = problems.named(issue.code), list[Case]()
    for block in issues.blocks(db, issue.id):
        found += _cases(db, block, issue, now)
    # What fits hangs under a higher cause by now, perhaps; its own facts still say what to do about it.
    fitting = [case for case in found if problem is not None and problem.detect(case) is not None]
    for case in (*fitting, *found):
        return case, case.connection.id if case.connection else ""
    connection = reached or books_in_use(db)
    return diagnosis.of_books(db, diagnosis.bare(db, now), connection), reached.id if reached else ""


def _cases(db: Db, block: Block, issue: Issue, now: datetime) -> tuple[Case, ...]:
    if block.kind == diagnosis.SETTLEMENT:
        kept = settlements.get(db, block.subject)
        found = diagnosis.cases(db, kept, now, (issue,)) if kept else ()
        return tuple(case for case in found if _is_about(case, issue)) or found
    if block.kind == diagnosis.IMPORT:
        return _refused(db, block, now)
    if block.kind == SIGN_IN:
        return sign_in_cases(db, block.subject, now)
    if block.kind == consent_issues.ATTEMPT:
        draft = consent_issues.newest(db, block.subject)
        return (consent_issues.case(db, draft, now),) if draft else ()
    if block.kind == channel_issues.ACCOUNT:
        found = channel_issues.cases(db, block.subject, now)
        return tuple(case for case in found if _is_about(case, issue)) or found
    if block.kind in door_issues.KINDS:
        told = door_issues.cases(db, block, now)
        return tuple(case for case in told if _is_about(case, issue)) or told
    connection = connections.find(db, block.subject)
    if connection is not None and block.kind == PAUSED:
        return (pause_case(db, connection, now),)
    if connection is not None and block.kind == RIGHTS:
        return (rights_case(db, connection, now),)
    if connection is not None and block.kind == diagnosis.CONSENT:
        return (diagnosis.consent(db, connection, now),)
    if connection is not None and block.kind == PERMISSIONS:
        return (permissions_case(db, connection, now),)
    return (diagnosis.stopped(db, connection, issue, now),) if connection else ()


def _is_about(case: Case, issue: Issue) -> bool:
    problem = problems.named(issue.code)
    evidence = problem.detect(case) if problem else None
    return evidence is not None and evidence.root == issue.root


def _refused(db: Db, block: Block, now: datetime) -> tuple[Case, ...]:
    operation = operations.get(db, block.subject)
    if operation is None:
        return ()
    channel = str(operation.result.get("channel", ""))
    return tuple(
        diagnosis.refused(
            db,
            operation.subject,
            channel,
            Refusal(each["code"], each["message"], each["row"], each.get("settlement", ""), tuple(each["candidates"])),
            now,
        )
        for each in operation.result.get("refused", ())
    )


def _view(tools: Tools, db: Db, issue: Issue) -> IssueView:
    problem = problems.named(issue.code)
    assert problem is not None, f"issue {issue.id} is of a problem that this release does not know: {issue.code}"
    case, reached = case_of(db, issue, tools.now())
    connection = connections.find(db, reached) if reached else None
    holds = tuple(dict.fromkeys(held for block in issues.blocks(db, issue.id) if (held := _held(db, block))))
    return IssueView(
        id=issue.id,
        code=issue.code,
        family=issue.family,
        state=_state(issue, tools.now()),
        title=_title(issue.title, problem.title, len(holds) - 1),
        cause=problem.cause,
        seen_as=problem.seen_as,
        does=problem.does,
        owner=issue.owner,
        owner_words=OWNERS[Owner(issue.owner)],
        people=_people(Owner(issue.owner), connection),
        retry=issue.retry,
        root=issue.root,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        count=issue.count,
        evidence=issue.lines,
        words=issue.words,
        fixes=problem.fixes(case) if issue.is_open else (),
        holds=holds,
        next_attempt_at=issue.next_attempt_at,
        muted_until=issue.muted_until,
        resolved_at=issue.resolved_at,
        history=issue.history,
        connection=reached,
        platform=connection.platform if connection else "",
    )


def _title(title: str, pattern: str, others: int) -> str:
    """A title that names one settlement says how many more wait, so that none of them takes it for another's."""
    if others < 1 or "{settlement}" not in pattern:
        return title
    return f"{title.removesuffix('.')}, and {others} more settlement{'s' if others > 1 else ''}."


def _state(issue: Issue, now: datetime) -> str:
    """A mute that has run out is none."""
    is_over = issue.state == IssueState.MUTED and issue.muted_until is not None and issue.muted_until <= now
    return IssueState.OPEN.value if is_over else issue.state


def _people(owner: Owner, connection: Connection | None) -> tuple[str, ...]:
    """Who can act, by name: whoever connected the books knows who administers them."""
    if owner not in (Owner.USER, Owner.ORG_ADMIN) or connection is None:
        return ()
    there = f", there {connection.known_there_as}" if connection.known_there_as else ""
    label = platforms.named(connection.platform).LABEL
    return (f"{connection.connected_by_name}{there}, who connected {connection.books_name} at {label}",)


def _held(db: Db, block: Block) -> Held | None:
    if block.kind == diagnosis.SETTLEMENT:
        kept = settlements.get(db, block.subject)
        if kept is None:
            return None
        name = f"{kept.settlement.marketplace or kept.settlement.channel} {kept.settlement.id}"
        return Held("settlement", kept.id, name, f"/settlements/{kept.id}", kept.status)
    if block.kind == diagnosis.IMPORT:
        operation = operations.get(db, block.subject)
        return (
            Held("import", block.subject, operation.subject, f"/operations/{block.subject}", "refused")
            if operation
            else None
        )
    if block.kind == SIGN_IN:
        told = sign_in_held(db, block.subject)
        return Held(*told) if told else None
    if block.kind == consent_issues.ATTEMPT:
        draft = consent_issues.newest(db, block.subject)
        page, step = (f"/connection/attempts/{draft.id}", draft.step) if draft else ("/connection", "ended")
        return Held("attempt", block.subject, f"Connecting {platforms.named(block.subject).LABEL}", page, step)
    if block.kind == channel_issues.ACCOUNT:
        account = channel_accounts.find(db, block.subject)
        return Held("account", account.id, account.name, f"/channels/{account.id}", account.state) if account else None
    if block.kind in door_issues.KINDS:
        found = door_issues.held(db, block)
        return Held(found[0], block.subject, *found[1:]) if found else None
    connection = connections.find(db, block.subject)
    if connection is None:
        return None
    return Held("connection", connection.id, connection.books_name, "/connection", connection.state.value)
