"""Tokens that cover several organisations, and the first answer to a key: kept once, whoever comes at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from tests.conftest import START
from tieout.store import requests, tokens
from tieout.store.engine import Engines, read, write
from tieout.store.requests import Request
from tieout.store.tokens import Token

EVER = START - timedelta(days=30)


def token(id: str, *organisations: str) -> Token:
    return Token(id, "d" * 64, "till", None, ("settlements:read",), organisations, "Olive", START, START)


def test_a_token_is_found_again_with_all_it_covers(
    engines: Engines, organisation: str, other_organisation: str
) -> None:
    made = token("one", organisation, other_organisation)
    with write(engines, "") as db:
        tokens.add(db, made)
        tokens.add(db, token("two", other_organisation))
    with read(engines, "") as db:
        assert tokens.find(db, "one") == made
        assert tokens.find(db, "three") is None
        assert [each.id for each in tokens.of_organisation(db, other_organisation)] == ["one", "two"]
        assert [each.id for each in tokens.of_organisation(db, organisation)] == ["one"]


def test_a_token_is_revoked_once_and_the_first_moment_stands(engines: Engines, organisation: str) -> None:
    with write(engines, "") as db:
        tokens.add(db, token("one", organisation))
        tokens.touch(db, "one", START + timedelta(hours=1))
        assert tokens.revoke(db, "one", START + timedelta(hours=2))
        assert not tokens.revoke(db, "one", START + timedelta(hours=3))
        assert not tokens.revoke(db, "none", START)
        found = tokens.find(db, "one")
    assert found is not None
    assert (found.used_at, found.revoked_at) == (START + timedelta(hours=1), START + timedelta(hours=2))


def test_the_first_caller_with_a_key_goes_on_and_the_others_see_what_it_asked(
    engines: Engines, organisation: str, other_organisation: str
) -> None:
    asked = Request("key", "f" * 64, START)
    with write(engines, organisation) as db:
        assert requests.begin(db, "key", "f" * 64, START, EVER) is None
        assert requests.begin(db, "key", "g" * 64, START + timedelta(hours=1), EVER) == asked
        requests.answer(db, "key", 202, {"Location": "/there"}, b"{}")
        answered = requests.begin(db, "key", "f" * 64, START, EVER)
    assert answered == replace(asked, status=202, headers={"Location": "/there"}, body=b"{}")
    with write(engines, other_organisation) as db:
        assert requests.begin(db, "key", "f" * 64, START, EVER) is None


def test_of_many_callers_at_once_one_is_the_first(engines: Engines, organisation: str) -> None:
    def ask(number: int) -> bool:
        with write(engines, organisation) as db:
            return requests.begin(db, "key", "f" * 64, START, EVER) is None

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(ask, range(64))) == {True: 1, False: 63}


def test_a_key_is_free_again_when_nothing_was_done_or_after_its_time(engines: Engines, organisation: str) -> None:
    with write(engines, organisation) as db:
        requests.begin(db, "dropped", "f" * 64, START, EVER)
        requests.let_go(db, "dropped")
        assert requests.begin(db, "dropped", "f" * 64, START, EVER) is None
        requests.begin(db, "answered", "f" * 64, START, EVER)
        requests.answer(db, "answered", 202, {}, b"")
        requests.let_go(db, "answered")
        assert requests.begin(db, "answered", "f" * 64, START, EVER) is not None
        later = START + timedelta(days=30, seconds=1)
        assert requests.begin(db, "answered", "g" * 64, later, later - timedelta(days=30)) is None


def test_what_was_never_answered_is_taken_over_by_one(engines: Engines, organisation: str) -> None:
    with write(engines, organisation) as db:
        requests.begin(db, "key", "f" * 64, START, EVER)
        assert requests.take_over(db, "key", START, START + timedelta(minutes=10))
        assert not requests.take_over(db, "key", START, START + timedelta(minutes=10))
        requests.answer(db, "key", 202, {}, b"")
        assert not requests.take_over(db, "key", START + timedelta(minutes=10), START + timedelta(hours=1))
