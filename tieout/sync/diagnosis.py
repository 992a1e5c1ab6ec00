"""Diagnosis: gathers the facts about a piece of work that does not go on, and opens and resolves its issues.

Every function takes an open transaction and makes no call: it is part of whatever moved the work. An issue resolves
because the state that caused it is gone, never because somebody pressed a button.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout import channels, platforms, problems
from tieout.core.authorisation import stage
from tieout.core.connection import Connection
from tieout.core.failure import Failure, FailureKind
from tieout.core.ledger_link import LINK_DROPPED
from tieout.core.plan import Document, Plan
from tieout.core.posting import STOPPED, State
from tieout.core.posting import Posting as Protocol
from tieout.core.problem import Case, Finding, RetryClass, filled
from tieout.core.retry import doubling
from tieout.core.settlement import Refusal
from tieout.core.status import UNSENT, Status
from tieout.problems import Diagnosis
from tieout.store import (
    attempts,
    budgets,
    charts,
    connection_checks,
    connections,
    issues,
    organisations,
    plans,
    postings,
    settlements,
)
from tieout.store.engine import Db
from tieout.store.issues import Block, Issue, Seen
from tieout.store.postings import Posting
from tieout.store.settlements import Kept
from tieout.sync import granted, linked
from tieout.sync.checks import CHECKED, barriers
from tieout.sync.in_use import books_in_use

SETTLEMENT, CONNECTION, PAUSE, IMPORT, CONSENT = "settlement", "connection", "pause", "import", "consent"
_ENDING, _OUTAGE = "grant-expiring-soon", "provider-outage"
DAILY = timedelta(hours=24)
# What a person has to mend, and what may also be mended where we do not see it: looked at again once a day.
BY_PEOPLE = (RetryClass.AFTER_FIX.value, RetryClass.DECISION.value)
_PAUSE_FIRST, _PAUSE_LONGEST = timedelta(seconds=5), timedelta(minutes=15)
_PASSING = (FailureKind.UNREACHABLE, FailureKind.OUTCOME_UNKNOWN, FailureKind.BUSY)
_TURNS = ("rate-limit-minute", "token-renewal")
_DOUBTFUL = (State.RETRY, State.UNKNOWN)
_KINDS = {
    "rate-limit-minute": FailureKind.BUSY,
    "rate-limit-day": FailureKind.BUSY,
    "rate-limit-month": FailureKind.BUSY,
    "access-token-expired": FailureKind.DISCONNECTED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who had asked for a settlement to go when it was held, with the plan that was to go: its hash."""

    by: str = ""
    plan: str = ""
    person: str = ""


def of_settlement(
    db: Db,
    kept: Kept,
    now: datetime,
    before: str = "",
    paused: Sequence[Issue] = (),
    findings: Sequence[Finding] = (),
    asked: Asked = Asked(),
) -> Kept:
    """The settlement with the code of its root cause, its issues opened or resolved; the caller stores it.

    `before` is the code it had: without one it held no issue, so a healthy settlement costs nothing here.
    """
    issues.hold(db)
    ill = cases(db, kept, now, paused, findings)
    if not ill:
        if before:
            issues.release(db, SETTLEMENT, kept.id, now)
        is_told = kept.status in UNSENT or kept.status == Status.SOURCE_CHANGED
        return kept if is_told else replace(kept, code="")
    found = sorted((_diagnosed(case) for case in ill), key=lambda pair: problems.rank(pair[1].code))
    mark = asked.plan or f"{kept.status} {_mark(db, kept)}"[:120]
    block = Block(SETTLEMENT, kept.id, mark, asked.by, asked_person=asked.person)
    keep = [issues.see(db, seen(case, diagnosis), block, now) for case, diagnosis in found]
    issues.release(db, SETTLEMENT, kept.id, now, keep)
    return replace(kept, code=found[0][1].code)


def of_connection(db: Db, connection: Connection, now: datetime) -> None:
    """Opens what keeps a connection from posting; what it held up is looked at once it posts again."""
    issues.hold(db)
    if connection.is_live and not connection.may_post:
        case = of_books(db, bare(db, now), connection)
        block = Block(CONNECTION, connection.id, f"{connection.state} {connection.changed_at}")
        keep = issues.see(db, seen(case, problems.diagnose(case)), block, now)
        issues.release(db, CONNECTION, connection.id, now, [keep])
        return
    held = issues.of_subject(db, CONNECTION, connection.id)
    if held:
        issues.release(db, CONNECTION, connection.id, now)
        for id in held:
            issues.set_next(db, id, now)


