"""Where sales happen: one file or folder a channel, found by looking; nobody keeps a list of them.

A module is a channel when it has NAME, LABEL, BLOCK (the first number of its default accounts), ACCOUNTS and CLEARING
(their names where they are not the usual ones, and the accounts of gateways), FILES (what to upload, in words), FORMATS
(its reports and their headings), COLUMNS (the only ones kept), `recognises`, `blank`, `counting`, `read`, `lines` and
`chunk_lines`. Reading is pure: bytes in, settlements or every refusal out. `read` is the definition; `counting` is a
quick way to the same reading of a large file, and gives up (Unusual) wherever it is not certain of it.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from tieout.channels._asked import (
    FIELD,
    REFUSED,
    TOKEN_EXPIRED,
    Access,
    Askable,
    Download,
    Field,
    Item,
    Keys,
    Listing,
    Notice,
    Pace,
    Registration,
)
from tieout.channels._content import PIECE_BYTES, FileContent, pieces
from tieout.channels._encoding import check
from tieout.channels._kinds import refuse_other_types, unknown
from tieout.channels._refused import OWN_ERRORS, Refused, Unrecognised, Unusual, broken_off
from tieout.channels._table import Chunk
from tieout.core.places import Places
from tieout.core.role import Role
from tieout.core.settlement import Content, Figure, Label, Line, Reading, Refusal, Settlement, Statement

__all__ = [
    "COUNTED_BYTES",
    "FIELD",
    "PIECE_BYTES",
    "QUICK_BYTES",
    "REFUSED",
    "TOKEN_EXPIRED",
    "Access",
    "Askable",
    "Chunk",
    "Counting",
    "Download",
    "Field",
    "FileContent",
    "Item",
    "Keys",
    "Listing",
    "Notice",
    "Pace",
    "Refused",
    "Registration",
    "Unrecognised",
    "Unusual",
    "askable",
    "blank",
    "blanked",
    "channels",
    "chunk_lines",
    "counting",
    "first_rows",
    "get_ready",
    "label",
    "lines",
    "pieces",
    "read",
    "recognise",
]

QUICK_BYTES = 24 << 20  # from here on the quick way is quicker, its start included
COUNTED_BYTES = 8 << 20  # counted at a time: more is hardly faster and takes more memory
_BEGINNING = 2 << 20  # enough to recognise a file, and to see that it has lines at all
Progress = Callable[[int, int], None]  # bytes read, bytes in all


class Counting(Protocol):
    """A quick reader. Where it is not certain of what `read` would say, it raises Unusual and is of no more use."""

    def add(self, piece: bytes) -> None:
        """Whole lines, all of the file in its order."""

    @property
    def has_only_known(self) -> bool:
        """No column but COLUMNS and no field beyond them: nothing has to be blanked."""

    def places(self) -> Places:
        """Where the rows of each figure stand; the parts are the pieces it was fed with."""

    def reading(self, zone: ZoneInfo | None, digest: str) -> Reading:
        """What `read` would say, when every piece is in. Never a refusal."""


class Channel(Protocol):
    """What every channel module has."""

    NAME: str
    LABEL: str
    BLOCK: int
    ACCOUNTS: Mapping[Role, str]
    CLEARING: Mapping[str, tuple[int, str]]  # gateway → number and name of its clearing account
    FILES: str
    FORMATS: Mapping[str, tuple[str, ...]]
    COLUMNS: frozenset[str]

    def recognises(self, filename: str, content: Content) -> bool:
        """Whether this channel reads such a file; looks at its first lines only."""

    def blank(self, statement: Statement) -> Iterator[bytes]:
        """The content with every column outside COLUMNS emptied, in pieces."""

    def counting(self, first: bytes) -> Counting:
        """A quick reader of a file that begins so."""

    def read(self, statement: Statement, zone: ZoneInfo | None = None, progress: Progress | None = None) -> Reading:
        """Settlements, or every refusal. Raises nothing for bad input."""

    def lines(self, statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
        """The rows of one settlement in file order."""

    def chunk_lines(
        self, chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int
    ) -> Iterator[Line]:
        """Those summed in one of the figures, below row `after`, out of a part of a file that `counting` took."""


@cache
def channels() -> dict[str, Channel]:
    """Every channel by its name."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found = [cast(Channel, importlib.import_module(f"{__name__}.{name}")) for name in names]
    return {channel.NAME: channel for channel in found}


