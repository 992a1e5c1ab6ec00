"""The same key, the same answer: a repeated request is answered from memory, and its effect happens once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from tieout.api.auth import Calling
from tieout.api.errors import Declined, respond
from tieout.core.secret import Secret
from tieout.store import requests
from tieout.store.engine import Db, write
from tieout.sync.tools import Tools

REMEMBERED = timedelta(days=30)
LONGEST_KEY = 128
# A request that has not answered by now is dead; every verb behind a key may be asked for twice.
_ABANDONED = timedelta(minutes=10)
# What the caller puts right and sends again under the same key: nothing of it was done.
_FREE = {400, 412, 413, 415, 422, 428, 429, 500, 503}
_KEPT_HEADERS = ("location", "etag", "content-type", "preference-applied", "retry-after")


@dataclass(frozen=True, slots=True)
class Once:
    """One changing request. `key` is None when the caller gave none, and then nothing is remembered."""

    request: Request
    tools: Tools
    organisation: str
    key: str | None

    def __call__(self, body: bytes | str, carry_out: Callable[[], Response]) -> Response:
        """Carries it out, or answers as the first time. `body`: its bytes, or their digest.

        Raises Declined when the key belongs to another request, or to one that is still in work.
        """
        if self.key is None:
            return carry_out()
        if (remembered := self._begin(self.key, self._fingerprint(body))) is not None:
            return remembered
        try:
            response = self._carried_out(carry_out)
        except BaseException:
            self._let_go(self.key)
            raise
        if response.status_code in _FREE:
            self._let_go(self.key)
        else:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            with write(self.tools.engines, self.organisation) as db:
                requests.answer(db, self.key, response.status_code, headers, self._sealed(db, bytes(response.body)))
        return response

    def _begin(self, key: str, fingerprint: str) -> Response | None:
        now = self.tools.now()
        with write(self.tools.engines, self.organisation) as db:
            known = requests.begin(db, key, fingerprint, now, now - REMEMBERED)
            if known is None:
                return None
            if known.fingerprint != fingerprint:
                raise Declined("idempotency_key_reused")
            if known.status is not None:
                headers = {**(known.headers or {}), "Idempotent-Replayed": "true"}
                return Response(self._opened(known.body), known.status, headers)
            is_dead = known.began_at + _ABANDONED <= now
            if not is_dead or not requests.take_over(db, key, known.began_at, now):
                raise Declined("request_in_progress")
        return None

    def _sealed(self, db: Db, body: bytes) -> bytes:
        """An answer may hold what is shown once, like a link: a copy of the database must not."""
        text = Secret(body.decode("latin-1"))
        return self.tools.vault.seal(self.organisation, "api_requests", "body", self._row(), text, db).encode("ascii")

    def _opened(self, body: bytes) -> bytes:
        """Answers from before they were sealed begin with a brace, or are empty."""
        if not body.startswith(b"v1."):
            return body
        sealed = body.decode("ascii")
        text = self.tools.vault.open(self.organisation, "api_requests", "body", self._row(), sealed)
        return text.reveal().encode("latin-1")

    def _row(self) -> str:
        """The key, in letters that the name of a sealed field may hold."""
        return sha256(str(self.key).encode()).hexdigest()

    def _carried_out(self, carry_out: Callable[[], Response]) -> Response:
        """A refusal is an answer too, and remembered unless the caller can put it right."""
        try:
            return carry_out()
        except Declined as declined:
            return respond(self.request, declined)

    def _let_go(self, key: str) -> None:
        with write(self.tools.engines, self.organisation) as db:
            requests.let_go(db, key)

    def _fingerprint(self, body: bytes | str) -> str:
        content = body if isinstance(body, str) else sha256(body).hexdigest()
        address = f"{self.request.url.path}?{self.request.url.query}"
        return sha256(f"{self.request.method}\n{address}\n{content}".encode()).hexdigest()


def once(request: Request, calling: Calling) -> Once:
    """Raises Declined for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is not None and (not 1 <= len(key) <= LONGEST_KEY or not all("!" <= each <= "~" for each in key)):
        raise Declined("idempotency_key_invalid")
    return Once(request, calling.tools, calling.organisation, key)


Repeatable = Annotated[Once, Depends(once)]