def of_consent(db: Db, connection: Connection, now: datetime) -> None:
    """Opens the warning that a consent ends before long; a new one, or a renewal where that helps, resolves it."""
    issues.hold(db)
    end = granted.last_day(db, connection) if connection.may_ask else None
    if end is None or not stage(end, now):  # nearly always: nothing more is looked up
        issues.release(db, CONSENT, connection.id, now)
        return
    case, problem = consent(db, connection, now), problems.named(_ENDING)
    evidence = problem.detect(case) if problem else None
    assert problem is not None and evidence is not None, "it has a file, and goes by the same warnings"
    diagnosis = Diagnosis(problem, evidence, filled(problem.title, case.names(), dict(evidence.names)))
    block = Block(CONSENT, connection.id, f"{end} {stage(end, now)}")
    keep = issues.see(db, seen(case, diagnosis), block, now)
    issues.release(db, CONSENT, connection.id, now, [keep])


def consent(db: Db, connection: Connection, now: datetime) -> Case:
    """When the consent behind a connection ends, and nothing of what else may be the matter."""
    facts = granted.facts(db, connection, now)
    return replace(
        of_books(db, bare(db, now), connection), consent_ends_at=facts.last_day if facts else None, grant=facts
    )


def of_pause(db: Db, connection: str, failure: Failure, now: datetime) -> None:
    """Work for a connection stopped before it had begun. Our own pacing below a limit is no issue."""
    issues.hold(db)
    found = connections.find(db, connection)
    if found is None or not found.may_post:  # then the connection itself says why
        issues.release(db, PAUSE, connection, now)
        return
    case = replace(of_books(db, bare(db, now), found, failure), failure=failure)
    tries = max((issue.count for issue in pauses(db, connection)), default=0)
    wait = doubling(_PAUSE_FIRST, tries, _PAUSE_LONGEST)
    if failure.retry_after_seconds is not None:
        wait = timedelta(seconds=failure.retry_after_seconds)
    case = replace(case, next_at=case.waits_until or now + wait)
    fitting = [each for each in problems.fitting(case) if each[0].code != problems.LAST]
    if not fitting and failure.kind is FailureKind.BUSY:
        return
    block = Block(PAUSE, connection, now.isoformat())
    met = seen(case, problems.diagnose(case))
    if failure.kind in _PASSING:  # whoever has to mend what it may be a sign of: it is tried again soon
        met = replace(met, next_attempt_at=case.next_at)
    keep = issues.see(db, met, block, now)
    issues.release(db, PAUSE, connection, now, [keep])


def went_on(db: Db, connection: str, now: datetime) -> None:
    """Work for a connection went through: whatever had stopped it is over."""
    issues.hold(db)
    issues.release(db, PAUSE, connection, now)


def is_paused(db: Db, connection: str) -> bool:
    return bool(issues.of_subject(db, PAUSE, connection))


def pauses(db: Db, connection: str) -> tuple[Issue, ...]:
    """The open issues that stop a connection's work before it begins."""
    found = (issues.get(db, id) for id in issues.of_subject(db, PAUSE, connection))
    return tuple(issue for issue in found if issue is not None and issue.is_open)


def of_import(db: Db, operation: str, filename: str, channel: str, refusals: Sequence[Refusal], now: datetime) -> None:
    """A refused file opens an issue where a problem knows the refusal; else the operation says it all."""
    issues.hold(db)
    for refusal in refusals:
        case = refused(db, filename, channel, refusal, now)
        known = [problem for problem, _ in problems.fitting(case) if problem.code != problems.LAST]
        if known:
            issues.see(db, seen(case, problems.diagnose(case)), Block(IMPORT, operation, operation), now)


def arrived(db: Db, channel: str, number: str, now: datetime) -> None:
    """A payout was taken in: whatever was refused of it before waits no longer."""
    issues.hold(db)
    for issue in issues.at_root(db, f"payout:{_channel(channel)}/{number}"):
        for block in issues.blocks(db, issue.id):
            issues.release(db, block.kind, block.subject, now)


def replaced(db: Db, settlement: str, now: datetime) -> None:
    """A newer version took a settlement's place: the old one waits for nothing any more."""
    issues.hold(db)
    issues.release(db, SETTLEMENT, settlement, now)


