"""The hash chain of the audit log: each entry's digest covers the entry and the digest before it.

`digest(n) = SHA-256(digest(n-1) ‖ canonical(entry n))`. Whoever edits, removes or moves an entry breaks the chain
there; who cuts off its end disagrees with the head. Who can rewrite entries and head together is found only by a head
that was kept elsewhere (Crosby and Wallach, "Efficient Data Structures for Tamper-Evident Logging").
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

INSTALLATION = "installation"  # the chain of what belongs to no organisation


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: who did what to which object. `at` is aware; `details` hold words, never a secret."""

    at: datetime
    person: str
    name: str
    act: str
    subject: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in its place; the first of a chain has number 1."""

    number: int
    event: Event
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: how many entries it has and the digest of the last."""

    chain: str
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold, and why; numbered as the entry should be."""

    chain: str
    number: int
    why: str


def beginning(chain: str) -> Head:
    """An empty chain. Its digest names the chain, so that entries of one chain don't hold in another."""
    return Head(chain, 0, hashlib.sha256(f"tieout audit {chain}".encode()).hexdigest())


def follow(head: Head, event: Event) -> Entry:
    """The entry that comes next."""
    number = head.number + 1
    content = bytes.fromhex(head.digest) + canonical(number, event)
    return Entry(number, event, hashlib.sha256(content).hexdigest())


def canonical(number: int, event: Event) -> bytes:
    """An event as the only bytes that mean it: JSON in a fixed order, the moment in UTC with microseconds."""
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [number, at, event.person, event.name, event.act, event.subject, sorted(event.details.items())]
    return json.dumps(parts, separators=(",", ":")).encode()


def verify(entries: Iterable[Entry], head: Head, start: Head | None = None) -> Break | None:
    """The first break of a chain whose entries come in the order of their numbers; None when it holds to its head.

    `start`: where the entries begin, for a look at the end of a long chain.
    """
    last = start or beginning(head.chain)
    for entry in entries:
        due = follow(last, entry.event)
        if entry.number != due.number:
            missing = f"entry {due.number} is missing" if entry.number > due.number else "there are two of one number"
            return Break(head.chain, due.number, f"{missing}; the next there is number {entry.number}")
        if entry.digest != due.digest:
            return Break(head.chain, due.number, "the entry was changed, or stands in another's place")
        last = Head(head.chain, entry.number, entry.digest)
    if last.number < head.number:
        return Break(head.chain, last.number + 1, f"the end was cut off: there should be {head.number} entries")
    if last != head:
        return Break(head.chain, last.number, "the chain's kept head says otherwise")
    return None


def compare(earlier: Head, digest_there: str | None) -> Break | None:
    """Whether a chain still has at its place what an earlier head, kept elsewhere, says. `digest_there` is its own."""
    if digest_there is None:
        return Break(earlier.chain, earlier.number, "the end was cut off since the checkpoint was made")
    if digest_there != earlier.digest:
        return Break(earlier.chain, earlier.number, "entries up to here were rewritten since the checkpoint was made")
    return None
