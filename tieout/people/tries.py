"""The growing delay after tries in vain: of passwords, codes and letters. It passes by itself; nobody is locked out."""

from datetime import datetime, timedelta

from tieout.people.digests import digest
from tieout.store import people as rows
from tieout.store.engine import Db

_FORGIVEN_AFTER = timedelta(hours=24)
_LONGEST_WAIT_SECONDS = 900
# How many tries of each kind are free of delay. `address` is a network address, which a whole office may share.
_FREE = {"account": 5, "device": 5, "address": 20, "second": 5, "prove": 5, "letter": 3, "asking": 20, "vouched": 20}


class TooManyTries(Exception):
    """Tries came too fast. It passes by itself: there is no lock-out for good."""

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(f"too many tries; the next in {wait_seconds} seconds")


def count(db: Db, subjects: tuple[str, ...], now: datetime) -> None:
    """One more try for each. Raises TooManyTries while one of them has to wait, and then counts nothing.

    A subject reads `kind:whom`. Count in a transaction of its own, before what was tried is looked at: a thousand
    guesses at once are then a thousand tries.
    """
    counted: list[tuple[str, int]] = []
    for subject in subjects:
        tries, last_at = rows.tries(db, digest(subject), now)
        if last_at + _FORGIVEN_AFTER <= now:
            tries, last_at = 0, now
        wait_seconds = _wait_seconds(tries - _FREE[subject.partition(":")[0]])
        passed_seconds = int((now - last_at).total_seconds())
        if passed_seconds < wait_seconds:
            raise TooManyTries(wait_seconds - passed_seconds)
        counted.append((subject, tries + 1))
    for subject, tries in counted:
        rows.set_tries(db, digest(subject), tries, now)


def forgive(db: Db, subjects: tuple[str, ...], now: datetime) -> None:
    """After a success they start afresh; an address, which others may share, is only given this one try back."""
    for subject in subjects:
        tries, _ = rows.tries(db, digest(subject), now)
        rows.set_tries(db, digest(subject), max(tries - 1, 0) if subject.startswith("address:") else 0, now)


def _wait_seconds(tries_over: int) -> int:
    """1, 2, 4, 8 … seconds after the free tries, a quarter of an hour at most."""
    return 0 if tries_over < 0 else int(min(2 ** min(tries_over, 20), _LONGEST_WAIT_SECONDS))
