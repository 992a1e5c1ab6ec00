"""The issue of a connection whose permissions end: a warning that holds up nothing, over with a consent to new ones."""

from dataclasses import replace
from datetime import datetime

from tieout import platforms, problems
from tieout.core.connection import Connection
from tieout.core.problem import Case, filled
from tieout.problems import Diagnosis
from tieout.store import grants, issues
from tieout.store.engine import Db
from tieout.store.issues import Block
from tieout.sync import diagnosis

PERMISSIONS = "permissions"  # the kind of work that an end of permissions concerns
DUE = "scope-migration-due"


def of_permissions(db: Db, connection: Connection, now: datetime) -> None:
    """Opens the warning, once for what ends; a connection that ends or a consent to what replaces it resolves it."""
    issues.hold(db)
    case = permissions_case(db, connection, now)
    problem = problems.named(DUE)
    evidence = problem.detect(case) if problem and connection.is_live else None
    if problem is None or evidence is None:
        issues.release(db, PERMISSIONS, connection.id, now)
        return
    diagnosed = Diagnosis(problem, evidence, filled(problem.title, case.names(), dict(evidence.names)))
    block = Block(PERMISSIONS, connection.id, f"{case.withdrawn_on} {' '.join(case.withdrawn)}"[:120])
    keep = issues.see(db, diagnosis.seen(case, diagnosed), block, now)
    issues.release(db, PERMISSIONS, connection.id, now, [keep])


def permissions_case(db: Db, connection: Connection, now: datetime) -> Case:
    """What ends of what was granted, and nothing of what else may be the matter."""
    grant = grants.find(db, connection.grant)
    withdrawn, ends_on = platforms.named(connection.platform).outdated(grant.scopes if grant else ())
    case = diagnosis.bare(db, now)
    if not withdrawn:  # nearly always: nothing more is looked up
        return replace(case, connection=connection)
    return replace(diagnosis.of_books(db, case, connection), withdrawn=withdrawn, withdrawn_on=ends_on)
