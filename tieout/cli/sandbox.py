"""`tieout sandbox`: a stand-in for the outside world, served on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from tieout.cli._doors import Exit, fail


def add(commands: typer.Typer) -> None:
    group = typer.Typer(help="Serve a stand-in for the outside world on this machine.", no_args_is_help=True)
    group.command("xero")(xero)
    commands.add_typer(group, name="sandbox")


def xero(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8090,
    file: Annotated[Path | None, typer.Option(help="Keep its books in this file; else in memory.")] = None,
    scenario: Annotated[str, typer.Option(help="What it holds at first.")] = "london",
    seed: Annotated[int, typer.Option(help="Seed of its ids and chances.")] = 0,
    secret: Annotated[
        str | None, typer.Option(help="Secret of the control door; else one is made and printed.")
    ] = None,
) -> None:
    """Serve a stand-in of Xero: OAuth, consent, connections and the Accounting API, with its own books."""
    from tieout.sandbox.xero import serve

    try:
        serve(port, file, scenario=scenario, seed=seed, secret=secret)
    except LookupError as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(f"The stand-in cannot listen on port {port}: {error.strerror}. Choose another --port.", Exit.CANNOT_START)
