"""The log: one JSON object a line, ours and every library's, with secrets scrubbed as the last thing that happens.

Scrubbing goes by name (a field called token, a parameter called client_secret) and by look (a JWT, a bearer header, a
password in an address), so that a secret is caught even where nobody thought of it: in a traceback, in a foreign line.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog

STARS = "***"

_SECRET = (
    r"(?:(?:access|refresh|id|session|setup|csrf|api)[_-]?token|client[_-]?secret|code[_-]?verifier|master[_-]?key|"
    r"webhook[_-]?key|password|passwd|secret|token|authorization|(?:set-)?cookie)"
)
_NAMED = re.compile(rf"(?i)^{_SECRET}$")
_PATTERNS = (
    # A whole header line, whatever its scheme.
    (re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)(\s*[:=]\s*)[^\r\n]+"), rf"\1\2{STARS}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}"), rf"\1 {STARS}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}"), STARS),
    (re.compile(r"\btieout_[0-9a-f]{16}_[\w-]{8,}"), STARS),  # our own API tokens
    (re.compile(r"(/connect/)[\w-]+\.[\w-]{20,}"), rf"\1{STARS}"),  # one-time links, whose secret is their address
    # name=value, 'name': 'value', "name": "value", also with escaped quotes inside a quoted body
    (re.compile(rf"(?i)({_SECRET}\\?['\"]?\s*[:=]\s*\\?['\"]?)(?!\*\*\*)[^\s'\"&,;}}\])\\]+"), rf"\1{STARS}"),
    (re.compile(r"(?i)([?&](?:code|state)=)[^&\s'\"]+"), rf"\1{STARS}"),
    (re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+@"), rf"\1{STARS}@"),
)
_DEPTH = 6


THEIRS = ("httpx2", "httpcore2", "dbos", "alembic", "uvicorn")


def set_up(level: str = "info", stream: TextIO | None = None, secrets: tuple[str, ...] = ()) -> None:
    """Sends every log line of the process to `stream` (stderr). `secrets` are texts to scrub wherever they stand."""
    scrub = Scrubber(secrets)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    target = logging.StreamHandler(stream) if stream else _ToStderr()
    target.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [target]
    root.setLevel(level.upper())
    for library in THEIRS:
        # At INFO libraries tell addresses with their queries, and notices of their own: none of it is ours to keep.
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))


class _ToStderr(logging.StreamHandler[TextIO]):
    """To what stderr is when a line is written: who runs Tieout inside a program may have put another in its place."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class Scrubber:
    """The last processor before a line is written."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        # Very short texts would scrub ordinary words.
        self._secrets = tuple(sorted((secret for secret in secrets if len(secret) >= 8), key=len, reverse=True))

    def __call__(self, _logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
        return {str(name): self.value(str(name), value) for name, value in event.items()}

    def value(self, name: str, value: Any, depth: int = 0) -> Any:
        """What may be written of a field: plain JSON, with nothing secret left in it."""
        if _NAMED.match(name) and value is not None:
            return STARS
        if value is None or isinstance(value, bool | int):
            return value
        if depth < _DEPTH and isinstance(value, Mapping):
            return {self.text(str(key)): self.value(str(key), item, depth + 1) for key, item in value.items()}
        if depth < _DEPTH and isinstance(value, list | tuple | set | frozenset):
            return [self.value("", item, depth + 1) for item in value]
        return self.text(value if isinstance(value, str) else str(value))

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, STARS)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text
