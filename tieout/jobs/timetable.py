"""What is asked for again and again. Turns are numbered, and every worker counts alike, so that each turn runs once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

log = logging.getLogger("tieout.jobs")

TICK_SECONDS = 1.0
FORGET_EVERY_SECONDS = 3600

Ask = Callable[[str, str, str], None]
Forget = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Entry:
    kind: str
    every_seconds: int
    lane: str

    def turn(self, now: datetime) -> int:
        """The number of the turn that `now` lies in, counted from 1970."""
        return int(now.timestamp()) // self.every_seconds


class Timetable:
    """A thread that looks once a second whose turn has come."""

    def __init__(self, ask: Ask, forget: Forget) -> None:
        self._ask, self._forget = ask, forget
        self._entries: list[Entry] = []
        self._last: dict[str, int] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, kind: str, every_seconds: int, lane: str) -> None:
        assert every_seconds > 0
        self._entries.append(Entry(kind, every_seconds, lane))

    def start(self) -> None:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._tick_on, name="tieout-timetable", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def tick(self, now: datetime) -> None:
        """Asks for every entry whose turn is new since the last tick; at the first tick for all."""
        for entry in self._entries:
            turn = entry.turn(now)
            if self._last.get(entry.kind) != turn:
                self._last[entry.kind] = turn
                self._ask(entry.kind, f"{entry.kind}:turn-{turn}", entry.lane)
        hour = int(now.timestamp()) // FORGET_EVERY_SECONDS
        if self._last.get("") != hour:
            self._last[""] = hour
            self._forget(now)

    def _tick_on(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            try:
                self.tick(datetime.now(UTC))
            except Exception:  # the database is away: the next turn comes
                log.exception("the timetable could not ask for work")
