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
    connection: Annotated[
        bool, typer.Option("--connection", help="Check every connection to books instead, by real calls, line by line.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Examine this installation. Reads only; safe at any time. Exits 4 when something needs a person."""
    if known:
        _list(as_json)
        return
    if connection:
        _connections(context, as_json)
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


def _connections(context: typer.Context, as_json: bool) -> None:
    """Each line with its result, what was seen and what to do; exits 4 when a line failed."""
    from tieout.core.actor import Actor
    from tieout.sync import connection_card, connection_check

    with looking(context) as product:
        checked = [
            (full, connection_check.run(product.tools, Actor(organisation, "", "the console"), full.connection.id))
            for organisation, full in connection_card.everywhere(product.tools)
            if full.connection.is_live
        ]
    if as_json:
        say_json([{"books": full.connection.books_name} | plain(each) for full, each in checked if each])
    for full, each in checked if not as_json else ():
        say(f"{full.connection.books_name} at {full.card.label}: {each.sentence if each else 'ended meanwhile.'}")
        for line in each.lines if each else ():
            say(f"  {line.no:2}  {line.result:10}  {line.title}: {line.message}")
            if line.fix:
                say(f"      {line.problem}  {line.fix}".rstrip())
    if not checked and not as_json:
        say("No books are connected.")
    if any(each is not None and not each.is_good for _, each in checked):
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
