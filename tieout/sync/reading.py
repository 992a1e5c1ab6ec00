"""A channel's read, in a child with limits; what was found while taking a file in waits for the job that admits it."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Lock, Timer
from typing import Any, BinaryIO

from tieout.core.settlement import Reading
from tieout.store.packing import Frame
from tieout.sync.child import Asked, Taken, Told

CHILD_BYTES = 1 << 20  # a smaller file is read where it is: no child starts as quickly
COMMAND = ("-c", "from tieout.sync.child import main; main()")
_AT_ONCE = 2  # children; the others wait
_LONGEST_SECONDS = 1800
_MOST_KEPT = 8
_CHILDREN = BoundedSemaphore(_AT_ONCE)

Progress = Callable[[int, int], None]


class Readings:
    """What was read while files were taken in, by digest and zone; each is asked for once, the oldest are forgotten.

    A convenience of one process: what is not here is read again from what is kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str], Reading] = OrderedDict()

    def put(self, digest: str, zone: str, reading: Reading) -> None:
        with self._lock:
            self._kept[digest, zone] = reading
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)

    def take(self, digest: str, zone: str) -> Reading | None:
        with self._lock:
            return self._kept.pop((digest, zone), None)


@contextmanager
def taken_in(filename: str, path: Path, zone: str) -> Iterator[tuple[Taken, Iterator[Frame]]]:
    """A file hashed, recognised, blanked, packed and, unless it is unusual, read. Raises ChildProcessError."""
    with TemporaryDirectory(prefix="tieout-") as folder:
        frames = Path(folder) / "frames"
        taken = _answer(Asked(filename, str(path), zone, str(frames)), None)
        assert isinstance(taken, Taken), "it was asked to take in"
        yield taken, _frames(frames, taken)


def read_again(filename: str, spool: Callable[[BinaryIO], None], digest: str, zone: str, progress: Progress) -> Reading:
    """What is kept, read in a child; `spool` writes it to a file. Raises ChildProcessError."""
    with TemporaryDirectory(prefix="tieout-") as folder:
        path = Path(folder) / "statement"
        with path.open("wb") as out:
            spool(out)
        reading = _answer(Asked(filename, str(path), zone, digest=digest), progress)
        assert isinstance(reading, Reading), "it was asked to read"
        return reading


def _frames(path: Path, taken: Taken) -> Iterator[Frame]:
    with path.open("rb") as packed:
        for first_row, size, packed_size in taken.frames:
            yield Frame(first_row, size, packed.read(packed_size))


def _answer(asked: Asked, progress: Progress | None) -> Any:
    """The child's last message. Raises ChildProcessError where it ends without one, or takes too long."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with (
        _CHILDREN,
        subprocess.Popen(
            [sys.executable, *COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        ) as child,
    ):
        limit = Timer(_LONGEST_SECONDS, child.kill)
        limit.start()
        try:
            assert child.stdin is not None and child.stdout is not None, "both are pipes"
            with child.stdin as questions:
                pickle.dump(asked, questions)
            while isinstance(message := pickle.load(child.stdout), Told):
                if progress:
                    progress(message.done, message.of)
            return message
        except (EOFError, BrokenPipeError) as error:
            raise ChildProcessError(f"the reading of {asked.filename} ended early ({child.wait()})") from error
        finally:
            limit.cancel()
            child.kill()
