"""The OpenID stand-in: Google, Xero and Intuit as providers of sign-in, over HTTP or as a function in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from tieout.sandbox.openid.flavours import FLAVOURS, GOOGLE, INTUIT, XERO, Flavour
from tieout.sandbox.openid.stand_in import OpenIdStandIn
from tieout.sandbox.serving import serve_until_stopped
from tieout.sandbox.shelf import Unusable
from tieout.sandbox.world import World

__all__ = ["FLAVOURS", "GOOGLE", "INTUIT", "XERO", "Flavour", "Unusable", "addresses", "exports", "of", "providers"]


def providers(
    path: Path | None = None,
    seed: int = 0,
    now: datetime | Callable[[], datetime] | None = None,
    *,
    scenario: str = "london",
    secret: str | None = None,
) -> World:
    """A world with the three providers in it; `now` and what is raised are as for the other stand-ins."""
    world = World(lambda inside: OpenIdStandIn(inside, path), seed=seed, now=now, secret=secret)
    if of(world).shelf.is_empty:
        world.reset(scenario)
    return world


def of(world: World) -> OpenIdStandIn:
    assert isinstance(world.stand_in, OpenIdStandIn), "this world holds another stand-in"
    return world.stand_in


def addresses(flavour: Flavour, base_url: str) -> tuple[str, str]:
    """Issuer and discovery address; for Intuit the one does not follow from the other."""
    at = f"{base_url}/{flavour.name}"
    return "/".join(part for part in (at, flavour.issuer) if part), f"{at}/{flavour.discovery}"


def exports(base_url: str) -> tuple[str, ...]:
    """What a shell is told so that Tieout, started from it, takes this stand-in for the three."""
    lines = []
    for flavour in FLAVOURS.values():
        issuer, discovery = addresses(flavour, base_url)
        app = (("CLIENT_ID", flavour.client_id), ("CLIENT_SECRET", flavour.secret))
        where = (("ISSUER_URL", issuer), ("DISCOVERY_URL", discovery))
        lines += [f"  export TIEOUT_{flavour.sets}_{name}={value}" for name, value in (*app, *where)]
    return tuple(lines)


def serve(
    port: int = 0,
    path: Path | None = None,
    *,
    scenario: str = "london",
    seed: int = 0,
    secret: str | None = None,
    redirect_uris: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> None:
    """Serves until interrupted. Raises as `providers` does, OSError for a port in use, ValueError for a bad address."""
    for uri in redirect_uris:
        parts = urlsplit(uri)
        if not (parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", "localhost")):
            raise ValueError(f"{uri!r} is no address to come back to: write https://… or http://localhost…")
    world = providers(path, seed, scenario=scenario, secret=secret)
    for uri in redirect_uris:
        world.hand("redirect", uri=uri)
    serve_until_stopped(world, "OpenID", port, exports, say)
