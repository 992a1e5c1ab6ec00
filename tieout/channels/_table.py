"""Rows by column name, numbered as in the file, a block at a time; and the blanking of columns nobody asked for.

A report of a million lines is never held as rows: a block of a quarter megabyte is split once into one flat list, and a
column is every n-th of it. The heading is row 1. Where fields stand between tabs there is no quoting: a tab is always
the end of a field. Between commas or semicolons a field may be quoted; a line's end never stands inside one.
"""

import codecs
import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from tieout.channels._content import PIECE_BYTES, pieces
from tieout.channels._encoding import REPLACEMENT, Text
from tieout.channels._refused import Findings, Unrecognised
from tieout.core.settlement import Content

TAB = "\t"
_BROKEN = '"'  # what a line that cannot be split is blanked to: it is refused all the same


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows, in file order: `rows` are their numbers, `flat` all their fields, `width` fields a row."""

    rows: Sequence[int]
    flat: list[str]
    positions: dict[str, int]
    width: int
    end: int  # bytes of the file read so far

    def column(self, name: str) -> list[str]:
        """The fields of one column; blanks where the file has no such column."""
        at = self.positions.get(name)
        return [""] * len(self.rows) if at is None else self.flat[at :: self.width]

    def take(self, chosen: Sequence[int]) -> "Block":
        """Only the rows at these places of the block."""
        fields = [field for at in chosen for field in self.flat[at * self.width : (at + 1) * self.width]]
        return Block([self.rows[at] for at in chosen], fields, self.positions, self.width, self.end)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some whole lines of a file, the row of the first, and the file's heading line."""

    heading: bytes
    first_row: int
    content: bytes


def ends_short(table: "Table", block: Block) -> bool:
    """Whether the block ends with a line that has no line end and too few fields: the file may be cut off there."""
    body = table.text.body
    if block.end < len(body) or body[-1:] == b"\n":
        return False
    return body.count(table.sign.encode(), body.rfind(b"\n") + 1) < block.width - 1


def split(line: str, sign: str = TAB) -> list[str]:
    """The fields of a line. Raises csv.Error for a quotation mark that is never closed."""
    if sign == TAB or '"' not in line:
        return line.split(sign)
    return next(csv.reader([line], delimiter=sign, strict=True), [])


def heading_names(line: str, sign: str = TAB) -> tuple[str, ...]:
    """The names in a heading line as they are compared: trimmed and small."""
    try:
        return tuple(name.strip().casefold() for name in split(line, sign))
    except csv.Error:
        return ()


def refuse_doubled(names: Sequence[str], read: Collection[str]) -> None:
    """Raises Unrecognised where a column that is read stands twice: nothing says which of the two is meant."""
    if doubled := [name for name, count in Counter(names).items() if count > 1 and name in read]:
        raise Unrecognised(
            "column-doubled",
            f"The heading line names the column {', '.join(doubled)} more than once, and nothing says which one counts."
            " Download the file again and import it unchanged.",
            1,
        )


def heading_line(text: Text) -> str:
    """The first line."""
    return next((lines[0] for _, _, lines in text.blocks()), "")


