"""Statements packed in frames: some whole lines each, compressed one by one, so that any page is read by itself.

Imports nothing heavy, because the process that takes a file in packs it too. Frames of earlier releases were zlib's.
"""

import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRAME_BYTES = 1024 * 1024  # before packing
_LEVEL = 1  # level 3 takes twice the time for two percent less
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class Frame:
    """`size` is that of the unpacked piece. `first_row` is the row of its first line (the heading is row 1).

    It is 0 where the rows of the piece cannot be understood without the rest of the file.
    """

    first_row: int
    size: int
    packed: bytes


def framed(pieces: Iterable[bytes], is_numbered: bool = False) -> Iterator[Frame]:
    """Each piece as a frame. `is_numbered`: they are whole lines that can be understood by themselves."""
    row = 1 if is_numbered else 0
    for piece in pieces:
        yield Frame(row, len(piece), zstd.compress(piece, _LEVEL))
        row += _lines(piece) if is_numbered else 0


def _lines(piece: bytes) -> int:
    """Its line ends; `count` looks at every byte by itself, which takes three times as long."""
    return len(piece.replace(b"\n", b"\n\n")) - len(piece)


def cut(content: bytes) -> Iterator[bytes]:
    """Pieces of whole lines; a line longer than a frame is cut."""
    start = 0
    while start < len(content):
        end = start + FRAME_BYTES
        if end < len(content):
            end = (content.rfind(b"\n", start, end) + 1) or end
        yield content[start:end]
        start = end


def cut_file(path: Path) -> Iterator[bytes]:
    """The same of a file, which must not change."""
    with path.open("rb", buffering=0) as file:
        start, end = 0, os.fstat(file.fileno()).st_size
        while start < end:
            piece = os.pread(file.fileno(), FRAME_BYTES, start)
            if not piece:
                raise EOFError(f"{path} became shorter while it was read")
            if start + len(piece) < end:
                piece = piece[: piece.rfind(b"\n") + 1] or piece
            yield piece
            start += len(piece)


def unpacked(packed: bytes) -> bytes:
    return zstd.decompress(packed) if packed.startswith(_ZSTD) else zlib.decompress(packed)
