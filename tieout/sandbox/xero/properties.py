"""Which properties a record has by Xero's published spec, and of what type: what a filter or an order may name."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

PLAIN = frozenset({"text", "number", "moment", "flag"})


@cache
def models() -> dict[str, dict[str, str]]:
    """Model → its properties in small letters → text, number, moment, flag, list, or the name of another model."""
    body = resources.files("tieout.sandbox.xero").joinpath("properties.csv").read_text("utf-8")
    return {row["model"]: _typed(row["properties"]) for row in csv.DictReader(body.splitlines())}


def type_of(model: str, dotted: str) -> str | None:
    """The type of `Contact.Name` in an Invoice, in any case; None where there is no such property."""
    found: str | None = model
    for step in dotted.lower().split("."):
        found = models().get(found or "", {}).get(step)
    return found


def _typed(listed: str) -> dict[str, str]:
    pairs = (part.split(":") for part in listed.split())
    return {name.lower(): kind for name, kind in pairs}
