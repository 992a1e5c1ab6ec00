"""Verified copies of a SQLite database, made while it is in use; never of the file as it lies, perhaps half written.

The job engine's file comes first: restored next to a younger product file it only repeats steps, the other way round
it would lose work. The key that opens the tokens is never part of a copy.
"""

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from tieout.store.engine import Engines, make_engine

KEEP = 14


class BackupFailed(Exception):
    """No copy was made, or it did not stand the check; nothing half done is left. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The two files of one moment, in the order in which they were copied."""

    jobs: Path | None
    product: Path


def make(engines: Engines, jobs_url: str, folder: Path, now: datetime, keep: int = KEEP) -> Backup:
    """Copies both files into `folder`, checks them, and takes the oldest beyond `keep` away.

    Raises BackupFailed; on PostgreSQL always, since its own tools do that better.
    """
    if not engines.is_sqlite:
        raise BackupFailed("PostgreSQL is backed up by its own tools: pg_dump --enable-row-security, or its archive")
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    jobs = _copy_jobs(jobs_url, folder / f"{moment}-1-jobs.db")
    product = copy_verified(engines.writing, folder / f"{moment}-2-app.db")
    for name in ("1-jobs", "2-app"):
        for old in sorted(folder.glob(f"*Z-{name}.db"))[:-keep]:
            old.unlink()
    return Backup(jobs, product)


def copy_verified(engine: sa.Engine, target: Path) -> Path:
    """A whole, checked copy at `target`, on disk before this returns. Raises BackupFailed."""
    draft = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        os.close(
            os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        )  # SQLite takes an empty file as its target
        _vacuum_into(engine, draft)
        if (faults := check(draft)) != "ok":
            raise BackupFailed(f"the copy {target} did not stand the check ({faults}); run `tieout doctor`")
        _sync(draft)
        draft.rename(target)
        _sync(target.parent)
    except (OSError, sa.exc.SQLAlchemyError) as error:
        raise BackupFailed(
            f"no copy could be made at {target}: {error}; free space there, or name another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return target


def check(file: Path) -> str:
    """`ok`, or what SQLite found wrong with the file."""
    engine = make_engine(f"sqlite:///{file}", read_only=True)
    try:
        with engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            return "; ".join(str(line) for line in found[:5])
    except sa.exc.DatabaseError as error:
        return str(error.orig)
    finally:
        engine.dispose()


def _copy_jobs(jobs_url: str, target: Path) -> Path | None:
    """None before the job engine has ever run."""
    database = sa.make_url(jobs_url).database
    if database is None or not Path(database).exists():
        return None
    engine = make_engine(jobs_url)
    try:
        return copy_verified(engine, target)
    finally:
        engine.dispose()


def _vacuum_into(engine: sa.Engine, target: Path) -> None:
    """Sees one committed state of the database and keeps nobody from writing for longer than a moment."""
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        assert driver is not None
        try:
            driver.execute("VACUUM INTO ?", (str(target),))  # outside any transaction, so past SQLAlchemy
        except Exception as error:
            raise OSError(str(error)) from error
    finally:
        connection.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
