"""Job kind → function, and the timetable: the table of contents of everything that happens in the background."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Protocol

from tieout.core.budget import Lane
from tieout.jobs import BACKGROUND, INTERACTIVE
from tieout.store import followups, postings
from tieout.store.engine import read
from tieout.sync import auditing, fetching, mailing, presence, sweep, tending
from tieout.sync.connection_check import carry_out as carry_out_check
from tieout.sync.diagnosis import is_paused
from tieout.sync.followups import follow_up
from tieout.sync.pausing import go_on, is_held
from tieout.sync.posting import drive
from tieout.sync.settlements.again import recheck
from tieout.sync.settlements.approving import finish_sends, freeze_asked
from tieout.sync.settlements.receiving import read_statement
from tieout.sync.tools import Tools

SWEEP_SECONDS = 5
_LONGEST_DRIVE = timedelta(minutes=2)
_WORTH_A_HELPER, _MOST_HELPERS = 100, 3
_MOST_IDLE = 3  # rounds without a call, when something was to be due soon
_LEAST_PAUSE = timedelta(milliseconds=50)
_WORTH_WAITING = timedelta(seconds=2)  # longer waits are left to the sweep, so that a stop is never held up


class Engine(Protocol):
    """What of the job engine is needed to fill it."""

    def register(self, kind: str, function: Callable[..., object]) -> None: ...
    def schedule(self, kind: str, every_seconds: int, lane: str = BACKGROUND) -> None: ...


def register(engine: Engine, tools: Tools) -> None:
    """Every kind, in every process alike, before the engine starts."""
    engine.register("import", partial(import_statement, tools))
    engine.register("send", partial(send, tools))
    engine.register("drive", partial(drive_connection, tools))
    engine.register("recheck", partial(recheck_issue, tools))
    engine.register("sweep", partial(sweep.sweep, tools))
    engine.register("resume", partial(go_on, tools))
    engine.register("check", partial(carry_out_check, tools))
    engine.register("tend", partial(tending.tend, tools))
    engine.register("presence", partial(presence.look, tools))
    engine.register("fetch", partial(fetching.fetch, tools))
    engine.register("fetches", partial(fetching.fetch_due, tools))
    engine.register("mail", partial(mailing.deliver, tools))
    engine.register("checkpoint", lambda: auditing.keep_checkpoint(tools) and None)  # a path is no result of a job
    engine.schedule("checkpoint", auditing.EVERY_SECONDS)
    engine.schedule("sweep", SWEEP_SECONDS)
    engine.schedule("tend", tending.EVERY_SECONDS)
    engine.schedule("presence", presence.EVERY_SECONDS)
    engine.schedule("fetches", fetching.EVERY_SECONDS)
    engine.schedule("mail", mailing.EVERY_SECONDS)


def import_statement(tools: Tools, organisation: str, operation: str) -> None:
    read_statement(tools, organisation, operation)


def send(tools: Tools, organisation: str, operation: str) -> None:
    """Freeze what was asked for, then drive; a crash after the freeze leaves due rows, which the sweep finds.

    What follows a document is left to a job of its own in the background, so that nobody's next send waits for it.
    """
    connection = freeze_asked(tools, organisation, operation)
    if connection:
        _call_helpers(tools, organisation, operation, connection)
        drive_connection(tools, organisation, connection, follows=False)
        with read(tools.engines, organisation) as db:
            if is_paused(db, connection):  # the sweep goes on at the moment that the pause names
                return
        key = f"drive:{connection}:{operation}"
        tools.jobs.enqueue("drive", key, {"organisation": organisation, "connection": connection}, BACKGROUND)


def _call_helpers(tools: Tools, organisation: str, operation: str, connection: str) -> None:
    """Much to send is sent by several calls at once, as many as the books let one background lane have."""
    with read(tools.engines, organisation) as db:
        waiting = postings.waiting(db, connection)
    for helper in range(min(waiting // _WORTH_A_HELPER, _MOST_HELPERS)):
        key = f"drive:{connection}:{operation}:{helper}"
        tools.jobs.enqueue("drive", key, {"organisation": organisation, "connection": connection}, INTERACTIVE)


def recheck_issue(tools: Tools, organisation: str, issue: str) -> None:
    """Once a day, and when a connection works again: what people were to mend elsewhere may be mended."""
    recheck(tools, organisation, issue, Lane.BACKGROUND)


def drive_connection(tools: Tools, organisation: str, connection: str, follows: bool = True) -> None:
    """Until nothing is due soon: post, look, bring operations up to date, then what follows a posted document.

    However much is due, a job ends after some minutes; another one goes on at once. What is due and cannot be done, as
    while a person has to act in the books, is left to the next sweep.
    """
    if is_held(tools, organisation):
        return
    until, idle = tools.now() + _LONGEST_DRIVE, 0
    while tools.now() < until:
        done = drive(tools, organisation, connection)
        finish_sends(tools, organisation)
        if follows:
            follow_up(tools, organisation, connection)
        if done.is_cut:
            break
        wait = _time_to_next(tools, organisation, connection, follows)
        idle = 0 if done.sent or done.looked else idle + 1
        if done.pause or wait is None or idle > _MOST_IDLE:
            return
        tools.pause(wait)
    key = f"drive:{connection}:{tools.new_id()}"
    tools.jobs.enqueue("drive", key, {"organisation": organisation, "connection": connection}, BACKGROUND)


def _time_to_next(tools: Tools, organisation: str, connection: str, follows: bool) -> timedelta | None:
    """How long until this connection has something to do; None when the next sweep is sooner."""
    with read(tools.engines, organisation) as db:
        moments = [postings.next_due(db, connection), followups.next_due(db, connection) if follows else None]
    due = min((moment for moment in moments if moment), default=None)
    if due is None or due - tools.now() > _WORTH_WAITING:
        return None
    return max(due - tools.now(), _LEAST_PAUSE)
