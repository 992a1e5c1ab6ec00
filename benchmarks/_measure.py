"""How a figure is taken: each contender a cold process, all of them in turns, the median of several rounds."""

import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
GOALS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "goals.toml").read_text())


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `goal` is empty where there is none; `is_met` says nothing then."""

    work: str
    contender: str
    seconds: float | None = None
    ratio: float | None = None
    memory_mib: float | None = None
    goal: str = ""
    is_met: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One cold run. `told` is the last line it printed, as JSON, or as text where it is none."""

    seconds: float
    memory_mib: float
    told: Any


class WrongResult(Exception):
    """A contender arrived at another result, so its time does not count."""


def cold(command: Sequence[str]) -> Run:
    """Runs a command to its end; wall time and the peak memory of it and of its largest child."""
    launch = [sys.executable, "-I", "-S", str(Path(__file__).parent / "_launch.py")]
    done = subprocess.run([*launch, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    *printed, figures = done.stdout.strip().splitlines()
    seconds, peak, code = figures.split()
    if code != "0":
        raise WrongResult(f"{' '.join(command)} ended with {code}")
    last = next(filter(None, reversed(printed)), "")
    try:
        told = json.loads(last)
    except ValueError:
        told = last
    return Run(float(seconds), int(peak) / (1 << 20 if sys.platform == "darwin" else 1 << 10), told)


def in_turns(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[Run]]:
    """Every contender once a round, so that a busy minute hurts all of them."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(cold(command))
    return found


def middle(runs: Sequence[Run]) -> Run:
    """Median time and memory, with what the last run told."""
    return Run(median(run.seconds for run in runs), median(run.memory_mib for run in runs), runs[-1].told)


def table(figures: Sequence[Figure]) -> str:
    head = ("work", "contender", "seconds", "ratio", "MiB", "goal", "met", "")
    rows = [head, *(_texts(figure) for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths[:-1]), *lines[1:]])


def _texts(figure: Figure) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "NO"}[figure.is_met]
    numbers = (
        "" if figure.seconds is None else f"{figure.seconds:.3f}" if figure.seconds < 100 else f"{figure.seconds:.0f}",
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.memory_mib is None else f"{figure.memory_mib:.0f}",
    )
    return (figure.work, figure.contender, *numbers, figure.goal, met, figure.note)


def machine() -> str:
    """What the figures were taken on."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}, load {load:.1f} at the start, commit {told.stdout.strip() or 'unknown'}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
