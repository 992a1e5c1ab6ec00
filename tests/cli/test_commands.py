"""The command line as a whole: what it is called, what it says of itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import tieout
from tieout.cli._commands import make_commands


def test_it_says_its_version() -> None:
    said = CliRunner().invoke(make_commands(), ["--version"])
    assert (said.exit_code, said.output) == (0, f"Tieout {tieout.__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_it_says_what_it_is_for_and_what_it_can_do(arguments: list[str]) -> None:
    said = CliRunner().invoke(make_commands(), arguments)
    assert "each document exactly once" in said.output
    assert all(command in said.output for command in ("inspect", "import", "send", "demo"))


def silent(command: Any, name: str) -> Iterator[str]:
    """Commands, arguments and options that say nothing of themselves."""
    if not command.help:
        yield name
    yield from (f"{name} {parameter.name}" for parameter in command.params if not parameter.help)
    for inner, each in getattr(command, "commands", {}).items():
        yield from silent(each, f"{name} {inner}")


def test_every_command_and_option_says_what_it_does() -> None:
    assert not (found := list(silent(typer.main.get_command(make_commands()), "tieout"))), found


def test_an_option_that_says_nothing_is_found() -> None:
    commands = typer.Typer()
    commands.command("fly")(lambda height=0: None)
    assert list(silent(typer.main.get_command(commands), "x")) == ["x", "x height"]
