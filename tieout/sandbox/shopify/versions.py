"""API versions: one each quarter, each for a year; an older one is answered by the oldest that is left."""

from __future__ import annotations

import re
from datetime import date, datetime

LIFE_QUARTERS = 4


def stable(now: datetime) -> tuple[str, ...]:
    """The versions that are supported, oldest first."""
    quarter = now.year * 4 + (now.month - 1) // 3
    return tuple(_name(each) for each in range(quarter - LIFE_QUARTERS + 1, quarter + 1))


def served(asked: str, now: datetime) -> str:
    """The version that answers an address; blank when there is none of that name."""
    if asked == "unstable":
        return asked
    if not re.fullmatch(r"20\d\d-(01|04|07|10)", asked):
        return ""
    known = stable(now)
    if asked < known[0]:
        return known[0]
    candidate = _name(_number(known[-1]) + 1)
    return asked if asked <= candidate else ""


def listed(now: datetime) -> list[dict[str, object]]:
    names = stable(now)
    rows: list[dict[str, object]] = [{"displayName": name, "handle": name, "supported": True} for name in names]
    candidate = _name(_number(names[-1]) + 1)
    rows.append({"displayName": f"{candidate} (Release candidate)", "handle": candidate, "supported": False})
    return [*rows, {"displayName": "unstable", "handle": "unstable", "supported": False}]


def _name(quarter: int) -> str:
    return date(quarter // 4, quarter % 4 * 3 + 1, 1).strftime("%Y-%m")


def _number(name: str) -> int:
    year, month = name.split("-")
    return int(year) * 4 + (int(month) - 1) // 3
