"""`issues`, `fix`: what does not go on, and the ways out, at the console."""

from typing import Annotated, Any

import typer

from tieout.cli._doors import Exit, actor_of, fail, looking, organisation_of, say, say_json, working
from tieout.cli.settlements import plain

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def add(commands: typer.Typer) -> None:
    commands.command("issues")(list_issues)
    commands.command("fix")(fix)


def list_issues(
    context: typer.Context,
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that were, instead of the open ones.")] = False,
    as_json: _Json = False,
) -> None:
    """List what does not go on: the cause, who can end it, what it holds up and the ways out.

    Exits 4 while something waits for a person.
    """
    from tieout.core.problem import IssueState, Owner
    from tieout.sync import issues

    states = (IssueState.RESOLVED.value,) if resolved else issues.OPEN
    with looking(context) as product:
        found = issues.listing(product.tools, organisation_of(product.tools), states)
    if as_json:
        say_json(plain(found))
    else:
        for issue in found:
            _show(issue)
        if not found:
            say("Nothing was resolved lately." if resolved else "No open problems: everything goes on by itself.")
    if not resolved and any(issue.owner not in (Owner.PRODUCT, Owner.VENDOR) for issue in found):
        raise typer.Exit(int(Exit.HELD))


def fix(
    context: typer.Context,
    issue: Annotated[str, typer.Argument(help="Its id, as `tieout issues` prints it.")],
    action: Annotated[str, typer.Argument(help="One of the actions it offers, such as check-again.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="What the action needs, as name=value: account=TO-200 tax=OUTPUT2.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Do what a fix says. The issue itself is over once its check passes, never because of this."""
    from tieout.sync import fixes, issues

    given = dict(each.partition("=")[::2] for each in arguments or ())
    with working(context) as product:
        tools, actor = product.tools, actor_of(product.tools)
        try:
            done = fixes.carry_out(tools, actor, issue, action, given)
        except fixes.NoSuchFix:
            known = issues.view(tools, actor.organisation, issue)
            offered = ", ".join(each.action for each in known.fixes if each.action) if known else ""
            fail(f"It offers: {offered}." if known else f"There is no issue {issue}; `tieout issues` lists them.")
    if as_json:
        say_json(plain(done))
    else:
        say(done.message)
    if not done.is_done:
        raise typer.Exit(int(Exit.FAILED))


def _show(issue: Any) -> None:
    say(f"{issue.title}  ({issue.code}, {issue.state})")
    say(f"  {issue.cause}")
    for words in issue.words:
        say(f"  in their own words: {words}")
    say(f"  who can end it: {'; '.join((issue.owner_words, *issue.people))}")
    for held in issue.holds:
        say(f"  holds up: {held.kind} {held.name} ({held.state})")
    for each in issue.fixes:
        say(f"  {each.words}{f'  (tieout fix {issue.id} {each.action})' if each.action else ''}")
    say()
