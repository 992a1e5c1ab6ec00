"""`tieout demo`: stand-ins and Tieout on this machine, two organisations from payouts to books and back."""

import shutil
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from tieout.cli._demo_sellers import EMAIL, SELLERS, is_good, main_job
from tieout.cli._demo_stand_ins import StandIns, stand_ins
from tieout.cli._doors import Doors, Exit, doors, fail, say, say_json
from tieout.cli._table import table
from tieout.core.posting import Timing

PORT = 8080
NAMES = {seller.name for seller in SELLERS}
_COLUMNS = ("Settlement", "Period", "Deposit", "Document", "Total in the books", "Ties out", "Attempts")
# The stand-in carries out what it is asked at once or never, so the waits that real books need can be short here.
TIMING = Timing(
    not_found_wait=timedelta(seconds=4),
    back_off_first=timedelta(seconds=1),
    look_first=timedelta(seconds=1),
    failed_look=timedelta(seconds=1),
)


def add(commands: typer.Typer) -> None:
    commands.command("demo")(demo)


def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do the job and stop, without serving pages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the table.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the demo's data and start over.")] = False,
    port: Annotated[int, typer.Option(help="Port of the pages.", min=1, max=65535)] = PORT,
) -> None:
    """Start stand-ins and Tieout, post the settlements of two organisations, and read them back.

    A seller in London has four Amazon settlements and keeps books at Xero; a potter has a Shopify shop, whose payouts
    are fetched, and keeps books at QuickBooks. Both belong to one person, who changes from one to the other.

    Everything stays on this machine, in a folder of its own; a second start takes up where the first stopped. Exits 0
    only if every settlement that can be sent ties out in the books and the held one is held for its expected reason.
    """
    from tieout.sandbox.shelf import Unusable

    doors_in = doors(context)
    url = f"http://localhost:{port}"
    _leave_other_databases_alone(doors_in, url, port, fresh)
    folder = _folder(doors_in, fresh)
    with ExitStack() as stack:
        try:
            outside = stack.enter_context(stand_ins(folder, url))
        except Unusable as error:
            words = f"{error.strerror} A demo that still runs holds it; else `tieout demo --fresh` starts over."
            fail(words, Exit.CANNOT_START)
        settings = doors_in.settings(_settings(folder, url, port) | outside.settings())
        product = stack.enter_context(doors_in.opened(settings, works=True, timing=TIMING))
        told = main_job(product.tools)
        link = _sign_in_link(product.tools, url)
        say_json(told) if as_json else _show(told)
        if once:
            raise typer.Exit(int(Exit.DONE if is_good(told) else Exit.FAILED))
        _serve(doors_in, product, outside, link, as_json)


def _leave_other_databases_alone(doors_in: Doors, url: str, port: int, fresh: bool) -> None:
    """A database that the environment names may be a real one: the demo works in an empty one or in what it made.

    Looked at before any job runs: a worker here would send real settlements to the stand-in.
    """
    if not doors_in.environ.get("TIEOUT_DATABASE_URL"):
        return
    settings = doors_in.settings(_settings(_folder(doors_in, fresh=False), url, port))
    with doors_in.opened(settings, works=False) as product:
        is_empty, is_ours = _whose(product.tools)
    if not is_empty and not is_ours:
        told = "TIEOUT_DATABASE_URL names a database with an organisation in it that the demo did not make."
        fail(f"{told} Unset it, or name an empty database.", Exit.CANNOT_START)
    if not is_empty and fresh:
        told = "`--fresh` forgets the demo's folder, not what lies in the database that TIEOUT_DATABASE_URL names."
        fail(f"{told} Name an empty database, or leave --fresh out.", Exit.CANNOT_START)


def _whose(tools: Any) -> tuple[bool, bool]:
    """Whether nobody has begun in the database, and whether only the demo has."""
    from tieout.people.organisations import is_empty, of_person
    from tieout.store import across, people
    from tieout.store.engine import read

    found = across.organisations(tools.engines)
    if not found and is_empty(tools):
        return True, False
    with read(tools.engines, "") as db:
        olive = people.person_by_email(db, EMAIL)
    known = {each.id for each in of_person(tools, olive.id) if each.name in NAMES} if olive else set()
    return False, known == set(found)


def _folder(doors_in: Doors, fresh: bool) -> Path:
    """The demo's own data folder; `TIEOUT_DATA` names another parent."""
    data = doors_in.settings().data
    folder: Path = data.parent / f"{data.name}-demo"
    if fresh:  # what was proven of the demo before would be said against the next
        shutil.rmtree(folder.with_name(f"{folder.name}-checkpoints"), ignore_errors=True)
    if fresh and folder.exists():
        # Renamed first, so that an interrupted removal never leaves half a demo to take up.
        doomed = Path(tempfile.mkdtemp(prefix=f"{folder.name}-old-", dir=folder.parent))
        folder.rename(doomed / folder.name)
        shutil.rmtree(doomed)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _settings(folder: Path, url: str, port: int) -> dict[str, str]:
    return {
        "TIEOUT_DATA": str(folder),
        "TIEOUT_URL": url,
        "TIEOUT_HOST": "127.0.0.1",
        "TIEOUT_PORT": str(port),
    }


def _show(told: dict[str, Any]) -> None:
    """A table for each organisation, headed by its name and its books."""
    for each in told["organisations"]:
        say(f"{each['organisation']}, books in {each['books']}")
        table(_COLUMNS, [_row(settlement) for settlement in each["settlements"]])


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        each["id"],
        " – ".join(each["period"]),
        f"{each['deposit']} {each['currency']}",
        ", ".join(each["documents"]) or "none",
        each["total_in_books"] or "–",
        "yes" if each["ties_out"] else f"no: {each['message']}",
        str(each["attempts"]),
    )


def _sign_in_link(tools: Any, url: str) -> str:
    from tieout.people.sessions import sign_in_link

    token = sign_in_link(tools)
    return f"{url}/sign-in/link?token={token}" if token else f"{url}/sign-in"


def _serve(doors_in: Doors, product: Any, outside: StandIns, link: str, as_json: bool) -> None:
    def ready(url: str) -> None:
        if as_json:
            return
        say(f"Tieout       {url}")
        say(f"Sign in      {link}")
        for line in outside.said():
            say(line)
        say("Two organisations: change from one to the other at the top of every page.")
        say("Stop with Ctrl-C; `make demo` takes up where this stopped, `make demo ARGS=--fresh` starts over.")

    doors_in.serve(product, ready)
