"""`tieout tokens`: made, shown once, listed without the secret, revoked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.people.conftest import OWNER, Kit, cheap_hashes
from tests.people.conftest import kit as kit
from tieout.cli import Doors, run
from tieout.people import organisations, tokens

assert cheap_hashes


@dataclass(frozen=True)
class Product:
    tools: Kit


@pytest.fixture
def doors(kit: Kit) -> Doors:
    @contextmanager
    def opened(settings: Any, works: bool) -> Iterator[Product]:
        yield Product(kit)

    def serve(*arguments: Any) -> None:
        raise AssertionError("nothing is served here")

    organisations.create_owner(kit, OWNER)
    return Doors({}, dict, opened, serve, LookupError, RuntimeError)


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(
    doors: Doors, kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(doors, ["tokens", "create", "Till", "--scope", "settlements:read", "--days", "7"]) == 0
    text = capsys.readouterr().out.strip()
    found = tokens.bearer(kit, text)
    assert isinstance(found, tokens.Bearer) and found.token.scopes == ("settlements:read",)
    assert run(doors, ["tokens", "list"]) == 0
    shown = capsys.readouterr().out
    assert "Till" in shown and found.token.id in shown and text.split("_", 2)[2] not in shown
    assert run(doors, ["tokens", "revoke", found.token.id]) == 0
    assert tokens.bearer(kit, text) is tokens.Unusable.REVOKED
    assert run(doors, ["tokens", "revoke", found.token.id]) == 1
    assert "revoked" in (capsys.readouterr(), run(doors, ["tokens", "list"]), capsys.readouterr())[2].out


def test_json_is_for_scripts(doors: Doors, kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(doors, ["tokens", "create", "Till", "--scope", "all", "--person", "alice@example.com", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert isinstance(tokens.bearer(kit, made["token"]), tokens.Bearer)
    assert set(made["scopes"]) == set(tokens.Scope)
    assert run(doors, ["tokens", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    assert [each["id"] for each in json.loads(listed)] == [made["id"]]
    assert "digest" not in listed and made["token"] not in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scope", "everything"], "everything is no scope; there are: integrations:read"),
        (["--scope", "all", "--person", "nobody@example.com"], "Nobody has the address"),
        (["--scope", "all", "--organisation", "elsewhere"], "There is no organisation elsewhere"),
        (["--scope", "all", "--days", "366"], "--days"),
        ([], "--scope"),
    ],
)
def test_what_cannot_be_made_is_said(
    doors: Doors, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(doors, ["tokens", "create", "Till", *arguments]) == 2
    assert said in capsys.readouterr().err
