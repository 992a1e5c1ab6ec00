"""The Amazon stand-in: Login with Amazon and the Reports API over HTTP, or as a function in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from tieout.sandbox.amazon.documents import STORES
from tieout.sandbox.amazon.marketplaces import REGIONS
from tieout.sandbox.amazon.scenarios import APP_ID, APP_SECRET, REFRESH_TOKEN, app, grant, seller, series
from tieout.sandbox.amazon.stand_in import AmazonStandIn
from tieout.sandbox.serving import serve_until_stopped
from tieout.sandbox.shelf import Unusable
from tieout.sandbox.world import World

HOSTS = (
    "api.amazon.com",
    *(f"sellingpartnerapi-{region}.amazon.com" for region in REGIONS),
    *STORES.values(),
)
__all__ = ["HOSTS", "Unusable", "app", "exports", "grant", "of", "seller", "sellers", "series", "serve"]


def sellers(
    path: Path | None = None,
    seed: int = 0,
    now: datetime | Callable[[], datetime] | None = None,
    *,
    scenario: str = "london",
    secret: str | None = None,
) -> World:
    """A world with Amazon in it, seeded with the scenario unless the file at `path` already holds one.

    `now`: None is real time, a moment stands still until moved, a function is asked each time. Raises LookupError for
    an unknown scenario and Unusable, an OSError, for a file that is no database or is held by another stand-in.
    """
    world = World(lambda inside: AmazonStandIn(inside, path), seed=seed, now=now, secret=secret)
    if of(world).shelf.is_empty:
        world.reset(scenario)
    return world


def of(world: World) -> AmazonStandIn:
    """The stand-in inside, for seeding more: `seller(of(world).sellers, …)`."""
    assert isinstance(world.stand_in, AmazonStandIn), "this world holds another stand-in"
    return world.stand_in


def exports(base_url: str) -> tuple[str, ...]:
    """What a shell is told so that Tieout, started from it, takes this stand-in for Amazon; and what people type."""
    urls = (("IDENTITY_URL", base_url), *((f"{region.upper()}_URL", f"{base_url}/{region}") for region in REGIONS))
    settings = (("CLIENT_ID", APP_ID), ("CLIENT_SECRET", APP_SECRET), *urls)
    lines = tuple(f"  export TIEOUT_AMAZON_{name}={value}" for name, value in settings)
    return (*lines, f"  # region eu, refresh token {REFRESH_TOKEN}")


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
    """Serves until interrupted. Raises as `sellers` does, OSError for a port in use, ValueError for redirect addresses.

    Nobody is sent anywhere: a refresh token is shown by Amazon and typed in, so there are no redirect addresses.
    """
    if redirect_uris:
        raise ValueError("the Amazon stand-in sends nobody back: leave --redirect-uri out")
    serve_until_stopped(sellers(path, seed, scenario=scenario, secret=secret), "Amazon", port, exports, say)
