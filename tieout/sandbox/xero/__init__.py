"""The Xero stand-in: OAuth, consent, connections and the Accounting API over HTTP, or as a function in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from tieout.sandbox import server
from tieout.sandbox.control import CONTROL
from tieout.sandbox.shelf import Unusable
from tieout.sandbox.world import World
from tieout.sandbox.xero.scenarios import APP_ID, APP_SECRET, allow, app, demo_organisation, member, person
from tieout.sandbox.xero.stand_in import XeroStandIn

__all__ = ["Unusable", "allow", "app", "books", "demo_organisation", "exports", "member", "of", "person", "serve"]


def books(
    path: Path | None = None,
    seed: int = 0,
    now: datetime | Callable[[], datetime] | None = None,
    *,
    scenario: str = "london",
    secret: str | None = None,
) -> World:
    """A world with Xero in it, seeded with the scenario unless the file at `path` already holds one.

    `now`: None is real time, a moment stands still until moved, a function is asked each time. Raises LookupError for
    an unknown scenario and Unusable, an OSError, for a file that is no database or is held by another stand-in.
    """
    world = World(lambda inside: XeroStandIn(inside, path), seed=seed, now=now, secret=secret)
    if of(world).shelf.is_empty:
        world.reset(scenario)
    return world


def of(world: World) -> XeroStandIn:
    """The stand-in inside, for seeding more: `demo_organisation(of(world).books, …)`."""
    assert isinstance(world.stand_in, XeroStandIn), "this world holds another stand-in"
    return world.stand_in


def exports(base_url: str) -> tuple[str, ...]:
    """What a shell is told so that Tieout, started from it, takes this stand-in for Xero."""
    urls = ((f"{what}_URL", base_url) for what in ("LOGIN", "IDENTITY", "API"))
    settings = (("CLIENT_ID", APP_ID), ("CLIENT_SECRET", APP_SECRET), *urls)
    return tuple(f"  export TIEOUT_XERO_{name}={value}" for name, value in settings)


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
    """Serves until interrupted, saying where it is, what opens the door and how Tieout is pointed at it.

    Raises as `books` and `allow` do, and OSError for a port in use.
    """
    world = books(path, seed, scenario=scenario, secret=secret)
    try:
        with of(world).shelf.change():
            allow(of(world).books, redirect_uris)
        running = server.start(world, port)
    except (OSError, ValueError):
        world.close()
        raise
    say(f"Xero stand-in at {running.base_url} (control door: {CONTROL}, secret {running.world.secret})")
    say("Tieout speaks to it when it is started with these settings:")
    for line in exports(running.base_url):
        say(line)
    try:
        running.wait()
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        running.stop()
