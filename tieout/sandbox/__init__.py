"""Stand-ins for the outside world: each is a function from a request to an answer, a hang, a cut or a late effect.

Nothing here imports anything else of ours, so a stand-in cannot share a misunderstanding with the code it judges. An
address that a stand-in does not know is answered 501 and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, unquote

Doc = dict[str, Any]


class Ending(Enum):
    """How an exchange ends on the socket."""

    WHOLE = "whole"  # the answer arrives
    TRUNCATED = "truncated"  # the body stops half-way and the connection is cut
    CUT = "cut"  # the connection is cut without a byte
    HANG = "hang"  # nothing is ever sent


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire; header names are lower case, path segments are decoded one by one."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | str = b"") -> Request:
        """A request for a target such as `/Invoices?page=1`; for callers in the same process."""
        path, _, query = target.partition("?")
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        content = body.encode() if isinstance(body, str) else body
        return cls(method.upper(), path, tuple(parse_qsl(query, keep_blank_values=True)), sent, content)

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(unquote(part) for part in self.path.split("/") if part)

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def param(self, name: str) -> str | None:
        """The value of a query parameter, its name in any case; None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.query if key.lower() == wanted), None)

    def form(self) -> dict[str, str]:
        return dict(self.form_fields())

    def form_fields(self) -> tuple[tuple[str, str], ...]:
        """The fields of a posted form in order; a name may come several times."""
        return tuple(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, after how long, and how the exchange ends."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    delay_seconds: float = 0.0
    ending: Ending = Ending.WHOLE

    def with_headers(self, *more: tuple[str, str]) -> Answer:
        return replace(self, headers=self.headers + more)


def text(status: int, body: str, content_type: str = "text/plain; charset=utf-8") -> Answer:
    return Answer(status, body.encode(), content_type)


def page(status: int, body: str) -> Answer:
    """An HTML page that refuses to be framed, as the vendors' sign-in pages do."""
    answer = text(status, body, "text/html; charset=utf-8")
    return answer.with_headers(
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ("X-Frame-Options", "DENY"),
        ("Cache-Control", "no-store"),
    )
