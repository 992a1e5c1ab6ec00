"""The shortest schedule of faults that still breaks an invariant, and the report a person can replay."""

import platform

from tieout.simulation.faults import Mark
from tieout.simulation.posting import PROFILE, Run, run

LONGEST = 200  # runs that one shrinking may take


def shrink(seed: int, design: str = "D5", profile: str = PROFILE) -> Run:
    """The same seed with as few faults as still break the same invariant; a run that breaks none as it is."""
    best = run(seed, design, profile=profile)
    if not best.violations:
        return best
    broken = best.violations[0].invariant
    tried, size = 0, len(best.fired)
    while size >= 1 and tried < LONGEST:
        shorter = _without_a_chunk(best, size, broken, LONGEST - tried)
        tried += -(-len(best.fired) // size)
        best, size = (shorter, min(size, len(shorter.fired))) if shorter is not None else (best, size // 2)
    return best


def schedule(result: Run) -> str:
    """The faults that fired, as they are written into tests/regression_seeds.txt: `call:3,step:7`."""
    return ",".join(f"{stream}:{index}" for (stream, index), _ in result.fired) or "none"


def read_schedule(text: str) -> frozenset[Mark]:
    """The inverse of `schedule`."""
    marks = [] if text == "none" else [mark.split(":") for mark in text.split(",")]
    return frozenset((stream, int(index)) for stream, index in marks)


def report(seed: int, design: str = "D5", commit: str = "unknown", profile: str = PROFILE) -> list[str]:
    """One line and a capsule: what broke, how to replay it, and the shortest trace that breaks it."""
    result = shrink(seed, design, profile)
    if not result.violations:
        return [f"OK seed={seed} profile={profile} design={design}"]
    first = result.violations[0]
    kind = first.text.split(":")[0] if ":" in first.text else "broken"
    return [
        f"FAIL {first.invariant} {kind}  seed={seed} profile={profile} design={design} commit={commit} "
        f"py={platform.python_version()} events={len(result.lines)}",
        *(f"     {violation.text}" for violation in result.violations),
        f"schedule: {schedule(result)}",
        f"replay: tieout sim --seed {seed} --profile {profile} --design {design} --trace",
        *result.lines,
    ]


def _without_a_chunk(best: Run, size: int, broken: str, most: int) -> Run | None:
    marks = [mark for mark, _ in best.fired]
    for begin in list(range(0, len(marks), size))[:most]:
        only = frozenset(marks[:begin] + marks[begin + size :])
        shorter = run(best.seed, best.design, only, best.profile)
        if any(violation.invariant == broken for violation in shorter.violations):
            return shorter
    return None
