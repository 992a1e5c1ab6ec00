"""`audit verify`, `audit checkpoint`: whether the record of who changed what is whole, and proof of it to keep."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tieout.cli._doors import Exit, complain, fail, looking, say, say_json

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def add(commands: typer.Typer) -> None:
    group = typer.Typer(help="The record of who changed what, chained by hashes.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("checkpoint")(checkpoint)
    commands.add_typer(group, name="audit")


def verify(
    context: typer.Context,
    against: Annotated[Path | None, typer.Option("--against", help="A checkpoint that was kept elsewhere.")] = None,
    as_json: _Json = False,
) -> None:
    """Read every chain through; with a checkpoint, a log that was cut off or written anew shows. Exits 4 on a break."""
    from tieout.sync import auditing

    with looking(context) as product:
        earlier = _read(product.tools, against) if against else None
        found = auditing.verify(product.tools, earlier)
    if as_json:
        say_json([_shown(each) for each in found])
    else:
        for each in found:
            say(_line(each))
        if not found:
            say("Nothing is on record yet.")
    if any(each.broken for each in found):
        raise typer.Exit(int(Exit.HELD))


def checkpoint(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; else it is printed. Never over another file.")] = None,
) -> None:
    """Say where every chain ends now, signed. Keep it where nobody who can write to the database can reach it."""
    from tieout.sync import auditing

    with looking(context) as product:
        text = auditing.checkpoint(product.tools)
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
    complain(f"Written to {file}. Compare with it later: tieout audit verify --against {file}")


def _read(tools: Any, path: Path) -> Any:
    from tieout.store import checkpoints

    try:
        found = checkpoints.read(tools.vault, path.read_text("utf-8"))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.", Exit.USAGE)
    except ValueError as error:
        fail(f"{path} is no checkpoint to compare with: {error}.", Exit.REFUSED)
    if not found.is_ours:
        complain(f"{path} was signed with another master key than this installation's; its own signature holds.")
    return found


def _line(each: Any) -> str:
    if each.broken is None:
        return f"good  {each.name}: {each.number} entries, unbroken."
    return f"LOOK  {each.name}: broken at entry {each.broken.number}: {each.broken.why}."


def _shown(each: Any) -> dict[str, Any]:
    broken = {"number": each.broken.number, "why": each.broken.why} if each.broken else None
    return {"chain": each.chain, "name": each.name, "entries": each.number, "broken": broken}
