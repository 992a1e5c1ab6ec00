"""Every planted defect is caught: a copy of the product's own source, broken in one place, under the simulation."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.defects import DEFECTS, Defect
from tieout.simulation.posting import PROFILES

PACKAGE = Path(__file__).parents[2] / "tieout"
EVERY_CHANGE = 10_000
SEARCH = """
import json, sys
from tieout.simulation.posting import run
broken, named = set(), set(sys.argv[1].split(",")) - {""}
for seed in [*map(int, sys.argv[2].split(",")), *range(int(sys.argv[3]))]:
    broken |= {violation.invariant for violation in run(seed, profile=sys.argv[4]).violations}
    if named and named <= broken:
        break
print(json.dumps(sorted(broken)))
"""


def planted(defect: Defect, folder: Path) -> Path:
    """A copy of the rooms that the simulation needs, with the defect in it."""
    for room in ("core", "simulation"):
        shutil.copytree(PACKAGE / room, folder / "tieout" / room, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tieout" / "__init__.py").write_text("")
    path = folder / "tieout" / "core" / "posting" / defect.file
    source = path.read_text(encoding="utf-8")
    assert source.count(defect.old) == 1, f"{defect.file} has changed: plant “{defect.name}” anew"
    path.write_text(source.replace(defect.old, defect.new), encoding="utf-8")
    return folder


def broken_by(folder: Path, invariants: tuple[str, ...], seeds: tuple[int, ...], profile: str) -> list[str]:
    """The invariants that break under these seeds, or under those of every change if these are not enough."""
    arguments = [",".join(invariants), ",".join(map(str, seeds)), str(EVERY_CHANGE if invariants else 0), profile]
    ran = subprocess.run(
        [sys.executable, "-c", SEARCH, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: list[str] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_caught_by_its_invariants(defect: Defect, tmp_path: Path) -> None:
    assert max(defect.seeds) < EVERY_CHANGE
    assert set(defect.caught_by) <= set(
        broken_by(planted(defect, tmp_path), defect.caught_by, defect.seeds, defect.profile)
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_the_product_without_a_defect_breaks_nothing_under_the_same_seeds(tmp_path: Path, profile: str) -> None:
    seeds = tuple(sorted({seed for defect in DEFECTS for seed in defect.seeds}))
    whole = Defect("none", "looks.py", '"""What a look', '"""What a look', (), seeds)
    assert broken_by(planted(whole, tmp_path), (), seeds, profile) == []


def test_at_least_ten_defects_are_planted() -> None:
    assert len({defect.name for defect in DEFECTS}) >= 10
