"""`import`, `settlements`, `show`, `preview`, `send`, `explain`: the main job at the console."""

import sys
import time
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from tieout.cli._doors import Exit, actor_of, complain, fail, looking, organisation_of, say, say_json, working
from tieout.cli._table import table
from tieout.core.day import Month
from tieout.core.money import Money

_POLL_SECONDS = 0.2
_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def add(commands: typer.Typer) -> None:
    for name, function in (
        ("import", import_files),
        ("settlements", list_settlements),
        ("show", show),
        ("preview", preview),
        ("send", send),
        ("explain", explain),
        ("use", use),
    ):
        commands.command(name)(function)


def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Statement files, as the channel gave them.")],
    as_json: _Json = False,
) -> None:
    """Keep statement files and read their settlements. Exits 3 when one is refused; the others are imported."""
    from tieout.sync import settlements

    ended = []
    with working(context) as product:
        tools, actor = product.tools, actor_of(product.tools)
        for path in files:
            try:
                operation = settlements.receive(tools, actor, path.name, path)
            except OSError as error:
                complain(f"{path} cannot be read: {error.strerror}.")
                raise typer.Exit(int(Exit.FAILED)) from error
            ended.append((str(path), wait_for(tools, actor.organisation, operation)))
    if as_json:
        say_json([{"file": name, "state": op.state, "message": op.message, **op.result} for name, op in ended])
    for name, operation in ended:
        if not as_json:
            say(f"{name}: {operation.message}")
            for each in operation.result.get("settlements", ()):
                say(f"  {each['number']}  {each['outcome']}: {each['message']}")
    if any("refused" in operation.result for _name, operation in ended):
        raise typer.Exit(int(Exit.REFUSED))
    if any(operation.state != "done" for _name, operation in ended):
        raise typer.Exit(int(Exit.FAILED))


