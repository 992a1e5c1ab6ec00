"""One JSON object a line, and no secret in any of them, however it got there."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tieout.core.secret import Secret
from tieout.log import Scrubber, set_up

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up("debug", stream, secrets=("canary-client-secret", "short"))
    yield stream
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_are_json_with_moment_level_and_name(lines: io.StringIO) -> None:
    structlog.get_logger("tieout.sync").info("settlement read", settlement="s-1", rows=88)
    logging.getLogger("uvicorn.error").warning("port %d is busy", 8080, extra={"workers": ["a"]})
    ours, theirs = written(lines)
    assert (ours["event"], ours["level"], ours["logger"], ours["rows"]) == (
        "settlement read",
        "info",
        "tieout.sync",
        88,
    )
    assert (theirs["event"], theirs["level"], theirs["workers"]) == ("port 8080 is busy", "warning", ["a"])
    assert ours["timestamp"].endswith("Z")


def test_what_is_bound_to_the_work_at_hand_stands_in_every_line(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(organisation="org-1"):
        logging.getLogger("any").info("hello")
    assert written(lines)[0]["organisation"] == "org-1"


def test_the_level_holds(lines: io.StringIO) -> None:
    logging.getLogger().setLevel("WARNING")
    logging.getLogger("dbos").info("an advert")
    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/settlements?anything=tieout_0123456789abcdef_canary-Secret_123",
        "Authorization: Bearer canary.token-123456",
        "authorization=Basic Y2FuYXJ5OmNhbmFyeQ==",
        "sent with bearer canary-abcdef",
        f"token {JWT} was refused",
        'body {"refresh_token":"canary-r","expires_in":1800}',
        "body {'refresh_token': 'canary-r', 'access_token': 'canary-a'}",
        'quoted "{\\"refresh_token\\": \\"canary-r\\"}"',
        "grant_type=refresh_token&refresh_token=canary-r&client_secret=canary-s",
        "GET /oauth/callback?code=canary-code&state=canary-state HTTP/1.1",
        "unforeseen error at POST /connect/0199aa-org.canary-of-a-one-time-link-0123456789",
        "Cookie: __Host-session=canary; other=canary",
        "set-cookie: session=canary; HttpOnly",
        "postgresql://tieout:canary@db/books is away",
        "password=canary",
        "code_verifier=canary",
        "the secret canary-client-secret leaked",
    ],
)
def test_secrets_are_scrubbed_by_their_look(lines: io.StringIO, text: str) -> None:
    log = structlog.get_logger("x")
    log.info(text)
    log.info("nested", deep=[{"a": (text,)}])
    log.info("argument %s", text)
    log.info("object", thing=RuntimeError(text))
    assert "canary" not in lines.getvalue() and JWT not in lines.getvalue() and "Y2FuYXJ5" not in lines.getvalue()
    assert len(written(lines)) == 4


def test_secrets_are_scrubbed_by_the_name_of_their_field(lines: io.StringIO) -> None:
    structlog.get_logger("x").info("kept", token="canary", headers={"Set-Cookie": "canary", "Accept": "text/html"})
    (line,) = written(lines)
    assert line["token"] == "***" and line["headers"] == {"Set-Cookie": "***", "Accept": "text/html"}


def test_a_traceback_is_written_and_scrubbed(lines: io.StringIO) -> None:
    try:
        raise ValueError("refused: access_token=canary-a")
    except ValueError:
        structlog.get_logger("x").exception("a job failed")
        logging.getLogger("y").exception("a job failed")
    assert all("Traceback" in line["exception"] and "access_token=***" in line["exception"] for line in written(lines))
    assert "canary" not in lines.getvalue()


def test_ordinary_words_stay(lines: io.StringIO) -> None:
    text = "the token was refreshed; 3 short keys at https://api.example.com:443/x?page=2 for anna@example.com"
    assert Scrubber(("short",)).text(text) == text


def test_a_secret_prints_as_stars(lines: io.StringIO) -> None:
    structlog.get_logger("x").info("opened", value=Secret("canary"))
    assert "canary" not in lines.getvalue()


def test_a_field_that_holds_itself_ends(lines: io.StringIO) -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    structlog.get_logger("x").info("loop", loop=loop)
    assert len(written(lines)) == 1
