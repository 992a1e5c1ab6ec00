"""Every published figure, measured again and shown as one table: make bench [ARGS="--only importing --long"]"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks import importing, importing_shopify, pages, posting_machine, sending
from benchmarks._ledgers import LEDGERS, Ledger
from benchmarks._measure import GOALS, ROOT, Figure, machine, table

OTHERS = ROOT / ".venv" / "bench"  # pandas and DuckDB, for comparing only
LIST = ROOT / "requirements-bench.lock"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description="Every published figure, measured again.")
    parser.add_argument(
        "--only", choices=["importing", "shopify", "pages", "sending", "posting"], help="one kind of figure alone"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each contender; the median counts")
    parser.add_argument("--long", action="store_true", help="ten million lines too")
    chosen = parser.parse_args()
    measures: dict[str, Callable[[], list[Figure]]] = {
        "importing": lambda: importing.measure(_others(), chosen.rounds, chosen.long),
        "shopify": lambda: importing_shopify.measure(_others(), chosen.rounds),
        "pages": pages.measure,
        "posting": _posting,
        "sending": _sending,
    }
    print(machine())
    print(", ".join(f"{name} {version(name)}" for name in ("polars", "sqlalchemy", "backports-zstd")), flush=True)
    figures: list[Figure] = []
    for name, measure in measures.items():
        if chosen.only in (None, name):
            print(f"… {name}", file=sys.stderr, flush=True)
            figures += measure()
    print(table(figures))
    return 0


def _others() -> Path:
    """A Python with the packages of the bench list, made when it is first asked for."""
    python, uv, stamp = OTHERS / "bin" / "python", str(ROOT / ".venv" / "bin" / "uv"), OTHERS / "installed.lock"
    if not stamp.exists() or stamp.read_text() != LIST.read_text():
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(OTHERS)], check=True)
        install = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(python), "-r", str(LIST)]
        subprocess.run(install, check=True)
        stamp.write_text(LIST.read_text())
    return python


def _posting() -> list[Figure]:
    least, found = GOALS["posting"]["runs_a_second"], posting_machine.measure()
    speed = f"{found.runs_per_second:.0f} runs a second"
    is_met = found.runs_per_second >= least and not found.violations
    return [Figure("posting machine, fault world", speed, goal=f"≥ {least}", is_met=is_met)]


def _sending() -> list[Figure]:
    return [_sent(ledger) for ledger in LEDGERS]


def _sent(ledger: Ledger) -> Figure:
    least, found = GOALS["sending"]["share"], sending.measure(ledger)
    share = found.share_of_ceiling
    is_met = share >= least and not found.refused
    words = f"{found.refused} calls refused, a person waited {found.longest_wait_seconds:.1f} s at most"
    note = f"{found.sustained_share:.2f} sustained, {words}"
    work = f"sending {found.documents:,} documents to {ledger.label}"
    return Figure(work, "of the ceiling", None, share, None, f"≥ {least}", is_met, note)


if __name__ == "__main__":
    sys.exit(main())
