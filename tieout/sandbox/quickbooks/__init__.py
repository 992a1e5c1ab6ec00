"""The QuickBooks stand-in: Intuit's OAuth, consent and the Accounting API over HTTP, or as a function here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from tieout.sandbox.quickbooks.apps import APP_ID, APP_SECRET, allow, app
from tieout.sandbox.quickbooks.stand_in import FIRST_SCENARIO, QuickBooksStandIn
from tieout.sandbox.serving import serve_until_stopped
from tieout.sandbox.shelf import Unusable
from tieout.sandbox.world import World

__all__ = ["Unusable", "allow", "app", "books", "exports", "of", "serve"]

HOSTS = (
    "appcenter.intuit.com",
    "oauth.platform.intuit.com",
    "developer.api.intuit.com",
    "developer.intuit.com",
    "accounts.platform.intuit.com",
    "sandbox-accounts.platform.intuit.com",
    "quickbooks.api.intuit.com",
    "sandbox-quickbooks.api.intuit.com",
)


def books(
    path: Path | None = None,
    seed: int = 0,
    now: datetime | Callable[[], datetime] | None = None,
    *,
    scenario: str = FIRST_SCENARIO,
    secret: str | None = None,
) -> World:
    """A world with QuickBooks in it, seeded with the scenario unless the file at `path` already holds one.

    `now`: None is real time, a moment stands still until moved, a function is asked each time. Raises LookupError for
    an unknown scenario and Unusable, an OSError, for a file that is no database or is held by another stand-in.
    """
    world = World(lambda inside: QuickBooksStandIn(inside, path), seed=seed, now=now, secret=secret)
    if of(world).shelf.is_empty:
        world.reset(scenario)
    return world


def of(world: World) -> QuickBooksStandIn:
    """The stand-in inside, for seeding more: `of(world).books.found(…)`."""
    assert isinstance(world.stand_in, QuickBooksStandIn), "this world holds another stand-in"
    return world.stand_in


def exports(base_url: str) -> tuple[str, ...]:
    """What a shell is told so that Tieout, started from it, takes this stand-in for QuickBooks."""
    urls = tuple((f"{what}_URL", base_url) for what in ("LOGIN", "IDENTITY", "API"))
    settings = (("CLIENT_ID", APP_ID), ("CLIENT_SECRET", APP_SECRET), *urls)
    return tuple(f"  export TIEOUT_QUICKBOOKS_{name}={value}" for name, value in settings)


def serve(
    port: int = 0,
    path: Path | None = None,
    *,
    scenario: str = FIRST_SCENARIO,
    seed: int = 0,
    secret: str | None = None,
    redirect_uris: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> None:
    """Serves until interrupted, saying where it is, what opens the door and how Tieout is pointed at it.

    Raises as `books` and `allow` do, and OSError for a port in use.
    """
    world = books(path, seed, scenario=scenario, secret=secret)
    try:
        with of(world).shelf.change():
            allow(of(world).books, redirect_uris)
    except ValueError:
        world.close()
        raise
    serve_until_stopped(world, "QuickBooks", port, exports, say)
