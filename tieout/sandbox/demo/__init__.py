"""The four settlements that the demo imports: an invented seller in London, June to August 2026, one after another.

`python -m tieout.sandbox.demo` writes them again, with the README that says what they add up to.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tieout.sandbox.statements import Form, Shape, amazon_v2, rows

FOLDER = Path(__file__).parent
ZONE = "Europe/London"
_MIDNIGHT = datetime(2026, 6, 30, 23, tzinfo=UTC)  # of London, in summer
_EDGES = tuple(_MIDNIGHT + timedelta(seconds=seconds) for seconds in (-1, 0, 1800, 3599, 3600))
_UNKNOWN = ("other-transaction", "other-transaction", "Quantum Shelf Fee", -745, "unknown")


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its name, what it is made from, what it shows."""

    name: str
    seed: int
    lines: int
    shape: Shape
    form: Form
    shows: str


def parts() -> Iterator[Part]:
    """The files in the order of their periods. A reserve and a debt travel from one to the next."""
    base = Shape(start=datetime(2026, 6, 10, 21, 40, 10, tzinfo=UTC), skus=25)
    clean = replace(base, settlement_id="99000000101")
    two = replace(base, settlement_id="99000000102", start=clean.end, edges=_EDGES, reserve_out=4000)
    negative = replace(base, settlement_id="99000000103", start=two.end, reserve_in=4000, cost_percent=250)
    yield Part("clean.txt", 12, 160, clean, Form(dates="dotted"), "One month.")
    yield Part("two_months.txt", 7, 170, two, Form(), "Two months, rows around London's midnight; a reserve held back.")
    yield Part(
        "negative.txt", 5, 40, negative, Form(), "Fees above sales, so it is owed to Amazon; the reserve returns."
    )
    debt = sum(row.minor for row in rows(5, 40, negative))
    held = replace(base, settlement_id="99000000104", start=negative.end, opening=debt, charge=-debt, extra=(_UNKNOWN,))
    yield Part("held.txt", 8, 60, held, Form(repeats_currency=True), "The debt repaid by card; one label no map knows.")


def written(part: Part) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a file and its answer sheet."""
    out = io.BytesIO()
    sheet = amazon_v2(out, part.seed, part.lines, shape=part.shape, form=part.form, zones=("UTC", ZONE))
    return out.getvalue(), sheet


def readme() -> str:
    """What the files add up to."""
    sheets = [(part, written(part)[1]) for part in parts()]
    lines = [
        "# The demo's settlements",
        "",
        "Invented: a seller in London, Amazon.co.uk, GBP. Gross mode: Principal includes VAT, and no Tax rows.",
        "Each period starts where the one before ends. `python -m tieout.sandbox.demo` writes files and figures again.",
        "",
        "| file | settlement | period (UTC) | rows | total | by month in London | shows |",
        "|---|---|---|---:|---:|---|---|",
    ]
    for part, sheet in sheets:
        months = ", ".join(f"{month}: {amount}" for month, amount in sheet["months"][ZONE].items())
        period = f"{sheet['start'][:10]} to {sheet['end'][:10]}"
        figures = f"{sheet['id']} | {period} | {sheet['rows']} | {sheet['total']} | {months}"
        lines.append(f"| {part.name} | {figures} | {part.shows} |")
    names = sorted({row["name"] for _, sheet in sheets for row in sheet["categories"]})
    heads = " | ".join(part.name.removesuffix(".txt") for part, _ in sheets)
    lines += ["", f"| category | {heads} |", "|---|" + "---:|" * len(sheets)]
    for name in names:
        found = [{row["name"]: row["amount"] for row in sheet["categories"]}.get(name, "") for _, sheet in sheets]
        lines.append(f"| {name} | {' | '.join(found)} |")
    return "\n".join(lines) + "\n"


def write(folder: Path = FOLDER) -> None:
    for part in parts():
        (folder / part.name).write_bytes(written(part)[0])
    (folder / "README.md").write_text(readme(), encoding="utf-8")
