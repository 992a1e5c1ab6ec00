"""Finds the commands: every module of this folder that has `add` adds its own."""

import pkgutil
from importlib import import_module
from typing import Annotated

import typer

import tieout.cli
from tieout.cli._doors import MEANT, say


def make_commands() -> typer.Typer:
    """The whole command line, assembled from the modules of this folder in alphabetical order."""
    commands = typer.Typer(
        help="Carries sales settlements into the books: each document exactly once, and equal to the deposit.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # its tables cost a quarter of a second before the first word
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    commands.callback()(at_the_root)
    for module in sorted(found.name for found in pkgutil.iter_modules(tieout.cli.__path__)):
        if not module.startswith("_"):
            import_module(f"tieout.cli.{module}").add(commands)
    return commands


def _say_version(is_asked: bool) -> None:
    if is_asked:
        say(f"Tieout {tieout.__version__}")
        raise typer.Exit


def at_the_root(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
    organisation: Annotated[
        str, typer.Option("--organisation", help="Its name or id, where there are several; else the first one made.")
    ] = "",
) -> None:
    """What may stand before a command."""
    MEANT.set(organisation)
