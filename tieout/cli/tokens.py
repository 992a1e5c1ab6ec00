"""`tokens create`, `tokens list`, `tokens revoke`: what other programs sign in with."""

from typing import Annotated, Any

import typer

from tieout.cli._doors import Exit, actor_of, complain, fail, looking, organisation_of, say, say_json, working
from tieout.cli._table import table

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def add(commands: typer.Typer) -> None:
    group = typer.Typer(help="Tokens that other programs use with the API.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    commands.add_typer(group, name="tokens")


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for, as people will see it.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do; may be repeated. `all`: every scope.")],
    days: Annotated[int, typer.Option("--days", help="How long it lives.", min=1, max=365)] = 90,
    person: Annotated[
        str, typer.Option("--person", help="E-mail address of whose it is: it never may more than that person.")
    ] = "",
    organisation: Annotated[
        list[str] | None, typer.Option("--organisation", help="Id of one it covers; may be repeated.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Make a token and print it: the only time it can be seen. Without --organisation it covers the first one."""
    from tieout.people import tokens

    with working(context) as product:
        covered = _organisations(product.tools, organisation or [])
        scopes = tuple(tokens.Scope) if "all" in scope else tuple(scope)
        wanted = tokens.Wanted(name, scopes, covered, days, _person(product.tools, person))
        if refused := tokens.refusal(wanted):
            fail(refused, Exit.USAGE)
        token, text = tokens.create(product.tools, actor_of(product.tools), wanted)
    if as_json:
        say_json({**_shown(token), "token": text})
        return
    say(text)
    complain(f"Keep it now, it is shown this once. It ends on {token.expires_at:%Y-%m-%d}: `tieout tokens revoke`.")


def list_tokens(context: typer.Context, as_json: _Json = False) -> None:
    """List the tokens of this organisation, those that have ended too."""
    from tieout.people import tokens

    with looking(context) as product:
        found = tokens.listed(product.tools, organisation_of(product.tools))
        now = product.tools.now()
    if as_json:
        say_json([_shown(token) for token in found])
        return
    rows = [
        (
            each.id,
            each.name,
            ", ".join(each.scopes),
            _state(each, now),
            f"{each.used_at:%Y-%m-%d}" if each.used_at else "",
        )
        for each in found
    ]
    table(("Id", "Name", "Scopes", "State", "Last used"), rows)
    if not found:
        say("There are no tokens: `tieout tokens create`.")


def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(help="Its id, as `tieout tokens list` prints it.")],
) -> None:
    """End a token at once."""
    from tieout.people import tokens

    with working(context) as product:
        if not tokens.revoke(product.tools, actor_of(product.tools), token):
            fail(f"There is no living token {token}; `tieout tokens list` shows them.")
    say("Revoked: it opens nothing any more.")


def _organisations(tools: Any, wanted: list[str]) -> tuple[str, ...]:
    from tieout.store import across

    known = across.organisations(tools.engines)
    if unknown := [each for each in wanted if each not in known]:
        fail(f"There is no organisation {unknown[0]}.", Exit.USAGE)
    return tuple(wanted) or (organisation_of(tools),)


def _person(tools: Any, email: str) -> str | None:
    from tieout.store import people
    from tieout.store.engine import read

    if not email:
        return None
    with read(tools.engines, "") as db:
        found = people.person_by_email(db, email)
    if found is None:
        fail(f"Nobody has the address {email}.", Exit.USAGE)
    return found.id


def _state(token: Any, now: Any) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    return f"{'ended' if token.expires_at <= now else 'until'} {token.expires_at:%Y-%m-%d}"


def _shown(token: Any) -> dict[str, Any]:
    """Everything but the hash."""
    shown = ("id", "name", "person", "scopes", "organisations", "created_by")
    moments = ("created_at", "expires_at", "revoked_at", "used_at")
    return {name: getattr(token, name) for name in shown} | {
        name: at.isoformat() if (at := getattr(token, name)) else None for name in moments
    }
