"""Looking after the audit log: every chain read through and compared with checkpoints that are kept elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from tieout.core.chained import INSTALLATION, Break, Head
from tieout.store import audit, checkpoints, organisations
from tieout.store.checkpoints import Checkpoint
from tieout.store.engine import read
from tieout.sync.tools import Tools

EVERY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Verified:
    """One chain: whose it is in words, how long, and the first place where it does not hold."""

    chain: str
    name: str
    number: int
    broken: Break | None


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


def _verified(tools: Tools, chain: str, earlier: Head | None) -> Verified:
    organisation = "" if chain == INSTALLATION else chain
    with read(tools.engines, organisation) as db:
        found = organisations.find(db) if organisation else None
        broken = audit.first_break(db) or (audit.differs(db, earlier) if earlier else None)
        name = found.name if found else "the installation" if not organisation else f"organisation {chain}"
        return Verified(chain, name, audit.head(db).number, broken)
