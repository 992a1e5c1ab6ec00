"""The duplicate ladder: the same seeds under six designs, from a plain retry to the product."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context

from tieout.simulation.designs import DESIGNS, MEANING
from tieout.simulation.posting import run

SEEDS = 20_000
CHUNK = 250

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One design: how many runs doubled a document, and the first seed that did."""

    design: str
    meaning: str
    seeds: int
    doubled: int
    first_seed: int | None

    @property
    def share(self) -> str:
        return f"{100 * self.doubled / self.seeds:.3f} %"


def ladder(seeds: int = SEEDS, progress: Progress | None = None, cores: int = 2) -> list[Row]:
    """Run seeds 0 to seeds - 1 under each design; the rows do not depend on the number of cores.

    `progress` is called with the design and the seeds of it that are done.
    """
    rows = []
    for design, meaning in MEANING.items():
        doubled, done = [], 0
        for count, found in _chunks(design, seeds, cores):
            done += count
            doubled += found
            if progress is not None:
                progress(design, done)
        rows.append(Row(design, meaning, seeds, len(doubled), min(doubled, default=None)))
    return rows


def as_text(rows: list[Row]) -> list[str]:
    """The ladder as lines of a table."""
    return [
        f"{row.design}  {row.share:>9}  {row.doubled:>6} of {row.seeds}  "
        f"first seed {'none' if row.first_seed is None else row.first_seed:<6}  {row.meaning}"
        for row in rows
    ]


def _chunks(design: str, seeds: int, cores: int) -> Iterator[tuple[int, list[int]]]:
    work = [(design, start, min(CHUNK, seeds - start)) for start in range(0, seeds, CHUNK)]
    if cores <= 1:
        yield from map(_doubled, work)
        return
    with get_context("spawn").Pool(cores) as pool:
        yield from pool.imap(_doubled, work)


def _doubled(chunk: tuple[str, int, int]) -> tuple[int, list[int]]:
    design, start, count = chunk
    return count, [seed for seed in range(start, start + count) if _is_doubled(seed, design)]


def _is_doubled(seed: int, design: str) -> bool:
    return any(violation.text.startswith("duplicate") for violation in run(seed, design).violations)


assert tuple(MEANING) == tuple(DESIGNS)
