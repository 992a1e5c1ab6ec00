"""`tieout inspect FILE…`: what a file says, without keeping anything."""

import sys
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from tieout.cli._doors import Exit, complain, fail, say, say_json


def add(commands: typer.Typer) -> None:
    commands.command("inspect")(inspect)


def inspect(
    files: Annotated[list[Path], typer.Argument(help="Statement files, as the channel gave them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    zone: Annotated[str, typer.Option(help="Time zone of the months; else the marketplace's own.")] = "",
) -> None:
    """Read statement files and say what they hold. Exits 3 when a file is refused. Nothing is kept or sent."""
    from tieout.sync import inspecting

    chosen = _zone(zone)
    found: list[dict[str, Any]] = []
    for path in files:
        try:
            with _progress(path) as progress:
                found.append(inspecting.inspect(path, chosen, progress))
        except OSError as error:
            refused = {"code": "file_unreadable", "message": f"{path} cannot be read: {error.strerror}.", "row": 0}
            found.append({"file": str(path), "channel": None, "settlements": [], "refused": refused})
    if as_json:
        say_json(found)
    else:
        for each in found:
            _show(each)
    if any("refused" in each for each in found):
        raise typer.Exit(int(Exit.REFUSED))


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        fail(f"{name} is no time zone; write it like Europe/London.", Exit.USAGE)
        return None


class _progress:
    """A bar on the console for files that take longer than a moment; silent elsewhere."""

    def __init__(self, path: Path) -> None:
        self._path, self._bar = path, None if not sys.stderr.isatty() else _bar()
        self._task: Any = None

    def __enter__(self) -> Any:
        if self._bar is None:
            return None
        self._bar.start()
        self._task = self._bar.add_task(self._path.name, total=None)
        return self._told

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _told(self, done: int, of: int) -> None:
        assert self._bar is not None
        self._bar.update(self._task, completed=done, total=of)


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _show(found: dict[str, Any]) -> None:
    refused = found.get("refused")
    if refused:
        complain(f"{found['file']}: refused ({refused['code']}). {refused['message']}")
        return
    for settlement in found["settlements"]:
        say(f"{found['file']}: {found['channel']} settlement {settlement['id']}, {settlement['rows']:,} rows")
        say(f"  {settlement['start'][:10]} to {settlement['end'][:10]}, months by {settlement['zone']}")
        say(f"  total {settlement['total']} {settlement['currency']}, difference {settlement['difference']}")
        for month, amount in settlement["months"].items():
            say(f"  {month}  {amount:>14}")
        for each in settlement["categories"]:
            say(f"    {each['category']:<32}{each['amount']:>14}  {each['rows']:>9,} rows")
        for each in settlement["unknown_labels"]:
            say(f"  unknown: {each['label']}  {each['amount']} in {each['rows']} rows; it holds the settlement")
    for each in found.get("payouts", ()):
        stated = f"{each['total']} {each['currency']} on {each['on']} ({each['state']})"
        say(f"{found['file']}: {found['channel']} states {stated}")
    for warning in found.get("warnings", ()):
        say(f"  row {warning['row']}: {warning['message']}" if warning["row"] else f"  {warning['message']}")
