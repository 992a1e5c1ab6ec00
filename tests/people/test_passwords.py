"""Passwords are kept as argon2id, cost memory for four at most, and must not be guessable."""

import threading
import time

import pytest

from tests.people.conftest import GOOD_PASSWORD
from tieout.people import passwords


def test_a_hash_is_argon2id_of_64_mib_with_its_own_salt() -> None:
    first, second = passwords.make_hash(GOOD_PASSWORD), passwords.make_hash(GOOD_PASSWORD)
    assert first.startswith("$argon2id$v=19$m=65536,t=3,") and first != second
    assert GOOD_PASSWORD not in first
    assert passwords.matches(first, GOOD_PASSWORD) and not passwords.matches(first, GOOD_PASSWORD + " ")


def test_no_hash_and_a_broken_hash_match_nothing() -> None:
    assert not passwords.matches("", "nobody's password, to take the time")
    assert not passwords.matches("not a hash", GOOD_PASSWORD)
    assert not passwords.matches(passwords.make_hash(GOOD_PASSWORD), "x" * 10_000)


def test_a_weaker_hash_is_outdated() -> None:
    weak = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$2iYvWzMW9FDDbIEBDDUKQwgFsmJRV9ux9GfHJv6EQ1c"
    assert passwords.is_outdated(weak) and not passwords.is_outdated(passwords.make_hash(GOOD_PASSWORD))


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("short", "at least 12"),
        ("x" * 129, "at most 128"),
        ("1qaz2wsx3edc", "lists of commonly used"),
        ("1QAZ2wsx3edc", "lists of commonly used"),
        ("abababababab", "too few different"),
        ("alice@example.com1", "Leave your name"),
        ("I am at Lighthouse now", "Leave your name"),
    ],
)
def test_a_guessable_password_is_refused_with_the_reason(password: str, word: str) -> None:
    assert word in passwords.refusal(password, "alice@example.com", "Lighthouse")


@pytest.mark.parametrize("password", [GOOD_PASSWORD, "ü" * 6 + "vier Wörter ☃", "a b c d e f g"])
def test_any_characters_make_a_good_password(password: str) -> None:
    assert passwords.refusal(password, "alice@example.com", "Lighthouse") == ""


def test_at_most_four_hashes_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def hash(self, _password: str) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1
            return "hash"

    monkeypatch.setattr(passwords, "_HASHER", Slow())
    threads = [threading.Thread(target=passwords.make_hash, args=("x",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 4
