"""API tokens: shown once, kept as a hash, ended in three ways, and never allowed more than the person behind."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.people.conftest import Kit
from tieout.core.actor import Actor
from tieout.people import roles, tokens
from tieout.people.roles import Right, Role
from tieout.people.tokens import RIGHTS, Bearer, Scope, Unusable, Wanted, bearer, create, listed, refusal, revoke
from tieout.store import people as rows
from tieout.store.engine import write
from tieout.store.metadata import METADATA

CONSOLE = Actor("", "", "Olive")


def wanted(alice: rows.Member, *scopes: str, person: str | None = None, days: int = 90) -> Wanted:
    return Wanted("Till, ground floor", scopes or tuple(Scope), (alice.organisation,), days, person)


def believed(kit: Kit, text: str) -> Bearer:
    found = bearer(kit, text)
    assert isinstance(found, Bearer), found
    return found


def test_a_token_is_shown_once_and_only_its_hash_is_kept(kit: Kit, alice: rows.Member) -> None:
    token, text = create(kit, CONSOLE, wanted(alice))
    assert re.fullmatch(r"tieout_[0-9a-f]{16}_[\w-]{43}", text)
    secret = text.split("_", 2)[2]
    with kit.engines.reading.begin() as connection:
        kept = " ".join(str(row) for table in METADATA.sorted_tables for row in connection.execute(sa.select(table)))
    assert token.id in kept and secret not in kept and secret not in repr(token)
    assert believed(kit, text).token.name == "Till, ground floor"


def test_each_token_is_another(kit: Kit, alice: rows.Member) -> None:
    texts = {create(kit, CONSOLE, wanted(alice))[1] for _ in range(20)}
    assert len(texts) == 20 == len({text.split("_")[1] for text in texts})


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.removeprefix("tieout_"), str.upper])
def test_a_token_that_is_not_ours_opens_nothing(kit: Kit, alice: rows.Member, spoil: object) -> None:
    _, text = create(kit, CONSOLE, wanted(alice))
    assert callable(spoil) and bearer(kit, spoil(text)) is Unusable.UNKNOWN


@pytest.mark.parametrize("text", ["", "tieout_", "tieout__", "tieout_0_0", "tieout_" + "a" * 10_000, "täuschend_echt"])
def test_nonsense_opens_nothing(kit: Kit, text: str) -> None:
    assert bearer(kit, text) is Unusable.UNKNOWN


def test_a_secret_of_another_token_opens_nothing(kit: Kit, alice: rows.Member) -> None:
    (one, _), (_, text) = create(kit, CONSOLE, wanted(alice)), create(kit, CONSOLE, wanted(alice))
    assert bearer(kit, f"tieout_{one.id}_{text.split('_', 2)[2]}") is Unusable.UNKNOWN


def test_a_token_ends_on_its_day_and_at_a_persons_word(kit: Kit, alice: rows.Member) -> None:
    _, short = create(kit, CONSOLE, wanted(alice, days=1))
    token, long = create(kit, CONSOLE, wanted(alice, days=365))
    kit.now.advance(days=1)
    assert bearer(kit, short) is Unusable.EXPIRED
    assert believed(kit, long)
    assert not revoke(kit, replace(CONSOLE, organisation="another organisation"), token.id) and believed(kit, long)
    assert revoke(kit, replace(CONSOLE, organisation=alice.organisation), token.id) and not revoke(
        kit, replace(CONSOLE, organisation=alice.organisation), token.id
    )
    assert bearer(kit, long) is Unusable.REVOKED
    assert not revoke(kit, replace(CONSOLE, organisation=alice.organisation), "none")


def test_it_is_kept_when_a_token_was_last_used_to_the_minute(kit: Kit, alice: rows.Member) -> None:
    _, text = create(kit, CONSOLE, wanted(alice))
    assert [each.used_at for each in listed(kit, alice.organisation)] == [None]
    first = kit.now()
    believed(kit, text)
    kit.now.advance(seconds=59)
    believed(kit, text)
    assert [each.used_at for each in listed(kit, alice.organisation)] == [first]
    kit.now.advance(seconds=1)
    believed(kit, text)
    assert [each.used_at for each in listed(kit, alice.organisation)] == [kit.now()]


def test_a_persons_token_may_what_scope_and_role_both_allow(kit: Kit, alice: rows.Member) -> None:
    _, text = create(kit, CONSOLE, wanted(alice, Scope.SETTLEMENTS_SEND, Scope.SETTLEMENTS_IMPORT, person=alice.person))
    found = believed(kit, text)
    assert not found.lacks(alice.organisation, Scope.SETTLEMENTS_SEND)
    assert found.lacks(alice.organisation, Scope.SETTLEMENTS_READ) == "the scope settlements:read"
    assert found.name == "Alice (token Till, ground floor)"
    with write(kit.engines, alice.organisation) as db:
        db.execute(sa.update(rows.MEMBERS).values(role=Role.BASIC))
    found = believed(kit, text)
    assert not found.lacks(alice.organisation, Scope.SETTLEMENTS_SEND)
    assert "the role basic" in found.lacks(alice.organisation, Scope.SETTLEMENTS_IMPORT)


def test_when_its_person_leaves_a_token_opens_nothing(kit: Kit, alice: rows.Member) -> None:
    _, text = create(kit, CONSOLE, wanted(alice, person=alice.person))
    _, programs = create(kit, CONSOLE, wanted(alice))
    with write(kit.engines, alice.organisation) as db:
        db.execute(sa.delete(rows.MEMBERS))
    assert bearer(kit, text) is Unusable.PERSON_LEFT
    assert believed(kit, programs).name == "token Till, ground floor"


def test_every_scope_has_a_right_that_some_role_has_and_some_scope_is_beyond_the_least_role() -> None:
    assert set(RIGHTS) == set(Scope)
    assert all(roles.roles_with(right) for right in RIGHTS.values())
    assert Right.OWN not in RIGHTS.values() and Right.PEOPLE not in RIGHTS.values()


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " "},
        {"name": "n" * 81},
        {"name": "two\r\nlines"},
        {"scopes": ()},
        {"scopes": ("settlements:read", "everything")},
        {"days": 0},
        {"days": 366},
        {"organisations": ()},
    ],
)
def test_a_token_that_cannot_be_is_refused_with_a_sentence(
    kit: Kit, alice: rows.Member, change: dict[str, object]
) -> None:
    good = wanted(alice)
    assert refusal(good) == "" and refusal(replace(good, **change)).endswith(".")  # type: ignore[arg-type]


def test_names_are_kept_in_one_spelling(kit: Kit, alice: rows.Member) -> None:
    token, _ = create(kit, CONSOLE, replace(wanted(alice), name=" Cafe\u0301 "))
    assert token.name == "Caf\u00e9"
    assert tokens.LONGEST_DAYS == 365