def cases(
    db: Db, kept: Kept, now: datetime, paused: Sequence[Issue] = (), findings: Sequence[Finding] = ()
) -> tuple[Case, ...]:
    """The facts of whatever holds a settlement up, one case a cause; none when nothing does."""
    frozen = plans.newest(db, kept.id)
    case = replace(
        bare(db, now),
        channel=_channel(kept.settlement.channel),
        settlement=kept.settlement.id,
        settlement_id=kept.id,
        status=kept.status,
        code=kept.code,
        reason=kept.reason,
        warnings=kept.warnings,
        currency=kept.settlement.currency,
        next_at=kept.next_at,
    )
    if frozen is None or findings or (kept.status in UNSENT and kept.status != Status.BLOCKED):
        return _unfrozen(db, case, kept, findings)
    parts = postings.of_plans(db, [frozen.id])[frozen.id]
    connection = connections.find(db, frozen.connection)
    part = next((part for part in parts if is_ill(part, now)), None)
    if part is not None:
        failure = _failure(db, part, connection)
        return (_of_part(db, of_books(db, case, connection, failure), part, frozen.plan, failure),)
    waiting = next((part for part in parts if part.protocol.state is State.READY), None)
    if waiting is None or connection is None:
        return ()
    if connection.is_live and not connection.may_post:
        return (of_books(db, case, connection),)
    return tuple(
        replace(of_books(db, case, connection, failure), failure=failure, next_at=issue.next_attempt_at)
        for issue in paused[:1]
        for failure in (_of_issue(issue),)
    )


def _unfrozen(db: Db, case: Case, kept: Kept, findings: Sequence[Finding]) -> tuple[Case, ...]:
    from tieout.sync.settlements.preparing import planned  # it diagnoses what it prepares

    if kept.status in (Status.UNKNOWN_ROWS, Status.MAPPING_NEEDED):
        gaps = planned(db, kept)
        if isinstance(gaps, Plan):
            return ()
        if kept.status == Status.MAPPING_NEEDED:
            return (replace(case, gaps=gaps),)
        return tuple(replace(case, gaps=(gap,)) for gap in gaps if gap.label)
    if kept.status == Status.REVIEW_NEEDED and problems.named(kept.code):
        gaps = planned(db, kept)
        return (case if isinstance(gaps, Plan) else replace(case, gaps=gaps),)
    if kept.status == Status.SOURCE_CHANGED:
        return (replace(of_books(db, case, books_in_use(db)), difference=_difference(db, kept)),)
    if kept.status != Status.BLOCKED:
        return ()
    plan = planned(db, kept)
    documents = {each.number: each for each in plan.documents} if isinstance(plan, Plan) else {}
    findings = findings or linked.barrier(db, kept) or barriers(db, tuple(documents.values()))
    if any(each.code == LINK_DROPPED for each in findings) and (link := linked.of_settlement(db, kept)):
        case = replace(case, link=link, channel=linked.named(link.account))
    case, once = of_books(db, case, books_in_use(db)), {(each.code, each.about): each for each in reversed(findings)}
    found = tuple(_found(case, documents.get(each.document), each) for each in reversed(once.values()))
    return found or (case,)


def _difference(db: Db, kept: Kept) -> str:
    """By how much a newer file's total differs from that of the version that was sent, as the end of a sentence."""
    earlier = postings.of_payout(db, kept.settlement.channel, kept.settlement.id)
    sent = [part.settlement for part in earlier if part.protocol.state is not State.REFUSED]
    older = settlements.get(db, sent[-1]) if sent else None
    if older is None or older.settlement.total == kept.settlement.total:
        return "other figures and the same total"
    more = kept.settlement.total - older.settlement.total
    return f"{abs(more)} {'more' if more.minor > 0 else 'less'}"


def _found(case: Case, document: Document | None, finding: Finding) -> Case:
    known = replace(case, finding=finding, document=finding.document)
    return replace(known, kind=document.kind.value, dated=document.dated) if document else known


def bare(db: Db, now: datetime) -> Case:
    """A case of which nothing is known but when and where."""
    return Case(now, zone=_zone(db))


def refused(db: Db, filename: str, channel: str, refusal: Refusal, now: datetime) -> Case:
    return replace(bare(db, now), channel=_channel(channel), refusal=refusal, filename=filename)


def stopped(db: Db, connection: Connection, issue: Issue, now: datetime) -> Case:
    """A connection that does not post, or whose work stops before it begins."""
    if not connection.may_post:
        return of_books(db, bare(db, now), connection)
    failure = _of_issue(issue)
    case = of_books(db, bare(db, now), connection, failure)
    return replace(case, failure=failure, next_at=issue.next_attempt_at)


def of_books(db: Db, case: Case, connection: Connection | None, failure: Failure | None = None) -> Case:
    """The case with what is known of its connection; the budget is looked at only where a limit was named."""
    if connection is None:
        return case
    chart = charts.find(db, connection.id)
    books, rights = chart[0] if chart else None, connection_checks.rights(db, connection.id)
    case = replace(
        case,
        platform=platforms.named(connection.platform).LABEL,
        books=connection.books_name,
        connection=connection,
        reads_work=connection.may_ask or None,
        barred=rights.barred if rights else tuple(kind.value for kind in books.barred) if books else (),
        rights_since=rights.changed_at if rights else None,
        refusals=rights.told if rights else (),
        lock_on=max(filter(None, (books.year_lock_on, books.period_lock_on)), default=None) if books else None,
        waiting=postings.waiting(db, connection.id),
        grant=None if connection.may_post else granted.facts(db, connection, case.now),
    )
    if failure is None or not failure.code.startswith("rate-limit"):
        return case
    used = budgets.usage(db, connection.id, case.now)
    until = used.blocked_until if used.blocked_until and used.blocked_until > case.now else None
    return replace(case, waits_until=until, calls_left_today=used.day_left)


