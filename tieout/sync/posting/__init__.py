"""The thin shell round core/posting.py: claim what is due, record the attempt, carry out one effect, feed back.

A crash between any two lines leaves a row that says what may have happened; the next holder of the lease looks into
the books before anything is sent again. Documents travel together, yet each is judged by its own number.
"""

from dataclasses import dataclass, field

from tieout.core.failure import Failure, RemoteError
from tieout.store.engine import read, write
from tieout.sync import diagnosis
from tieout.sync.posting import claims, looks, sends
from tieout.sync.posting.claims import Claim
from tieout.sync.posting.work import Work, work_for
from tieout.sync.statuses import refresh_connection
from tieout.sync.tools import Tools

MOST_ROUNDS = 500
MOST_LOOKS_AT_ONCE = 100
LONGEST_UNREAD_SECONDS = 60


@dataclass(slots=True)
class Drive:
    """What one run over a connection did; `pause` is why it stopped early, in the platform's words."""

    sent: int = 0
    looked: int = 0
    pause: str = ""
    owed: list[Claim] = field(default_factory=list)


def drive(tools: Tools, organisation: str, connection: str) -> Drive:
    """Do everything that is due for one connection. Safe to run many at once: the fence lets one holder through."""
    done, work = Drive(), None
    try:
        work = work_for(tools, organisation, connection)
        for _ in range(MOST_ROUNDS):
            if not _round(work, done):
                break
    except RemoteError as error:
        # Nothing is half done: what was claimed has its state stored, what was not claimed stays due.
        done.pause = error.failure.sentence
        if work is not None:
            work.heard(error.failure)
        _stopped(tools, organisation, connection, error.failure)
    else:
        _went_on(tools, organisation, connection)
    return done


def _stopped(tools: Tools, organisation: str, connection: str, failure: Failure) -> None:
    with write(tools.engines, organisation) as db:
        diagnosis.of_pause(db, connection, failure, tools.now())
        refresh_connection(db, connection, tools.now())


def _went_on(tools: Tools, organisation: str, connection: str) -> None:
    with read(tools.engines, organisation) as db:
        if not diagnosis.is_paused(db, connection):
            return
    with write(tools.engines, organisation) as db:
        diagnosis.went_on(db, connection, tools.now())
        refresh_connection(db, connection, tools.now())


def _round(work: Work, done: Drive) -> bool:
    """One call at most. Sending goes first; what was accepted is read back when nothing waits, or soon enough."""
    claimed = claims.take_sends(work) if work.connection.may_post else None
    if claimed:
        done.sent += len(claimed.claims)
        answered = sends.carry_out(work, claimed)
        doubtful = [claim for claim in answered if claim.is_doubtful]
        done.owed += [claim for claim in answered if not claim.is_doubtful]
        done.looked += looks.carry_out(work, doubtful) if doubtful else 0
    if done.owed and (not claimed or _is_late(work, done.owed) or len(done.owed) >= MOST_LOOKS_AT_ONCE):
        batch, done.owed = done.owed[:MOST_LOOKS_AT_ONCE], done.owed[MOST_LOOKS_AT_ONCE:]
        done.looked += looks.carry_out(work, batch)
        return True
    if claimed:
        return True
    due = claims.take_looks(work, MOST_LOOKS_AT_ONCE)
    done.looked += looks.carry_out(work, due) if due else 0
    return bool(due)


def _is_late(work: Work, owed: list[Claim]) -> bool:
    return (work.tools.now() - owed[0].since).total_seconds() > LONGEST_UNREAD_SECONDS
