"""A right asked again where the change is made, and the change written to the audit log, in one transaction with it."""

from collections.abc import Mapping
from datetime import datetime

from tieout.core.actor import Actor
from tieout.core.chained import Event
from tieout.people import roles
from tieout.people.roles import NotPermitted, Right
from tieout.store import audit, people
from tieout.store.engine import Db

_LONGEST_NAME, _LONGEST_SUBJECT = 120, 255


def ensure(db: Db, actor: Actor, right: Right) -> None:
    """Raises NotPermitted unless the person's role, as it is now, includes the right; whoever left has none.

    An actor without a person is the console or a job of ours: trusted.
    """
    if actor.person:
        here = Db(db.connection, db.organisation or actor.organisation)
        roles.ensure(people.role_of(here, actor.person) or "", right)


def refusal(db: Db, actor: Actor, right: Right) -> str:
    """Why work that was asked for earlier is not carried out now, as a sentence; empty while the person may."""
    try:
        ensure(db, actor, right)
    except NotPermitted as error:
        why = f"whose role is {error.role} now" if error.role else "who does not belong to the organisation any more"
        able = " or ".join(roles.roles_with(right))
        return (
            f"It was asked for by {actor.name}, {why} and may not {right}: nothing was done. An {able} can ask again."
        )
    return ""


def record(db: Db, actor: Actor, act: str, subject: str, now: datetime, details: Mapping[str, str] = {}) -> None:
    """One entry in the chain of the transaction's organisation, or of the installation where it was opened for none.

    Call it last: until the transaction ends every other change of the organisation waits. `act` is a name in the past
    tense (`role-changed`), `subject` names the object (`person:<id>`). Details hold no secret.
    """
    event = Event(now, actor.person, actor.name[:_LONGEST_NAME], act, subject[:_LONGEST_SUBJECT], dict(details))
    audit.append(db, event)
