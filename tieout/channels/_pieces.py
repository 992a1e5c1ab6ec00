"""What a quick reader asks of a piece of a file before it looks at its columns: bytes that leave nothing to judge."""

import codecs

from tieout.channels._encoding import LINE_BYTES, Text
from tieout.channels._refused import Unusual


def beginning(first: bytes) -> tuple[Text, int]:
    """The first piece as text, and how many bytes its byte-order mark takes."""
    is_marked = first.startswith(codecs.BOM_UTF8)
    start = len(codecs.BOM_UTF8) if is_marked else 0
    return Text(first[start:], "utf-8-sig" if is_marked else "utf-8"), start


def clean(piece: bytes) -> bytes:
    """The piece with plain line ends. Raises Unusual for bytes that the plain reader has to judge."""
    if b"\r" in piece:
        piece = piece.replace(b"\r\n", b"\n")
    if b"\r" in piece or b"\0" in piece or not piece.endswith(b"\n"):
        raise Unusual("other line ends, a NUL byte, or no end")
    stride = LINE_BYTES // 4
    if any(piece.find(b"\n", start, start + stride) < 0 for start in range(0, len(piece) - stride, stride)):
        raise Unusual("a very long line")
    if not piece.isascii():
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unusual("not UTF-8") from error
        if codecs.BOM_UTF8 in piece:
            raise Unusual("a byte-order mark inside")
    return piece