def list_settlements(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a number, document number, site, amount or date.")] = "",
    status: Annotated[str, typer.Option(help="Only this status, for instance ready.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=200)] = 50,
    as_json: _Json = False,
) -> None:
    """List settlements, the newest first, each with the reason for its status."""
    from tieout.sync import settlements

    with looking(context) as product:
        found = settlements.listing(product.tools, organisation_of(product.tools), search, status, limit=limit)
    if as_json:
        say_json(plain(found.cards))
        return
    rows = [(c.number, f"{c.start} – {c.end}", str(c.total), c.status_text, c.reason) for c in found.cards]
    table(("Settlement", "Period", "Deposit", "Status", "Why"), rows)
    if found.next:
        say(f"The newest {limit}; name a search or a larger --limit for more.")


def show(
    context: typer.Context,
    settlement: Annotated[str, typer.Argument(help="The channel's settlement id, or Tieout's own.")],
    as_json: _Json = False,
) -> None:
    """Show one settlement: its documents line by line, its proofs, every attempt with the books' own words."""
    from tieout.cli._settlement_text import settlement_text

    with looking(context) as product:
        found = _view(product.tools, settlement)
    if as_json:
        say_json(plain(found))
    else:
        settlement_text(found)


def preview(
    context: typer.Context,
    settlement: Annotated[str, typer.Argument(help="The channel's settlement id, or Tieout's own.")],
    as_json: _Json = False,
) -> None:
    """Show exactly what would be sent, without sending it."""
    from tieout.sync import settlements

    with looking(context) as product:
        organisation, id = organisation_of(product.tools), _view(product.tools, settlement).card.id
        found = settlements.preview(product.tools, organisation, id)
    assert found is not None, "it was found a moment ago"
    if as_json:
        say_json(plain(found))
    for gap in found.gaps:
        complain(f"{gap.message} ({gap.amount}, {gap.rows} rows)")
    if found.gaps:
        raise typer.Exit(int(Exit.HELD))
    if not as_json:
        for body in found.bodies:
            say(body)
        rows = [(code, str(change)) for code, change in found.accounts]
        table(("Account", "Change (debit positive)"), rows)
        if not found.bodies:
            say("No books are connected yet, so there is no request to show.")


def send(
    context: typer.Context,
    chosen: Annotated[list[str] | None, typer.Argument(help="Settlement ids.")] = None,
    ready: Annotated[bool, typer.Option("--ready", help="Everything that is ready.")] = False,
    as_json: _Json = False,
) -> None:
    """Freeze the plan of each settlement and post it; waits until each is read back or stands still for a reason."""
    from tieout.sync import settlements

    if not chosen and not ready:
        fail("Name settlements, or give --ready for all that are ready.", Exit.USAGE)
    with working(context) as product:
        tools, actor = product.tools, actor_of(product.tools)
        ids = [_view(tools, each).card.id for each in chosen or ()]
        operation = settlements.approve(tools, actor, ids) if ids else settlements.send_ready(tools, actor)
        if operation is None:
            say("Nothing is ready.") if not as_json else say_json({"settlements": []})
            return
        ended = wait_for(tools, actor.organisation, operation)
        asked = ended.arguments["settlements"]
        cards = [card for id in asked if (card := settlements.card(tools, actor.organisation, id))]
    if as_json:
        say_json({"state": ended.state, "message": ended.message, "settlements": plain(cards)})
    else:
        say(ended.message)
        table(("Settlement", "Status", "Why"), [(card.number, card.status_text, card.reason) for card in cards])
    if any(card.status != "sent" for card in cards):
        raise typer.Exit(int(Exit.HELD))


def explain(
    context: typer.Context,
    label: Annotated[str, typer.Argument(help="The unknown label, its words separated by ' / '.")],
    category: Annotated[str, typer.Argument(help="What it means, for instance fee.other.")],
) -> None:
    """Say what an unknown label means; settlements that only waited for it become ready."""
    from tieout.sync import mapping

    with working(context) as product:
        actor = actor_of(product.tools)
        words = mapping.words_of(product.tools, actor.organisation, label)
        if words is None:
            fail(f"No settlement is held by a label {label!r}; `tieout show` prints the labels of a held one.")
        try:
            changed = mapping.explain(product.tools, actor, words, category)
        except mapping.NotAMeaning as error:
            fail(str(error), Exit.USAGE)
    say(f"{changed} settlement(s) changed their status.")


def use(
    context: typer.Context,
    settlement: Annotated[str, typer.Argument(help="The channel's settlement id, or Tieout's own.")],
) -> None:
    """Post a newer file of a payout in the place of the older one, once that is void in the books."""
    from tieout.core.failure import RemoteError
    from tieout.sync import settlements

    with working(context) as product:
        id = _view(product.tools, settlement).card.id
        try:
            told = settlements.use_new_file(product.tools, actor_of(product.tools), id)
        except RemoteError as error:
            fail(f"The books could not be asked: {error}. Nothing has changed; try again.")
    if told:
        fail(told, Exit.HELD)
    say("It can be sent now: nothing of the older file is in the books.")


def wait_for(tools: Any, organisation: str, id: str) -> Any:
    """The operation once it has ended; its own deadline bounds the wait. On a console its progress is shown."""
    from tieout.sync import operations

    shown = ""
    while True:
        operation = operations.view(tools, organisation, id)
        assert operation is not None, "it was begun a moment ago"
        shown = _tell(operation, shown)
        if operation.ended_at is not None:
            return operation
        if operation.deadline < tools.now():
            operations.expire(tools, organisation)
        time.sleep(_POLL_SECONDS)


def _tell(operation: Any, shown: str) -> str:
    """One line that writes over itself: how far it is, in the operation's own words."""
    if not sys.stderr.isatty():
        return ""
    line = "" if operation.ended_at else f"{operation.done} of {operation.of}  {operation.message}"[:110]
    if line != shown:
        sys.stderr.write(f"\r{line}\033[K")
        sys.stderr.flush()
    return line


def plain(value: Any) -> Any:
    """Records as JSON: money as decimal texts with its currency beside it, moments and days in ISO form."""
    match value:
        case Money():
            return {"amount": f"{value.amount:f}", "currency": value.currency}
        case Month():
            return str(value)
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _view(tools: Any, settlement: str) -> Any:
    """A settlement by either id. Ends the command when there is none."""
    from tieout.sync import settlements

    organisation = organisation_of(tools)
    found = settlements.view(tools, organisation, settlement)
    if found is None:
        listed = settlements.listing(tools, organisation, settlement)
        matching = [card for card in listed.cards if card.number == settlement]
        found = settlements.view(tools, organisation, matching[0].id) if matching else None
    return found or fail(f"There is no settlement {settlement}; `tieout settlements` lists them.")
