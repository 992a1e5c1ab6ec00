"""Sign in, by password or by a one-use link; sessions and their end; the growing delay after wrong passwords."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.people import passwords
from tieout.people.needs import Needs
from tieout.store import people as rows
from tieout.store.engine import Db, read, write

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
LINK_MINUTES = 60

_SEEN_EVERY = timedelta(minutes=1)
_FORGIVEN_AFTER = timedelta(hours=24)
_FREE_TRIES = {"account": 5, "device": 5, "address": 20}
_LONGEST_WAIT_SECONDS = 900


class WrongCredentials(Exception):
    """The address is not known or the password is not its own; which of the two is never said."""


class TooManyTries(Exception):
    """Wrong passwords came too fast. It passes by itself: there is no lock-out for good."""

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(f"too many tries; the next in {wait_seconds} seconds")


class LinkUsed(Exception):
    """A sign-in link was wrong, used or too old."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a sign-in comes from: the network address, a random text that this browser keeps for long, and its name."""

    address: str
    device: str
    agent: str = ""


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """How a token is kept. It is random throughout, so a plain hash is right."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(needs: Needs, email: str, password: str, visit: Visit) -> str:
    """A new session's token. Raises TooManyTries and WrongCredentials, alike for known and unknown addresses.

    A browser that has signed in before has a count of its own, so outsiders who guess cannot keep the person out.
    """
    email = email.strip().lower()
    with write(needs.engines, "") as db:
        person = rows.person_by_email(db, email)
        subjects = _subjects(db, person, email, visit)
        # Counted before the password is looked at: a thousand guesses at once are a thousand tries.
        _count_try(db, subjects, needs.now())
    if not passwords.matches(person.password_hash if person else "", password) or person is None:
        raise WrongCredentials
    outdated = passwords.is_outdated(person.password_hash)
    better = passwords.make_hash(password) if outdated else ""
    with write(needs.engines, "") as db:
        for subject in subjects:
            _forgive(db, subject, needs.now())
        if better:
            rows.set_password_hash(db, person.id, better)
        return _begin(db, person, visit, needs)


def sign_in_link(needs: Needs, person: str = "") -> str | None:
    """The token of a link that signs a person in once, within the hour; None if nobody is there.

    The first owner by default. For the console: whoever can read that may own the installation anyway.
    """
    token = new_token()
    with write(needs.engines, "") as db:
        found = rows.person(db, person) if person else rows.first_owner(db)
        if found is None:
            return None
        rows.add_link(db, digest(token), "sign-in", found.id, needs.now() + timedelta(minutes=LINK_MINUTES))
    return token


def link_person(needs: Needs, token: str) -> rows.Person | None:
    """Whom a link would sign in; looking does not use it up."""
    with read(needs.engines, "") as db:
        found = rows.link(db, digest(token), "sign-in", needs.now())
        return rows.person(db, found.person) if found and found.person else None


def sign_in_by_link(needs: Needs, token: str, visit: Visit) -> str:
    """A new session's token. Raises LinkUsed; of two callers only one succeeds."""
    with write(needs.engines, "") as db:
        found = rows.use_link(db, digest(token), "sign-in", needs.now())
        person = rows.person(db, found.person) if found and found.person else None
        if person is None:
            raise LinkUsed
        return _begin(db, person, visit, needs)


def begin(needs: Needs, person: str, visit: Visit) -> str:
    """A new session for somebody who has just proven who they are."""
    with write(needs.engines, "") as db:
        found = rows.person(db, person)
        assert found is not None, "a session is begun for a person who exists"
        return _begin(db, found, visit, needs)


def current(needs: Needs, token: str) -> rows.Session | None:
    """The session behind a cookie, unless it was idle for 12 hours, is 7 days old, or its person left."""
    now = needs.now()
    with read(needs.engines, "") as db:
        session = rows.session(db, digest(token))
    if session is None or session.seen_at + IDLE <= now or session.began_at + LONGEST <= now:
        return None
    if session.seen_at + _SEEN_EVERY <= now:
        with write(needs.engines, session.organisation.id) as db:
            rows.touch_session(db, session.digest, now)
        return replace(session, seen_at=now)
    return session


def switch(needs: Needs, session: rows.Session, organisation: str) -> bool:
    """From here on the session stands for another organisation of its person; False for one that is not theirs."""
    with write(needs.engines, organisation) as db:
        return rows.move_session(db, session.digest, session.person.id)


def sign_out(needs: Needs, token: str) -> None:
    with write(needs.engines, "") as db:
        rows.end_session(db, digest(token))


def sign_out_everywhere(needs: Needs, person: str) -> int:
    """How many sessions were ended."""
    with write(needs.engines, "") as db:
        return rows.end_sessions_of(db, person)


def _begin(db: Db, person: rows.Person, visit: Visit, needs: Needs) -> str:
    """Always a new token: one that somebody planted before the sign-in is worth nothing after it."""
    token, now = new_token(), needs.now()
    memberships = rows.memberships(db, person.id)
    if not memberships:
        raise WrongCredentials
    rows.forget_old(db, now - LONGEST, now)
    if visit.device:
        rows.know_device(db, digest(visit.device), person.id, now)
    own = Db(db.connection, memberships[0].organisation)
    rows.begin_session(own, digest(token), person.id, visit.address, visit.agent[:255], now)
    return token


def _subjects(db: Db, person: rows.Person | None, email: str, visit: Visit) -> tuple[str, ...]:
    """What the tries are counted against."""
    if person and visit.device and rows.knows_device(db, digest(visit.device), person.id):
        return (f"device:{visit.device}:{person.id}",)
    return f"account:{email}", f"address:{visit.address}"


def _count_try(db: Db, subjects: tuple[str, ...], now: datetime) -> None:
    """One more try for each. Raises TooManyTries while one of them has to wait, and then counts nothing."""
    counted: list[tuple[str, int]] = []
    for subject in subjects:
        tries, last_at = rows.tries(db, digest(subject), now)
        if last_at + _FORGIVEN_AFTER <= now:
            tries, last_at = 0, now
        wait_seconds = _wait_seconds(tries - _FREE_TRIES[subject.partition(":")[0]])
        passed_seconds = int((now - last_at).total_seconds())
        if passed_seconds < wait_seconds:
            raise TooManyTries(wait_seconds - passed_seconds)
        counted.append((subject, tries + 1))
    for subject, tries in counted:
        rows.set_tries(db, digest(subject), tries, now)


def _forgive(db: Db, subject: str, now: datetime) -> None:
    """After a success: the account starts afresh; the address, which others may share, is only given this try back."""
    tries, _ = rows.tries(db, digest(subject), now)
    rows.set_tries(db, digest(subject), max(tries - 1, 0) if subject.startswith("address:") else 0, now)


def _wait_seconds(tries_over: int) -> int:
    """1, 2, 4, 8 … seconds after the free tries, a quarter of an hour at most."""
    return 0 if tries_over < 0 else int(min(2 ** min(tries_over, 20), _LONGEST_WAIT_SECONDS))
