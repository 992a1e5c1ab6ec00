"""How QuickBooks says no: code, status and sentences of texts.csv, several of them in one fault."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from tieout.sandbox.quickbooks.state import Fault

UNSAID = "not told"


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the stand-in's own tables."""
    body = resources.files("tieout.sandbox.quickbooks").joinpath(name).read_text("utf-8")
    return tuple(csv.DictReader(body.splitlines()))


@cache
def texts() -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in table("texts.csv")}


def fault(key: str, /, **parts: object) -> Fault:
    """The refusal of that key, its blanks filled; a blank nobody fills says so."""
    row = texts()[key]
    filled = _Parts({name: str(value) for name, value in parts.items()})
    message, detail, element = (row[name].format_map(filled) for name in ("message", "detail", "element"))
    return Fault(int(row["status"]), row["code"], message, detail, element, row["kind"])


def keys(code: str) -> list[str]:
    """The keys of the refusals with that code; none where the stand-in knows no such code."""
    return [key for key, row in texts().items() if row["code"] == code]


class Findings:
    """What is wrong with one request, in the order found; each sentence once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, key: str, /, **parts: object) -> None:
        found = fault(key, **parts)
        if all((one.code, one.detail) != (found.code, found.detail) for one in self.faults):
            self.faults.append(found)

    def check(self) -> None:
        """Raises Fault when there is anything."""
        if self.faults:
            raise Fault.several(self.faults)


class _Parts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return UNSAID