def _of_part(db: Db, case: Case, part: Posting, plan: Plan, failure: Failure | None) -> Case:
    protocol, document = part.protocol, plan.documents[part.part - 1]
    foreseen = barriers(db, (document,)) if failure is not None and failure.code in CHECKED else ()
    return replace(
        case,
        failure=failure,
        finding=next((each for each in foreseen if failure and each.code == failure.code), None),
        kind=part.kind.value,
        document=part.number,
        dated=document.dated,
        currency=part.total.currency,
        state=protocol.state,
        stopped=protocol.reason,
        next_at=protocol.next_at,
        tries=protocol.tries,
        attempts=protocol.attempt_count,
        evidence_ids=protocol.evidence,
        is_in_doubt=is_in_doubt(protocol),
        is_abandoned=protocol.state is State.SENDING,
    )


def is_in_doubt(protocol: Protocol) -> bool:
    """Whether something of it may be in the books, and nobody knows."""
    if protocol.state is State.RETRY:
        return bool(protocol.live_attempts)
    return protocol.state is State.UNKNOWN and not protocol.is_untried


def is_ill(part: Posting, now: datetime) -> bool:
    """Whether this document stands still, is in doubt, or was left alone by whoever was sending it."""
    protocol = part.protocol
    is_left = protocol.state is State.SENDING and protocol.lease_until is not None and protocol.lease_until <= now
    is_doubtful = protocol.state in _DOUBTFUL and (not protocol.is_untried or _is_out_of_reach(part))
    return protocol.state in (State.REFUSED, State.ESCALATED) or is_doubtful or is_left


def _is_out_of_reach(part: Posting) -> bool:
    """Whether the look before the first attempt failed; that it waits for its own turn is no failure."""
    return bool(part.note or part.code) and part.code not in _TURNS


def _failure(db: Db, part: Posting, connection: Connection | None) -> Failure | None:
    """What the books said last of a document: of its last attempt, or of the look that followed it."""
    last = attempts.last_failure(db, part.id)
    if last is not None and part.code in ("", last.code):
        return last
    if not part.code and not part.note:
        return None
    is_final = part.protocol.state in STOPPED
    kind = FailureKind.REJECTED if is_final else _KINDS.get(part.code, FailureKind.UNREACHABLE)
    if part.code == _OUTAGE and connection is not None and not connection.failing_calls:
        kind = FailureKind.BUSY  # no call failed: they said it themselves
    return Failure(kind, part.code, (part.note,) if part.note else ())


def _of_issue(issue: Issue) -> Failure:
    """The failure behind a pause, as far as its issue tells: a document that waits hangs under it."""
    kind = FailureKind.BUSY if issue.retry == RetryClass.AUTO_LATER else FailureKind.UNREACHABLE
    code = issue.code if issue.code in _KINDS or issue.code == _OUTAGE else ""
    return Failure(kind, code, issue.words, status=429 if code.startswith("rate-limit") else 0)


def _diagnosed(case: Case) -> tuple[Case, Diagnosis]:
    return case, problems.diagnose(case)


def seen(case: Case, diagnosis: Diagnosis) -> Seen:
    """A diagnosed case as an issue keeps it."""
    problem = diagnosis.problem
    is_by_people = problem.retry in BY_PEOPLE
    looked_for = case.now + DAILY if problem.code in CHECKED else None
    return Seen(
        code=problem.code,
        family=problem.family,
        root=diagnosis.evidence.root,
        title=diagnosis.title,
        owner=problem.owner.value,
        retry=problem.retry.value,
        lines=diagnosis.evidence.lines,
        words=case.words,
        next_attempt_at=looked_for if is_by_people else case.waits_until or case.next_at,
    )


def _mark(db: Db, kept: Kept) -> str:
    """Changes whenever something happened to a settlement's documents, or other reasons hold it."""
    frozen = plans.newest(db, kept.id)
    if frozen is None:
        return kept.reason
    parts = [part.protocol for part in postings.of_plans(db, [frozen.id])[frozen.id]]
    return " ".join(f"{part.state}{part.attempt_count}.{part.tries}.{part.looks}.{part.next_at}" for part in parts)


def _channel(name: str) -> str:
    return channels.label(name) if name in channels.channels() else name


def _zone(db: Db) -> str:
    organisation = organisations.find(db)
    return organisation.zone if organisation else "UTC"
