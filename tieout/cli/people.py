"""`people list`, `invite`, `set-role`, `remove`, `make-platform-admin`: who belongs to an organisation."""

from typing import Annotated, Any

import typer

from tieout.cli._doors import (
    AT_THE_CONSOLE,
    Exit,
    actor_of,
    complain,
    fail,
    looking,
    organisation_of,
    say,
    say_json,
    working,
)
from tieout.cli._table import table

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
_Email = Annotated[str, typer.Argument(help="Their e-mail address.")]
_Role = Annotated[str, typer.Option("--role", help="owner, admin, accountant or basic.")]


def add(commands: typer.Typer) -> None:
    group = typer.Typer(
        help="Who belongs to the organisation, and who administers the installation.", no_args_is_help=True
    )
    group.command("list")(list_people)
    group.command("invite")(invite)
    group.command("set-role")(set_role)
    group.command("remove")(remove)
    group.command("make-platform-admin")(make_platform_admin)
    commands.add_typer(group, name="people")


def list_people(context: typer.Context, as_json: _Json = False) -> None:
    """List the members of this organisation, suspended ones too, and the invitations that nobody has answered."""
    from tieout.people import invitations, members

    with looking(context) as product:
        organisation = organisation_of(product.tools)
        found = members.listed(product.tools, organisation)
        invited = invitations.listed(product.tools, organisation)
    if as_json:
        say_json({"members": [_shown(each) for each in found], "invitations": [_invited(each) for each in invited]})
        return
    rows = [
        (each.name, each.email, each.role, f"{each.since:%Y-%m-%d}", "suspended" if each.suspended_at else "")
        for each in found
    ]
    rows += [("", each.email, each.role, "", f"invited until {each.ends_at:%Y-%m-%d}") for each in invited]
    table(("Name", "E-mail", "Role", "Since", "State"), rows)


def invite(context: typer.Context, email: _Email, role: _Role = "accountant") -> None:
    """Invite somebody: a letter goes out, and the link is printed, which works once and for a week."""
    from tieout.people import invitations
    from tieout.people.members import Impossible

    with working(context) as product:
        try:
            invited = invitations.invite(product.tools, actor_of(product.tools), email, _role(role))
        except Impossible as error:
            fail(str(error))
        address = product.environment.url
    say(f"{address}{invited.link}")
    complain(f"Pass it on if no letter goes out. It works once, until {invited.invitation.ends_at:%Y-%m-%d %H:%M} UTC.")


def set_role(context: typer.Context, email: _Email, role: _Role) -> None:
    """Change a member's role. It holds at once, in every session and token of theirs."""
    from tieout.people import members

    wanted = _role(role)
    _change(context, email, lambda tools, actor, person: members.change_role(tools, actor, person, wanted))
    say(f"{email} is now {wanted}.")


def remove(context: typer.Context, email: _Email) -> None:
    """Remove a member for good: no session and no token of theirs opens anything here any more."""
    from tieout.people import members

    _change(context, email, members.remove)
    say(f"{email} does not belong to the organisation any more.")


def make_platform_admin(
    context: typer.Context,
    email: _Email,
    end: Annotated[bool, typer.Option("--end", help="Take it from them instead; their support grants end.")] = False,
) -> None:
    """Let a person administer the installation. By that they see no organisation's records."""
    from tieout.people import support
    from tieout.people.members import Impossible

    with working(context) as product:
        change = support.unmake_admin if end else support.make_admin
        try:
            is_new = change(product.tools, email, AT_THE_CONSOLE)
        except Impossible as error:
            fail(str(error), Exit.USAGE)
    if is_new:
        say(f"{email} no longer administers this installation." if end else f"{email} administers it now: /platform.")
    else:
        say(f"Nothing changed: {email} {'was no administrator' if end else 'is an administrator already'}.")


def _change(context: typer.Context, email: str, change: Any) -> None:
    from tieout.people import members
    from tieout.people.members import Impossible

    with working(context) as product:
        tools, actor = product.tools, actor_of(product.tools)
        meant = [each for each in members.listed(tools, actor.organisation) if each.email == email.strip().lower()]
        if not meant:
            fail(f"No member has the address {email}; `tieout people list` shows them.", Exit.USAGE)
        try:
            change(tools, actor, meant[0].person)
        except Impossible as error:
            fail(str(error))


def _role(role: str) -> Any:
    from tieout.people.roles import Role

    if role not in set(Role):
        fail(f"{role} is no role; there are: {', '.join(Role)}.", Exit.USAGE)
    return Role(role)


def _shown(member: Any) -> dict[str, Any]:
    moments = {
        name: at.isoformat() if (at := getattr(member, name)) else None for name in ("since", "suspended_at", "seen_at")
    }
    return {name: getattr(member, name) for name in ("person", "name", "email", "role", "practice_name")} | moments


def _invited(invitation: Any) -> dict[str, Any]:
    """Without the link, which is kept nowhere."""
    shown = {name: getattr(invitation, name) for name in ("id", "email", "role", "invited_by_name")}
    return shown | {"sent_at": invitation.sent_at.isoformat(), "ends_at": invitation.ends_at.isoformat()}
