"""Bytes to text by a fixed list of tries: the one that worked is recorded, nothing is guessed by statistics.

The order: byte-order mark, UTF-8 strictly, then the legacy encodings the channel names for the marketplace. Encoding
detectors are wrong for short Western and Japanese files, so none is asked.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tieout.channels._content import after, pieces
from tieout.channels._refused import Refused
from tieout.core.settlement import Content, Refusal, Warning

BLOCK_BYTES = 1 << 18  # read at a time: small enough for the processor's cache
HEAD_BYTES = 1 << 16  # enough to see what a file is
LINE_BYTES = 1 << 20  # the longest line; a real one has some hundred bytes
REPLACEMENT = "\ufffd"
_MARK = codecs.BOM_UTF8
# The start of a character that was cut off: Latin leads alone, or any lead with some but not all of its followers.
_HALF = re.compile(rb"(?:[\xc2\xc3]|[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2})(?=\t|\r?$)")


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text in waiting: `body` without byte-order marks, decoded block by block.

    `encoding` is the name to record. `is_damaged`: some lines do not decode and will show replacement characters.
    """

    body: Content
    encoding: str
    is_damaged: bool = False
    warnings: tuple[Warning, ...] = ()

    @property
    def codec(self) -> str:
        return "utf-8" if self.encoding.startswith("utf") else self.encoding

    def blocks(self) -> Iterator[tuple[int, int, list[str]]]:
        """Row number of the first line, offset of the block's end, and its lines without their ends."""
        start, row, body, errors = 0, 1, self.body, "replace" if self.is_damaged else "strict"
        while start < len(body):
            end = self._block_end(start)
            chunk = body[start:end].decode(self.codec, errors)
            if "\r" in chunk:
                chunk = chunk.replace("\r\n", "\n")
            lines = chunk.removesuffix("\n").split("\n")
            yield row, end, lines
            start, row = end, row + len(lines)

    def _block_end(self, start: int) -> int:
        end = start + BLOCK_BYTES
        if end >= len(self.body):
            return len(self.body)
        return (self.body.rfind(b"\n", start, end) + 1) or (self.body.find(b"\n", end) + 1) or len(self.body)


def opened(content: Content, legacy: tuple[str, ...] = ("cp1252",)) -> Text:
    """The file as text. Raises Refused for NUL bytes and endless lines, before any large copy is made."""
    if _is_utf16(content):
        return _from_utf16(content)
    _check_bytes(content)
    is_marked = content[: len(_MARK)] == _MARK
    body = after(content, len(_MARK)) if is_marked else content
    warnings: list[Warning] = []
    if body.count(b"\r") != body.count(b"\r\n"):
        body = body[:].replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # a line may end in CR alone
    encoding, is_damaged = ("utf-8", False) if is_utf8(body) else _legacy(body, legacy)
    if (at := body.find(_MARK)) >= 0 and encoding in ("utf-8", "cp1252"):
        warnings.append(_mark_inside(body.count(b"\n", 0, at) + 1))
        body = body[:].replace(_MARK, b"")
    if is_damaged and encoding != "utf-8":
        warnings.append(Warning("encoding-mixed", f"Some bytes are not {encoding}; they were replaced in free text."))
    return Text(body, "utf-8-sig" if is_marked and encoding == "utf-8" else encoding, is_damaged, tuple(warnings))


def head(content: Content) -> Text:
    """The first lines, enough to see what the file is; unreadable characters are replaced."""
    start = content[:HEAD_BYTES]
    if _is_utf16(start):
        return Text(start.decode("utf-16", "replace").encode("utf-8"), "utf-16")
    lines = start.removeprefix(_MARK).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    whole = lines if len(content) <= HEAD_BYTES else lines[: lines.rfind(b"\n") + 1]
    return Text(whole, "utf-8", is_damaged=True)


def check(content: Content) -> None:
    """Raises Refused for what no text report holds: a NUL byte, an endless line, broken UTF-16. Makes no large copy.

    A file that passes can be blanked and read without an error being raised.
    """
    if _is_utf16(content):
        _from_utf16(content)
    else:
        _check_bytes(content)


def _is_utf16(content: Content) -> bool:
    return content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _check_bytes(content: Content) -> None:
    """A NUL byte or a line longer than LINE_BYTES, looked for in place."""
    if (at := content.find(b"\0")) >= 0:
        row = content.count(b"\n", 0, at) + 1
        raise Refused(
            Refusal("nul_byte", f"Line {row} holds a NUL byte (byte {at}), so the file is damaged or not text.", row)
        )
    # A line longer than two strides holds a whole stride without an end, so looking at strides finds it.
    stride = LINE_BYTES // 2
    for start in range(0, len(content) - stride, stride):
        if content.find(b"\n", start, start + stride) < 0 and content.find(b"\r", start, start + stride) < 0:
            row = content.count(b"\n", 0, start) + 1
            raise Refused(
                Refusal("line_too_long", f"Line {row} is longer than {LINE_BYTES:,} bytes: not a report.", row)
            )


def is_utf8(body: Content) -> bool:
    """Strictly UTF-8, looked at block by block."""
    if body.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), BLOCK_BYTES):
            decoder.decode(body[start : start + BLOCK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(body: Content, legacy: tuple[str, ...]) -> tuple[str, bool]:
    """The encoding of a file that is not UTF-8 throughout, and whether some of its lines are damaged in it.

    One line of true UTF-8 proves a damaged UTF-8 file, since single-byte text hardly ever is valid UTF-8 by accident.
    A two-byte encoding is so demanding that, where it fits most lines, it outweighs a few accidents.
    """
    foreign = in_utf8 = halves = 0
    fitting = dict.fromkeys(legacy, 0)
    for line in _foreign_lines(body):
        foreign += 1
        in_utf8 += _fits(line, "utf-8")
        halves += _is_cut(line)
        for encoding in legacy:
            fitting[encoding] += _fits(line, encoding)
    if halves == foreign:
        return "utf-8", True
    for encoding in legacy:
        is_strict = encoding != "cp1252"
        if 2 * fitting[encoding] > foreign and (2 * in_utf8 < foreign if is_strict else in_utf8 == 0):
            return encoding, fitting[encoding] < foreign
    return "utf-8", True


def _foreign_lines(body: Content) -> Iterator[bytes]:
    """The lines that are not plain ASCII, without holding all of them."""
    for piece in pieces(body, BLOCK_BYTES):
        if not piece.isascii():
            yield from (line.removesuffix(b"\r") for line in piece.split(b"\n") if not line.isascii())


def _fits(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_cut(line: bytes) -> bool:
    """The line would be UTF-8 but for a character cut off at the end of a field: Amazon cuts texts by bytes."""
    return _HALF.search(line) is not None and _fits(_HALF.sub(b"", line), "utf-8")


def _from_utf16(content: Content) -> Text:
    try:
        text = content[:].decode("utf-16")
    except UnicodeDecodeError as error:
        raise Refused(
            Refusal("encoding_error", f"The file says it is UTF-16 but byte {error.start} is not. Download it again.")
        ) from error
    warning = Warning("encoding-utf-16", "The file is UTF-16, so a program saved it again; its sums are checked.")
    plain = opened(text.encode("utf-8"))
    return Text(plain.body, "utf-16", False, (warning, *plain.warnings))


def _mark_inside(row: int) -> Warning:
    return Warning("byte-order-mark-inside", f"A byte-order mark stands inside the file, in line {row}; removed.", row)
