"""`serve`, `web`, `worker`: the product as one process, or split in two over PostgreSQL."""

import threading

import typer

from tieout.cli._doors import Exit, doors, fail, say


def add(commands: typer.Typer) -> None:
    commands.command("serve")(serve)
    commands.command("web")(web)
    commands.command("worker")(worker)


def serve(context: typer.Context) -> None:
    """Serve the pages and do the work, in one process."""
    _pages(context, works=True)


def web(context: typer.Context) -> None:
    """Serve the pages only; `tieout worker` does the work. Needs PostgreSQL."""
    _needs_postgresql(context, "web")
    _pages(context, works=False)


def worker(context: typer.Context) -> None:
    """Do the work only; any number of these share one PostgreSQL."""
    _needs_postgresql(context, "worker")
    doors_in = doors(context)
    with doors_in.opened(doors_in.settings(), works=True):
        say("Working. Stop with Ctrl-C; what is cut off resumes with the next worker.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            say("Stopping.")


def _pages(context: typer.Context, works: bool) -> None:
    from tieout.people.organisations import first_owner_token

    doors_in = doors(context)
    with doors_in.opened(doors_in.settings(), works=works) as product:
        token = first_owner_token(product.tools)

        def ready(url: str) -> None:
            say(f"Tieout {url}")
            if token:
                say(f"First start: make the owner at {url}/first-run?token={token}")

        doors_in.serve(product, ready)


def _needs_postgresql(context: typer.Context, command: str) -> None:
    if doors(context).settings().is_sqlite:
        fail(
            f"`tieout {command}` needs PostgreSQL, since one process owns an embedded database: "
            "set TIEOUT_DATABASE_URL, or use `tieout serve`, which does both.",
            Exit.CANNOT_START,
        )
