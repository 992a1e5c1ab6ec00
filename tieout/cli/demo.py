"""`tieout demo`: the stand-in and Tieout together on this machine, four settlements from file to books, read back."""

import shutil
import tempfile
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer

from tieout.cli._browser import allow
from tieout.cli._doors import Doors, Exit, complain, doors, fail, say, say_json
from tieout.cli._table import table
from tieout.cli.settlements import wait_for
from tieout.core.actor import Actor
from tieout.core.posting import Timing

PORT = 8080
PLATFORM = "xero"
COMPANY, EMAIL = "Harbour & Finch Ltd", "olive@example.com"
EXPECTED_HOLD = "row-type-unknown"
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
    """Start a stand-in of Xero and Tieout, post four settlements of a seller in London, and read them back.

    Everything stays on this machine, in a folder of its own; a second start takes up where the first stopped. Exits 0
    only if every settlement that can be sent ties out in the books and the held one is held for its expected reason.
    """
    from tieout.sandbox import server
    from tieout.sandbox.xero import Unusable, app, books, of

    doors_in = doors(context)
    url = f"http://localhost:{port}"
    _leave_other_databases_alone(doors_in, url, port, fresh)
    folder = _folder(doors_in, fresh)
    try:
        world = books(folder / "xero-stand-in.db", scenario="london")
    except Unusable as error:
        fail(
            f"{error.strerror} A demo that still runs holds it; else `tieout demo --fresh` starts over.",
            Exit.CANNOT_START,
        )
    app(of(world).books, redirect_uris=(f"{url}/oauth/{PLATFORM}/callback",))
    stand_in = server.start(world)
    try:
        settings = doors_in.settings(_settings(folder, url, port, stand_in.base_url))
        with doors_in.opened(settings, works=True, timing=TIMING) as product:
            told = _main_job(product.tools)
            link = _sign_in_link(product.tools, url)
            say_json(told) if as_json else _show(told)
            if once:
                raise typer.Exit(int(_verdict(told)))
            _serve(doors_in, product, stand_in.base_url, link, as_json)
    finally:
        stand_in.stop()


def _leave_other_databases_alone(doors_in: Doors, url: str, port: int, fresh: bool) -> None:
    """A database that the environment names may be a real one: the demo works in an empty one or in what it made.

    Looked at before any job runs: a worker here would send real settlements to the stand-in.
    """
    if not doors_in.environ.get("TIEOUT_DATABASE_URL"):
        return
    settings = doors_in.settings(_settings(_folder(doors_in, fresh=False), url, port, url))
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
    from tieout.people.organisations import is_empty
    from tieout.store import across, organisations, people
    from tieout.store.engine import read

    found = across.organisations(tools.engines)
    if not found and is_empty(tools):
        return True, False
    with read(tools.engines, "") as db:
        is_ours = len(found) == 1 and people.person_by_email(db, EMAIL) is not None
    if is_ours:
        with read(tools.engines, found[0]) as db:
            organisation = organisations.find(db)
        is_ours = organisation is not None and organisation.name == COMPANY
    return False, is_ours


def _folder(doors_in: Doors, fresh: bool) -> Path:
    """The demo's own data folder; `TIEOUT_DATA` names another parent."""
    data = doors_in.settings().data
    folder: Path = data.parent / f"{data.name}-demo"
    if fresh and folder.exists():
        # Renamed first, so that an interrupted removal never leaves half a demo to take up.
        doomed = Path(tempfile.mkdtemp(prefix=f"{folder.name}-old-", dir=folder.parent))
        folder.rename(doomed / folder.name)
        shutil.rmtree(doomed)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _settings(folder: Path, url: str, port: int, stand_in: str) -> dict[str, str]:
    from tieout.sandbox.xero.scenarios import APP_ID, APP_SECRET

    name = PLATFORM.upper()
    return {
        "TIEOUT_DATA": str(folder),
        "TIEOUT_URL": url,
        "TIEOUT_HOST": "127.0.0.1",
        "TIEOUT_PORT": str(port),
        f"TIEOUT_{name}_CLIENT_ID": APP_ID,
        f"TIEOUT_{name}_CLIENT_SECRET": APP_SECRET,
        **{f"TIEOUT_{name}_{part}_URL": stand_in for part in ("LOGIN", "IDENTITY", "API")},
    }


