"""`tieout people`: the same verbs at the console, which is trusted and writes to the same audit log."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tests.people.belonging import acts, join
from tests.people.conftest import OWNER, Kit, cheap_hashes
from tests.people.conftest import kit as kit
from tieout.cli import Doors, run
from tieout.people import invitations, organisations, support
from tieout.store.people import Member

assert cheap_hashes


@dataclass(frozen=True)
class Product:
    tools: Kit
    environment: Any


@pytest.fixture
def alice(kit: Kit) -> Member:
    return organisations.create_owner(kit, OWNER)


@pytest.fixture
def doors(kit: Kit, alice: Member) -> Doors:
    @contextmanager
    def opened(settings: Any, works: bool) -> Iterator[Product]:
        yield Product(kit, SimpleNamespace(url="https://books.example"))

    def serve(*arguments: Any) -> None:
        raise AssertionError("nothing is served here")

    return Doors({}, dict, opened, serve, LookupError, RuntimeError)


def test_people_are_invited_listed_changed_and_removed(
    doors: Doors, kit: Kit, alice: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    join(kit, alice.organisation, "Bob", "basic")
    assert run(doors, ["people", "invite", "carol@example.com", "--role", "owner"]) == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith("https://books.example/invitations/accept?token=")
    assert invitations.look(kit, link.partition("token=")[2])
    assert run(doors, ["people", "set-role", "bob@example.com", "--role", "admin"]) == 0
    assert run(doors, ["people", "list"]) == 0
    shown = capsys.readouterr().out
    assert "bob@example.com" in shown and "admin" in shown and "invited until" in shown
    assert run(doors, ["people", "remove", "bob@example.com"]) == 0
    capsys.readouterr()
    assert run(doors, ["people", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["email"] for each in listed["members"]] == ["alice@example.com"]
    assert [each["email"] for each in listed["invitations"]] == ["carol@example.com"]
    assert acts(kit, alice.organisation) == ["member-invited", "role-changed", "member-removed"]


def test_an_administrator_of_the_installation_is_made_at_the_console_only(
    doors: Doors, kit: Kit, alice: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in ("alice@example.com administers", "Nothing changed"):
        assert run(doors, ["people", "make-platform-admin", "alice@example.com"]) == 0
        assert said in capsys.readouterr().out
    assert support.is_admin(kit, alice.person)
    assert run(doors, ["people", "make-platform-admin", "alice@example.com", "--end"]) == 0
    assert not support.is_admin(kit, alice.person)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["invite", "x@example.com", "--role", "king"], 2, "king is no role"),
        (["invite", "alice@example.com"], 1, "belongs to the organisation already"),
        (["set-role", "nobody@example.com", "--role", "basic"], 2, "No member has the address"),
        (["set-role", "alice@example.com", "--role", "basic"], 1, "needs an owner"),
        (["remove", "alice@example.com"], 1, "needs an owner"),
        (["make-platform-admin", "nobody@example.com"], 2, "Nobody has the address"),
    ],
)
def test_what_cannot_be_is_said(
    doors: Doors, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run(doors, ["people", *arguments]) == code
    assert said in capsys.readouterr().err
