"""`sign-in-link`: the way back for somebody who lost password and second factor; whoever runs the server prints it."""

from typing import Annotated

import typer

from tieout.cli._doors import complain, doors, fail, say, working


def add(commands: typer.Typer) -> None:
    commands.command("sign-in-link")(sign_in_link)


def sign_in_link(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Whose; without it the first owner's.")] = "",
) -> None:
    """Print a link that signs somebody in once, within the hour, without password and second factor."""
    from tieout.people import sessions
    from tieout.store import people
    from tieout.store.engine import read

    with working(context) as product:
        with read(product.tools.engines, "") as db:
            person = people.person_by_email(db, email) if email else people.first_owner(db)
        if person is None:
            fail(f"Nobody here signs in with {email}." if email else "There is nobody yet: `tieout serve`.")
        token = sessions.sign_in_link(product.tools, person.id)
    say(f"{doors(context).settings().url}/sign-in/link?token={token}")
    complain(f"It signs in as {person.name}, once, within {sessions.LINK_MINUTES} minutes. It is in the audit log.")
