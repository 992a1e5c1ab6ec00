"""The provider as a whole: its addresses, what strikes them, and what a person does to an account there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tieout.sandbox import Answer, Doc, Request, text
from tieout.sandbox.faults import Fault
from tieout.sandbox.openid import front, tokens
from tieout.sandbox.openid.flavours import FLAVOURS, Flavour
from tieout.sandbox.openid.state import SCENARIOS, SWITCHES, People, new_person
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.world import World


class OpenIdStandIn:
    """Meets `world.StandIn`. Each flavour lives below its own name: /google/…, /xero/…, /intuit/…"""

    name = "openid"

    def __init__(self, world: World, path: Path | None) -> None:
        self.shelf = Shelf(path, world.seed)
        self.people = People(world, self.shelf)

    @property
    def switches(self) -> Doc:
        return self.people.switches

    def accept(self, request: Request) -> Answer | Callable[[], Answer]:
        found = _flavour(request)
        act = _ACTS.get((request.method, _use(*found))) if found else None
        if found is None or act is None:
            return text(501, f"The OpenID stand-in has no address {request.method} {request.path}")
        return lambda: self._kept(lambda: act(self.people, found[0], request))

    def finish(self, request: Request, answer: Answer) -> Answer:
        return answer

    def enter(self, request: Request) -> None:
        """No limit of calls at once."""

    def leave(self, request: Request) -> None:
        """As `enter`."""

    def places(self, request: Request) -> frozenset[str]:
        found = _flavour(request)
        use = _use(*found) if found else ""
        return frozenset({"decide": {"consent"}, "authorise": {"consent"}, "token": {"api", "token"}}.get(use, {"api"}))

    def tenant(self, request: Request) -> str:
        return ""

    def fault(self, fault: Fault, request: Request) -> Answer | None:
        found = _flavour(request)
        if fault.name == "consent-cancelled" and found is not None and _use(*found) == "decide":
            return front.denied(self.people, found[0], request.form())
        if fault.name in ("http-error", "outage"):
            return text(int(fault.how.get("status", 503)), "Service unavailable")
        return None

    def distort(self, fault: Fault, answer: Answer) -> Answer:
        bodies = {"empty": b"", "html": b"<!doctype html><p>Sign in to continue"}
        form = str(fault.how.get("form", "html"))
        return Answer(answer.status, bodies.get(form, b'{"id_token": '), "text/html; charset=utf-8")

    def hand(self, name: str, told: Doc) -> Any:
        """`person` (flavour, email, name, verified, user), `rotate` (flavour), `redirect` (uri)."""
        flavour = FLAVOURS[str(told.get("flavour", "google"))]
        with self.shelf.change():
            match name:
                case "person":
                    verified = bool(told.get("verified", True))
                    name, user = str(told.get("name", "Somebody")), str(told.get("user", ""))
                    return new_person(self.people, flavour, str(told["email"]), name, verified, user)
                case "rotate":
                    return {"turn": tokens.rotate(self.people, flavour)}
                case "redirect":
                    return self.shelf.put("redirect", told["uri"], {"uri": told["uri"]})
        raise LookupError(f"no hand here does {name}; there are person, redirect and rotate")

    def evidence(self, name: str, told: Doc) -> Any:
        if name == "people":
            return list(self.shelf.all("person"))
        if name == "codes":
            return [{"used": row["used"], "flavour": row["flavour"]} for row in self.shelf.all("code")]
        raise LookupError(f"nothing is shown as {name}; there are people and codes")

    def reset(self, scenario: str) -> Doc:
        """Raises LookupError when there is no scenario of that name."""
        seed = SCENARIOS.get(scenario or "london")
        if seed is None:
            raise LookupError(f"no scenario is called {scenario}; there is {', '.join(SCENARIOS)}")
        kept = [row["uri"] for row in self.shelf.all("redirect")]
        self.shelf.clear()
        self.switches.update(SWITCHES)
        with self.shelf.change():
            for uri in kept:
                self.shelf.put("redirect", uri, {"uri": uri})
            return seed(self.people)

    def deliver(self, told: Doc) -> Any:
        raise LookupError("an OpenID provider sends no notices")

    def close(self) -> None:
        self.shelf.close()

    def _kept(self, act: Callable[[], Answer]) -> Answer:
        with self.shelf.change():
            return act()


def _discovery(people: People, flavour: Flavour, request: Request) -> Answer:
    at = people.at(flavour)
    issuer = tokens.OTHER_ISSUER if people.switches["discovery"] == "other" else people.issuer(flavour)
    found: Doc = {
        "issuer": issuer,
        "authorization_endpoint": f"{at}/{flavour.authorise}",
        "token_endpoint": f"{at}/{flavour.token}",
        "userinfo_endpoint": f"{at}/{flavour.userinfo}",
        "jwks_uri": f"{at}/{flavour.keys}",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "code_challenge_methods_supported": ["S256"],
    }
    if flavour.tells_iss:
        found["authorization_response_iss_parameter_supported"] = True
    return tokens.answered(200, found)


_ACTS: dict[tuple[str, str], Callable[[People, Flavour, Request], Answer]] = {
    ("GET", "discovery"): _discovery,
    ("GET", "authorise"): front.authorise,
    ("POST", "decide"): front.decide,
    ("POST", "token"): tokens.token,
    ("GET", "keys"): lambda people, flavour, request: tokens.keys(people, flavour),
    ("GET", "userinfo"): tokens.userinfo,
}


def _flavour(request: Request) -> tuple[Flavour, str] | None:
    """Who is asked, and the path below the name."""
    name, *rest = request.segments or ("",)
    return (FLAVOURS[name], "/".join(rest)) if name in FLAVOURS else None


def _use(flavour: Flavour, path: str) -> str:
    """What the address is for; blank for one that is not known. Intuit's discovery is asked with a last slash too."""
    uses = {flavour.discovery: "discovery", flavour.authorise: "authorise", flavour.token: "token"}
    uses |= {flavour.keys: "keys", flavour.userinfo: "userinfo", "decide": "decide"}
    return uses.get(path, "")
