"""`tieout mail` and `tieout sign-in-link`: what goes out to people, and the way back for who lost everything."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.people.conftest import HOME, OWNER, cheap_hashes
from tests.sync.conftest import there, tools
from tests.sync.test_mailing import Outbox
from tieout.cli import Doors, run
from tieout.mail import Undelivered
from tieout.people import organisations, sessions
from tieout.store.engine import write
from tieout.sync import mailing
from tieout.sync.tools import Tools

assert cheap_hashes and there and tools


@dataclass(frozen=True)
class Product:
    tools: Tools


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def posting(tools: Tools, outbox: Outbox) -> Tools:
    made = replace(tools, post=outbox)
    organisations.create_owner(made, OWNER)
    return made


@pytest.fixture
def doors(posting: Tools) -> Doors:
    @contextmanager
    def opened(settings: Any, works: bool) -> Iterator[Product]:
        yield Product(posting)

    def serve(*arguments: Any) -> None:
        raise AssertionError("nothing is served here")

    return Doors({}, lambda _: SimpleNamespace(url="https://books.example"), opened, serve, LookupError, RuntimeError)


def test_what_could_not_be_sent_is_listed_with_the_reason_and_goes_after_it_was_mended(
    doors: Doors, posting: Tools, outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with write(posting.engines, "") as db:
        mailing.enqueue(db, posting, "bob@example.com", "Choose a new password", "Words.", "/reset?token=s3cret")
    outbox.refusal = Undelivered("535 wrong password", is_final=False)
    mailing.deliver(posting)
    assert run(doors, ["mail", "list", "--unsent", "--json"]) == 0
    shown = capsys.readouterr().out
    (letter,) = json.loads(shown)
    assert (letter["to"], letter["state"], letter["words"]) == ("bob@example.com", "waiting", "535 wrong password")
    assert "s3cret" not in shown and run(doors, ["mail", "test", "alice@example.com"]) == 1
    assert "535 wrong password" in capsys.readouterr().err
    outbox.refusal = None
    assert run(doors, ["mail", "retry"]) == 0 and "1 of 1" in capsys.readouterr().out
    assert run(doors, ["mail", "test", "alice@example.com"]) == 0
    assert [each.to for each in outbox.taken] == ["bob@example.com", "alice@example.com"]
    assert run(doors, ["mail", "list"]) == 0 and "sent" in capsys.readouterr().out


def test_a_link_signs_in_whoever_lost_everything_and_is_on_record(
    doors: Doors, posting: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(doors, ["sign-in-link", "alice@example.com"]) == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith("https://books.example/sign-in/link?token=")
    assert sessions.current(posting, sessions.sign_in_by_link(posting, link.partition("=")[2], HOME))
    assert run(doors, ["sign-in-link", "nobody@example.com"]) == 1
