"""Identities of a person that others vouch for: found, linked after both sides were proven, unlinked, never the last.

No network: `sync/vouched` talks to the providers and comes here with what they vouched for.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from hmac import compare_digest

from tieout.core.actor import Actor
from tieout.core.openid import Vouched, masked
from tieout.people import invitations, sessions
from tieout.people.acting import record
from tieout.people.members import Impossible
from tieout.people.needs import Needs
from tieout.store import identities as rows
from tieout.store import people, second_factors
from tieout.store.dialect import alone
from tieout.store.engine import Db, read, write
from tieout.store.identities import Draft, Identity

PENDING = timedelta(minutes=30)
PASSWORD, PASSKEY = "password", "passkey"


class LastWayIn(Impossible):
    """Without this identity or passkey the person could not sign in any more."""

    def __init__(self) -> None:
        super().__init__(
            "This is your only way in. Set a password, or add another identity or passkey, before it goes."
        )


class TakenElsewhere(Impossible):
    """The identity signs in somebody else here. Whoever that is, is not told."""

    def __init__(self) -> None:
        super().__init__("This identity signs in another account here. Unlink it there first.")


@dataclass(frozen=True, slots=True)
class Pending:
    """An identity that was proven in this browser and is nobody's yet.

    `has_account`: an account has the same address, which the provider has proven, or with `is_by_books` connected books
    with the same login. `kinds` are the ways in of that account, by name with what may be shown of each. None at all: a
    new password by mail is the only one.
    """

    draft: str
    provider: str
    email: str
    name: str
    is_verified: bool
    has_account: bool = False
    is_by_books: bool = False
    kinds: tuple[tuple[str, str], ...] = ()


def of_person(needs: Needs, person: str) -> tuple[Identity, ...]:
    with read(needs.engines, "") as db:
        return rows.of_person(db, person)


def known(db: Db, vouched: Vouched) -> Identity | None:
    return rows.find(db, vouched.issuer, vouched.subject)


def keep(db: Db, needs: Needs, draft: Draft, vouched: Vouched) -> Draft:
    """Keeps a proven identity that nobody has, and finds whose account may be meant by it.

    By the address, if its provider has proven it; else by the books that were connected with this very login.
    """
    owner = people.person_by_email(db, vouched.email) if vouched.is_verified and vouched.email else None
    meant = owner.id if owner else rows.who_connected(db, vouched.provider, vouched.subject)
    proven = replace(
        draft,
        proven_at=needs.now(),
        issuer=vouched.issuer,
        subject=vouched.subject,
        email=vouched.email,
        name=vouched.name,
        is_verified=vouched.is_verified,
        meant=meant,
    )
    rows.prove(db, proven)
    return proven


def pending(needs: Needs, draft: str, browser: str) -> Pending | None:
    """What waits to be linked in this browser; None after half an hour, or in any other browser."""
    with read(needs.engines, "") as db:
        found = _pending(db, needs, draft, browser)
        if found is None:
            return None
        kinds = _kinds(db, found.meant) if found.meant else ()
        is_by_books = found.meant != "" and is_by_books_of(db, found)
    return Pending(
        draft=found.id,
        provider=found.provider,
        email=found.email,
        name=found.name,
        is_verified=found.is_verified,
        has_account=found.meant != "",
        is_by_books=is_by_books,
        kinds=kinds,
    )


def is_by_books_of(db: Db, draft: Draft) -> bool:
    """Whether the account was found by books that it connected with this login, and not by its address."""
    owner = people.person(db, draft.meant)
    return not draft.is_verified or owner is None or owner.email != draft.email


def link_pending(needs: Needs, actor: Actor, draft: str, browser: str) -> Identity | None:
    """The identity that was proven in this browser becomes a way in for whoever is signed in here.

    Both sides are proven: the identity by its provider, the person by the session. None when nothing waits any more;
    of two callers one gets it. Raises TakenElsewhere.
    """
    with write(needs.engines, "") as db:
        found = _pending(db, needs, draft, browser)
        if found is None or not rows.settle(db, draft):
            return None
        vouched = Vouched(found.provider, found.issuer, found.subject, found.email, found.name, found.is_verified)
        return link(db, needs, actor, vouched)


def join(needs: Needs, token: str, draft: str, browser: str) -> str:
    """An account for an invited address, with the identity that was proven in this browser as its way in; its person.

    All in one transaction. Raises Impossible when nothing waits or the invitation is over, and TakenElsewhere.
    """
    with read(needs.engines, "") as db:
        found = _pending(db, needs, draft, browser)
    if found is None:
        raise Impossible("Nothing waits to be linked any more. Follow the invitation again.")
    vouched = Vouched(found.provider, found.issuer, found.subject, found.email, found.name, found.is_verified)

    def enter(db: Db, person: str) -> None:
        if not rows.settle(db, draft):
            raise Impossible("This identity was linked meanwhile. Sign in with it.")
        link(db, needs, Actor(db.organisation, person, name_of(db, person)), vouched)

    proven = found.email if found.is_verified else ""
    return invitations.accept_as_vouched(needs, token, found.name or found.email, proven, enter).person


def link(db: Db, needs: Needs, actor: Actor, vouched: Vouched) -> Identity:
    """Safe to repeat. Raises TakenElsewhere."""
    now, there = needs.now(), known(db, vouched)
    if there is not None and there.person != actor.person:
        raise TakenElsewhere
    rows.forget(db, vouched.issuer, vouched.subject)
    if there is not None:
        return there
    made = Identity(needs.new_id(), vouched.issuer, vouched.subject, vouched.provider, actor.person, vouched.email, now)
    if not rows.add(db, made):  # somebody was faster by a moment
        raise TakenElsewhere
    details = {"provider": vouched.provider, "address": masked(vouched.email)}
    record(db, actor, "identity-linked", f"person:{actor.person}", now, details)
    return made


def unlink(needs: Needs, actor: Actor, identity: str) -> bool:
    """False when the person has no such identity. Raises LastWayIn; it still signs in nobody but them until then."""
    with write(needs.engines, "") as db:
        meant = next((each for each in rows.of_person(db, actor.person) if each.id == identity), None)
        if meant is None:
            return False
        keep_a_way(db, actor.person)
        rows.drop(db, identity, actor.person)
        details = {"provider": meant.provider, "address": masked(meant.email)}
        record(db, actor, "identity-unlinked", f"person:{actor.person}", needs.now(), details)
        return True


def keep_a_way(db: Db, person: str) -> None:
    """Before an identity or a passkey goes. Raises LastWayIn; of two that go at once the second sees the first gone."""
    alone(db, f"ways in of {person}")
    found = people.person(db, person)
    ways = len(rows.of_person(db, person)) + len(second_factors.passkeys(db, person))
    if ways <= 1 and not (found and found.password_hash):
        raise LastWayIn


def own_ways(db: Db, person: str) -> tuple[str, ...]:
    """The ways in that nobody else vouches for: a password, a passkey."""
    found = people.person(db, person)
    password = (PASSWORD,) if found and found.password_hash else ()
    return (*password, PASSKEY) if second_factors.passkeys(db, person) else password


def name_of(db: Db, person: str) -> str:
    found = people.person(db, person)
    return found.name if found else ""


def can_lose_one(needs: Needs, person: str) -> bool:
    """Whether an identity may be unlinked and the person still gets in."""
    with read(needs.engines, "") as db:
        return bool(own_ways(db, person)) or len(rows.of_person(db, person)) > 1


def bound(browser: str) -> str:
    """How a browser's secret is kept."""
    return sessions.digest(browser)


def _pending(db: Db, needs: Needs, draft: str, browser: str) -> Draft | None:
    found = rows.draft(db, draft) if draft and browser else None
    if found is None or found.proven_at is None or not compare_digest(found.binding, bound(browser)):
        return None
    return found if found.proven_at + PENDING > needs.now() else None


def _kinds(db: Db, person: str) -> tuple[tuple[str, str], ...]:
    """The ways in of an account, told to somebody whose address was just proven to be the same."""
    own = ((name, "") for name in own_ways(db, person))
    return (*own, *((each.provider, masked(each.email)) for each in rows.of_person(db, person)))
