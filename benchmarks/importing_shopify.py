"""From a Shopify Payments export to a plan for each payout: our whole durable import against ways to merely sum it."""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks._measure import GOALS, ROOT, Figure, Run, WrongResult, in_turns, middle
from tieout import __version__
from tieout.sandbox.shopify_statements import Shop, payouts, transactions

_AWK = (
    r'BEGIN{FS=","} NR==1{for(i=1;i<=NF;i++)c[$i]=i;next} $c["Payout ID"]!=""{a=$c["Net"]; gsub(/\./,"",a);'
    r'k=$c["Payout ID"]","$c["Type"]; s[k]+=a;n[k]++}'
    r' END{for(k in s){t+=s[k];r+=n[k]}; printf "{\"minor\": %.0f, \"rows\": %d}\n",t,r}'
)
_NAMES = {
    "wc": "wc -l",
    "sha256sum": "sha256sum",
    "awk": "awk, whole cents",
    "csv_decimal": "csv.DictReader, Decimal",
    "bytes_split": "bytes.split, whole cents",
    "plain": "our plain reader",
    "ours": "our quick reader",
    "pandas": "pandas, floats",
    "duckdb": "DuckDB, DECIMAL",
    "polars": "polars, streaming",
    "durable": "Tieout: kept, planned, committed",
}
_SHOP = Shop(rows_a_day=1400)


@dataclass(frozen=True, slots=True)
class Export:
    """Both files of one shop. `minor` and `rows` are what every reader must arrive at."""

    path: Path
    payouts: Path
    minor: int
    rows: int
    lines: int
    sha256: str


def measure(other_python: Path, rounds: int) -> list[Figure]:
    file, ours = _export(1_000_000), Path(sys.executable)
    commands: dict[str, Sequence[str]] = {
        "wc": ["wc", "-l", str(file.path)],
        "sha256sum": ["sha256sum", str(file.path)],
        "polars": _contender("polars", file, ours),
        "durable": [sys.executable, _script("_durable_shopify.py"), str(file.path), str(file.payouts)],
        "ours": _contender("ours", file, ours),
        "awk": ["awk", _AWK, str(file.path)],
        "duckdb": _contender("duckdb", file, other_python),
        "bytes_split": _contender("bytes_split", file, ours),
        "pandas": _contender("pandas", file, other_python),
    }
    runs = in_turns(commands, rounds)
    runs |= in_turns({name: _contender(name, file, ours) for name in ("plain", "csv_decimal")}, 1)
    for name, each in runs.items():
        _check(name, each[-1], file)
    return _figures(file, runs)


def _figures(file: Export, runs: dict[str, list[Run]]) -> list[Figure]:
    taken = {name: _seconds(name, each) for name, each in runs.items()}
    told, bare, goal = runs["durable"][-1].told, taken["polars"], GOALS["shopify"]
    work = f"Shopify import, {file.rows:,} transactions ({file.path.stat().st_size >> 20} MiB)"
    memory, pages = told["server_mib"] + told["child_mib"], sorted(told["pages"])
    others = [
        Figure(work, _NAMES[name], taken[name], taken[name] / bare, middle(each).memory_mib)
        for name, each in sorted(runs.items(), key=lambda item: taken[item[0]])
        if name != "durable"
    ]
    share, most, kept = goal["pandas_share"], GOALS["import"]["memory_mib"], told["kept"] / file.path.stat().st_size
    name, seconds, note = _NAMES["durable"], taken["durable"], f"{told['payouts']} payouts, each with its plan"
    is_met = seconds <= share * taken["pandas"]
    bytes_most, seconds_most = GOALS["import"]["kept_share"], GOALS["rows"]["seconds"]
    return [
        *others,
        Figure(work, name, seconds, seconds / bare, memory, f"≤ {share} × pandas", is_met, note),
        Figure(work, name, goal=f"≤ {most} MiB", is_met=memory <= most, memory_mib=memory),
        Figure(
            work,
            "Tieout: database beside the file",
            ratio=kept,
            goal=f"≤ {bytes_most} × its bytes",
            is_met=kept <= bytes_most,
        ),
        Figure(
            work,
            "Tieout: first page of rows, slowest figure",
            pages[-1],
            goal=f"≤ {seconds_most} s",
            is_met=pages[-1] <= seconds_most,
            note=f"median {median(pages) * 1000:.0f} ms",
        ),
    ]


def _export(lines: int) -> Export:
    """Made once from a seed and kept in the temporary folder."""
    folder = Path(tempfile.gettempdir()) / f"tieout-bench-{__version__}"
    folder.mkdir(exist_ok=True)
    path, stated, sheet = (folder / f"shopify-{lines}{end}" for end in (".csv", "-payouts.csv", ".json"))
    if not sheet.exists():
        with path.open("wb") as out:
            told = transactions(out, 7, lines, _SHOP)
        with stated.open("wb") as out:
            payouts(out, 7, lines, _SHOP)
        told["lines"] = told["rows"] + told["waiting"]["rows"]
        sheet.write_text(json.dumps({name: told[name] for name in ("minor", "rows", "lines", "sha256")}))
    return Export(path, stated, **json.loads(sheet.read_text()))


def _contender(name: str, file: Export, python: Path) -> list[str]:
    return [str(python), _script("_contenders_shopify.py"), name, str(file.path)]


def _script(name: str) -> str:
    return str(ROOT / "benchmarks" / name)


def _seconds(name: str, runs: Sequence[Run]) -> float:
    return median(run.told["seconds"] for run in runs) if name == "durable" else middle(runs).seconds


def _check(name: str, run: Run, file: Export) -> None:
    """To the cent and to the row, before a time counts."""
    if name == "wc":
        is_right = int(str(run.told).split()[0]) == file.lines + 1
    elif name == "sha256sum":
        is_right = str(run.told).startswith(file.sha256)
    else:
        is_right = (run.told["minor"], run.told["rows"]) == (file.minor, file.rows)
    if not is_right:
        raise WrongResult(f"{name} says {run.told}, the answer is {file.minor} cents in {file.rows} rows")
