"""Brings a database to the tables this release expects: one history for SQLite and PostgreSQL, in `migrations/`.

An upgrade is one transaction on either database, so it happens or it does not; on SQLite a verified copy of the file is
made first. There is no way down: the copy is.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import sqlalchemy as sa

import tieout.store
from tieout.store.backup import copy_verified
from tieout.store.dialect import one_at_a_time
from tieout.store.engine import Engines
from tieout.store.metadata import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7407  # of PostgreSQL, any number; the same in every release


class UnknownSchema(Exception):
    """A database that this release cannot bring up to date; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """From which revision to which; `copy` is the file as it was before."""

    before: str | None
    now: str
    copy: Path | None = None


def load_tables() -> sa.MetaData:
    """Imports every module of the store, so that METADATA knows every table: a new table's file needs no list."""
    for module in iter_modules(tieout.store.__path__):
        if not module.ispkg:
            import_module(f"tieout.store.{module.name}")
    return METADATA


def prepare(engines: Engines, backup_folder: Path | None = None) -> Prepared:
    """Upgrades to the newest revision where that is needed. Safe to repeat, and to run from several workers at once.

    `backup_folder` takes the copy that is made before a SQLite file with tables is touched. Raises UnknownSchema for a
    database of a newer release, or one that is not Tieout's.
    """
    if engines.is_sqlite:
        Path(engines.writing.url.database or "").touch(mode=0o600)  # for its owner only; so is the log beside it
        engines.writing.connect().close()  # sets the journal's mode, which a reader that came first would forbid
    newest = newest_revision()
    before = revision(engines)
    if before == newest:
        return Prepared(before, newest)
    _check_known(engines, before)
    copy = None
    if engines.is_sqlite and before is not None and backup_folder is not None:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        copy = copy_verified(engines.writing, backup_folder / f"app-{before}-before-{newest}-{moment}.db")
    _upgrade(engines)
    return Prepared(before, newest, copy)


def revision(engines: Engines) -> str | None:
    """Where the database stands; None before the first upgrade."""
    with engines.reading.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return found


def newest_revision() -> str:
    """The newest that this release brings: the numbers of the files go up one by one."""
    return known_revisions()[-1]


def known_revisions() -> tuple[str, ...]:
    return tuple(sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def _check_known(engines: Engines, before: str | None) -> None:
    if before is None:
        with engines.reading.connect() as connection:
            strange = set(sa.inspect(connection).get_table_names()) & set(load_tables().tables)
        if strange:
            raise UnknownSchema(
                f"the database holds tables ({', '.join(sorted(strange)[:3])}, …) but not the number of their release: "
                "Tieout did not make it; name an empty database"
            )
    elif before not in known_revisions():
        raise UnknownSchema(
            f"the database is of a newer release of Tieout (revision {before}, this one knows up to "
            f"{newest_revision()}): start that release, or go back to a copy made before the upgrade"
        )


def _upgrade(engines: Engines) -> None:
    """All steps in one transaction, with foreign keys off on SQLite: a batch step drops and renames whole tables."""
    from alembic import command

    with engines.writing.connect() as connection:
        if engines.is_sqlite:
            _set_foreign_keys(connection, "off")
        try:
            with connection.begin():
                one_at_a_time(connection, _LOCK)
                command.upgrade(alembic_config(connection), "head")
                if engines.is_sqlite:
                    _check_foreign_keys(connection)
        finally:
            if engines.is_sqlite:
                _set_foreign_keys(connection, "on")


def alembic_config(connection: sa.Connection) -> "Config":
    from alembic.config import Config

    config = Config(stdout=sys.stdout)  # its default is the stdout of the moment in which alembic was imported
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _check_foreign_keys(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise UnknownSchema(f"the upgrade would leave a row of {broken[0]} that points nowhere; nothing was changed")


def _set_foreign_keys(connection: sa.Connection, state: str) -> None:
    """Has no effect inside a transaction, so it goes past SQLAlchemy, which would begin one."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA foreign_keys={state}")
