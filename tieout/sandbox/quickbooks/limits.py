"""QuickBooks' limits: calls a second, at once and a minute, batches a minute, reads a month."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks.state import Books

SECOND, MINUTE = 1.0, 60.0
WAIT_SECONDS = 60  # what the vendor says to wait after any 429

# How a 429 names the limit; the words are ours, the vendor's are not published.
SAID = {
    "per_second": "requests per second",
    "per_minute": "requests per minute",
    "at_once": "simultaneous requests",
    "batches_per_minute": "batches per minute",
    "reads_per_month": "reads per month",
    "mails_per_day": "e-mails per day",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    what: str
    retry_after: int | None


class Limits:
    """Counts calls; windows look back from each moment. Calls in flight have a lock of their own, since they are
    counted before anything else waits. A limit of 0 is none."""

    def __init__(self, switches: Doc) -> None:
        self._switches = switches
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)
        self._flying: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, who: str) -> None:
        with self._lock:
            self._flying[who] += 1

    def leave(self, who: str) -> None:
        with self._lock:
            self._flying[who] -= 1
            if self._flying[who] <= 0:
                del self._flying[who]

    def take(self, app: str, realm: str, now: datetime, *, batch: bool) -> Refusal | None:
        """Counts one call, unless a limit refuses it; a refused call is not counted."""
        at, pair = now.timestamp(), f"{app}/{realm}"
        with self._lock:
            flying = self._flying[pair]
        at_once = int(self._switches["at_once"])
        if at_once and flying > at_once:
            return Refusal(SAID["at_once"], WAIT_SECONDS)
        windows = [(f"second:{pair}", SECOND, "per_second"), (f"minute:{realm}", MINUTE, "per_minute")]
        if batch:
            windows.append((f"batch:{pair}", MINUTE, "batches_per_minute"))
        for name, length, switch in windows:
            most = int(self._switches[switch])
            if most and self._count(name, at, length) >= most:
                return Refusal(SAID[switch], WAIT_SECONDS)
        for name, _, _ in windows:
            self._seen[name].append(at)
        return None

    def clear(self) -> None:
        self._seen.clear()
        with self._lock:
            self._flying.clear()

    def _count(self, name: str, at: float, length: float) -> int:
        seen = self._seen[name]
        # A clock that was set back leaves moments of a future that is not: they no longer count.
        while seen and (seen[0] <= at - length or seen[0] > at):
            seen.popleft()
        return len(seen)


def reads(books: Books, app: str) -> int:
    """CorePlus calls of the app in this month."""
    return int((books.shelf.get("meter", _month(books, app)) or {"count": 0})["count"])


def read_refused(books: Books, app: Doc, realm: str) -> bool:
    """Whether the month's reads are used up; the first time in a month it is, the customers' mail is recorded."""
    most = int(books.switches["reads_per_month"])
    if not most or not is_metered(books, app) or reads(books, app["client_id"]) < most:
        return False
    place = _month(books, app["client_id"])
    if books.shelf.get("offline", place) is None:
        told = f"{app['name']} is Offline"
        connected = sorted({str(row["realm"]) for row in books.shelf.find("grant", "app", app["client_id"])})
        row: Doc = {"app": app["client_id"], "at": books.now(), "told": told, "realms": connected or [realm]}
        books.shelf.put("offline", place, row)
    return True


def count_reads(books: Books, app: Doc, number: int) -> None:
    """Only reads that were answered well are counted, and none of development keys."""
    if number and is_metered(books, app):
        place = _month(books, app["client_id"])
        kept: Doc = {"app": app["client_id"], "month": place.rpartition("/")[2]}
        books.shelf.put("meter", place, kept | {"count": reads(books, app["client_id"]) + number})


def is_metered(books: Books, app: Doc) -> bool:
    return app["environment"] == "production" or bool(books.switches["sandbox_metered"])


def month_end(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def _month(books: Books, app: str) -> str:
    return f"{app}/{books.now().astimezone(UTC):%Y-%m}"
