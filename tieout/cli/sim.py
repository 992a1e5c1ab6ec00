"""`tieout sim`: the posting machine in bad weather, by seed."""

import sys
from typing import Annotated, Any

import typer

from tieout.cli._doors import Exit, complain, fail, say, say_json
from tieout.cli.settlements import plain

DESIGNS = ("D0", "D1", "D2", "D3", "D4", "D5")


def add(commands: typer.Typer) -> None:
    commands.command("sim")(sim)


def sim(
    seeds: Annotated[int, typer.Option(help="How many runs.", min=1)] = 1000,
    start: Annotated[int, typer.Option(help="The first seed.", min=0)] = 0,
    profile: Annotated[str, typer.Option(help="What is simulated: posting or journals.")] = "posting",
    design: Annotated[str, typer.Option(help="D5 is the product; D0 to D4 are weaker designs.")] = "D5",
    seed: Annotated[int | None, typer.Option(help="One seed only.", min=0)] = None,
    trace: Annotated[bool, typer.Option("--trace", help="With --seed: print what happened, line by line.")] = False,
    ladder: Annotated[bool, typer.Option("--ladder", help="All designs side by side over the same seeds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the posting machine against a model of the books under faults. Exits 1 when an invariant is violated."""
    from tieout.simulation import posting

    if profile not in posting.PROFILES:
        fail(f"There is no profile {profile}; there are {', '.join(posting.PROFILES)}.", Exit.USAGE)
    if ladder and profile != posting.PROFILE:
        fail(f"The ladder is measured with the profile {posting.PROFILE} alone.", Exit.USAGE)
    if design not in DESIGNS:
        fail(f"There is no design {design}; there are {', '.join(DESIGNS)}.", Exit.USAGE)
    if trace:
        for line in posting.trace(seed if seed is not None else start, design, profile):
            say(line)
        return
    if ladder:
        _ladder(seeds, as_json)
        return
    first, count = (seed, 1) if seed is not None else (start, seeds)
    summary = posting.run_seeds(first, count, design, lambda done: _told(f"{done:,} of {count:,} runs"), profile)
    _show(summary, as_json)
    if summary.violations:
        raise typer.Exit(int(Exit.FAILED))


def _show(summary: Any, as_json: bool) -> None:
    told = {
        "profile": summary.profile,
        "design": summary.design,
        "seeds": summary.seeds,
        "violations": summary.violations,
        "runs_per_second": round(summary.runs_per_second),
        "trace_hash": summary.trace_hash,
    }
    if as_json:
        say_json(told)
        return
    say(f"{summary.seeds} runs of {summary.profile} with {summary.design}, {len(summary.violations)} violations")
    say(f"{summary.runs_per_second:.0f} runs a second; trace {summary.trace_hash}")
    for each in list(summary.violations)[:20]:
        complain(f"FAIL {each['invariant']} seed={each['seed']} {each['text']}")


def _ladder(seeds: int, as_json: bool) -> None:
    from tieout.simulation.ladder import as_text, ladder

    rows = ladder(seeds, lambda design, done: _told(f"{design}: {done:,} of {seeds:,} runs"))
    if as_json:
        say_json([{**plain(row), "share": row.share} for row in rows])
        return
    for line in as_text(rows):
        say(line)


def _told(text: str) -> None:
    """Progress on the console only; it writes over itself."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text}\033[K")
        sys.stderr.flush()
