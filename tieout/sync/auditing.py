"""Looking after the audit log: every chain read through and compared with checkpoints that are kept elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from tieout.core.chained import INSTALLATION, Break, Entry, Head
from tieout.store import audit, checkpoints, organisations, people
from tieout.store.checkpoints import Checkpoint
from tieout.store.engine import Db, read
from tieout.sync.tools import Tools

EVERY_SECONDS = 3600
_CHECKED, _SHOWN = 5000, 50


@dataclass(frozen=True, slots=True)
class Page:
    """The newest entries first. `next` is the number to go on before, 0 at the end; `persons` and `acts` to choose by.

    `names` says who the persons are that the entries speak of by id.
    `checked` entries, the newest, were verified for this page; `broken` is the first of them that does not hold.
    """

    entries: tuple[Entry, ...]
    next: int
    total: int
    checked: int
    broken: Break | None
    persons: tuple[tuple[str, str], ...]
    acts: tuple[str, ...]
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """One chain: whose it is in words, how long, and the first place where it does not hold."""

    chain: str
    name: str
    number: int
    broken: Break | None


def page(tools: Tools, organisation: str, before: int = 0, person: str = "", act: str = "") -> Page:
    """What happened in one organisation, a page at a time."""
    with read(tools.engines, organisation) as db:
        found = audit.newest(db, before or None, person, act, _SHOWN + 1)
        shown, total = tuple(found[:_SHOWN]), audit.head(db).number
        return Page(
            entries=shown,
            next=found[_SHOWN - 1].number if len(found) > _SHOWN else 0,
            total=total,
            checked=min(total, _CHECKED),
            broken=audit.first_break(db, _CHECKED),
            persons=audit.persons(db),
            acts=audit.acts(db),
            names=_names(db, shown),
        )


def verify(tools: Tools, against: Checkpoint | None = None) -> tuple[Verified, ...]:
    """Every chain of the installation, and those that only the checkpoint still knows."""
    with read(tools.engines, "") as db:
        known = audit.chains(db)
    earlier = {head.chain: head for head in against.heads} if against else {}
    return tuple(_verified(tools, chain, earlier.get(chain)) for chain in (*known, *sorted(set(earlier) - set(known))))


def heads(tools: Tools) -> tuple[Head, ...]:
    """Where every chain ends."""
    with read(tools.engines, "") as db:
        return tuple(audit.head(audit.of(db, chain)) for chain in audit.chains(db))


def checkpoint(tools: Tools) -> str:
    """The heads of now, signed, as the text of a file."""
    return checkpoints.write(tools.vault, heads(tools), tools.now())


def keep_checkpoint(tools: Tools) -> Path | None:
    """The day's checkpoint, outside the data folder; None where there is one, or no folder can be had."""
    if tools.checkpoints is None:
        return None
    try:
        return checkpoints.keep(tools.checkpoints, checkpoint(tools), tools.now())
    except OSError:  # `doctor` says that there is none
        return None


def kept_checkpoint(tools: Tools) -> Checkpoint | None:
    """The newest that lies outside the data folder; None without one. Raises NotACheckpoint."""
    path = checkpoints.newest(tools.checkpoints) if tools.checkpoints else None
    return checkpoints.read(tools.vault, path.read_text("utf-8")) if path else None


def _names(db: Db, entries: tuple[Entry, ...]) -> tuple[tuple[str, str], ...]:
    subjects = (entry.event.subject.partition(":") for entry in entries)
    ids = {id for kind, _, id in subjects if kind == "person"}
    ids |= {entry.event.details["person"] for entry in entries if entry.event.details.get("person")}
    found = (people.person(db, id) for id in sorted(ids))
    return tuple((each.id, each.name) for each in found if each)


def _verified(tools: Tools, chain: str, earlier: Head | None) -> Verified:
    organisation = "" if chain == INSTALLATION else chain
    with read(tools.engines, organisation) as db:
        found = organisations.find(db) if organisation else None
        broken = audit.first_break(db) or (audit.differs(db, earlier) if earlier else None)
        name = found.name if found else "the installation" if not organisation else f"organisation {chain}"
        return Verified(chain, name, audit.head(db).number, broken)
