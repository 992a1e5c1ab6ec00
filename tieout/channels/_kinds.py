"""What a file is when no channel reads it: judged by its content, never by its name, and said by name."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tieout.channels._content import pieces
from tieout.channels._encoding import Text, head
from tieout.channels._refused import Unrecognised
from tieout.core.settlement import Content

_DELIMITERS = "\t,;"
_HEADING_ROWS = 40  # some reports have a preamble of a dozen lines
_SHOWN = 12  # headings named in a message
# The first bytes of files that are no text, and what to call them.
_SIGNATURES = (
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"(\xb5/\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.xls or .doc)"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"{\\rtf", "an RTF document"),
)
_BLANK = b" \t\r\n\x0b\x0c\xef\xbb\xbf"
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_OFFICE = ((b"xl/", "an Excel workbook (.xlsx)"), (b"word/", "a Word document (.docx)"))


@dataclass(frozen=True, slots=True)
class Format:
    """A report that is known but not read. `headings` stand together in no other file."""

    what: str
    headings: frozenset[str]
    wanted: str


@cache
def other_formats() -> tuple[Format, ...]:
    """The reports people mistake for a settlement file."""
    text = files(__package__).joinpath("formats.csv").read_text(encoding="utf-8")
    return tuple(
        Format(row["what"], frozenset(map(_compared, row["headings"].split(";"))), row["wanted"])
        for row in csv.DictReader(text.splitlines())
    )


def refuse_other_types(content: Content) -> None:
    """Raises Unrecognised for an empty file and for anything that is not text, saying what it is."""
    if not any(piece.strip(_BLANK) for piece in pieces(content, 4096)):
        raise Unrecognised("file_empty", "The file is empty. Download it again.")
    if what := _other_type(content):
        raise _mismatch(what)


def unknown(content: Content, known: Mapping[str, tuple[str, ...]]) -> Unrecognised:
    """Why no channel reads this text: another report by name, or its headings beside the nearest known ones."""
    if content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _mismatch("a JSON document")
    text = head(content)
    rows = _rows(text)
    for row, fields in rows:
        found = frozenset(map(_compared, fields))
        for other in other_formats():
            if other.headings <= found:
                return Unrecognised("wrong_report", f"This is {other.what}. {other.wanted}.", row)
    row, fields = max(rows, key=lambda numbered: _nearness(numbered[1], known), default=(1, []))
    nearest = max(known, key=lambda name: _likeness(fields, known[name]))
    if len(set(map(_compared, fields)) & set(known[nearest])) >= len(known[nearest]) // 2:
        return Unrecognised(
            "format_unknown",
            f"The headings are those of this report: {nearest}. But {_unlike(text, row)}. Download it once more and"
            " import it unchanged.",
            row,
        )
    return Unrecognised(
        "format_unknown",
        f"No known report begins like this. Found: {_shown(fields)}. Nearest known: {nearest}, with"
        f" {_shown(known[nearest])}. Import the report as it was downloaded.",
        row,
    )


def _mismatch(what: str) -> Unrecognised:
    return Unrecognised("type_mismatch", f"This is {what}, whatever its name says. {_remedy(what)}")


def _other_type(content: Content) -> str:
    start = content[:4096]
    if start.startswith(b"PK\x03\x04"):
        return next((what for mark, what in _OFFICE if mark in content[:65536]), "a ZIP archive")
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            return what
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "a picture (WebP)"
    if start[:2] in (b"MZ", b"BM") and b"\0" in start[:64]:
        return "a program" if start[:2] == b"MZ" else "a picture (BMP)"
    text = start.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(text):
        return "a web page (HTML), perhaps an error or sign-in page saved in place of the report"
    return "an XML document" if text.lstrip().startswith(b"<?xml") else ""


def _remedy(what: str) -> str:
    if "archive" in what:
        return "Unpack it and import the text file inside."
    if "Excel" in what or "Office" in what:
        return "Import the report as it was downloaded, not a spreadsheet made of it."
    return "Download the report again and import it unchanged."


def _unlike(text: Text, row: int) -> str:
    """What keeps well-known headings in this line from being read."""
    line = _first_lines(text)[row - 1]
    saved = "a spreadsheet program has saved the file again"
    if row > 1:
        return f"they stand in line {row} and not in the first: something was put before them"
    return f"they stand in quotation marks: {saved}" if '"' in line else f"no tabs stand between them: {saved}"


def _rows(text: Text) -> list[tuple[int, list[str]]]:
    """The first lines as fields, by the delimiter that splits each most."""
    rows = []
    for row, line in enumerate(_first_lines(text), 1):
        rows.append((row, next(csv.reader([line[:65536]], delimiter=_delimiter(line)), [])))
    return rows


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _first_lines(text: Text) -> list[str]:
    return next((lines for _, _, lines in text.blocks()), [])[:_HEADING_ROWS]


def _compared(heading: str) -> str:
    return " ".join(heading.strip().strip('"').casefold().split())


def _likeness(fields: list[str], headings: tuple[str, ...]) -> int:
    """How many headings they share, ten for each, and then how many words of headings."""
    found, wanted = set(map(_compared, fields)), set(headings)
    words = {word for name in found for word in re.split(r"[\W_]+", name)} & {
        word for name in wanted for word in name.split("-")
    }
    return 10 * len(found & wanted) + len(words)


def _nearness(fields: list[str], known: Mapping[str, tuple[str, ...]]) -> int:
    return max((_likeness(fields, headings) for headings in known.values()), default=0)


def _shown(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(name.strip()[:40] or "(blank)" for name in names[:_SHOWN])
    return (shown or "nothing") + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
