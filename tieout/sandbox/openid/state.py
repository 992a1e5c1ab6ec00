"""What the provider keeps: people, codes, access tokens, and the switches that bend what it says."""

from __future__ import annotations

import hashlib
from datetime import datetime

from tieout.sandbox import Doc
from tieout.sandbox.openid.flavours import FLAVOURS, Flavour
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.world import World

CODE_SECONDS, ID_SECONDS, ACCESS_SECONDS = 300, 300, 3_600
SWITCHES: Doc = {
    # How the next identity tokens are wrong: "", nonce, no-nonce, audience, expired, signature, unknown-key, issuer,
    # access-hash, none (no signature at all), missing, garbage.
    "id_token": "",
    # The issuer that the browser's answer names: "" its own, "other", or "absent".
    "answer_iss": "",
    # The issuer that the discovery document names: "" its own, or "other".
    "discovery": "",
    # Userinfo: "" is right, "other-subject" speaks of somebody else, "refused" answers 401.
    "userinfo": "",
}
TIEOUT = ("http://localhost", "http://localhost:8000", "http://localhost:8080", "http://localhost:5173")


class People:
    """Everything one stand-in knows. The caller holds the world's lock."""

    def __init__(self, world: World, shelf: Shelf) -> None:
        self.world, self.shelf = world, shelf
        self.switches: Doc = dict(SWITCHES)

    def now(self) -> datetime:
        return self.world.clock.now()

    def issuer(self, flavour: Flavour) -> str:
        return "/".join(part for part in (self.at(flavour), flavour.issuer) if part)

    def at(self, flavour: Flavour) -> str:
        return f"{self.world.base_url}/{flavour.name}"

    def redirects(self, flavour: Flavour) -> frozenset[str]:
        """Addresses where a consent may end, compared letter by letter."""
        name = flavour.sets.lower()
        own = {f"{base}/sign-in/{name}/callback" for base in TIEOUT}
        return frozenset(own | {str(row["uri"]) for row in self.shelf.all("redirect")})

    def person(self, flavour: Flavour, email: str) -> Doc | None:
        return next((row for row in self.shelf.all("person") if _is(row, flavour, email)), None)

    def by_subject(self, flavour: Flavour, sub: str) -> Doc | None:
        return self.shelf.get("person", f"{flavour.name}/{sub}")

    def people(self, flavour: Flavour) -> tuple[Doc, ...]:
        return tuple(row for row in self.shelf.all("person") if row["flavour"] == flavour.name)


def new_person(people: People, flavour: Flavour, email: str, name: str, verified: bool = True, user: str = "") -> Doc:
    """An account at one provider; its subject is the same whenever the same address is made there.

    `user` is the id of the login where a provider names that beside the subject.
    """
    sub = hashlib.sha256(f"{flavour.name} {email}".encode()).hexdigest()[:21]
    row: Doc = {"id": f"{flavour.name}/{sub}", "flavour": flavour.name, "sub": sub}
    row |= {"email": email, "name": name, "verified": verified, "user": user or f"user-{sub}"}
    return people.shelf.put("person", row["id"], row)


def london(people: People) -> Doc:
    """Olive, Peter and Wanda have an account at each of the three."""
    who = (("olive@example.com", "Olive Finch"), ("peter@example.com", "Peter Hay"), ("wanda@example.com", "Wanda Oak"))
    for flavour in FLAVOURS.values():
        for email, name in who:
            new_person(people, flavour, email, name)
    return {"people": [email for email, _ in who]}


SCENARIOS = {"london": london}


def _is(row: Doc, flavour: Flavour, email: str) -> bool:
    return bool(row["flavour"] == flavour.name and row["email"] == email)
