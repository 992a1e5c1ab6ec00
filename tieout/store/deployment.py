"""Which installation a database belongs to, and how far it has come: finds a copied or rolled-back database.

A copy that goes on by itself would post a second time what the original posts; an old backup has forgotten what was
posted since. So the database carries an id, an epoch that only grows and the place it was last used at, and a file in
the data folder carries id and epoch too: they are compared before anything is sent.
"""

import json
import os
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Engines
from tieout.store.metadata import METADATA

DEPLOYMENT = sa.Table(
    "deployment",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(36), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("place", sa.String(120), nullable=False),
    sa.CheckConstraint("number = 1", name="one_row"),
)

_REMEDY = (
    "If this is the only installation that works with these books (it was moved, or restored on purpose), run "
    "`tieout doctor --adopt` and look through what was sent lately before sending anything; otherwise leave it off"
)


class WrongDatabase(Exception):
    """The database is a copy, an older state, or another installation's; the sentence says which and what to do."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """`place` is where the database lies, as the database itself tells: a copy lies elsewhere."""

    id: str
    epoch: int
    place: str


def check(engines: Engines, folder: Path) -> None:
    """Compares, and completes a file that a crash kept from its place. Raises WrongDatabase."""
    stored, here = find(engines), _place(engines)
    marked = _read_completed(folder, stored)
    if stored is None and marked is None:
        return
    if stored is None:
        raise WrongDatabase(
            f"the database is empty but {_mark(folder)} belongs to one that was in use: put it back. {_REMEDY}"
        )
    if marked is None and engines.is_sqlite:
        raise WrongDatabase(f"the database was in use elsewhere: {_mark(folder)} is missing. {_REMEDY}")
    if marked is not None and marked["id"] != stored.id:
        raise WrongDatabase(f"the database belongs to another installation than {_mark(folder)}. {_REMEDY}")
    if marked is not None and marked["epoch"] > stored.epoch:
        raise WrongDatabase(f"the database is older than {_mark(folder)} says: a backup was restored. {_REMEDY}")
    if stored.place != here:
        raise WrongDatabase(f"the database was copied or moved since it was last used. {_REMEDY}")


def advance(engines: Engines, folder: Path) -> Deployment:
    """One epoch further, in the database first and then in the file; the first time it makes both.

    At every start and every backup, and now and then between: a state of before has a smaller number. The database may
    be ahead of the file (a crash in between, another worker), never behind it.
    """
    if find(engines) is None:
        return adopt(engines, folder)
    with engines.writing.begin() as connection:
        connection.execute(DEPLOYMENT.update().values(epoch=DEPLOYMENT.c.epoch + 1))
    stored = find(engines)
    assert stored is not None
    _write_mark(folder, stored)
    return stored


def adopt(engines: Engines, folder: Path) -> Deployment:
    """Makes this database, at this place and with this folder, the installation: a new id, an epoch above both.

    The file is drafted before the commit and moved to its place after it, so that a crash at any point leaves either
    what was there before or everything that `check` needs to complete it.
    """
    stored, marked = find(engines), _read_mark(folder)
    epoch = max(stored.epoch if stored else 0, marked["epoch"] if marked else 0) + 1
    deployment = Deployment(str(uuid.uuid4()), epoch, _place(engines))
    _draft_mark(folder, deployment)
    with engines.writing.begin() as connection:
        connection.execute(DEPLOYMENT.delete())
        connection.execute(DEPLOYMENT.insert().values(number=1, **asdict(deployment)))
    _place_mark(folder)
    return deployment


def find(engines: Engines) -> Deployment | None:
    with engines.reading.begin() as connection:
        row = connection.execute(sa.select(DEPLOYMENT.c.id, DEPLOYMENT.c.epoch, DEPLOYMENT.c.place)).first()
        return None if row is None else Deployment(*row)


def _place(engines: Engines) -> str:
    """SQLite: the file's number in its file system, which a copy does not share and a rename keeps.

    PostgreSQL: the number of the cluster and of the database in it; a restored dump has another.
    """
    if engines.is_sqlite:
        return f"inode {Path(engines.writing.url.database or '').stat().st_ino}"
    query = (
        "SELECT (SELECT system_identifier FROM pg_control_system()) AS cluster, oid FROM pg_database "
        "WHERE datname = current_database()"
    )
    with engines.reading.begin() as connection:
        row = connection.execute(sa.text(query)).one()
        return f"cluster {row.cluster} database {row.oid}"


def _mark(folder: Path) -> Path:
    return folder / "installation.json"


def _read_completed(folder: Path, stored: Deployment | None) -> dict[str, Any] | None:
    """The file; where the draft is of this very database and the file is not, the crash came between commit and move.

    A draft of another id was made for a commit that never came, and says nothing.
    """
    drafted, marked = _drafted(folder), _read_mark(folder)
    if stored is None or drafted is None or drafted["id"] != stored.id:
        return marked
    if marked is not None and marked["id"] == drafted["id"]:
        return marked
    _place_mark(folder)
    return drafted


def _read_mark(folder: Path) -> dict[str, Any] | None:
    try:
        return _read(_mark(folder))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongDatabase(f"{_mark(folder)} cannot be read ({error}). {_REMEDY}") from error


def _drafted(folder: Path) -> dict[str, Any] | None:
    """What the draft says; nothing where there is none or it was not written to its end."""
    try:
        return _read(_draft(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> dict[str, Any]:
    mark = json.loads(path.read_text(encoding="utf-8"))
    return {"id": str(mark["id"]), "epoch": int(mark["epoch"])}


def _write_mark(folder: Path, deployment: Deployment) -> None:
    """The whole file or the old one, also when the power goes."""
    _draft_mark(folder, deployment)
    _place_mark(folder)


def _draft_mark(folder: Path, deployment: Deployment) -> None:
    with _draft(folder).open("w", encoding="utf-8") as file:
        json.dump({"id": deployment.id, "epoch": deployment.epoch}, file)
        file.flush()
        os.fsync(file.fileno())
    _settle(folder)


def _place_mark(folder: Path) -> None:
    with suppress(FileNotFoundError):  # another process of this installation was at it and has placed it
        _draft(folder).rename(_mark(folder))
    _settle(folder)


def _draft(folder: Path) -> Path:
    return _mark(folder).with_suffix(".new")


def _settle(folder: Path) -> None:
    """A new name in a folder outlives a power cut only once the folder itself has been written."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
