"""Killed writers, full disks, many at once: what was acknowledged is there, and nothing is half done."""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from tests.conftest import START
from tieout.store import backup, mappings, statements
from tieout.store.engine import Engines, read, sqlite_facts, write

WRITER = """
import sys
from tests.conftest import START
from tieout.store import mappings
from tieout.store.engine import open_engines, write
engines = open_engines(sys.argv[1])
for version in range(int(sys.argv[2]), 1_000_000):
    with write(engines, "org-london") as db:
        mappings.add(db, {"version": version}, "x" * 100, START)
    print(version, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(engines: Engines, organisation: str, folder: Path) -> None:
    url = engines.writing.url.render_as_string(hide_password=False)
    acknowledged = 0
    for life in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, url, str(acknowledged + 1)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(40 + 7 * life):
            acknowledged = int(writer.stdout.readline())
        writer.kill()
        rest = writer.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        with read(engines, organisation) as db:
            newest = mappings.current(db)
            assert newest is not None and acknowledged <= newest.version <= acknowledged + 1
            assert len(mappings.versions(db, 1_000_000)) == newest.version
            acknowledged = newest.version
    if engines.is_sqlite:
        assert backup.check(folder / "app.db") == "ok"


FULL = """
import resource, signal, sys
from pathlib import Path
from tests.conftest import START
from tieout.store import statements
from tieout.store.engine import open_engines, write
import os, sqlalchemy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engines = open_engines(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with write(engines, "org-london") as db:
        statements.keep(db, "d" * 64, "big.txt", 1, "amazon", os.urandom(8_000_000), START)
except sqlalchemy.exc.OperationalError as error:
    print("refused:", error.orig)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with write(engines, "org-london") as db:
    print("kept:", statements.keep(db, "e" * 64, "small.txt", 1, "amazon", b"x", START))
"""


def test_a_full_disk_refuses_the_whole_and_later_all_is_well(
    sqlite_engines: Engines, sqlite_url: str, folder: Path
) -> None:
    limit = (folder / "app.db").stat().st_size + 3_000_000
    said = subprocess.run(
        [sys.executable, "-c", FULL, sqlite_url, str(limit)], capture_output=True, text=True, check=True
    )
    lines = said.stdout.splitlines()
    assert lines[0].startswith("refused: ") and lines[1:] == ["kept: True"], said
    with read(sqlite_engines, "org-london") as db:
        assert statements.find(db, "d" * 64) is None
        assert statements.content(db, "e" * 64) == b"x"
        assert db.execute(sa.select(sa.func.count()).select_from(statements.CHUNKS)).scalar() == 1
    assert backup.check(folder / "app.db") == "ok"


def test_many_writers_a_long_reader_and_a_backup_get_along(sqlite_engines: Engines, folder: Path) -> None:
    faults: list[BaseException] = []
    waits: list[float] = []

    def work(writer: int) -> None:
        try:
            for turn in range(15):
                began = time.monotonic()
                with write(sqlite_engines, "org-london") as db:
                    statements.keep(db, f"{writer:032}{turn:032}", "a", 1, "amazon", b"x" * 1000, START)
                waits.append(time.monotonic() - began)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(16)]
    count = sa.select(sa.func.count()).select_from(statements.STATEMENTS)
    with contextlib.ExitStack() as stack:
        # With a rollback journal a writer waits for readers to end; with a write-ahead log neither waits for the other.
        is_wal = sqlite_facts(sqlite_engines).journal_mode == "wal"
        reader = stack.enter_context(read(sqlite_engines, "org-london")) if is_wal else None
        assert reader is None or reader.execute(count).scalar() == 0
        for thread in threads:
            thread.start()
        copy = backup.copy_verified(sqlite_engines.writing, folder / "copy.db")
        for thread in threads:
            thread.join()
        assert reader is None or reader.execute(count).scalar() == 0, "a reader sees one state to its end"
    assert not faults, faults[0]
    assert len(waits) == 16 * 15 and max(waits) < 10
    assert backup.check(copy) == "ok"
