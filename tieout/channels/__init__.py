"""Where sales happen: one file or folder a channel, found by looking; nobody keeps a list of them.

A module is a channel when it has NAME, LABEL, BLOCK (the first number of its default accounts), FORMATS (its reports
and their headings), COLUMNS (the only ones kept), `recognises`, `blank`, `read` and `lines`. Reading is pure: bytes in,
settlements or every refusal out.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from tieout.channels._encoding import check
from tieout.channels._kinds import refuse_other_types, unknown
from tieout.channels._refused import Refused, Unrecognised
from tieout.core.settlement import Label, Line, Reading, Refusal, Statement

__all__ = ["Refused", "Unrecognised", "blank", "channels", "first_rows", "label", "lines", "read", "recognise"]

Progress = Callable[[int, int], None]  # bytes read, bytes in all


class Channel(Protocol):
    """What every channel module has."""

    NAME: str
    LABEL: str
    BLOCK: int
    FORMATS: Mapping[str, tuple[str, ...]]
    COLUMNS: frozenset[str]

    def recognises(self, filename: str, content: bytes) -> bool:
        """Whether this channel reads such a file; looks at its first lines only."""

    def blank(self, statement: Statement) -> bytes:
        """The content with every column outside COLUMNS emptied."""

    def read(self, statement: Statement, zone: ZoneInfo | None = None, progress: Progress | None = None) -> Reading:
        """Settlements, or every refusal. Raises nothing for bad input."""

    def lines(self, statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
        """The rows of one settlement in file order."""


@cache
def channels() -> dict[str, Channel]:
    """Every channel by its name."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found = [cast(Channel, importlib.import_module(f"{__name__}.{name}")) for name in names]
    return {channel.NAME: channel for channel in found}


def label(channel: str) -> str:
    """The name people use, for pages and contacts."""
    return channels()[channel].LABEL


def recognise(filename: str, content: bytes) -> str:
    """The one channel that reads this file. Raises Unrecognised, which says what the file is and what is wanted."""
    refuse_other_types(content)
    try:
        check(content)
    except Refused as refused:
        first = refused.refusals[0]
        raise Unrecognised(first.code, first.message, first.row) from refused
    found = [name for name, channel in channels().items() if channel.recognises(filename, content)]
    if len(found) > 1:
        raise Unrecognised("channel_ambiguous", f"{' and '.join(found)} both claim this file; it is not read.")
    if found:
        return found[0]
    raise unknown(content, {name: names for channel in channels().values() for name, names in channel.FORMATS.items()})


def blank(channel: str, statement: Statement) -> bytes:
    """The content without columns nobody asked for: they may hold buyers' data, so they are never kept."""
    return channels()[channel].blank(statement)


def read(statement: Statement, zone: ZoneInfo | None = None, progress: Progress | None = None) -> Reading:
    """What the file's channel makes of it; months in `zone` or the marketplace's own. Raises nothing for bad input."""
    try:
        channel = recognise(statement.filename, statement.content)
    except Unrecognised as error:
        return Reading("", refusals=(Refusal(error.code, error.message, error.row),))
    return channels()[channel].read(statement, zone, progress)


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
    """The rows of one settlement again, in file order. Raises Refused where `read` would refuse."""
    return channels()[recognise(statement.filename, statement.content)].lines(statement, settlement_id, zone)


def first_rows(statement: Statement, settlement_id: str, labels: Iterable[Label]) -> dict[Label, int]:
    """The first row of each label, as when a person is asked what an unknown one means."""
    wanted, found = set(labels), dict[Label, int]()
    for line in lines(statement, settlement_id) if wanted else ():
        if line.label in wanted:
            found.setdefault(line.label, line.source.row)
            if len(found) == len(wanted):
                break
    return found
