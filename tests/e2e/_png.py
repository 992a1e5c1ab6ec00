"""Pictures made small: a screenshot with the 256 colours that say most, in place of millions."""

import struct
import zlib
from collections import Counter

_HEAD = b"\x89PNG\r\n\x1a\n"


def small(screenshot: bytes) -> bytes:
    """The same picture as a palette PNG. Takes what a browser gives: 8 bits, red, green and blue, not interlaced."""
    chunks = list(_chunks(screenshot))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (depth, interlaced) == (8, 0) and kind in (2, 6), "a browser's screenshot"
    bytes_each = 3 if kind == 2 else 4
    rows = _rows(zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT")), width, height, bytes_each)
    pixels = [[row[i : i + 3] for i in range(0, len(row), bytes_each)] for row in rows]
    counts = Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counts.most_common(256)]
    place = {colour: palette.index(_nearest(colour, palette)) for colour in counts}
    data = b"".join(b"\0" + bytes(place[pixel] for pixel in row) for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))
    return _HEAD + b"".join(_chunk(name, body) for name, body in parts)


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    assert content.startswith(_HEAD), "a PNG"
    found, at = [], len(_HEAD)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(data: bytes, width: int, height: int, bytes_each: int) -> list[bytes]:
    """Each row without its filter. PNG 1.2, section 6: the byte to the left, above, both, or whichever is nearest."""
    length, before, found = width * bytes_each, bytes(width * bytes_each), []
    for y in range(height):
        kind, line = data[y * (length + 1)], bytearray(data[y * (length + 1) + 1 : (y + 1) * (length + 1)])
        for x in range(length if kind else 0):
            left, up = line[x - bytes_each] if x >= bytes_each else 0, before[x]
            corner = before[x - bytes_each] if x >= bytes_each else 0
            line[x] = (line[x] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]) & 255
        before = bytes(line)
        found.append(before)
    return found


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]


def _nearest(colour: bytes, palette: list[bytes]) -> bytes:
    return min(palette, key=lambda each: sum((a - b) ** 2 for a, b in zip(each, colour, strict=True)))
