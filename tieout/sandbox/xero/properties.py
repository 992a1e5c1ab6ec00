"""Which properties a record has by Xero's published spec, and of what type: what a filter or an order may name."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

PLAIN = frozenset({"text", "number", "moment", "flag"})


@cache
def models() -> dict[str, dict[str, str]]:
    """Model → its properties in small letters → text, number, moment, flag, list, or the name of another model."""
    return {row["model"]: _typed(row["properties"]) for row in _rows()}


def type_of(model: str, dotted: str) -> str | None:
    """The type of `Contact.Name` in an Invoice, in any case; None where there is no such property."""
    found: str | None = model
    for step in dotted.lower().split("."):
        found = models().get(found or "", {}).get(step)
    return found


@cache
def flags() -> frozenset[str]:
    """Every property, as Xero spells it, that is true or false wherever it stands."""
    named = [part.split(":") for row in _rows() for part in row["properties"].split()]
    return frozenset(name for name, kind in named if kind == "flag") - {name for name, kind in named if kind != "flag"}


def _rows() -> list[dict[str, str]]:
    body = resources.files("tieout.sandbox.xero").joinpath("properties.csv").read_text("utf-8")
    return list(csv.DictReader(body.splitlines()))


def _typed(listed: str) -> dict[str, str]:
    pairs = (part.split(":") for part in listed.split())
    return {name.lower(): kind for name, kind in pairs}
