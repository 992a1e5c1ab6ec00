"""Passwords: argon2id at 64 MiB and three passes, four at once; which passwords are refused, and why.

OWASP ASVS 5, 6.2: at least 12 characters, at most 128, any characters, none that is on a list of known ones.
"""

import re
from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128

_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
# A storm of sign-ins must not exhaust the memory: four hashes of 64 MiB at most.
_TURNS = BoundedSemaphore(4)


def make_hash(password: str) -> str:
    """The hash to keep, with its own salt and parameters."""
    with _TURNS:
        return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Takes the same time whether a hash is there or not, so that an answer does not tell which addresses exist."""
    if len(password) > LONGEST:
        return False
    with _TURNS:
        try:
            return _HASHER.verify(password_hash or _nobody(), password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Made with weaker parameters than today's: to be made again at the next sign-in."""
    return _HASHER.check_needs_rehash(password_hash)


def refusal(password: str, *owned: str) -> str:
    """Why this password can't be chosen; empty when it can. `owned`: the person's name, address, organisation."""
    small = password.lower()
    if len(password) < SHORTEST:
        return f"Choose a password of at least {SHORTEST} characters; three or four words are easy to keep in mind."
    if len(password) > LONGEST:
        return f"Choose a password of at most {LONGEST} characters."
    if small in _known():
        return "This password is on lists of commonly used ones. Choose another."
    if len(set(small)) < 5:
        return "This password uses too few different characters. Choose another."
    if any(word in small for word in _words(*owned, "tieout")):
        return "Leave your name, e-mail address, organisation and the word Tieout out of the password."
    return ""


def _words(*texts: str) -> set[str]:
    """Whatever has four letters or more: shorter ones stand in too many good passwords."""
    return {word for text in texts for word in re.split(r"[\W_]+", text.lower()) if len(word) > 3}


@cache
def _known() -> frozenset[str]:
    lines = (files("tieout.people") / "known_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody's password, to take the time")
