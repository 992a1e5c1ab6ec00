"""`tieout doctor`: what is right and what is not, with the remedy."""

from typing import Annotated

import typer

from tieout.cli._doors import Exit, looking, say, say_json
from tieout.cli.settlements import plain


def add(commands: typer.Typer) -> None:
    commands.command("doctor")(doctor)


def doctor(
    context: typer.Context,
    rows: Annotated[bool, typer.Option("--invariants", help="Also prove the stored rows against each other.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="This database, here, is the installation: after a move or a restore.")
    ] = False,
    known: Annotated[
        bool, typer.Option("--list", help="Print every problem that Tieout knows, and nothing else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Examine this installation. Reads only; safe at any time. Exits 4 when something needs a person."""
    if known:
        _list(as_json)
        return
    from tieout.store import deployment
    from tieout.sync.doctor import examine, invariants

    with looking(context) as product:
        if adopt:
            deployment.adopt(product.tools.engines, product.environment.data)
        found = [*examine(product.tools, product.environment.data), *(invariants(product.tools) if rows else ())]
    if as_json:
        say_json(plain(found))
    else:
        for each in found:
            say(f"{'good' if each.is_good else 'LOOK'}  {each.name}: {each.text}")
            if each.remedy:
                say(f"      {each.remedy}")
    if not all(each.is_good for each in found):
        raise typer.Exit(int(Exit.HELD))


def _list(as_json: bool) -> None:
    from tieout.problems import problems, spoken

    keys = ("code", "family", "title", "cause", "seen_as", "does", "owner", "retry", "faults")
    if as_json:
        say_json([{key: plain(getattr(problem, key)) for key in keys} for problem in problems()])
        return
    for problem in problems():
        say(f"{problem.code}  ({problem.family}, {problem.owner}, {problem.retry})")
        say(f"  {spoken(problem)}")
        say(f"  {problem.cause}")
