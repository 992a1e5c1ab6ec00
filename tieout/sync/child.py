"""The process beside the server that takes in and reads large files, so that pages answer as quickly as ever meanwhile.

`main` gets one pickled Asked on its standard input and answers with pickled messages on its
standard output: any number of Told, then one Taken or Reading. It knows no database, no secret and no network.
"""

import gc
import os
import pickle
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, BinaryIO
from zoneinfo import ZoneInfo

from tieout.store.packing import cut_file, framed

if TYPE_CHECKING:
    from tieout.channels import Counting, FileContent
    from tieout.core.places import Places
    from tieout.core.settlement import Reading, Refusal

_NICE = 10  # pages go first
_TURN_SECONDS = 0.0001  # packing goes on while the other thread imports and counts
_SCALE = 50  # times that progress is told at most
LEAST_MEMORY_BYTES = 1 << 30
MEMORY_SHARE = 3  # of the machine's: two children and the server


@dataclass(frozen=True, slots=True)
class Asked:
    """What to do: take in the file (its frames go to `frames`), or only read it where there is none and a digest."""

    filename: str
    path: str
    zone: str
    frames: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A file taken in: digest and size of the original, the frames of what is to be kept, in file order.

    `frames` are first row, size and packed size of each; numbered where the file is as usual, so that what a row means
    does not depend on others. `reading` is None where it has to be read plainly, which takes
    longer. `refusal`: no channel takes it, and nothing else is said.
    """

    digest: str = ""
    size: int = 0
    channel: str = ""
    frames: tuple[tuple[int, int, int], ...] = ()
    reading: "Reading | None" = None
    places: "Places | None" = None
    refusal: "Refusal | None" = None


def main(is_early: bool = False) -> None:
    """`is_early`: the file is still arriving, so there is time to import what reading it will need."""
    os.nice(_NICE)
    _limit_memory()
    gc.disable()  # nothing here makes circles, and the process ends soon
    sys.setswitchinterval(_TURN_SECONDS)
    # Whatever prints must not come between the messages.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if is_early:
        from tieout import channels

        channels.get_ready()
    asked: Asked = pickle.load(sys.stdin.buffer)
    with out:
        if asked.frames:
            _tell(out, take_in(asked))
        else:
            _tell(out, _read(asked, out))


def _limit_memory() -> None:
    """A file that takes more than its share of the machine's memory ends this process, and neither server nor machine.

    Memory of its own is counted; address space says nothing, polars alone reserves a gigabyte of it.
    """
    if sys.platform == "linux":  # elsewhere the limit means something else, or there is none
        import resource

        of_machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        most = max(of_machine // MEMORY_SHARE, LEAST_MEMORY_BYTES)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def take_in(asked: Asked) -> Taken:
    """Hash, recognise, blank, pack and read a file; a large one that is as usual is packed and counted side by side."""
    unwanted = Event()
    with ThreadPoolExecutor(1) as beside:
        packing = beside.submit(_pack, asked, unwanted)
        # Imported while the file is packed already.
        from tieout import channels
        from tieout.core.settlement import Refusal

        content = channels.FileContent(Path(asked.path))
        try:
            channels.recognise(asked.filename, content[: channels.PIECE_BYTES])
            counted = _counted(asked, content)
            digest, frames = packing.result()
            with suppress(channels.Unusual):
                # What was counted has no line with more fields than its heading: only unknown columns have to go.
                if counted and counted.has_only_known:
                    reading = counted.reading(_zone(asked), digest)
                    return Taken(digest, len(content), reading.channel, frames, reading, counted.places())
            return _taken_plainly(asked, content, digest)
        except channels.Unrecognised as refused:
            unwanted.set()
            return Taken(refusal=Refusal(refused.code, refused.message, refused.row))


def _counted(asked: Asked, content: "FileContent") -> "Counting | None":
    """None where the plain reader has to look, or is quicker."""
    from tieout import channels

    if len(content) < channels.QUICK_BYTES:
        return None
    with suppress(channels.Unusual):
        counted = channels.counting(asked.filename, content[: channels.PIECE_BYTES])
        for piece in channels.pieces(content, channels.COUNTED_BYTES):
            counted.add(piece)
        return counted
    return None


def _pack(asked: Asked, unwanted: Event) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    """The digest, and the frames as they are if nothing has to be blanked."""
    digest = sha256()

    def hashed() -> Iterator[bytes]:
        for piece in cut_file(Path(asked.path)):
            if unwanted.is_set():
                return
            digest.update(piece)
            yield piece

    frames = _written(asked, hashed(), is_numbered=True)
    return digest.hexdigest(), frames


def _written(asked: Asked, pieces: Iterable[bytes], is_numbered: bool) -> tuple[tuple[int, int, int], ...]:
    found = []
    with Path(asked.frames).open("wb") as out:
        for frame in framed(pieces, is_numbered):
            out.write(frame.packed)
            found.append((frame.first_row, frame.size, len(frame.packed)))
    return tuple(found)


def _taken_plainly(asked: Asked, content: "FileContent", digest: str) -> Taken:
    """A large file is kept first and read later, by its own job; a small one is read at once."""
    from tieout import channels
    from tieout.core.settlement import Statement

    statement = Statement(asked.filename, content, digest)
    channel = channels.recognise(asked.filename, content)
    frames = _written(asked, channels.blanked(channel, statement), is_numbered=False)
    is_small = len(content) < channels.QUICK_BYTES
    reading = channels.read(statement, _zone(asked)) if is_small else None
    return Taken(digest, len(content), channel, frames, reading)


def _read(asked: Asked, out: BinaryIO) -> "Reading":
    from tieout import channels
    from tieout.core.settlement import Statement

    content, told = channels.FileContent(Path(asked.path)), 0

    def tell(done: int, of: int) -> None:
        nonlocal told
        if (done - told) * _SCALE >= of:
            told = done
            _tell(out, Told(done, of))

    return channels.read(Statement(asked.filename, content, asked.digest), _zone(asked), tell)


def _zone(asked: Asked) -> ZoneInfo | None:
    return ZoneInfo(asked.zone) if asked.zone else None


def _tell(out: BinaryIO, message: object) -> None:
    pickle.dump(message, out)
    out.flush()