def _main_job(tools: Any) -> dict[str, Any]:
    """Owner, connection, import, send, read back: each step finds what an earlier run has done already."""
    from tieout.sync import settlements

    actor = _owner(tools)
    operation: str | None
    _connect(tools, actor)
    for file in sorted(resources.files("tieout.sandbox.demo").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".txt"):
            operation = settlements.receive_bytes(tools, actor, file.name, file.read_bytes())
            ended = wait_for(tools, actor.organisation, operation)
            if ended.state != "done":
                complain(f"{file.name}: {ended.message}")
    operation = settlements.send_ready(tools, actor)
    if operation is not None:
        wait_for(tools, actor.organisation, operation)
    _rest(tools, actor.organisation)
    cards = settlements.listing(tools, actor.organisation, limit=100).cards
    return {"settlements": [_told(card) for card in reversed(cards)]}


def _owner(tools: Any) -> Actor:
    from tieout.people.organisations import FirstOwner, create_owner, is_empty
    from tieout.store import across

    if is_empty(tools):
        wanted = FirstOwner(COMPANY, "GB", "Europe/London", "Olive Finch", EMAIL, "")
        create_owner(tools, wanted)
    organisation = across.organisations(tools.engines)[0]
    return Actor(organisation, "", "Olive Finch")


def _connect(tools: Any, actor: Actor) -> None:
    """The real consent round, with a small browser that presses Allow; nothing to do if the books are connected."""
    from tieout.store.engine import read
    from tieout.sync.connections import begin_connect, finish_connect
    from tieout.sync.in_use import live

    with read(tools.engines, actor.organisation) as db:
        if any(connection.may_post for connection in live(db)):
            return
    session = "the demo"
    finish_connect(tools, PLATFORM, allow(begin_connect(tools, actor, PLATFORM, session)), session)


def _rest(tools: Any, organisation: str) -> None:
    """Wait until nothing is on its way, also not what an earlier run had begun; bounded by the longest operation."""
    import time

    from tieout.core.operation import DEADLINES
    from tieout.core.status import MOVING
    from tieout.sync import settlements

    until = tools.now() + DEADLINES["send"]
    while tools.now() < until:
        counts = settlements.listing(tools, organisation, limit=1).counts
        if not any(counts.get(status.value) for status in MOVING):
            return
        time.sleep(0.2)


def _told(card: Any) -> dict[str, Any]:
    return {
        "id": card.number,
        "status": card.status,
        "ties_out": bool(card.ties_out),
        "reason": card.code or card.reason,
        "message": card.reason,
        "period": [card.start.isoformat(), card.end.isoformat()],
        "deposit": f"{card.total.amount:f}",
        "currency": card.total.currency,
        "documents": list(card.documents),
        "total_in_books": f"{card.books_total.amount:f}" if card.books_total else None,
        "attempts": card.attempts,
    }


def _verdict(told: dict[str, Any]) -> Exit:
    sent = [each for each in told["settlements"] if each["reason"] != EXPECTED_HOLD]
    held = [each for each in told["settlements"] if each["reason"] == EXPECTED_HOLD]
    is_good = len(sent) == 3 and len(held) == 1 and all(each["status"] == "sent" and each["ties_out"] for each in sent)
    return Exit.DONE if is_good else Exit.FAILED


def _show(told: dict[str, Any]) -> None:
    rows = [
        (
            each["id"],
            " – ".join(each["period"]),
            f"{each['deposit']} {each['currency']}",
            ", ".join(each["documents"]) or "none",
            each["total_in_books"] or "–",
            "yes" if each["ties_out"] else f"no: {each['message']}",
            str(each["attempts"]),
        )
        for each in told["settlements"]
    ]
    table(("Settlement", "Period", "Deposit", "Document", "Total in the books", "Ties out", "Attempts"), rows)


def _sign_in_link(tools: Any, url: str) -> str:
    from tieout.people.sessions import sign_in_link

    token = sign_in_link(tools)
    return f"{url}/sign-in/link?token={token}" if token else f"{url}/sign-in"


def _serve(doors_in: Doors, product: Any, stand_in: str, link: str, as_json: bool) -> None:
    def ready(url: str) -> None:
        if as_json:
            return
        say(f"Tieout       {url}")
        say(f"Sign in      {link}")
        say(f"The books    {stand_in} (a stand-in of Xero; its connected apps: {stand_in}/connected-apps)")
        say("Stop with Ctrl-C; `make demo` takes up where this stopped, `make demo ARGS=--fresh` starts over.")

    doors_in.serve(product, ready)
