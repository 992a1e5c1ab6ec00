"""Serves a world until somebody interrupts it, saying where it is and how Tieout is pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tieout.sandbox import server
from tieout.sandbox.control import CONTROL
from tieout.sandbox.world import World


def serve_until_stopped(
    world: World, name: str, port: int, exports: Callable[[str], Iterable[str]], say: Callable[[str], None]
) -> None:
    """`exports` turns the base address into lines for a shell. Raises OSError for a port in use."""
    try:
        running = server.start(world, port)
    except OSError:
        world.close()
        raise
    say(f"{name} stand-in at {running.base_url} (control door: {CONTROL}, secret {running.world.secret})")
    say("Tieout speaks to it when it is started with these settings:")
    for line in exports(running.base_url):
        say(line)
    try:
        running.wait()
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        running.stop()
