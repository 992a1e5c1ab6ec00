"""From a file to a plan: our whole durable import against other ways to merely sum the same file."""

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks._files import Report, report
from benchmarks._measure import GOALS, ROOT, Figure, Run, WrongResult, in_turns, middle

_AWK = (
    r'BEGIN{FS="\t"} NR==1{for(i=1;i<=NF;i++)c[$i]=i;next} {a=$c["amount"]; if(a!=""){gsub(/\./,"",a);'
    r'k=$c["transaction-type"]"\t"$c["amount-type"]"\t"$c["amount-description"]"\t"$c["marketplace-name"];'
    r's[k]+=a;n[k]++}} END{for(k in s){t+=s[k];r+=n[k]}; printf "{\"minor\": %d, \"rows\": %d}\n",t,r}'
)
_NAMES = {
    "wc": "wc -l",
    "sha256sum": "sha256sum",
    "awk": "awk, whole cents",
    "csv_decimal": "csv.DictReader, Decimal",
    "bytes_split": "bytes.split, whole cents",
    "plain": "our plain reader",
    "pandas": "pandas, floats",
    "duckdb": "DuckDB, DECIMAL",
    "polars": "polars, streaming",
    "durable": "Tieout: kept, planned, committed",
    "cold": "Tieout: the same, its child started cold",
}

_DURABLE = ("durable", "cold")


def measure(other_python: Path, rounds: int, is_long: bool) -> list[Figure]:
    found = _large(report(1_000_000), other_python, rounds)
    found += _small(report(10_000), rounds)
    return found + (_ten_million(report(10_000_000)) if is_long else [])


def _contender(name: str, path: Path, python: Path) -> list[str]:
    return [str(python), str(ROOT / "benchmarks" / "_contenders.py"), name, str(path)]


def _durable(path: Path, *how: str) -> list[str]:
    return [sys.executable, str(ROOT / "benchmarks" / "_durable.py"), str(path), *how]


def _large(file: Report, other_python: Path, rounds: int) -> list[Figure]:
    ours, path = Path(sys.executable), file.path
    commands: dict[str, Sequence[str]] = {
        "wc": ["wc", "-l", str(path)],
        "sha256sum": ["sha256sum", str(path)],
        "polars": _contender("polars", path, ours),
        "durable": _durable(path, "upload"),
        "cold": _durable(path),
        "awk": ["awk", _AWK, str(path)],
        "duckdb": _contender("duckdb", path, other_python),
        "bytes_split": _contender("bytes_split", path, ours),
        "pandas": _contender("pandas", path, other_python),
    }
    runs = in_turns(commands, rounds)
    slow = {name: _contender(name, path, ours) for name in ("plain", "csv_decimal")}
    runs |= in_turns(slow, 1)
    for name, each in runs.items():
        _check(name, each[-1], file)
    taken = {name: _seconds(name, each) for name, each in runs.items()}
    bare = taken["polars"]
    work = f"{file.rows:,} rows ({file.size >> 20} MiB)"
    figures = [
        Figure(work, _NAMES[name], taken[name], taken[name] / bare, middle(each).memory_mib)
        for name, each in sorted(runs.items(), key=lambda item: taken[item[0]])
        if name not in _DURABLE
    ]
    return figures + _ours(work, file, runs["durable"], taken)


def _ours(work: str, file: Report, runs: Sequence[Run], taken: dict[str, float]) -> list[Figure]:
    goal, seconds, told = GOALS["import"], taken["durable"], runs[-1].told
    ratio, memory = seconds / taken["polars"], told["server_mib"] + told["child_mib"]
    pages = sorted(told["pages"])
    plain = min(taken[name] for name in ("bytes_split", "plain", "csv_decimal"))
    name, share = _NAMES["durable"], goal["pandas_share"]
    return [
        Figure(work, _NAMES["cold"], taken["cold"], taken["cold"] / taken["polars"]),
        Figure(work, name, seconds, ratio, memory, f"≤ {goal['ratio']:.1f} × polars", ratio <= goal["ratio"]),
        Figure(work, name, goal=f"≤ {goal['memory_mib']} MiB", is_met=memory <= goal["memory_mib"], memory_mib=memory),
        Figure(
            work,
            name,
            ratio=seconds / taken["pandas"],
            goal=f"≤ {share} × pandas",
            is_met=seconds <= share * taken["pandas"],
        ),
        Figure(work, name, ratio=seconds / plain, goal="≤ 1 × best plain Python", is_met=seconds <= plain),
        Figure(
            work,
            "Tieout: database beside the file",
            ratio=told["kept"] / file.size,
            goal=f"≤ {goal['kept_share']} × its bytes",
            is_met=told["kept"] <= goal["kept_share"] * file.size,
        ),
        Figure(
            work,
            "Tieout: first page of rows, slowest figure",
            pages[-1],
            goal=f"≤ {GOALS['rows']['seconds']} s",
            is_met=pages[-1] <= GOALS["rows"]["seconds"],
            note=f"median {median(pages) * 1000:.0f} ms",
        ),
    ]


def _small(file: Report, rounds: int) -> list[Figure]:
    python = Path(sys.executable)
    commands = {name: _contender(name, file.path, python) for name in ("csv_decimal", "plain", "ours", "polars")}
    runs = in_turns(commands, 2 * rounds + 1)
    for name, each in runs.items():
        _check(name, each[-1], file)
    taken = {name: middle(each) for name, each in runs.items()}
    plain, most, work = taken["plain"].seconds, GOALS["small"]["ratio"], f"{file.rows:,} rows, read only"
    shown = {"ours": "Tieout: its reader"} | _NAMES
    return [
        Figure(
            work,
            shown[name],
            run.seconds,
            run.seconds / plain,
            run.memory_mib,
            f"≤ {most} × plain" if name == "ours" else "",
            run.seconds <= most * plain if name == "ours" else None,
        )
        for name, run in taken.items()
    ]


def _ten_million(file: Report) -> list[Figure]:
    commands = {
        "polars": _contender("polars", file.path, Path(sys.executable)),
        "durable": _durable(file.path, "upload"),
    }
    runs = in_turns(commands, 1)
    for name, each in runs.items():
        _check(name, each[-1], file)
    bare, told, most = runs["polars"][0], runs["durable"][0].told, GOALS["import"]["memory_mib"]
    work, memory = f"{file.rows:,} rows ({file.size >> 20} MiB)", told["server_mib"] + told["child_mib"]
    return [
        Figure(work, _NAMES["polars"], bare.seconds, 1.0, bare.memory_mib),
        Figure(
            work,
            _NAMES["durable"],
            told["seconds"],
            told["seconds"] / bare.seconds,
            memory,
            f"≤ {most} MiB",
            memory <= most,
        ),
    ]


def _seconds(name: str, runs: Sequence[Run]) -> float:
    return median(run.told["seconds"] for run in runs) if name in _DURABLE else middle(runs).seconds


def _check(name: str, run: Run, file: Report) -> None:
    """To the cent and to the row, before a time counts."""
    if name == "wc":
        is_right = int(str(run.told).split()[0]) == file.rows + 2
    elif name == "sha256sum":
        is_right = str(run.told).startswith(file.sha256)
    else:
        is_right = (run.told["minor"], run.told["rows"]) == (file.minor, file.rows)
    if not is_right:
        raise WrongResult(f"{name} says {run.told}, the answer is {file.minor} cents in {file.rows} rows")
