"""What each line of the connection check looks at: one function a line, each of which says what it saw."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from tieout import problems
from tieout.calls import Request, correlation_id, make_call
from tieout.core.budget import Lane, day_left
from tieout.core.chart import Books
from tieout.core.connection import (
    PARTIAL,
    REVOKED,
    RIGHTS_CHANGED,
    ROLE_TOO_SMALL,
    TENANT_GONE,
    Connection,
    ConnectionState,
    Verdict,
)
from tieout.core.failure import Busy, Failure, FailureKind, RemoteError
from tieout.core.health import Button
from tieout.core.plan import Plan
from tieout.core.problem import Finding
from tieout.core.status import UNSENT, Status
from tieout.platforms import ACCESS_EXPIRED, named
from tieout.store import charts, connection_checks, connections, pauses, postings, settlements
from tieout.store import grants as grant_rows
from tieout.store.engine import Db, read
from tieout.store.settlements import Wanted
from tieout.sync import grants, own_apps, rights
from tieout.sync.asking import ask, learn
from tieout.sync.charts import refresh
from tieout.sync.checks import preflight
from tieout.sync.gate import allowance, budget_of
from tieout.sync.settlements.preparing import planned
from tieout.sync.tools import Tools

CLOCK_MAY_DIFFER = timedelta(minutes=2)
_JUST_RENEWED = timedelta(minutes=5)
_OVERDUE = timedelta(minutes=10)
_MOST_PLANNED = 50
_ALWAYS, _UNREACHED, _OUTAGE = "provider-error-unrecognised", "transient-network-error", "provider-outage"
_LIMIT = "rate-limit-day"


@dataclass(frozen=True, slots=True)
class Said:
    """What one line saw: `result` in the words of the check, `action` the name of a button."""

    result: str
    message: str
    problem: str = ""
    evidence: str = ""
    fix: str = ""
    action: str = ""


@dataclass(slots=True)
class Looking:
    """One check under way; what a line has read is at hand for those behind it."""

    tools: Tools
    organisation: str
    connection: Connection
    books: Books | None = None
    refused: Failure | None = None
    beside: str = ""
    is_shut: bool = False
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    @property
    def label(self) -> str:
        return named(self.connection.platform).LABEL

    @property
    def name(self) -> str:
        return self.connection.books_name


def _reachable(looking: Looking) -> Said:
    """An answer of any kind is one; what it says of us is for the lines behind."""
    try:
        app = own_apps.app_of(looking.tools, looking.organisation, looking.connection.platform)
        request = Request("GET", f"{app.urls['api']}/", {"Accept": "application/json"}, None, "/", is_write=False)
        answer = make_call(looking.tools.transport)(request)
    except RemoteError as error:
        return _failed(looking, error.failure)
    if answer.status >= 500:
        words = f"{looking.label} answers with HTTP {answer.status}"
        failure = Failure(FailureKind.UNREACHABLE, _OUTAGE, (words,), answer.status, correlation_id(answer))
        return _failed(looking, failure)
    theirs = _dated(answer.headers.get("date", ""))
    if theirs is None:
        return Said("pass", f"{looking.label} answers; it does not say what time it is there.")
    apart = abs(looking.tools.now() - theirs)
    seconds = int(apart.total_seconds())
    if apart > CLOCK_MAY_DIFFER:
        message = f"The clock here differs from {looking.label}'s by {seconds} s; more than 120 s breaks tokens."
        return Said("fail", message, _UNREACHED, f"Date: {theirs.isoformat()}", "Set this server's clock (NTP).")
    return Said("pass", f"{looking.label} answers, and the clock differs by {seconds} s.")


def _authorised(looking: Looking) -> Said:
    """One real renewal, unless there was one a moment ago."""
    tools, connection = looking.tools, looking.connection
    try:
        now = grants.access(tools, looking.organisation, connection.id, least_seconds=0)
        with read(tools.engines, looking.organisation) as db:
            grant = grant_rows.find(db, connection.grant)
        if grant is None or tools.now() - grant.issued_at >= _JUST_RENEWED:
            now = grants.renew(tools, looking.organisation, connection.id)
            with read(tools.engines, looking.organisation) as db:
                grant = grant_rows.find(db, connection.grant)
    except Busy as error:
        return Said("warn", f"A renewal is under way; look again in a minute: {error}.")
    except RemoteError as error:
        failed = _failed(looking, error.failure)
        is_passing = failed.problem in (_UNREACHED, _OUTAGE)
        return failed if is_passing else _with(failed, "Reconnect; nothing is lost.", Button.RECONNECT)
    ends_at = f" The consent ends on {grant.ends_at:%Y-%m-%d}." if grant and grant.ends_at else ""
    return Said("pass", f"Renewed; the access lasts until {now.expires_at.astimezone(UTC):%H:%M} UTC.{ends_at}")


def _scoped(looking: Looking) -> Said:
    with read(looking.tools.engines, looking.organisation) as db:
        grant = grant_rows.find(db, looking.connection.grant)
    platform, granted = named(looking.connection.platform), grant.scopes if grant else ()
    lacking = platform.lacking(granted)
    if lacking:
        why = "; ".join(f"{each}: {platform.WHY.get(each, 'needed')}" for each in lacking)
        fix = "Reconnect and leave every box ticked."
        return Said("fail", f"Not granted: {', '.join(lacking)}.", PARTIAL, why, fix, Button.RECONNECT)
    old, until = platform.outdated(granted)
    if old and until:
        message = f"Everything is granted, and {', '.join(old)} ends on {until:%Y-%m-%d}."
        return Said("warn", message, "scope-migration-due", "", "Approve Tieout again before then.", Button.RECONNECT)
    return Said("pass", f"All {len(platform.SCOPES)} granted.")


def _listed(looking: Looking) -> Said:
    tools, connection = looking.tools, looking.connection
    platform = named(connection.platform)
    if not platform.KEEPS_LIST:
        return Said("not_in_use", f"{looking.label} keeps no such list: one consent reaches one organisation.")
    try:
        access = grants.access(tools, looking.organisation, connection.id)
        reached = platform.connections(make_call(tools.transport), access.app, access.token)
    except RemoteError as error:
        learn(tools, looking.organisation, connection.id, error.failure)
        failed = _failed(looking, error.failure)
        return _with(failed, "Reconnect; nothing is lost.", Button.RECONNECT) if failed.problem == REVOKED else failed
    if any(each.books_id == connection.books_id for each in reached):
        return Said("pass", f"{looking.name} is among the {len(reached)} that {looking.label} lists.")
    message = f"{looking.name} is not among the connected organisations any more."
    listed = f"Listed: {', '.join(each.name for each in reached) or 'none'}"
    gone = Verdict(ConnectionState.NEEDS_RECONNECT, TENANT_GONE, message)
    grants.note(tools, looking.organisation, connection.id, gone)
    return Said("fail", message, TENANT_GONE, listed, "Reconnect; nothing is lost.", Button.RECONNECT)


def _active(looking: Looking) -> Said:
    """A refusal of the person is left to the line about the person."""
    try:
        looking.books = ask(looking.tools, looking.organisation, looking.connection.id, lambda p, c, a: p.probe(c, a))
    except RemoteError as error:
        if error.failure.code in (ROLE_TOO_SMALL, RIGHTS_CHANGED) and error.failure.kind is FailureKind.NOT_ALLOWED:
            looking.refused = error.failure
            return Said("pass", f"{looking.name} answers, and refuses the person who connected.")
        return _failed(looking, error.failure)
    plan = f", {looking.books.plan}" if looking.books.plan else ""
    return Said("pass", f"{looking.books.name} answers: {looking.books.country}, {looking.books.base_currency}{plan}.")


def _right_one(looking: Looking) -> Said:
    connection, books = looking.connection, looking.books
    wrong = "connect-wrong-organisation"
    if connection.state is ConnectionState.PARKED:
        fix = "Switch back, or use them as a new book."
        message = connection.words or "Other books than before were approved."
        return Said("fail", message, connection.cause or wrong, "", fix, Button.SWITCH_BACK)
    if books is None:
        return Said("not_run", "Nothing was read of it.")
    with read(looking.tools.engines, looking.organisation) as db:
        kept = charts.find(db, connection.id)
    known = kept[0] if kept else books
    told = (books.id or connection.books_id, books.country, books.base_currency)
    meant = (connection.books_id, known.country, known.base_currency)
    if told != meant:
        seen = f"Now {', '.join(told)}; before {', '.join(meant)}"
        message = f"{books.name} is not the organisation that was connected."
        return Said("fail", message, wrong, seen, "Reconnect and choose the right one.", Button.RECONNECT)
    return Said("pass", f"The same id, country and currency as when it was connected: {books.name}.")


def _permitted(looking: Looking) -> Said:
    tools, connection = looking.tools, looking.connection
    fix = "Somebody who administers the books gives this person the right, or somebody who has it reconnects."
    if looking.books is None and looking.refused is not None:
        return _with(_failed(looking, looking.refused), fix, Button.RECONNECT)
    assert looking.books is not None, "the line before has read them"
    try:
        looking.refused, looking.is_shut = rights.tried(tools, looking.organisation, connection.id, Lane.INTERACTIVE)
        if looking.refused is not None:
            looking.beside = rights.neighbour(tools, looking.organisation, connection.id, Lane.INTERACTIVE)
    except RemoteError as error:
        return _failed(looking, error.failure)
    rights.conclude(tools, looking.organisation, connection.id, looking.books, looking.refused, looking.beside)
    with read(tools.engines, looking.organisation) as db:
        now, kept = connections.find(db, connection.id), connection_checks.rights(db, connection.id)
        code = "" if now is None else now.cause if not now.may_post else rights.code_of(now, kept)
    if code and code != PARTIAL:
        barred = ", ".join(f"{kind}s" for kind in (kept.barred if kept else ()))
        message = f"{connection.known_there_as or 'The person who connected'} may not create: {barred or 'documents'}."
        words = looking.refused.sentence if looking.refused else ""
        return Said("fail", message, code, f"{words} {looking.beside}".strip(), fix, Button.RECONNECT)
    return Said("pass", "Every document that Tieout sends may be created.")


def _mapped(looking: Looking) -> Said:
    """The chart read anew against what is planned for unsent settlements and was sent of late."""
    tools, connection = looking.tools, looking.connection
    if looking.is_shut:
        return Said("not_run", "Needs check 7.")
    try:
        books = refresh(tools, looking.organisation, connection.id)
    except RemoteError as error:
        return _failed(looking, error.failure)
    with read(tools.engines, looking.organisation) as db:
        looking.findings = _planned_against(db, books, named(connection.platform).LONGEST)
        unmapped = settlements.in_status(db, (Status.MAPPING_NEEDED,))
    others = [each for each in looking.findings if each.code not in ("period-locked", ROLE_TOO_SMALL)]
    fix = "Choose another on the mapping page."
    if others:
        more = f" And {len(others) - 1} more." if len(others) > 1 else ""
        evidence = "; ".join(dict.fromkeys(each.message for each in others[:5]))
        return Said("fail", f"{_sentence(others[0].message)}{more}", others[0].code, evidence, fix, Button.SETTINGS)
    if unmapped:
        code = unmapped[0].code or "mapping-incomplete"
        message = f"{len(unmapped)} settlements wait for an account or a tax rate to be chosen."
        return Said("fail", message, code, unmapped[0].reason, fix, Button.SETTINGS)
    return Said("pass", f"{len(books.accounts)} accounts and {len(books.tax_rates)} tax rates hold what is mapped.")


def _unlocked(looking: Looking) -> Said:
    books = looking.books
    assert books is not None, "it was read before"
    locked = [each for each in looking.findings if each.code == "period-locked"]
    last = max(filter(None, (books.period_lock_on, books.year_lock_on)), default=None)
    if locked:
        message = f"{len(locked)} documents that wait lie in a closed period."
        fix = "Open the period, or choose another day for them."
        return Said("warn", message, "period-locked", _sentence(locked[0].message), fix)
    return Said("pass", f"Closed until {last}; nothing that waits lies before." if last else "No period is closed.")


def _calls_left(looking: Looking) -> Said:
    tools, platform = looking.tools, named(looking.connection.platform)
    used, now = budget_of(tools, looking.organisation, looking.connection.id), tools.now()
    allowed = allowance(tools, platform)
    if used.blocked_until is not None and used.blocked_until > now:
        message = f"{looking.label} asked to wait until {used.blocked_until.astimezone(UTC):%H:%M} UTC."
        return Said("warn", message, used.blocked_code or _LIMIT, "", "Nothing; it goes on by itself then.")
    if not allowed.a_day:
        return Said("pass", f"{looking.label} sets no limit for a day.")
    left, reserve = day_left(allowed, used, now), allowed.untouched_of_day(Lane.BACKGROUND)
    if left <= reserve:
        message = f"{left} of {allowed.a_day} calls are left today; {reserve} are kept for people."
        return Said("warn", message, _LIMIT, "", "Nothing; background work goes on tomorrow.")
    return Said("pass", f"{left} of {allowed.a_day} calls are left today.")


def _notified(looking: Looking) -> Said:
    return Said("not_in_use", "Tieout asks the books and waits for no notification of theirs.")


def _queued(looking: Looking) -> Said:
    now = looking.tools.now()
    with read(looking.tools.engines, looking.organisation) as db:
        paused = pauses.find(db)
        found = connections.find(db, looking.connection.id)
        due, waiting = postings.next_due(db, looking.connection.id), postings.waiting(db, looking.connection.id)
    if paused is not None and paused.is_on:
        return Said(
            "warn", f"{paused.by} has paused this organisation; {waiting} documents wait.", "", "", "Resume it."
        )
    if found is not None and found.may_post and due is not None and now - due > _OVERDUE:
        since = due.astimezone(UTC)
        message = f"A document has been due since {since:%Y-%m-%d %H:%M} UTC, and nothing takes it up."
        return Said("fail", message, "sync-not-running", "", "Whoever runs this server starts it: tieout serve.")
    return Said("pass", f"Nothing is overdue; {waiting} documents wait." if waiting else "Nothing waits.")


ROWS: dict[str, Callable[[Looking], Said]] = {
    "reachable": _reachable,
    "authorisation": _authorised,
    "scopes": _scoped,
    "organisation_listed": _listed,
    "organisation_active": _active,
    "organisation_right": _right_one,
    "rights": _permitted,
    "mapping": _mapped,
    "lock_dates": _unlocked,
    "calls": _calls_left,
    "notifications": _notified,
    "queue": _queued,
}


def _planned_against(db: Db, books: Books, longest: Any) -> tuple[Finding, ...]:
    """What the books would refuse of what waits, and of what was sent last if it were sent once more."""
    waiting = list(settlements.in_status(db, UNSENT))
    recent = settlements.listed(db, Wanted(limit=_MOST_PLANNED))
    found: list[Finding] = []
    for kept in {each.id: each for each in (*waiting[:_MOST_PLANNED], *recent)}.values():
        plan = planned(db, kept)
        if isinstance(plan, Plan):
            is_over = kept.status not in UNSENT
            seen = preflight(plan.documents, books, longest)
            found += [each for each in seen if not (is_over and each.code == "period-locked")]
    return tuple(found)


def _failed(looking: Looking, failure: Failure) -> Said:
    """A refusal in the words of the catalogue, with theirs as evidence."""
    code = failure.code if problems.named(failure.code) else ""
    if failure.code == ACCESS_EXPIRED:  # just renewed, and refused all the same
        code = REVOKED
    if not code:
        code = _UNREACHED if failure.kind is FailureKind.UNREACHABLE else _ALWAYS
    problem = problems.named(code)
    assert problem is not None, f"{code} has a file"
    evidence = f"{failure.sentence} {failure.correlation_id}".strip()
    fix = "Nothing; it is tried again by itself." if code in (_UNREACHED, _OUTAGE) else ""
    return Said("fail", _sentence(failure.sentence), code, evidence, fix)


def _with(said: Said, fix: str, action: Button) -> Said:
    return Said(said.result, said.message, said.problem, said.evidence, fix, action.value)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _dated(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
