"""Runs a second and core of the posting machine under the fault world: python benchmarks/posting_machine.py [SEEDS]

Exits 1 if a seed breaks an invariant or the speed is below the gate. `tieout sim --ladder` is the other figure.
"""

import argparse
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tieout.simulation.posting import Summary, run_seeds  # noqa: E402

GATE = 500  # runs a second and core
ROUNDS = 3


def commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def measure(seeds: int = 1000) -> Summary:
    """The best of some rounds: what slows a run down is never the machine itself."""
    return max((run_seeds(0, seeds) for _ in range(ROUNDS)), key=lambda summary: summary.runs_per_second)


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a second and core of the posting machine.")
    parser.add_argument("seeds", nargs="?", type=int, default=2000)
    seeds = parser.parse_args().seeds
    best = measure(seeds)
    print(f"posting machine, design {best.design}: {best.runs_per_second:.0f} runs a second and core (gate {GATE})")
    print(f"  {seeds} seeds, best of {ROUNDS}, {len(best.violations)} violations, trace {best.trace_hash}")
    print(f"  commit {commit()}, Python {platform.python_version()}, {platform.machine()} {platform.system()}")
    print(f"  python benchmarks/posting_machine.py {seeds}")
    return 0 if best.runs_per_second >= GATE and not best.violations else 1


if __name__ == "__main__":
    sys.exit(main())
