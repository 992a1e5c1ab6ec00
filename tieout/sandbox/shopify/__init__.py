"""The Shopify stand-in: installs, tokens, the GraphQL Admin API and webhooks, over HTTP or inside this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from tieout.sandbox.serving import serve_until_stopped
from tieout.sandbox.shelf import Unusable
from tieout.sandbox.shopify.installing import grant
from tieout.sandbox.shopify.scenarios import APP_ID, APP_SECRET, DOMAIN, OTHER, TOKEN, allow, app, shop
from tieout.sandbox.shopify.stand_in import ShopifyStandIn
from tieout.sandbox.world import World

HOSTS = (DOMAIN, OTHER)
__all__ = ["HOSTS", "Unusable", "allow", "app", "exports", "grant", "of", "serve", "shop", "shops"]


def shops(
    path: Path | None = None,
    seed: int = 0,
    now: datetime | Callable[[], datetime] | None = None,
    *,
    scenario: str = "london",
    secret: str | None = None,
) -> World:
    """A world with Shopify in it, seeded with the scenario unless the file at `path` already holds one.

    `now`: None is real time, a moment stands still until moved, a function is asked each time. Raises LookupError for
    an unknown scenario and Unusable, an OSError, for a file that is no database or is held by another stand-in.
    """
    world = World(lambda inside: ShopifyStandIn(inside, path), seed=seed, now=now, secret=secret)
    if of(world).shelf.is_empty:
        world.reset(scenario)
    return world


def of(world: World) -> ShopifyStandIn:
    """The stand-in inside, for seeding more: `shop(of(world).shops, …)`."""
    assert isinstance(world.stand_in, ShopifyStandIn), "this world holds another stand-in"
    return world.stand_in


def exports(base_url: str) -> tuple[str, ...]:
    """What a shell is told so that Tieout, started from it, takes this stand-in for Shopify; and what people type."""
    settings = (("CLIENT_ID", APP_ID), ("CLIENT_SECRET", APP_SECRET), ("API_URL", f"{base_url}/{{shop}}"))
    lines = tuple(f"  export TIEOUT_SHOPIFY_{name}='{value}'" for name, value in settings)
    return (*lines, f"  # shop {DOMAIN}, token {TOKEN}")


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
    """Serves until interrupted. Raises as `shops` does, and OSError for a port in use."""
    world = shops(path, seed, scenario=scenario, secret=secret)
    with of(world).shelf.change():
        allow(of(world).shops, redirect_uris)
    serve_until_stopped(world, "Shopify", port, exports, say)
