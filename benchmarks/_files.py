"""Invented reports of any size with their answers, made once from a seed and kept in the temporary folder."""

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tieout import __version__
from tieout.sandbox.statements import Shape, amazon_v2

SHAPE = Shape(
    currency="USD",
    tax="facilitator",
    skus=1200,
    sites=(("Amazon.com", 94), ("Non-Amazon US", 6)),
    start=datetime(2026, 6, 20, 21, 40, 10, tzinfo=UTC),
)
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """`minor` and `rows` are what every reader must arrive at."""

    path: Path
    minor: int
    rows: int
    size: int
    sha256: str


def report(lines: int) -> Report:
    """One settlement of about so many lines, crossing a month's end. More than a million repeat the first million."""
    folder = Path(tempfile.gettempdir()) / f"tieout-bench-{__version__}"
    folder.mkdir(exist_ok=True)
    path, sheet = folder / f"report-{lines}.txt", folder / f"report-{lines}.json"
    if not sheet.exists():
        _repeat(path, sheet, lines) if lines > _MILLION else _make(path, sheet, lines)
    told = json.loads(sheet.read_text())
    return Report(path, told["minor"], told["rows"], path.stat().st_size, told["sha256"])


def _make(path: Path, sheet: Path, lines: int) -> None:
    with path.open("wb") as out:
        told = amazon_v2(out, 7, lines, shape=SHAPE)
    minor = int(told["total"].replace(".", ""))
    sheet.write_text(json.dumps({"minor": minor, "rows": told["rows"], "sha256": told["sha256"]}))


def _repeat(path: Path, sheet: Path, lines: int) -> None:
    once, times = report(_MILLION), lines // _MILLION
    heading, summary, body = once.path.read_bytes().split(b"\n", 2)
    fields = summary.split(b"\t")
    fields[4] = f"{once.minor * times // 100}.{once.minor * times % 100:02d}".encode()
    with path.open("wb") as out:
        out.write(heading + b"\n" + b"\t".join(fields) + b"\n")
        for _ in range(times):
            out.write(body)
    sheet.write_text(json.dumps({"minor": once.minor * times, "rows": once.rows * times, "sha256": ""}))
