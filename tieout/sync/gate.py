"""The gate before every call to a set of books: its budget, shared through the database by all workers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.calls import Answer, Request
from tieout.core.budget import SECOND, Allowance, Lane, Usage, Wait, wait
from tieout.core.failure import Busy
from tieout.platforms import Platform
from tieout.store import across, budgets, connections
from tieout.store.budgets import Report
from tieout.store.engine import Db, read, write
from tieout.sync.tools import Tools

# A person's call may wait so long for its turn; whatever takes longer is told when to come back.
PATIENCE = timedelta(seconds=2)
_PAUSE = timedelta(milliseconds=50)
_GOOD_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BudgetGate:
    """Meets `calls.Gate` for one connection and lane."""

    tools: Tools
    organisation: str
    connection: str
    platform: Platform
    lane: Lane

    def enter(self, request: Request) -> str:
        """Raises Busy with the seconds to wait; then nothing was sent and nothing was used up."""
        slot, patience = self.tools.new_id(), self._patience()
        while (refusal := self._refusal(slot, request.is_write)) is not None:
            now = self.tools.now()
            if patience <= timedelta() or refusal.until - now > patience:
                words = f"this call would exceed what the books allow; next at {refusal.until:%Y-%m-%d %H:%M:%S} UTC"
                raise Busy(words, code=refusal.code, retry_after_seconds=refusal.seconds(now))
            self.tools.pause(_PAUSE)
            patience -= _PAUSE
        return slot

    def has_room_beside_writes(self) -> bool:
        """Whether a call that only reads may go now though no write may, as where writes have a limit of their own.

        Takes no place, so the call itself may still be refused.
        """
        if not self.platform.WRITES_A_MINUTE:
            return False
        now = self.tools.now()
        with read(self.tools.engines, self.organisation) as db:
            used = self._with_month(db, budgets.usage(db, self.connection, now), now)
        return wait(allowance(self.tools, self.platform), used, self.lane, now, is_write=False) is None

    def _patience(self) -> timedelta:
        """Background work sits out a second's limit; whatever takes longer it comes back for."""
        if self.lane is Lane.INTERACTIVE:
            return PATIENCE
        return SECOND if self.platform.CALLS_A_SECOND else timedelta()

    def leave(self, slot: str, answer: Answer | None) -> None:
        now, limits = self.tools.now(), self.platform.limits_of(answer) if answer else None
        report = Report()
        if limits is not None:
            ordered = None if limits.wait_seconds is None else now + timedelta(seconds=limits.wait_seconds)
            report = Report(limits.day_left, ordered, limits.code)
        is_lost = answer is not None and answer.status >= 500
        others = across.failing(self.tools.engines, self.platform.NAME, self.connection) if is_lost else 0
        with write(self.tools.engines, self.organisation) as db:
            is_write = budgets.give_back(db, self.connection, slot, now, report)
            if self.platform.READS_A_MONTH and not is_write and answer is not None and answer.status < 300:
                budgets.count_read(db, self.platform.NAME, now)
            if answer is not None and 200 <= answer.status < 300:
                connections.good(db, self.connection, now, now - _GOOD_EVERY)
            elif is_lost:
                connections.failing(db, self.connection, now, others + 1)

    def _refusal(self, slot: str, is_write: bool) -> Wait | None:
        with write(self.tools.engines, self.organisation) as db:
            # The moment is taken under the lock, so that slots are dated in the order in which they are taken.
            used = budgets.locked_usage(db, self.connection, self.tools.now())
            now = self.tools.now()
            used = self._with_month(db, used, now)
            refusal = wait(allowance(self.tools, self.platform), used, self.lane, now, is_write)
            if refusal is None:
                budgets.take(db, self.connection, slot, self.lane.value, now, is_write)
            return refusal

    def _with_month(self, db: Db, used: Usage, now: datetime) -> Usage:
        """Reads of this month are counted where the platform counts them."""
        if not self.platform.READS_A_MONTH:
            return used
        return replace(used, reads_this_month=budgets.reads_of_month(db, self.platform.NAME, now))


def allowance(tools: Tools, platform: Platform) -> Allowance:
    """By the tier of our registration; its smallest where there is none any more."""
    app = tools.apps.get(platform.NAME)
    return Allowance(
        at_once=platform.CALLS_AT_ONCE,
        a_minute=platform.CALLS_A_MINUTE,
        a_day=(app.calls_a_day if app else 0) or platform.CALLS_A_DAY,
        a_second=platform.CALLS_A_SECOND,
        writes_a_minute=platform.WRITES_A_MINUTE,
        reads_a_month=platform.READS_A_MONTH,
    )


def budget_of(tools: Tools, organisation: str, connection: str) -> Usage:
    """What a connection has used up to now."""
    with read(tools.engines, organisation) as db:
        return budgets.usage(db, connection, tools.now())


def reads_of_month(tools: Tools, platform: Platform) -> int:
    """What the installation has read there this month; 0 where nobody counts."""
    if not platform.READS_A_MONTH:
        return 0
    with read(tools.engines, "") as db:
        return budgets.reads_of_month(db, platform.NAME, tools.now())
