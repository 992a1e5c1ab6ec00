"""The gate before every call to a channel: so many of a kind at once, one more each so often, rest when told to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieout.calls import Answer, Call, Request, make_call
from tieout.channels import Askable, Pace
from tieout.core.failure import Busy
from tieout.core.pacing import turn
from tieout.store import channel_accounts
from tieout.store.engine import write
from tieout.sync.tools import Tools

# A call waits so long for its turn; whatever takes longer is told when to come back.
PATIENCE, PERSONS_PATIENCE = timedelta(seconds=20), timedelta(seconds=3)
_LONGEST_PAUSE = timedelta(seconds=1)
_GOOD_EVERY = timedelta(minutes=1)


def call_for(
    tools: Tools,
    organisation: str,
    account: str,
    asked: Askable,
    patience: timedelta = PATIENCE,
    on_call: Callable[[], None] | None = None,
) -> Call:
    """A call that passes the gate of this account and is made once; `on_call` hears of each before it is made."""
    return make_call(tools.transport, ChannelGate(tools, organisation, account, asked, patience, on_call))


@dataclass(frozen=True, slots=True)
class ChannelGate:
    """Meets `calls.Gate` for one channel account. What is used up is kept in its row, shared by all workers."""

    tools: Tools
    organisation: str
    account: str
    asked: Askable
    patience: timedelta
    on_call: Callable[[], None] | None = None

    def enter(self, request: Request) -> str:
        """Raises Busy with the seconds to wait; then nothing was sent and nothing was used up."""
        if self.on_call is not None:
            self.on_call()
        waited = timedelta()
        while (wait := self._wait(request.template)) > timedelta():
            if wait > self.patience - waited:
                seconds = -(-wait // timedelta(seconds=1))
                words = f"this call would exceed what the channel allows; next in {seconds} seconds"
                raise Busy(words, code="rate-limit-minute", retry_after_seconds=seconds)
            pause = min(wait, _LONGEST_PAUSE)
            self.tools.pause(pause)
            waited += pause
        return request.template

    def leave(self, slot: str, answer: Answer | None) -> None:
        if answer is None:
            return
        now, told = self.tools.now(), self.asked.rest(slot, answer)
        with write(self.tools.engines, self.organisation) as db:
            if told is not None:
                kept = dict(channel_accounts.paces(db, self.account))
                channel_accounts.set_paces(db, self.account, kept | {slot: _told(kept.get(slot, {}), told, now)})
            if 200 <= answer.status < 300:
                channel_accounts.good(db, self.account, now, now - _GOOD_EVERY)

    def _wait(self, template: str) -> timedelta:
        """Zero, and the call is counted; else how long until it fits."""
        with write(self.tools.engines, self.organisation) as db:
            kept = dict(channel_accounts.paces(db, self.account))
            mine, now = kept.get(template, {}), self.tools.now()
            closed = _moment(mine, "closed")
            if closed is not None and closed > now:
                return closed - now
            pace = self.asked.PACES.get(template)
            if pace is None:
                return timedelta()
            every = timedelta(milliseconds=mine.get("every", pace.every_milliseconds))
            found = turn(_moment(mine, "used"), now, pace.burst, every)
            if found.is_let_in:
                used = {"used": found.used_up_to.isoformat()}
                channel_accounts.set_paces(db, self.account, kept | {template: mine | used})
            return found.wait


def _told(mine: Mapping[str, Any], told: Pace, now: datetime) -> dict[str, Any]:
    """A pace without a burst closes the gate for so long; any other is the rate of this very account."""
    if told.burst:
        return dict(mine) | {"every": told.every_milliseconds}
    return dict(mine) | {"closed": (now + timedelta(milliseconds=told.every_milliseconds)).isoformat()}


def _moment(mine: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(mine[name]) if name in mine else None
