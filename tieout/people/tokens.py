"""API tokens: made once and shown once, with scopes, organisations and an end; who is behind one, and what it may.

A token reads `tieout_<id>_<secret>`. The prefix lets scanners find one that leaked; the secret has 256 random bits, so
a plain hash of it is kept. A token that belongs to a person never may more than the person's role.
"""

import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tieout.core.actor import Actor
from tieout.people import acting, roles
from tieout.people.needs import Needs
from tieout.people.roles import Right
from tieout.people.sessions import digest
from tieout.store import people
from tieout.store import tokens as rows
from tieout.store.engine import Db, read, write
from tieout.store.people import Person
from tieout.store.tokens import Token

PREFIX = "tieout_"
LONGEST_DAYS = 365
LONGEST_NAME = 80

_USED_EVERY = timedelta(minutes=1)
_LONGEST_TOKEN = 200


class Scope(StrEnum):
    INTEGRATIONS_READ = "integrations:read"  # read issues and operations
    INTEGRATIONS_RETRY = "integrations:retry"  # carry out a way out of an issue: check again, mute
    INTEGRATIONS_CONNECT = "integrations:connect"  # renew the access to the books
    INTEGRATIONS_SETTINGS = "integrations:settings"  # say what a label means
    SETTLEMENTS_READ = "settlements:read"  # read settlements down to their rows, and preview what would be sent
    SETTLEMENTS_IMPORT = "settlements:import"  # hand in statements
    SETTLEMENTS_SEND = "settlements:send"  # send settlements to the books
    AUDIT_READ = "audit:read"  # read who changed what


# What the person behind a token must be allowed besides.
RIGHTS = {
    Scope.INTEGRATIONS_READ: Right.VIEW,
    Scope.INTEGRATIONS_RETRY: Right.VIEW,
    Scope.INTEGRATIONS_CONNECT: Right.CONNECT,
    Scope.INTEGRATIONS_SETTINGS: Right.MAP,
    Scope.SETTLEMENTS_READ: Right.VIEW,
    Scope.SETTLEMENTS_IMPORT: Right.IMPORT,
    Scope.SETTLEMENTS_SEND: Right.SEND,
    Scope.AUDIT_READ: Right.AUDIT,
}


class Unusable(StrEnum):
    """Why a token opens nothing."""

    UNKNOWN = "unknown"  # never made here, or its secret is wrong
    EXPIRED = "expired"
    REVOKED = "revoked"
    PERSON_LEFT = "person-left"  # whose it is belongs to none of its organisations any more


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new token is asked for. `person` is the id of whose it is, None for a program's own."""

    name: str
    scopes: tuple[str, ...]
    organisations: tuple[str, ...]
    days: int
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that was believed, and as whom: `memberships` are the person's roles, by organisation."""

    token: Token
    person: Person | None
    memberships: tuple[tuple[str, str], ...]

    @property
    def organisations(self) -> tuple[str, ...]:
        """Those it covers now; a person's token covers only those that the person still belongs to."""
        if self.person is None:
            return self.token.organisations
        own = dict(self.memberships)
        return tuple(each for each in self.token.organisations if each in own)

    @property
    def name(self) -> str:
        """As the history shows it."""
        return f"{self.person.name} (token {self.token.name})" if self.person else f"token {self.token.name}"

    def lacks(self, organisation: str, scope: Scope) -> str:
        """What is missing for this, in words; nothing when it may."""
        if scope not in self.token.scopes:
            return f"the scope {scope}"
        role = dict(self.memberships).get(organisation, "")
        if self.person is not None and not roles.allows(role, RIGHTS[scope]):
            return f"the right to {RIGHTS[scope]}, which the role {role} of {self.person.name} does not include"
        return ""


