"""Signed cursors: where a page ended, for one list, filter and organisation, for 24 hours."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from itsdangerous import BadData, URLSafeSerializer

from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined

LIVES = timedelta(hours=24)
MOST = 200
_LONGEST = 1000

Limit = Annotated[int, Query(ge=1, le=MOST, description=f"How many, 1 to {MOST}.")]
Cursor = Annotated[str, Query(max_length=_LONGEST, description="`next_cursor` of the page before, as it was given.")]


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one caller and one list."""

    key: bytes
    calling: Caller
    path: str

    def write(self, filters: dict[str, str], place: Any) -> str:
        """`place` is plain JSON; it is signed, not hidden."""
        return str(self._signer(filters).dumps([int(self.calling.tools.now().timestamp()), place]))

    def read(self, filters: dict[str, str], text: str) -> Any:
        """The place, None for the first page. Raises Declined for one that is forged, foreign or too old."""
        if not text:
            return None
        try:
            made_at, place = self._signer(filters).loads(text)
        except (BadData, ValueError, TypeError) as error:
            raise Declined("cursor_invalid") from error
        if datetime.fromtimestamp(made_at, UTC) + LIVES <= self.calling.tools.now():
            raise Declined("cursor_invalid")
        return place

    def _signer(self, filters: dict[str, str]) -> URLSafeSerializer:
        bound = json.dumps([self.path, self.calling.organisation, sorted(filters.items())])
        return URLSafeSerializer(self.key, salt=bound)


def cursors(request: Request, calling: Calling) -> Cursors:
    return Cursors(request.app.state.cursor_key, calling, request.url.path)


Paging = Annotated[Cursors, Depends(cursors)]
