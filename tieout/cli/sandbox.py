"""`tieout sandbox`: a stand-in for the outside world, served on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from tieout.cli._doors import Exit, fail, say


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
    redirect_uri: Annotated[
        list[str] | None,
        typer.Option(
            help="One more address where a consent may end, letter by letter; may be repeated. Those of Tieout at"
            " http://localhost, alone or with port 8000, 8080 or 5173, are known."
        ),
    ] = None,
) -> None:
    """Serve a stand-in of Xero: OAuth, consent, connections and the Accounting API, with its own books."""
    from tieout.sandbox.xero import Unusable, serve

    try:
        serve(port, file, scenario=scenario, seed=seed, secret=secret, redirect_uris=redirect_uri or (), say=say)
    except (LookupError, ValueError) as error:
        fail(str(error), Exit.USAGE)
    except Unusable as error:
        fail(str(error.strerror), Exit.CANNOT_START)
    except OSError as error:
        fail(f"The stand-in cannot listen on port {port}: {error.strerror}. Choose another --port.", Exit.CANNOT_START)
