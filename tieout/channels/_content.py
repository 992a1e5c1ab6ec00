"""The bytes of a file on disk, asked for piece by piece: a statement of two gigabytes is never held in memory."""

import os
from collections.abc import Iterator
from pathlib import Path

from tieout.core.settlement import Content

PIECE_BYTES = 1 << 20  # kept and handed on at a time
_WINDOW = 1 << 20


class FileContent:
    """Answers what readers ask of bytes. The file is opened once and may be unlinked afterwards; it must not change."""

    def __init__(self, path: Path, start: int = 0) -> None:
        self._path, self._start = path, start
        self._file = os.open(path, os.O_RDONLY)
        self._size = max(os.fstat(self._file).st_size - start, 0)
        self._held: tuple[int, bytes] = (0, b"")

    def __del__(self) -> None:
        os.close(self._file)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: slice, /) -> bytes:
        start, end, step = place.indices(self._size)
        assert step == 1, "pieces run forwards"
        parts = list(self._read(start, end))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def after(self, start: int) -> "FileContent":
        """The same without its first bytes."""
        return FileContent(self._path, self._start + start)

    def find(self, sub: bytes, start: int = 0, end: int | None = None, /) -> int:
        end = self._size if end is None else min(end, self._size)
        for at in range(start, end, _WINDOW):
            window = self._window(at, min(at + _WINDOW + len(sub) - 1, end))
            if (found := window.find(sub)) >= 0:
                return at + found
        return -1

    def rfind(self, sub: bytes, start: int = 0, end: int | None = None, /) -> int:
        end = self._size if end is None else min(end, self._size)
        for at in range(end, start, -_WINDOW):
            first = max(at - _WINDOW, start)
            window = self._window(first, min(at + len(sub) - 1, end))
            if (found := window.rfind(sub)) >= 0:
                return first + found
        return -1

    def count(self, sub: bytes, start: int = 0, end: int | None = None, /) -> int:
        """Of texts that cannot overlap themselves, such as a line end."""
        end = self._size if end is None else min(end, self._size)
        ends = ((at, min(at + _WINDOW + len(sub) - 1, end)) for at in range(start, end, _WINDOW))
        return sum(self._window(*place).count(sub) for place in ends)

    def isascii(self) -> bool:
        return all(self._window(at, at + _WINDOW).isascii() for at in range(0, self._size, _WINDOW))

    def _window(self, start: int, end: int) -> bytes:
        """Some bytes, from the window that was read last where they lie in it: short searches come in rows."""
        first, held = self._held
        if not first <= start <= end <= first + len(held):
            first, held = start, self[start : max(end, start + _WINDOW)]
            self._held = first, held
        return held[start - first : end - first]

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        """A read may give less than was asked for."""
        while start < end:
            part = os.pread(self._file, end - start, self._start + start)
            if not part:
                raise EOFError(f"{self._path} became shorter while it was read")
            yield part
            start += len(part)


def after(content: Content, start: int) -> Content:
    """The content without its first bytes."""
    return content.after(start) if isinstance(content, FileContent) else content[start:]


def pieces(content: Content, size: int) -> Iterator[bytes]:
    """Whole lines of about so many bytes; only the last, or one of more than a mebibyte, may lack its line end."""
    start = 0
    while start < len(content):
        end = start + size
        if end < len(content):
            whole = content.rfind(b"\n", start, end) + 1
            end = whole or (content.find(b"\n", end, end + _WINDOW) + 1) or end
        yield content[start:end]
        start = end