@dataclass(frozen=True, slots=True)
class Table:
    """A text of fields with `sign` between them. `free`: columns in which a damaged character may be replaced."""

    text: Text
    heading: str
    free: Collection[str]
    sign: str = TAB

    @property
    def names(self) -> tuple[str, ...]:
        return heading_names(self.heading, self.sign)

    def blocks(self, findings: Findings) -> Iterator[Block]:
        """All rows below the heading. Lines with too many fields are refused, shorter ones filled up with blanks."""
        names = self.names
        positions = {name: at for at, name in reversed(list(enumerate(names)))}
        width, signs, sign = len(names), {len(names) - 1}, self.sign
        for first_row, end, lines in self.text.blocks():
            if self.text.is_damaged:
                self._check_damage(first_row, lines, findings)
            is_even = set(map(str.count, lines, repeat(sign))) == signs and self.heading not in lines
            joined = sign.join(lines) if is_even else ""
            if is_even and (sign == TAB or '"' not in joined):
                flat = joined.split(sign)
                yield Block(range(first_row, first_row + len(lines)), flat, positions, width, end)
            else:
                rows, flat = self._uneven(first_row, lines, width, findings)
                yield Block(rows, flat, positions, width, end)

    def _uneven(self, first_row: int, lines: list[str], width: int, findings: Findings) -> tuple[list[int], list[str]]:
        rows: list[int] = []
        flat: list[str] = []
        for row, line in enumerate(lines, first_row):
            if not line.strip():
                continue
            if line == self.heading:
                if row > 1:
                    findings.warn("heading-repeated", f"Line {row} repeats the heading line; skipped.", row)
                continue
            try:
                fields = split(line, self.sign)
            except csv.Error:
                findings.refuse(
                    "quote-unclosed",
                    f"Line {row} has a quotation mark that is never closed: the line is damaged. Download it again.",
                    row,
                )
                continue
            if self.sign != TAB and not any(map(str.strip, fields)):
                continue  # spreadsheets write empty rows as signs
            if len(fields) > width:
                name = "a tab" if self.sign == TAB else "the sign that parts the fields"
                findings.refuse(
                    "row-too-long",
                    f"Line {row} has {len(fields)} fields, the heading names {width}: {name} stands inside a text, or"
                    " the file was changed after the download. Download it again.",
                    row,
                )
                continue
            rows.append(row)
            flat += fields + [""] * (width - len(fields))
        return rows, flat

    def _check_damage(self, first_row: int, lines: list[str], findings: Findings) -> None:
        """Replacement characters are harmless in free text and refused everywhere else."""
        for row, line in enumerate(lines, first_row):
            if REPLACEMENT not in line:
                continue
            fields = self._fields(line)
            touched = {name for name, field in zip(self.names, fields, strict=False) if REPLACEMENT in field}
            place = f"line {row}, byte {self._offset(row)} of the file"
            if row == 1 or touched - set(self.free):
                columns = ", ".join(sorted(touched - set(self.free))) or "the heading"
                findings.refuse(
                    "encoding_error", f"A character in {place} ({columns}) is damaged. Download the file again.", row
                )
            else:
                findings.warn("character-damaged", f"A character of free text in {place} is damaged; replaced.", row)

    def _fields(self, line: str) -> list[str]:
        try:
            return split(line, self.sign)
        except csv.Error:
            return line.split(self.sign)

    def _offset(self, row: int) -> int:
        """Where in the file the first damaged byte of a row stands."""
        body, start = self.text.body, 0
        for _ in range(row - 1):
            start = body.find(b"\n", start) + 1
        end = body.find(b"\n", start)
        try:
            body[start : end if end >= 0 else len(body)].decode(self.text.codec)
        except UnicodeDecodeError as error:
            start += error.start
        return start + (len(codecs.BOM_UTF8) if self.text.encoding == "utf-8-sig" else 0)


def blanked(text: Text, content: Content, known: Collection[str], sign: str = TAB) -> Iterator[bytes]:
    """The content with every field outside the known columns emptied, in pieces; rows keep their numbers.

    Untouched where nothing has to go. Fields beyond the heading are emptied too: nobody knows whose they are.
    """
    names = heading_names(heading_line(text), sign)
    keep = [name in known for name in names]
    if all(keep) and _is_even(text, len(names), sign):
        yield from pieces(content, PIECE_BYTES)
    elif text.encoding == "utf-16":
        yield b"".join(_blanked(text, keep, sign)).decode("utf-8").encode("utf-16")
    else:
        if text.encoding == "utf-8-sig":
            yield codecs.BOM_UTF8
        yield from _blanked(text, keep, sign)


def _blanked(text: Text, keep: list[bool], sign: str) -> Iterator[bytes]:
    """The heading as it is, the lines below it blanked."""
    is_first = True
    for piece in pieces(text.body, PIECE_BYTES):
        heading, lines = ([], piece.split(b"\n")) if not is_first else (piece.split(b"\n")[:1], piece.split(b"\n")[1:])
        yield b"\n".join((*heading, *(_blanked_line(line, keep, sign) for line in lines)))
        is_first = False


def _is_even(text: Text, width: int, sign: str) -> bool:
    return all(max(map(str.count, lines, repeat(sign))) < width for _, _, lines in text.blocks())


def _blanked_line(line: bytes, keep: list[bool], sign: str) -> bytes:
    """Latin-1 stands for any encoding in which signs and quotation marks are single bytes of their own."""
    end = b"\r" if line.endswith(b"\r") else b""
    whole = line.removesuffix(b"\r").decode("latin-1")
    try:
        fields = split(whole, sign)
    except csv.Error:
        return _BROKEN.encode() + end
    kept = [field if at < len(keep) and keep[at] else "" for at, field in enumerate(fields)]
    return sign.join(_quoted(field, sign) for field in kept).encode("latin-1") + end


def _quoted(field: str, sign: str) -> str:
    """As it has to stand in a line again."""
    if sign == TAB or not (sign in field or '"' in field):
        return field
    return '"' + field.replace('"', '""') + '"'
