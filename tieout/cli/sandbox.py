"""`tieout sandbox`: the stand-ins for the outside world, each served on this machine under its own name."""

import ast
import importlib
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from tieout.cli._doors import Exit, fail, say

ROOM = "tieout.sandbox"


def add(commands: typer.Typer) -> None:
    group = typer.Typer(help="Serve a stand-in for the outside world on this machine.", no_args_is_help=True)
    for name, told in stand_ins():
        group.command(name, help=told)(_serving(name))
    commands.add_typer(group, name="sandbox")


def stand_ins() -> Iterator[tuple[str, str]]:
    """Name and first sentence of every folder of the room that is a stand-in, found by looking; none is imported."""
    for folder in sorted(resources.files(ROOM).iterdir(), key=lambda one: one.name):
        if folder.joinpath("stand_in.py").is_file():
            told = ast.get_docstring(ast.parse(folder.joinpath("__init__.py").read_text("utf-8"))) or ""
            yield folder.name, f"Serve {told[:1].lower()}{told[1:].partition(chr(10) * 2)[0]}"


def _serving(name: str) -> Callable[..., None]:
    def serve(
        port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8090,
        file: Annotated[Path | None, typer.Option(help="Keep its books in this file; else in memory.")] = None,
        scenario: Annotated[str, typer.Option(help="What it holds at first.")] = "london",
        seed: Annotated[int, typer.Option(help="Seed of its ids and chances.")] = 0,
        secret: Annotated[
            str | None, typer.Option(help="Secret of the control door; else one is made and printed.")
        ] = None,
        redirect_uri: Annotated[
            list[str] | None,
            typer.Option(
                help="One more address where a consent may end, letter by letter; may be repeated. Those of Tieout at"
                " http://localhost, alone or with port 8000, 8080 or 5173, are known."
            ),
        ] = None,
    ) -> None:
        from tieout.sandbox.shelf import Unusable

        stand_in = importlib.import_module(f"{ROOM}.{name}")
        uris = redirect_uri or ()
        try:
            stand_in.serve(port, file, scenario=scenario, seed=seed, secret=secret, redirect_uris=uris, say=say)
        except (LookupError, ValueError) as error:
            fail(str(error), Exit.USAGE)
        except Unusable as error:
            fail(str(error.strerror), Exit.CANNOT_START)
        except OSError as error:
            told = f"The stand-in cannot listen on port {port}: {error.strerror}. Choose another --port."
            fail(told, Exit.CANNOT_START)

    return serve
