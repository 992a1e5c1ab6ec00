"""The thin shell round core/posting.py: claim what is due, record the attempt, carry out one effect, feed back.

A crash between any two lines leaves a row that says what may have happened; the next holder of the lease looks into
the books before anything is sent again. Documents travel together, yet each is judged by its own number.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from tieout.core.failure import Busy, Failure, RemoteError
from tieout.store.engine import read, write
from tieout.sync import diagnosis
from tieout.sync.posting import claims, looks, sends
from tieout.sync.posting.claims import Claim
from tieout.sync.posting.work import Work, work_for
from tieout.sync.statuses import refresh_connection
from tieout.sync.tools import Tools

# A stop of the process is never held up for longer; whoever drives goes on with another run.
LONGEST_RUN = timedelta(minutes=2)
MOST_LOOKS_AT_ONCE = 100
# While more is waiting to be sent, what was accepted is read back so late at most, well within its lease of 300 s.
LONGEST_UNREAD_SECONDS = 180
# A turn in the minute's budget comes within it; whatever takes longer is a pause that people are told of.
LONGEST_TURN_SECONDS = 60


@dataclass(slots=True)
class Drive:
    """What one run over a connection did; `pause` is why it stopped early, in the platform's words."""

    sent: int = 0
    looked: int = 0
    pause: str = ""
    is_cut: bool = False
    owed: list[Claim] = field(default_factory=list)


def drive(tools: Tools, organisation: str, connection: str) -> Drive:
    """Do everything that is due for one connection, for LONGEST_RUN at most; `is_cut` tells that more was due.

    Safe to run many at once: the fence lets one holder through.
    """
    done = Drive()
    until = tools.now() + LONGEST_RUN
    try:
        work = work_for(tools, organisation, connection)
        while _round(work, done):
            if tools.now() >= until:
                done.is_cut = True
                _read_back(work, done)
                break
    except RemoteError as error:
        # Nothing is half done: what was claimed has its state stored, what was not claimed stays due.
        done.pause = error.failure.sentence
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
    """One call at most. Sending goes first; what was accepted is read back when nothing waits, or soon enough.

    While sends alone have to wait for their turn, looks go on: those owed, and those due before a first attempt.
    """
    has_sent, wait = False, timedelta()
    try:
        has_sent = work.connection.may_post and claims.has_sends(work) and _send(work, done)
    except Busy as error:
        wait = _turn(error)
    may_look = not wait or work.may_look()
    if done.owed and (_is_late(work, done.owed) or (may_look and not has_sent)):
        _read_some_back(work, done)
        return True
    if has_sent:
        return True
    due = claims.take_looks(work, MOST_LOOKS_AT_ONCE) if may_look else []
    done.looked += looks.carry_out(work, due) if due else 0
    if wait and not due:
        work.tools.pause(wait)
    return bool(due or wait)


def _turn(error: Busy) -> timedelta:
    """How long to pause before asking again. Raises the refusal where the turn is too far away."""
    seconds = error.failure.retry_after_seconds or 1
    if seconds > LONGEST_TURN_SECONDS:
        raise error
    return timedelta(seconds=min(seconds, 1))


def _read_back(work: Work, done: Drive) -> None:
    while done.owed:
        _read_some_back(work, done)


def _read_some_back(work: Work, done: Drive) -> None:
    batch, done.owed = done.owed[:MOST_LOOKS_AT_ONCE], done.owed[MOST_LOOKS_AT_ONCE:]
    done.looked += looks.carry_out(work, batch)


def _send(work: Work, done: Drive) -> bool:
    """One call with as many documents as it carries; False when there is nothing to claim. Raises Busy: not yet."""
    with work.turn() as call:
        batch = claims.take_sends(work)
        if batch is None:
            return False
        done.sent += len(batch.claims)
        answered = sends.carry_out(work, batch, call)
    doubtful = [claim for claim in answered if claim.is_doubtful]
    done.owed += [claim for claim in answered if not claim.is_doubtful]
    done.looked += looks.carry_out(work, doubtful) if doubtful else 0
    return True


def _is_late(work: Work, owed: list[Claim]) -> bool:
    return (work.tools.now() - owed[0].since).total_seconds() > LONGEST_UNREAD_SECONDS
