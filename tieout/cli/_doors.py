"""What the commands are handed by the app, and the few things they share: printing, exit codes, one organisation."""

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from tieout.core.actor import Actor

if TYPE_CHECKING:
    from tieout.sync.tools import Tools

AT_THE_CONSOLE = "the command line"
MEANT = ContextVar("MEANT", default="")  # the organisation named before the command


class Exit(IntEnum):
    """What a script may rely on."""

    DONE = 0  # what was asked for has happened
    FAILED = 1  # what was asked for did not happen; the text says why
    USAGE = 2  # a wrong command, argument or option
    REFUSED = 3  # a file was refused; the text names what is wrong, where, and what to do
    HELD = 4  # something waits for a person: a mapping, a permission, a decision
    CANNOT_START = 5  # settings, port, folder or database stand in the way


@dataclass(frozen=True, slots=True)
class Doors:
    """The app's way in, so that this room need not know how the house is put together."""

    environ: Mapping[str, str]
    read_environment: Callable[[Mapping[str, str]], Any]
    opened: Callable[..., AbstractContextManager[Any]]
    serve: Callable[..., None]
    SettingsError: type[Exception]
    CannotStart: type[Exception]

    def settings(self, changes: Mapping[str, str] | None = None) -> Any:
        return self.read_environment({**self.environ, **(changes or {})})


def doors(context: typer.Context) -> Doors:
    found = context.obj
    assert isinstance(found, Doors), "the app hands its doors in"
    return found


@contextlib.contextmanager
def working(context: typer.Context) -> Any:
    """The product, with jobs run here, or by the server that already holds the data folder."""
    doors_in = doors(context)
    settings = doors_in.settings()
    with contextlib.ExitStack() as stack:
        try:
            product = stack.enter_context(doors_in.opened(settings, works=True))
        except doors_in.CannotStart:
            product = stack.enter_context(doors_in.opened(settings, works=False))
        yield product


@contextlib.contextmanager
def looking(context: typer.Context) -> Any:
    """The product for commands that only read."""
    doors_in = doors(context)
    with doors_in.opened(doors_in.settings(), works=False) as product:
        yield product


def organisation_of(tools: "Tools") -> str:
    """The organisation that a command is about. Ends the command when there is none yet, or none that was meant."""
    from tieout.store import across

    found = across.organisations(tools.engines)
    if not found:
        fail("There is no organisation yet: start `tieout serve` and open its first page, or try `tieout demo`.")
    meant = MEANT.get()
    return _meant(tools, found, meant) if meant and meant not in found else meant or found[0]


def _meant(tools: "Tools", ids: tuple[str, ...], meant: str) -> str:
    """The one of this name. Ends the command when there is none, or several."""
    from tieout.store import organisations
    from tieout.store.engine import read

    names: dict[str, str] = {}
    for id in ids:
        with read(tools.engines, id) as db:
            organisation = organisations.find(db)
        names[id] = organisation.name if organisation else id
    same = [id for id, name in names.items() if name.casefold() == meant.casefold()]
    if len(same) == 1:
        return same[0]
    told = f"{len(same)} organisations are called" if same else "There is no organisation"
    return fail(f"{told} {meant!r}; there are: {', '.join(same or names.values())}.", Exit.USAGE)


def actor_of(tools: "Tools") -> Actor:
    return Actor(organisation_of(tools), "", AT_THE_CONSOLE)


def say_json(value: Any) -> None:
    """One JSON document on standard output, nothing else."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def fail(text: str, code: Exit = Exit.FAILED) -> NoReturn:
    complain(text)
    raise typer.Exit(int(code))
