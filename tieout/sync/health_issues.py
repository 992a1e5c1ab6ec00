"""Issues of a connection that works: what its person may not create there, and the check that a pause has to await."""

from dataclasses import replace
from datetime import datetime

from tieout import problems
from tieout.core.connection import Connection
from tieout.core.problem import Case, Evidence, filled
from tieout.problems import Problem
from tieout.store import connection_checks, issues, pauses
from tieout.store.engine import Db
from tieout.store.issues import Block, Seen
from tieout.sync import diagnosis
from tieout.sync.rights import code_of

RIGHTS, PAUSED = "rights", "paused"
_REACTIVATED = "organisation-reactivated"


def of_pause(db: Db, connection: Connection, now: datetime) -> None:
    """Opens what a pause that has ended still holds up: the check after it."""
    issues.hold(db)
    case, problem = pause_case(db, connection, now), problems.named(_REACTIVATED)
    assert problem is not None, "it has a file"
    evidence = problem.detect(case)
    if evidence is None:
        issues.release(db, PAUSED, connection.id, now)
        return
    mark = f"{case.resumed_at}"
    keep = issues.see(db, _seen(problem, case, evidence, now), Block(PAUSED, connection.id, mark), now)
    issues.release(db, PAUSED, connection.id, now, [keep])


def pause_case(db: Db, connection: Connection, now: datetime) -> Case:
    """When the organisation was resumed, while its check is awaited."""
    found = pauses.find(db)
    resumed_at = found.resumed_at if found is not None and found.holds else None
    return replace(diagnosis.of_books(db, diagnosis.bare(db, now), connection), resumed_at=resumed_at)


def of_rights(db: Db, connection: Connection, now: datetime) -> None:
    """Opens what the person may not do there, although other documents go; resolved when it is allowed."""
    issues.hold(db)
    case = rights_case(db, connection, now)
    problem = problems.named(case.rights_code) if connection.may_post and case.rights_code else None
    evidence = problem.detect(case) if problem else None
    if problem is None or evidence is None:
        issues.release(db, RIGHTS, connection.id, now)
        return
    seen = _seen(problem, case, evidence, now)
    keep = issues.see(db, seen, Block(RIGHTS, connection.id, f"{case.rights_code} {case.barred}"[:120]), now)
    issues.release(db, RIGHTS, connection.id, now, [keep])


def rights_case(db: Db, connection: Connection, now: datetime) -> Case:
    """What the rights as last read say, and nothing of what else may be the matter."""
    rights = connection_checks.rights(db, connection.id)
    case = diagnosis.of_books(db, diagnosis.bare(db, now), connection)
    return replace(case, rights_code=code_of(connection, rights))


def _seen(problem: Problem, case: Case, evidence: Evidence, now: datetime) -> Seen:
    return Seen(
        code=problem.code,
        family=problem.family,
        root=evidence.root,
        title=filled(problem.title, case.names(), dict(evidence.names)),
        owner=problem.owner.value,
        retry=problem.retry.value,
        lines=evidence.lines,
        next_attempt_at=now + diagnosis.DAILY,
    )
