"""`mail list`, `mail retry`, `mail test`: letters to people, what could not be sent, and whether the way out works."""

from typing import Annotated

import typer

from tieout.cli._doors import complain, fail, looking, say, say_json, working
from tieout.cli._table import table


def add(commands: typer.Typer) -> None:
    group = typer.Typer(help="Letters to people: what went out, what could not be sent.", no_args_is_help=True)
    group.command("list")(list_letters)
    group.command("retry")(retry)
    group.command("test")(test)
    commands.add_typer(group, name="mail")


def list_letters(
    context: typer.Context,
    unsent: Annotated[bool, typer.Option("--unsent", help="Only what waits or could not be sent.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the letters of the last thirty days, newest first; never what stands in them."""
    from tieout.sync import mailing

    with looking(context) as product:
        found, way = mailing.outgoing(product.tools, unsent_only=unsent), product.tools.post.words
    if as_json:
        shown = ("id", "to", "subject", "state", "tries", "words", "asked_at", "due_at", "ended_at")
        say_json([{name: getattr(each, name) for name in shown} for each in found])
        return
    rows = [
        (f"{each.asked_at:%Y-%m-%d %H:%M}", each.to, each.subject, each.state, str(each.tries), each.words)
        for each in found
    ]
    table(("Asked for", "To", "Subject", "State", "Tries", "Why not"), rows)
    complain(f"Letters go out by {way}.")


def retry(context: typer.Context) -> None:
    """Hand over at once whatever waits, as after a setting was mended."""
    from tieout.sync import mailing

    with working(context) as product:
        waiting = mailing.try_again(product.tools)
        taken = mailing.deliver(product.tools)
    say(f"{taken} of {waiting} letters were taken." if waiting else "No letter waits.")
    if taken < waiting:
        complain("`tieout mail list --unsent` says why the others were not.")


def test(
    context: typer.Context,
    to: Annotated[str, typer.Argument(help="E-mail address that a letter is sent to.")],
) -> None:
    """Hand one letter over now, and say what the mail server answers."""
    from tieout.sync import mailing

    with working(context) as product:
        why_not, way = mailing.test(product.tools, to), product.tools.post.words
    if why_not:
        fail(f"It was not taken: {why_not}. Settings: TIEOUT_SMTP_…, in docs/guides/mail.md.")
    say(f"Taken by {way}.")
