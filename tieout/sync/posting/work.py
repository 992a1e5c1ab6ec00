"""Work: one connection with everything a round needs, so that the rounds read as the protocol does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from tieout import platforms
from tieout.calls import Answer, Call, Request, make_call
from tieout.core.budget import Lane
from tieout.core.chart import Books
from tieout.core.connection import Connection
from tieout.core.failure import Disconnected, Failure, RemoteError
from tieout.core.posting import Design
from tieout.platforms import ACCESS_EXPIRED, Access, Platform
from tieout.store import connections
from tieout.store.engine import read
from tieout.sync import grants
from tieout.sync.asking import ask, call_for, learn
from tieout.sync.charts import books_of
from tieout.sync.gate import BudgetGate
from tieout.sync.tools import Tools

T = TypeVar("T")

LANE = Lane.BACKGROUND
_CHART_SECONDS = 86_400
_NOT_YET = Request("PUT", "")  # what will be sent is not known before it is claimed


@dataclass(frozen=True, slots=True)
class Work:
    """`call` passes the budget's gate of this connection; `status` is what documents are posted as."""

    tools: Tools
    organisation: str
    connection: Connection
    platform: Platform
    books: Books
    call: Call
    status: str

    @property
    def design(self) -> Design:
        return Design(timing=self.tools.timing)

    def access(self) -> Access:
        """A token with life enough for a new attempt. Raises Disconnected, Unreachable, Busy, NotAllowed."""
        least = int(self.tools.timing.least_token_life.total_seconds())
        return grants.access(self.tools, self.organisation, self.connection.id, least)

    @contextmanager
    def turn(self) -> Iterator[Call]:
        """A call whose place in the budget is taken before anything is claimed for it. Raises Busy: nothing was done.

        A document that is claimed and then finds no place would have an attempt that was never made.
        """
        gate = BudgetGate(self.tools, self.organisation, self.connection.id, self.platform, LANE)
        place = _Place(gate, gate.enter(_NOT_YET))
        try:
            yield make_call(self.tools.transport, place)
        finally:
            place.give_back()

    def may_look(self) -> bool:
        """Whether there is room for a look although a send has to wait for its turn."""
        gate = BudgetGate(self.tools, self.organisation, self.connection.id, self.platform, LANE)
        return gate.has_room_beside_writes()

    def ask(self, question: Callable[[Platform, Call, Access], T]) -> T:
        """As `asking.ask`: a token that is refused is renewed once, and what a refusal means is kept before it is
        raised. For what changes nothing, or is safe to repeat under its key."""
        return ask(self.tools, self.organisation, self.connection.id, question, LANE)

    def heard(self, failure: Failure, access: Access | None = None) -> None:
        """What a refusal means for the connection is noted; a token that died early is renewed for the next attempt."""
        if failure.code == ACCESS_EXPIRED and access is not None:
            try:
                grants.access(self.tools, self.organisation, self.connection.id, refused=access.token_id)
            except RemoteError as error:
                failure = error.failure
            else:
                return
        learn(self.tools, self.organisation, self.connection.id, failure)


class _Place:
    """A gate that has been entered already: the first call passes, any other waits for its turn like all."""

    def __init__(self, gate: BudgetGate, slot: str) -> None:
        self._gate, self._slot = gate, slot

    def enter(self, request: Request) -> str:
        slot, self._slot = self._slot, ""
        return slot or self._gate.enter(request)

    def leave(self, slot: str, answer: Answer | None) -> None:
        self._gate.leave(slot, answer)

    def give_back(self) -> None:
        if self._slot:
            self._gate.leave(self._slot, None)


def work_for(tools: Tools, organisation: str, connection: str) -> Work:
    """Raises Disconnected when the connection was ended, and what reading the chart for the first time raises."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not found.may_ask:
        raise Disconnected("the books are not connected", code=found.cause if found else "connect-org-unlinked")
    platform = platforms.named(found.platform)
    return Work(
        tools=tools,
        organisation=organisation,
        connection=found,
        platform=platform,
        books=books_of(tools, organisation, connection, _CHART_SECONDS),
        call=call_for(tools, organisation, connection, LANE),
        status=platform.APPROVED,
    )
