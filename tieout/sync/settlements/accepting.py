"""Accepting: a person has judged what Tieout cannot, and what they judged stays on record with their name."""

from dataclasses import replace

from tieout.core.actor import Actor
from tieout.core.settlement import Warning
from tieout.core.status import OUT_OF_WINDOW, Status
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import settlements
from tieout.store.dialect import alone
from tieout.store.engine import write
from tieout.sync.settlements.confirming import renew
from tieout.sync.settlements.preparing import VERSIONS
from tieout.sync.tools import Tools

ACCEPTED = "date-accepted"
_JUDGED = " Looked at: "


def accept_dates(tools: Tools, actor: Actor, id: str) -> bool:
    """The dates outside the settlement's period are right; False where nobody waits to hear that.

    Raises NotPermitted.
    """
    with write(tools.engines, actor.organisation) as db:
        alone(db, VERSIONS)
        ensure(db, actor, Right.SEND)
        kept = settlements.get(db, id)
        if kept is None or kept.status != Status.REVIEW_NEEDED or kept.code != OUT_OF_WINDOW:
            return False
        renew(tools, db, replace(kept, warnings=tuple(_accepted(warning, actor.name) for warning in kept.warnings)))
        record(db, actor, "dates-accepted", f"settlement:{id}", tools.now(), {"number": kept.settlement.id})
    return True


def as_judged(told: tuple[Warning, ...], known: tuple[Warning, ...]) -> tuple[Warning, ...]:
    """What a file says once more, with what somebody has said to it since it was read first."""
    judged = {(each.row, each.message.partition(_JUDGED)[0]): each for each in known if each.code == ACCEPTED}
    return tuple(judged.get((each.row, each.message), each) for each in told)


def _accepted(warning: Warning, by: str) -> Warning:
    if warning.code != OUT_OF_WINDOW:
        return warning
    return replace(warning, code=ACCEPTED, message=f"{warning.message}{_JUDGED}{by} says that it is right.")
