"""A channel's read, in a child with limits; what was found while taking a file in waits for the job that admits it."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Lock, Timer
from typing import Any, BinaryIO

from tieout.core.settlement import Reading
from tieout.store.packing import Frame
from tieout.sync.child import Asked, Taken, Told

CHILD_BYTES = 1 << 20  # a smaller file is read where it is: no child starts as quickly
COMMAND = ("-c", "from tieout.sync.child import main; main()")
EARLY_COMMAND = ("-c", "from tieout.sync.child import main; main(is_early=True)")
EARLY_BYTES = 24 << 20  # a smaller upload is here before a child would be ready
_AT_ONCE = 2  # children; the others wait
_LONGEST_SECONDS = 1800
_MOST_KEPT = 8
# Never a secret: the child reads strangers' files.
_HANDED_ON = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "SYSTEMROOT")
# The GNU library hands blocks of some mebibytes back to the system when they are freed; a child uses them again.
_ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": f"{1 << 28}", "MALLOC_TRIM_THRESHOLD_": f"{1 << 28}"}
_ENDED_EARLY = (
    "The reading of the file was cut off: it took more memory or time than there is. Nothing of it was imported. "
    "Split the file by settlement, or give Tieout more memory, and import it again."
)
_CHILDREN = BoundedSemaphore(_AT_ONCE)
_EARLY: "deque[subprocess.Popen[bytes]]" = deque()  # started while an upload arrives, and not asked yet

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
def taken_in(filename: str, path: Path, zone: str, scratch: Path | None) -> Iterator[tuple[Taken, Iterator[Frame]]]:
    """A file hashed, recognised, blanked, packed and, unless it is unusual, read. Raises ChildProcessError."""
    with TemporaryDirectory(prefix="tieout-", dir=scratch) as folder:
        frames = Path(folder) / "frames"
        with _answered(Asked(filename, str(path), zone, str(frames))) as taken:
            assert isinstance(taken, Taken), "it was asked to take in"
            yield taken, _frames(frames, taken)


def read_again(
    filename: str,
    spool: Callable[[BinaryIO], None],
    digest: str,
    zone: str,
    progress: Progress,
    scratch: Path | None,
) -> Reading:
    """What is kept, read in a child; `spool` writes it to a file. Raises ChildProcessError."""
    with TemporaryDirectory(prefix="tieout-", dir=scratch) as folder:
        path = Path(folder) / "statement"
        with path.open("wb") as out:
            spool(out)
        with _answered(Asked(filename, str(path), zone, digest=digest), progress) as reading:
            assert isinstance(reading, Reading), "it was asked to read"
            return reading


def _frames(path: Path, taken: Taken) -> Iterator[Frame]:
    with path.open("rb") as packed:
        for first_row, size, packed_size in taken.frames:
            yield Frame(first_row, size, packed.read(packed_size))


@contextmanager
def expected(size: int) -> Iterator[None]:
    """While an upload of so many bytes arrives, the child that will take it in starts and imports what it needs."""
    if size < EARLY_BYTES or len(_EARLY) >= _AT_ONCE:
        yield
        return
    child = _started(EARLY_COMMAND)
    _EARLY.append(child)
    try:
        yield
    finally:
        with suppress(ValueError):  # where it was asked meanwhile, it belongs to whoever did
            _EARLY.remove(child)
            _end(child)


@contextmanager
def _answered(asked: Asked, progress: Progress | None = None) -> Iterator[Any]:
    """The last message of a child, which is gone when the block ends. Raises ChildProcessError if it ends early."""
    with _CHILDREN, _ready() as child:
        limit = Timer(_LONGEST_SECONDS, child.kill)
        limit.start()
        try:
            yield _answer(child, asked, progress)
        finally:
            limit.cancel()
            child.kill()


def _ready() -> "subprocess.Popen[bytes]":
    """A child that started early if there is one, else a new one."""
    with suppress(IndexError):
        child = _EARLY.popleft()
        if child.poll() is None:
            return child
        _end(child)
    return _started(COMMAND)


def _end(child: "subprocess.Popen[bytes]") -> None:
    with child:
        child.kill()


def _started(command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ} | _ALLOCATION
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *command], stdin=pipe, stdout=pipe, env=environment)


def _answer(child: "subprocess.Popen[bytes]", asked: Asked, progress: Progress | None) -> Any:
    """The last message; the child is told to go, which takes it a moment."""
    assert child.stdin is not None and child.stdout is not None, "both are pipes"
    try:
        with child.stdin as questions:
            pickle.dump(asked, questions)
        while isinstance(message := pickle.load(child.stdout), Told):
            if progress:
                progress(message.done, message.of)
        return message
    except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
        raise ChildProcessError(_ENDED_EARLY) from error
    finally:
        child.kill()
