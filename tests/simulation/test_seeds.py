"""The posting machine under bad weather: no seed breaks an invariant, and every seed is the same run for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tieout.core.posting import FULL
from tieout.simulation.designs import DESIGNS
from tieout.simulation.posting import PROFILES, run, run_seeds, trace
from tieout.simulation.shrink import read_schedule

ROOT = Path(__file__).parents[2]
HASH = """
import sys
from tieout.simulation.posting import run_seeds
print(run_seeds(0, 200, profile=sys.argv[1]).trace_hash)
"""


def regressions() -> list[tuple[str, str, int, str]]:
    """Profile, design, seed and explicit schedule of every line; the file only grows."""
    lines = (ROOT / "tests" / "regression_seeds.txt").read_text(encoding="utf-8").splitlines()
    fields = [line.split("#")[0].split() for line in lines if line.split("#")[0].strip()]
    return [(profile, design, int(seed), schedule) for profile, design, seed, schedule in fields]


def hash_with(hash_seed: str, profile: str) -> str:
    """The hash of two hundred traces, as another interpreter works it out."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HASH, profile]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


def test_the_product_runs_with_every_rule() -> None:
    assert DESIGNS["D5"] is FULL


@pytest.mark.parametrize("profile", PROFILES)
def test_no_seed_breaks_an_invariant(profile: str) -> None:
    summary = run_seeds(0, 600, profile=profile)
    assert summary.violations == []
    assert (summary.profile, summary.design, summary.seeds) == (profile, "D5", 600)


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_none_of_the_ten_thousand_seeds_of_a_change_breaks_an_invariant(profile: str) -> None:
    assert run_seeds(0, 10_000, profile=profile).violations == []


@pytest.mark.parametrize(("profile", "design", "seed", "schedule"), regressions())
def test_what_once_broke_a_weaker_design_does_not_break_the_product(
    profile: str, design: str, seed: int, schedule: str
) -> None:
    assert profile in PROFILES and design in DESIGNS
    assert run(seed, profile=profile).violations == ()
    assert run(seed, "D5", read_schedule(schedule), profile).violations == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_seed_is_the_same_run_whatever_the_order_of_sets(profile: str) -> None:
    assert hash_with("0", profile) == hash_with("4242", profile) == run_seeds(0, 200, profile=profile).trace_hash


def test_another_seed_design_or_profile_is_another_run() -> None:
    others = [run_seeds(1, 50), run_seeds(0, 50, "D0"), run_seeds(0, 50, profile="journals")]
    assert len({run_seeds(0, 50).trace_hash, *(other.trace_hash for other in others)}) == 4


def test_a_range_of_seeds_can_be_run_in_pieces() -> None:
    whole = [violation["seed"] for violation in run_seeds(0, 200, "D0").violations]
    pieces = [violation["seed"] for start in (0, 100) for violation in run_seeds(start, 100, "D0").violations]
    assert whole == pieces != []


def test_progress_is_told_every_hundred_runs() -> None:
    told: list[int] = []
    run_seeds(0, 250, progress=told.append)
    assert told == [100, 200]


def test_a_trace_ends_with_what_it_broke() -> None:
    lines = trace(81, "D0")
    assert lines[0].endswith("person   Approved S0-M1")
    assert "FAIL I1 duplicate: S0-M1 ACCPAY x2 live" in lines


@pytest.mark.parametrize("profile", PROFILES)
def test_bad_weather_is_met_in_every_kind(profile: str) -> None:
    kinds = {kind for seed in range(100) for _, kind in run(seed, profile=profile).fired}
    calls = {"429", "500", "reset before commit", "reset after commit", "late commit"}
    assert kinds == calls | {"kill", "stall", "pause", "outage"}