@cache
def askable() -> dict[str, Askable]:
    """Every channel that can be asked for its payouts, by its name: those with a `fetch.py` in their folder."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    homes = [f"{__name__}.{name}" for name in names]
    return {
        home.rpartition(".")[2]: cast(Askable, importlib.import_module(f"{home}.fetch"))
        for home in homes
        if importlib.util.find_spec(f"{home}.fetch") is not None
    }


def get_ready() -> None:
    """Imports what reading a large file needs, which takes a moment."""
    channels()
    import polars  # noqa: F401


def label(channel: str) -> str:
    """The name people use, for pages and contacts."""
    return channels()[channel].LABEL


def recognise(filename: str, content: Content) -> str:
    """The one channel that reads this file. Raises Unrecognised, which says what the file is and what is wanted."""
    try:
        return _recognised(filename, content)
    except Refused as refused:
        first = refused.refusals[0]
        raise Unrecognised(first.code, first.message, first.row) from refused
    except OWN_ERRORS as error:
        first = broken_off(error)
        raise Unrecognised(first.code, first.message) from error


def _recognised(filename: str, content: Content) -> str:
    refuse_other_types(content)
    check(content)
    found = [name for name, channel in channels().items() if channel.recognises(filename, content)]
    if len(found) > 1:
        raise Unrecognised("channel_ambiguous", f"{' and '.join(found)} both claim this file; it is not read.")
    if found:
        return found[0]
    raise unknown(content, {name: names for channel in channels().values() for name, names in channel.FORMATS.items()})


def blank(channel: str, statement: Statement) -> bytes:
    """The content without columns nobody asked for: they may hold buyers' data, so they are never kept."""
    return b"".join(blanked(channel, statement))


def blanked(channel: str, statement: Statement) -> Iterator[bytes]:
    """The same in pieces."""
    return channels()[channel].blank(statement)


def counting(filename: str, first: bytes) -> Counting:
    """The quick reader for a large file that begins with these bytes. Raises Unrecognised and Unusual."""
    try:
        return channels()[recognise(filename, first)].counting(first)
    except Unrecognised:
        raise
    except Refused as error:
        raise Unusual("the plain reader says what is wrong") from error


def read(statement: Statement, zone: ZoneInfo | None = None, progress: Progress | None = None) -> Reading:
    """What the file's channel makes of it; months in `zone` or the marketplace's own. Raises nothing for bad input."""
    channel = ""
    try:
        if len(statement.content) >= QUICK_BYTES and (quick := _quick_reading(statement, zone, progress)):
            return quick
        channel = recognise(statement.filename, statement.content)
        return channels()[channel].read(statement, zone, progress)
    except Unrecognised as error:
        return Reading("", refusals=(Refusal(error.code, error.message, error.row),))
    except OWN_ERRORS as error:
        return Reading(channel, refusals=(broken_off(error),))


def _quick_reading(statement: Statement, zone: ZoneInfo | None, progress: Progress | None) -> Reading | None:
    """None where the plain reader has to look."""
    done = 0
    try:
        counted = counting(statement.filename, statement.content[:_BEGINNING])
        for piece in pieces(statement.content, COUNTED_BYTES):
            counted.add(piece)
            done += len(piece)
            if progress:
                progress(done, len(statement.content))
        return counted.reading(zone, statement.digest)
    except (Unrecognised, *OWN_ERRORS):  # Unusual among them
        return None


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
    """The rows of one settlement again, in file order. Raises Refused where `read` would refuse."""
    return channels()[recognise(statement.filename, statement.content)].lines(statement, settlement_id, zone)


def chunk_lines(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int = 0) -> Iterator[Line]:
    """The rows below `after` behind these figures, out of some lines of a file that the quick reader took."""
    return channels()[settlement.channel].chunk_lines(chunk, settlement, wanted, after)


def first_rows(statement: Statement, settlement_id: str, labels: Iterable[Label]) -> dict[Label, int]:
    """The first row of each label, as when a person is asked what an unknown one means."""
    wanted, found = set(labels), dict[Label, int]()
    for line in lines(statement, settlement_id) if wanted else ():
        if line.label in wanted:
            found.setdefault(line.label, line.source.row)
            if len(found) == len(wanted):
                break
    return found
