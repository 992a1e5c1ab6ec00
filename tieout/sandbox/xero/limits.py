"""Xero's limits: per organisation and app 5 at once, 60 a minute, a day by tier; per app 10,000 a minute."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from tieout.sandbox import Doc

DAY_BY_TIER = {"starter": 1_000}
DAY_OTHERWISE = 5_000
CONNECTIONS_BY_TIER = {"starter": 5, "core": 50, "plus": 1_000, "advanced": 10_000, "enterprise": 100_000}
RAPID_TIERS = frozenset({"plus", "advanced", "enterprise"})
RAPID_SECONDS = 1_800
MINUTE, DAY = 60, 86_400


@dataclass(slots=True)
class _Window:
    """Calls inside one window; fixed windows begin at an offset of their own, rolling ones look back."""

    seconds: int
    offset: float
    begun: float = -1.0
    used: int = 0
    recent: deque[float] = field(default_factory=deque)

    def count(self, now: float, rolling: bool) -> int:
        begin = (now - self.offset) // self.seconds
        if begin != self.begun:
            self.begun, self.used = begin, 0
        while self.recent and self.recent[0] <= now - self.seconds:
            self.recent.popleft()
        return len(self.recent) if rolling else self.used

    def add(self, now: float) -> None:
        self.used += 1
        self.recent.append(now)

    def resets_in(self, now: float, rolling: bool) -> int:
        if rolling and self.recent:
            left = self.recent[0] + self.seconds - now
        else:
            left = self.seconds - (now - self.offset) % self.seconds
        return max(1, int(left) + (left % 1 > 0))


@dataclass(frozen=True, slots=True)
class Refusal:
    kind: str
    retry_after: int | None


class Limits:
    """Counts calls. The counting of calls in flight has its own lock, since it is done before anything else waits."""

    def __init__(self, switches: Doc) -> None:
        self._switches = switches
        self._windows: dict[tuple[str, int], _Window] = {}
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

    def flying(self, who: str) -> int:
        with self._lock:
            return self._flying[who]

    def take(self, tenant: str, app: Doc, now: datetime, *, rapid: bool) -> Refusal | None:
        """Counts one call, unless a limit refuses it; a refused call is not counted."""
        at, rolling = now.timestamp(), bool(self._switches["rolling_window"])
        if self.flying(f"{app['client_id']}/{tenant}") > int(self._switches["concurrent_limit"]):
            return Refusal("concurrent", None)
        minute, day, whole = self._three(tenant, app)
        if whole.count(at, rolling) >= int(self._switches["app_minute_limit"]):
            return Refusal(str(self._switches["app_limit_name"]), None)
        if not rapid:
            if day.count(at, rolling) >= self._day_limit(app):
                return Refusal("day", day.resets_in(at, rolling))
            if minute.count(at, rolling) >= int(self._switches["minute_limit"]):
                return Refusal("minute", minute.resets_in(at, rolling))
        for window in (minute, day, whole):
            window.add(at)
        return None

    def headers(self, tenant: str, app: Doc, now: datetime) -> tuple[tuple[str, str], ...]:
        at, rolling = now.timestamp(), bool(self._switches["rolling_window"])
        minute, day, whole = self._three(tenant, app)
        left_minute = max(0, int(self._switches["minute_limit"]) - minute.count(at, rolling))
        left_day = max(0, self._day_limit(app) - day.count(at, rolling))
        found = [("X-DayLimit-Remaining", str(left_day)), ("X-MinLimit-Remaining", str(left_minute))]
        if self._switches["app_limit_header"]:
            left = max(0, int(self._switches["app_minute_limit"]) - whole.count(at, rolling))
            found.append(("X-AppMinLimit-Remaining", str(left)))
        return tuple(found)

    def clear(self) -> None:
        self._windows.clear()
        with self._lock:
            self._flying.clear()

    def _day_limit(self, app: Doc) -> int:
        return int(self._switches["day_limit"]) or DAY_BY_TIER.get(app["tier"], DAY_OTHERWISE)

    def _three(self, tenant: str, app: Doc) -> tuple[_Window, _Window, _Window]:
        one = f"{app['client_id']}/{tenant}"
        return self._window(one, MINUTE), self._window(one, DAY), self._window(str(app["client_id"]), MINUTE)

    def _window(self, who: str, seconds: int) -> _Window:
        # Each organisation's window turns over at its own second, which no client can know beforehand.
        found = self._windows.get((who, seconds))
        if found is None:
            draw = int.from_bytes(hashlib.sha256(who.encode()).digest()[:4], "big")
            found = self._windows[who, seconds] = _Window(seconds, draw % seconds)
        return found
