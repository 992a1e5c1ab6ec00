"""The sweep: finds rows that are due and have no job, operations past their deadline, sends that have come to rest.

A nudge can be lost; a row cannot. So everything that must happen is found again here, a few seconds later at most.
"""

from datetime import timedelta

from tieout.core.connection import Connection
from tieout.core.posting import Decided, Decision, LeaseLost, State, TokenDied, step
from tieout.core.problem import STUCK
from tieout.core.status import HOLDS
from tieout.jobs import BACKGROUND
from tieout.store import across, followups, grants, issues, operations, postings
from tieout.store.engine import Db, read, write
from tieout.store.operations import Operation
from tieout.sync import consent_attempts, door_issues, grant_issues, ledger_links
from tieout.sync import operations as verbs
from tieout.sync.diagnosis import BY_PEOPLE, pauses
from tieout.sync.in_use import live
from tieout.sync.settlements.approving import finish_sends
from tieout.sync.statuses import refresh, refresh_connection
from tieout.sync.tools import Tools

LOST_AFTER = timedelta(seconds=30)
MOST_BEGINNINGS = 3
NOT_CARRIED_OUT = (
    "It could not be carried out: an error of Tieout's own, which its log describes. Nothing of it was done. "
    "Ask for it again; if it ends like this once more, report it with the log."
)


def sweep(tools: Tools) -> int:
    """Look at every organisation once; how many nudges were given."""
    return sum(_sweep_one(tools, organisation) for organisation in across.organisations(tools.engines))


def _sweep_one(tools: Tools, organisation: str) -> int:
    verbs.expire(tools, organisation)
    consent_attempts.expire(tools, organisation)
    finish_sends(tools, organisation)
    door_issues.look(tools, organisation)
    ledger_links.mend(tools, organisation)
    nudges, now = 0, tools.now()
    with write(tools.engines, organisation) as db:
        for connection in live(db):
            _resume(tools, db, connection)
            refresh_connection(db, connection.id, now)
            grant_issues.tell(db, tools, connection)
    with read(tools.engines, organisation) as db:
        due = [connection.id for connection in live(db) if _has_work(db, tools, connection.id)]
        mended = issues.due(db, now, BY_PEOPLE)
        lost = [each for each in operations.still_open(db) if _is_lost(tools, each)]
    for id in due:
        key = f"drive:{id}:{int(now.timestamp())}"
        tools.jobs.enqueue("drive", key, {"organisation": organisation, "connection": id}, BACKGROUND)
        nudges += 1
    for issue in mended:
        key = f"recheck:{issue.id}:{issue.next_attempt_at}"
        tools.jobs.enqueue("recheck", key, {"organisation": organisation, "issue": issue.id}, BACKGROUND)
        nudges += 1
    return nudges + sum(_begin_again(tools, organisation, operation) for operation in lost)


def _begin_again(tools: Tools, organisation: str, operation: Operation) -> bool:
    """Nudge an operation that was never begun, a few times; then end it, since something of ours stands in its way."""
    now, tries = tools.now(), operation.done + 1
    with write(tools.engines, organisation) as db:
        if tries > MOST_BEGINNINGS:
            verbs.fail(tools, db, operation.id, NOT_CARRIED_OUT, {"code": "internal-error"})
            return False
        operations.change(db, operation.id, now, done=tries, message="Begun again after an interruption.")
    # A key of its own: what failed or was cut off under the first one would never run again. Both look at the row.
    key = f"{operation.kind}:{operation.id}:{tries}"
    tools.jobs.enqueue(operation.kind, key, {"organisation": organisation, "operation": operation.id})
    return True


def _is_lost(tools: Tools, operation: Operation) -> bool:
    """Asked for and not begun, for longer than a job takes to begin."""
    is_ours = operation.kind in ("import", "send", "check") and operation.state == "waiting"
    return is_ours and tools.now() - operation.changed_at > LOST_AFTER


def _resume(tools: Tools, db: Db, connection: Connection) -> None:
    """What waited for a person's rights or a new consent goes on by itself once the connection is good again."""
    if not connection.may_post or connection.changed_at is None:
        return
    for posting in postings.retrying(db, connection.id):
        protocol = posting.protocol
        if protocol.reason in HOLDS and protocol.attempts and protocol.attempts[-1].sent_at < connection.changed_at:
            resumed, _effects = step(protocol, Decided(Decision.TRY_NOW), tools.now())
            if postings.save(db, posting, resumed, ""):
                refresh(db, posting.settlement, tools.now())


def _has_work(db: Db, tools: Tools, connection: str) -> bool:
    moments = [postings.next_due(db, connection), followups.next_due(db, connection)]
    if any(stop.next_attempt_at and stop.next_attempt_at > tools.now() for stop in pauses(db, connection)):
        return False
    return any(moment is not None and moment <= tools.now() for moment in moments)


def recover(tools: Tools) -> int:
    """At the start of the only process on a database: its predecessor is proven dead, so what it held is free at once.

    Call it behind the lock on the data folder only. What was being sent is looked for before anything is sent again.
    """
    with write(tools.engines, "") as db:
        freed = grants.release_all(db)
    for organisation in across.organisations(tools.engines):
        with write(tools.engines, organisation) as db:
            for posting in postings.held(db):
                now = tools.now()
                protocol, _effects = step(posting.protocol, LeaseLost(is_proven=True), now)
                for attempt in protocol.live_attempts if protocol.state is State.UNKNOWN else ():
                    # Nobody is left who could still send with it: for this attempt its token is as good as dead.
                    protocol, _effects = step(protocol, TokenDied(attempt.token_id, now), now)
                code = STUCK if posting.protocol.state is State.SENDING else posting.code
                freed += postings.save(db, posting, protocol, posting.note, code)
                refresh(db, posting.settlement, now)
    return freed