def refusal(wanted: Wanted) -> str:
    """Why such a token can't be made; empty when it can."""
    unknown = sorted(set(wanted.scopes) - set(Scope))
    if not _tidied(wanted.name) or len(_tidied(wanted.name)) > LONGEST_NAME or not wanted.name.isprintable():
        return f"Give the token a name of 1 to {LONGEST_NAME} characters, so that people know what it is for."
    if unknown or not wanted.scopes:
        named = f"{unknown[0]} is no scope" if unknown else "A token needs at least one scope"
        return f"{named}; there are: {', '.join(Scope)}."
    if not 1 <= wanted.days <= LONGEST_DAYS:
        return f"A token lives 1 to {LONGEST_DAYS} days."
    return "" if wanted.organisations else "A token covers at least one organisation."


def create(needs: Needs, actor: Actor, wanted: Wanted) -> tuple[Token, str]:
    """A new token and its text, which is kept nowhere: this is the only time it can be seen.

    In every organisation it covers the actor must be allowed all that it may. Raises NotPermitted.
    """
    assert not refusal(wanted), refusal(wanted)
    id, secret, now = secrets.token_hex(8), secrets.token_urlsafe(32), needs.now()
    token = Token(
        id=id,
        digest=digest(secret),
        name=_tidied(wanted.name),
        person=wanted.person,
        scopes=tuple(sorted(set(wanted.scopes))),
        organisations=tuple(sorted(set(wanted.organisations))),
        created_by=actor.name[:120],
        created_at=now,
        expires_at=now + timedelta(days=wanted.days),
    )
    with write(needs.engines, "") as db:
        for each in token.organisations:
            for right in sorted({RIGHTS[Scope(scope)] for scope in token.scopes}):
                acting.ensure(Db(db.connection, each), actor, right)
        rows.add(db, token)
        _record(db, actor, "token-created", token, now)
    return token, f"{PREFIX}{id}_{secret}"


def listed(needs: Needs, organisation: str) -> Sequence[Token]:
    """Every token that covers the organisation, the newest first."""
    with read(needs.engines, "") as db:
        return rows.of_organisation(db, organisation)


def revoke(needs: Needs, actor: Actor, id: str) -> bool:
    """Ends a token at once, for all its organisations; False when no living token of this id covers the actor's.

    A person's own token is theirs to end; any other takes the right over people. Raises NotPermitted.
    """
    with write(needs.engines, "") as db:
        found, now = rows.find(db, id), needs.now()
        if found is None or actor.organisation not in found.organisations:
            return False
        is_own = found.person is not None and found.person == actor.person
        acting.ensure(db, actor, Right.VIEW if is_own else Right.PEOPLE)
        if not rows.revoke(db, id, now):
            return False
        _record(db, actor, "token-revoked", found, now)
        return True


def bearer(needs: Needs, text: str) -> Bearer | Unusable:
    """Who is behind a token. An unknown id and a wrong secret are told alike and take the same time."""
    id, _, secret = text.removeprefix(PREFIX).partition("_")
    with read(needs.engines, "") as db:
        token = rows.find(db, id) if text.startswith(PREFIX) and len(text) <= _LONGEST_TOKEN else None
        found = _bearer(db, token) if token else None
    is_right = hmac.compare_digest(digest(secret), token.digest if token else digest(""))
    if token is None or found is None or not is_right:
        return Unusable.UNKNOWN
    now = needs.now()
    if token.revoked_at is not None:
        return Unusable.REVOKED
    if token.expires_at <= now:
        return Unusable.EXPIRED
    if not found.organisations:
        return Unusable.PERSON_LEFT
    if token.used_at is None or token.used_at + _USED_EVERY <= now:
        with write(needs.engines, "") as db:
            rows.touch(db, token.id, now)
    return found


def _record(db: Db, actor: Actor, act: str, token: Token, now: datetime) -> None:
    """In the log of each organisation that the token covers; in one order, so that no two of these wait crosswise."""
    details = {"name": token.name, "scopes": " ".join(token.scopes), "ends": token.expires_at.date().isoformat()}
    for each in sorted(token.organisations):
        acting.record(Db(db.connection, each), actor, act, f"token:{token.id}", now, details)


def _bearer(db: Db, token: Token) -> Bearer:
    person = people.person(db, token.person) if token.person else None
    members = people.memberships(db, person.id) if person else ()
    return Bearer(token, person, tuple((member.organisation, member.role) for member in members))


def _tidied(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
