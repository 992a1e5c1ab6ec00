"""Sign in, by password or by a one-use link; sessions and their end. A second factor, where there is one, comes first.

A session is only ever made by `begin_proven`, behind every proof that the person's account asks for.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, passwords, tries
from tieout.people.digests import digest, new_token
from tieout.people.needs import Needs
from tieout.people.tries import TooManyTries
from tieout.store import memberships, second_factors, support
from tieout.store import people as rows
from tieout.store.engine import Db, read, write

__all__ = ["TooManyTries", "digest", "new_token"]

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
LINK_MINUTES = 60
PENDING = timedelta(minutes=10)
PROOF_LASTS = timedelta(minutes=10)

_SEEN_EVERY = timedelta(minutes=1)


class WrongCredentials(Exception):
    """The address is not known or the password is not its own; which of the two is never said."""


class NoOrganisation(WrongCredentials):
    """Every proof was right, and the person belongs to no organisation any more."""


class LinkUsed(Exception):
    """A sign-in link was wrong, used or too old."""


class FactorNeeded(Exception):
    """The first proof was right, and the person has a second factor: the sign-in goes on with `token`, for minutes."""

    def __init__(self, token: str) -> None:
        self.token = token
        super().__init__("a second factor is needed")


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a sign-in comes from: the network address, a random text that this browser keeps for long, and its name."""

    address: str
    device: str
    agent: str = ""


def sign_in(needs: Needs, email: str, password: str, visit: Visit) -> str:
    """A new session's token. Raises TooManyTries and WrongCredentials, alike for known and unknown addresses.

    A browser that has signed in before has a count of its own, so outsiders who guess cannot keep the person out.
    Raises FactorNeeded, after the right password, for a person who has a second factor.
    """
    return _entered(needs, by_password(needs, email, password, visit), visit)


def by_password(needs: Needs, email: str, password: str, visit: Visit) -> rows.Person:
    """Whose password this is; no session begins. Raises as `sign_in`, but for the second factor, which is still due."""
    email = email.strip().lower()
    with write(needs.engines, "") as db:
        person = rows.person_by_email(db, email)
        subjects = _subjects(db, person, email, visit)
        tries.count(db, subjects, needs.now())
    if not passwords.matches(person.password_hash if person else "", password) or person is None:
        raise WrongCredentials
    outdated = passwords.is_outdated(person.password_hash)
    better = passwords.make_hash(password) if outdated else ""
    with write(needs.engines, "") as db:
        tries.forgive(db, subjects, needs.now())
        if better:
            rows.set_password_hash(db, person.id, better)
    return person


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
        console = Actor("", "", "the command line")
        acting.record(db, console, "sign-in-link-made", f"person:{found.id}", needs.now())
    return token


def link_person(needs: Needs, token: str) -> rows.Person | None:
    """Whom a link would sign in; looking does not use it up."""
    with read(needs.engines, "") as db:
        found = rows.link(db, digest(token), "sign-in", needs.now())
        return rows.person(db, found.person) if found and found.person else None


def sign_in_by_link(needs: Needs, token: str, visit: Visit) -> str:
    """A new session's token. Raises LinkUsed; of two callers only one succeeds.

    No second factor is asked for: only the console makes such links, and they are the way back for whoever lost theirs.
    """
    with write(needs.engines, "") as db:
        found = rows.use_link(db, digest(token), "sign-in", needs.now())
        person = rows.person(db, found.person) if found and found.person else None
        if person is None:
            raise LinkUsed
        return begin_proven(db, needs, person, visit)


def begin(needs: Needs, person: str, visit: Visit) -> str:
    """A new session for somebody who has just proven who they are. Raises FactorNeeded where a second proof is due."""
    with read(needs.engines, "") as db:
        found = rows.person(db, person)
    assert found is not None, "a session is begun for a person who exists"
    return _entered(needs, found, visit)


def begin_proven(db: Db, needs: Needs, person: rows.Person, visit: Visit) -> str:
    """A new session, after every proof. Raises NoOrganisation for somebody who belongs to none.

    Always a new token: one that somebody planted before the sign-in is worth nothing after it.
    """
    token, now = new_token(), needs.now()
    own_ones = rows.memberships(db, person.id)
    if not own_ones:
        raise NoOrganisation
    rows.forget_old(db, now - LONGEST, now)
    if visit.device:
        rows.know_device(db, digest(visit.device), person.id, now)
    own = Db(db.connection, own_ones[0].organisation)
    rows.begin_session(own, digest(token), person.id, visit.address, visit.agent[:255], now)
    return token


def is_proven(session: rows.Session, needs: Needs) -> bool:
    """The person behind this session showed who they are within the last ten minutes; a sign-in counts."""
    return needs.now() - session.proven_at <= PROOF_LASTS


def current(needs: Needs, token: str) -> rows.Session | None:
    """The session behind a cookie, unless it was idle for 12 hours, is 7 days old, or its person left."""
    now = needs.now()
    with read(needs.engines, "") as db:
        session = rows.session(db, digest(token))
        if session is None and (granted := support.role_in(db, digest(token), now)):
            session = rows.session(db, digest(token), granted)
    if session is None or session.seen_at + IDLE <= now or session.began_at + LONGEST <= now:
        return None
    if session.seen_at + _SEEN_EVERY <= now:
        with write(needs.engines, session.organisation.id) as db:
            rows.touch_session(db, session.digest, now)
            memberships.seen(db, session.person.id, now)
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


def own(needs: Needs, person: str) -> tuple[rows.OpenSession, ...]:
    """Every session of the person that still opens something, the one seen last first."""
    now = needs.now()
    with read(needs.engines, "") as db:
        return rows.sessions_of(db, person, now - LONGEST, now - IDLE)


def end_own(needs: Needs, person: rows.Person, digest: str) -> bool:
    """End one session of one's own; False for one that is over, or somebody else's."""
    with write(needs.engines, "") as db:
        is_ended = rows.end_session_of(db, person.id, digest)
        if is_ended:
            acting.record(db, Actor("", person.id, person.name), "session-ended", f"person:{person.id}", needs.now())
        return is_ended


def end_others(needs: Needs, session: rows.Session) -> int:
    """End every session of this person but this one; how many there were."""
    person = session.person
    with write(needs.engines, "") as db:
        ended = rows.end_sessions_of(db, person.id, but=session.digest)
        if ended:
            who = Actor("", person.id, person.name)
            acting.record(db, who, "other-sessions-ended", f"person:{person.id}", needs.now(), {"ended": str(ended)})
        return ended


def _entered(needs: Needs, person: rows.Person, visit: Visit) -> str:
    """A session, or the beginning of one; the row that waits for the second factor is committed before it is told."""
    now = needs.now()
    with write(needs.engines, "") as db:
        if not second_factors.has_any(db, person.id):
            return begin_proven(db, needs, person, visit)
        second_factors.forget_old(db, now)
        token = new_token()
        second_factors.add_pending(db, digest(token), person.id, now + PENDING)
    raise FactorNeeded(token)


def _subjects(db: Db, person: rows.Person | None, email: str, visit: Visit) -> tuple[str, ...]:
    """What the tries are counted against."""
    if person and visit.device and rows.knows_device(db, digest(visit.device), person.id):
        return (f"device:{visit.device}:{person.id}",)
    return f"account:{email}", f"address:{visit.address}"
