"""Asking for settlements to be sent by somebody who wants to hear at once whether they can go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from tieout.core.actor import Actor
from tieout.core.money import Money
from tieout.core.status import MOVING, TITLES, Status
from tieout.store import operations, settlements
from tieout.store.engine import Db, read
from tieout.store.settlements import Kept
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.approving import NOT_CONNECTED, approve
from tieout.sync.settlements.preparing import mapping_of
from tieout.sync.tools import Tools

SENDABLE = (Status.READY, Status.BLOCKED, Status.PARTIALLY_SENT)


class Stop(StrEnum):
    """Why nothing was asked for."""

    UNKNOWN = "unknown"  # there is no such settlement
    NO_BOOKS = "no-books"  # no books are connected, or a person is needed before they can be written to
    STATE = "state"  # it is not in a state to be sent


@dataclass(frozen=True, slots=True)
class Asked:
    """The operation that carries it out, or the first thing in its way, with what to do and the problem's code."""

    operation: str = ""
    stop: Stop | None = None
    settlement: str = ""
    message: str = ""
    problem: str = ""


def ask_to_send(tools: Tools, actor: Actor, ids: Sequence[str], shown: Mapping[str, str] | None = None) -> Asked:
    """All of them or none. What is on its way already is not asked for again: its own operation is the answer.

    `shown` as for `approve`: hashes of plans that somebody saw, by settlement.
    """
    with read(tools.engines, actor.organisation) as db:
        found = {id: settlements.get(db, id) for id in ids}
        if stopped := _stopped(db, found):
            return stopped
        on_its_way = all(kept is not None and kept.status in MOVING for kept in found.values())
        joined = _operation_of(db, set(ids)) if on_its_way else ""
    return Asked(joined or approve(tools, actor, ids, shown))


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that can be sent, on whichever page of the list: how many, the sum by currency, and where it goes.

    `mark` changes whenever other settlements are ready, or would be booked otherwise.
    """

    ids: tuple[str, ...]
    sums: tuple[Money, ...]
    books: str
    mark: str


def ready(tools: Tools, organisation: str) -> Ready:
    with read(tools.engines, organisation) as db:
        found = settlements.amounts_in(db, Status.READY)
        connection, version = books_in_use(db), mapping_of(db).version
    sums: dict[str, Money] = {}
    for _, amount in found:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    ids = tuple(id for id, _ in found)
    told = "\n".join((f"{version}", *ids))
    books = connection.books_name if connection else ""
    return Ready(ids, tuple(sums[name] for name in sorted(sums)), books, sha256(told.encode()).hexdigest()[:16])


def send_all_ready(tools: Tools, actor: Actor, mark: str) -> str:
    """Ask for what somebody saw to be ready; the operation's id, empty where that is no longer what is ready."""
    found = ready(tools, actor.organisation)
    return approve(tools, actor, found.ids) if found.ids and found.mark == mark else ""


def _stopped(db: Db, found: dict[str, Kept | None]) -> Asked | None:
    for id, kept in found.items():
        if kept is None:
            return Asked(stop=Stop.UNKNOWN, settlement=id)
        if kept.status not in (*SENDABLE, *MOVING):
            state = TITLES[Status(kept.status)]
            message = f"Settlement {kept.settlement.id} is in the state '{state}'. {kept.reason} {_next(kept)}"
            return Asked(stop=Stop.STATE, settlement=id, message=" ".join(message.split()), problem=kept.code)
    connection = books_in_use(db)
    if connection is None:
        return Asked(stop=Stop.NO_BOOKS, message=NOT_CONNECTED, problem="connect-org-unlinked")
    if not connection.may_post:
        message = f"Nothing can be sent to {connection.books_name} for now. {connection.words}".strip()
        return Asked(stop=Stop.NO_BOOKS, message=message, problem=connection.cause)
    return None


def _next(kept: Kept) -> str:
    match kept.status:
        case Status.UNKNOWN_ROWS:
            return "Say what each label means; it then becomes ready by itself."
        case Status.MAPPING_NEEDED:
            return "Give what is missing an account and a tax rate; it then becomes ready by itself."
        case Status.SENT | Status.NOTHING_TO_POST:
            return "There is nothing to do."
        case _:
            return "A person has to look at it and decide."


def _operation_of(db: Db, ids: set[str]) -> str:
    """The open operation that sends all of these; empty where there is none any more."""
    asked = (each for each in operations.still_open(db) if each.kind == "send")
    return next((each.id for each in asked if ids <= set(each.arguments.get("settlements", ()))), "")
