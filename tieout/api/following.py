"""Work that may take longer than a second: accepted with 202, followed at its own address, waited for if asked."""

import re
import threading
from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from tieout.api.auth import Caller
from tieout.api.operation_shapes import Operation, operation, subjects
from tieout.api.shapes import answered
from tieout.core.operation import OperationState
from tieout.store import issues
from tieout.store.engine import read
from tieout.store.operations import Operation as Stored
from tieout.sync import operations, settlements
from tieout.sync.settlements.showing import SettlementCard

LONGEST_SECONDS = 30
_STEP = timedelta(milliseconds=200)
_PREFERRED = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,6})\"?(?=$|[,;\s])", re.I)
# Each waits in a thread of the server; beyond these the answer comes at once.
_TURNS = threading.BoundedSemaphore(8)


def followed(request: Request, calling: Caller, id: str, is_new: bool = False) -> Response | None:
    """The operation as it stands, after waiting for its end where `Prefer: wait=N` asks for it; None: there is none.

    Who waited learns by the status whether it is final (200) or not (202); else 202 says that it was begun.
    """
    stored = operations.view(calling.tools, calling.organisation, id)
    seconds = preferred_seconds(request.headers.get("prefer", ""))
    if stored is not None and seconds:
        stored = _waited(calling, stored, seconds)
    if stored is None:
        return None
    shown = shaped(calling, stored)
    is_accepted = not _is_final(stored) if seconds else is_new
    response = answered(shown, 202 if is_accepted else 200, location=shown.links.self)
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def preferred_seconds(header: str) -> int:
    """How long the caller would wait, 30 at most; 0 for a preference that is none of ours."""
    found = _PREFERRED.search(header)
    return min(int(found[1]), LONGEST_SECONDS) if found else 0


def shaped(calling: Caller, stored: Stored) -> Operation:
    cards = cards_of(calling, subjects(stored))
    found = issues_of(calling, list(cards))
    return operation(stored, calling.organisation, cards, found, calling.tools.now())


def cards_of(calling: Caller, ids: list[str]) -> dict[str, SettlementCard]:
    found = ((id, settlements.card(calling.tools, calling.organisation, id)) for id in ids)
    return {id: card for id, card in found if card is not None}


def issues_of(calling: Caller, ids: list[str]) -> dict[str, str]:
    """The open issue that holds each settlement up, where one does."""
    with read(calling.tools.engines, calling.organisation) as db:
        found = {id: issues.of_subject(db, "settlement", id) for id in ids}
    return {id: held[0] for id, held in found.items() if held}


def _waited(calling: Caller, stored: Stored, seconds: int) -> Stored | None:
    until, found = calling.tools.now() + timedelta(seconds=seconds), stored
    if not _TURNS.acquire(blocking=False):
        return found
    try:
        while not _is_final(found) and calling.tools.now() < until:
            calling.tools.pause(_STEP)
            again = operations.view(calling.tools, calling.organisation, stored.id)
            if again is None:
                return None
            found = again
    finally:
        _TURNS.release()
    return found


def _is_final(stored: Stored) -> bool:
    return OperationState(stored.state).is_final
