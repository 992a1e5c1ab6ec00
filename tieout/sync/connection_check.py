"""The connection check: twelve lines in a fixed order, each with its result, evidence, time and way out.

It stops at the first failure that makes the rest meaningless, and the lines behind say on which one they wait. Nothing
is written to the books; a renewed token alone proves nothing.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from tieout.core.actor import Actor
from tieout.core.connection import Connection, ConnectionState
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import connection_checks, connections
from tieout.store.engine import read, write
from tieout.sync import checking_rows, operations
from tieout.sync.statuses import refresh_connection
from tieout.sync.tools import Tools

KIND = "check"


class Result(StrEnum):
    PASS = "pass"
    WARN = "warn"  # it works, and somebody should know
    FAIL = "fail"
    NOT_RUN = "not_run"  # an earlier failure makes it meaningless
    NOT_IN_USE = "not_in_use"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `problem` is a code of the catalogue, `evidence` what was seen, `action` the name of a card's button.

    `fix` says what to do in words; `at` is ISO 8601 in UTC, since lines are kept as they are.
    """

    no: int
    name: str
    title: str
    result: Result
    milliseconds: int = 0
    problem: str = ""
    message: str = ""
    evidence: str = ""
    at: str = ""
    fix: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A finished check. `first` is the first line that failed."""

    at: datetime
    by: str
    lines: tuple[Line, ...]

    @property
    def first(self) -> Line | None:
        return next((line for line in self.lines if line.result is Result.FAIL), None)

    @property
    def is_good(self) -> bool:
        return self.first is None

    @property
    def has_read(self) -> bool:
        """Whether the books answered, so that what they said has been kept."""
        return any(line.name == "rights" and line.result is not Result.NOT_RUN for line in self.lines)

    @property
    def sentence(self) -> str:
        if self.first is not None:
            return f"Check {self.first.no}, {self.first.title.lower()}: {self.first.message} {self.first.fix}".strip()
        warned = [line for line in self.lines if line.result is Result.WARN]
        noted = f" To know: {' '.join(line.message for line in warned)}" if warned else ""
        return f"Everything that was checked is in order.{noted}"


NAMES: tuple[tuple[str, str], ...] = (
    ("reachable", "Address, encryption and clock"),
    ("authorisation", "Authorisation renews"),
    ("scopes", "Permissions granted"),
    ("organisation_listed", "Organisation is connected"),
    ("organisation_active", "Organisation answers"),
    ("organisation_right", "It is the right organisation"),
    ("rights", "What the person may do"),
    ("mapping", "Accounts, tax rates, banks, currencies"),
    ("lock_dates", "Lock dates"),
    ("calls", "Calls left"),
    ("notifications", "Notifications"),
    ("queue", "Queue and schedule"),
)
# What a failure of one line leaves without meaning; those behind it are checked all the same.
STOPS: dict[str, tuple[str, ...]] = {
    name: tuple(later for later, _ in NAMES[at + 1 : 10])
    for at, (name, _) in enumerate(NAMES)
    if name in ("reachable", "authorisation", "organisation_listed", "organisation_active", "organisation_right")
}


def run(tools: Tools, actor: Actor, connection: str) -> Checked | None:
    """All lines now. None when the organisation has no such connection, or it was ended. Raises NotPermitted."""
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        return None
    checked = Checked(tools.now(), actor.name, tuple(_lines(tools, actor.organisation, found)))
    with write(tools.engines, actor.organisation) as db:
        connection_checks.keep(
            db, connection, checked.at, checked.by, {"lines": [asdict(each) for each in checked.lines]}
        )
        if not checked.has_read:
            connections.checked(db, connection, tools.now(), is_good=False)
        refresh_connection(db, connection, tools.now())
        if actor.person:
            told = {"result": "good" if checked.first is None else checked.first.problem}
            record(db, actor, "connection-checked", f"connection:{connection}", tools.now(), told)
    return checked


def last(tools: Tools, organisation: str, connection: str) -> Checked | None:
    """The last one, as it was; no call is made."""
    with read(tools.engines, organisation) as db:
        found = connection_checks.last(db, connection)
    if found is None:
        return None
    at, by, kept = found
    return Checked(at, by, tuple(Line(**{**each, "result": Result(each["result"])}) for each in kept["lines"]))


def begin(tools: Tools, actor: Actor, connection: str) -> str | None:
    """The same as a job; the id of its operation. None when there is no such connection. Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        found = connections.find(db, connection)
        if found is None or not found.is_live:
            return None
        given = {"connection": connection, "person": actor.person}
        operation = operations.begin(tools, db, actor, KIND, found.books_name, given, of=len(NAMES))
    where = {"organisation": actor.organisation, "operation": operation}
    tools.jobs.enqueue(KIND, f"{KIND}:{operation}", where)
    return operation


def carry_out(tools: Tools, organisation: str, operation: str) -> None:
    """The job. A second run of a finished operation does nothing. Rights are asked again."""
    found = operations.view(tools, organisation, operation)
    if found is None or found.ended_at is not None:
        return
    given = found.arguments
    operations.progress(tools, organisation, operation, 0, len(NAMES), "The connection is being checked.")
    checked = run(tools, Actor(organisation, given.get("person", ""), found.by), given["connection"])
    with write(tools.engines, organisation) as db:
        if checked is None:
            operations.fail(tools, db, operation, "The connection was ended meanwhile.", {"checks": []})
            return
        end = operations.finish if checked.is_good else operations.fail
        result = {"checks": [asdict(each) for each in checked.lines], "connection": given["connection"]}
        end(tools, db, operation, checked.sentence, result)


def under_way(tools: Tools, organisation: str, operation: str) -> bool:
    """Whether this check was asked for and has not ended, its deadline included."""
    found = operations.view(tools, organisation, operation) if operation else None
    return found is not None and found.kind == KIND and found.ended_at is None and found.deadline > tools.now()


def _lines(tools: Tools, organisation: str, connection: Connection) -> Iterator[Line]:
    looking = checking_rows.Looking(tools, organisation, connection)
    stopped: dict[str, int] = {}
    if connection.state is ConnectionState.PARKED:
        stopped = {name: 6 for name, _ in NAMES[1:10] if name != "organisation_right"}
    for no, (name, title) in enumerate(NAMES, 1):
        began_at = tools.now()
        if name in stopped:
            yield Line(no, name, title, Result.NOT_RUN, message=f"Needs check {stopped[name]}.", at=_text(began_at))
            continue
        said = checking_rows.ROWS[name](looking)
        took = (tools.now() - began_at).total_seconds() * 1000
        line = Line(
            no=no,
            name=name,
            title=title,
            result=Result(said.result),
            milliseconds=int(took),
            problem=said.problem,
            message=said.message,
            evidence=said.evidence,
            at=_text(began_at),
            fix=said.fix,
            action=said.action,
        )
        if line.result is Result.FAIL:
            stopped |= dict.fromkeys((later for later in STOPS.get(name, ()) if later not in stopped), no)
        yield line


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
