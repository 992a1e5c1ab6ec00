"""Other ways to sum a settlement report, each in a process of its own: python _contenders.py NAME FILE prints a result.

The question is the same for all: sum and count of the amounts by type, amount type, description and site. What comes
back is the whole sum in cents and the count of rows.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

KEYS = ("transaction-type", "amount-type", "amount-description", "marketplace-name")


def csv_decimal(path: str) -> tuple[int, int]:
    """What published parsers do."""
    groups: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["amount"]:
                group = groups[tuple(row[key] for key in KEYS)]
                group[0] += Decimal(row["amount"])
                group[1] += 1
    return int(100 * sum(group[0] for group in groups.values())), int(sum(group[1] for group in groups.values()))


def bytes_split(path: str) -> tuple[int, int]:
    """The quickest loop in plain Python: whole lines of bytes, whole cents."""
    groups: dict[tuple[bytes, ...], list[int]] = {}
    cents: dict[bytes, int] = {}
    with Path(path).open("rb") as file:
        names = [name.decode() for name in next(file).rstrip(b"\n").split(b"\t")]
        a, b, c, d = map(names.index, KEYS)
        amount = names.index("amount")
        for line in file:
            fields = line.split(b"\t")
            text = fields[amount]
            if not text:
                continue
            if (minor := cents.get(text)) is None:
                minor = cents[text] = int(text.replace(b".", b""))
            key = (fields[a], fields[b], fields[c], fields[d])
            group = groups.get(key)
            if group is None:
                groups[key] = [minor, 1]
            else:
                group[0] += minor
                group[1] += 1
    return sum(group[0] for group in groups.values()), sum(group[1] for group in groups.values())


def pandas(path: str) -> tuple[int, int]:
    """Read and group; amounts as floats, as it is usually done."""
    import pandas

    frame = pandas.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=dict.fromkeys(KEYS, "str"), low_memory=False)
    groups = frame.groupby(list(KEYS), dropna=False)["amount"].agg(["sum", "count"])
    return round(100 * groups["sum"].sum()), int(groups["count"].sum())


def duckdb(path: str) -> tuple[int, int]:
    import duckdb

    with Path(path).open(encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split("\t")
    columns = ",".join(f"'{name}':'VARCHAR'" for name in names)
    keys = ",".join(f'"{key}"' for key in KEYS)
    groups = duckdb.sql(
        f"SELECT sum(CAST(amount AS DECIMAL(18,2))), count(amount) FROM read_csv('{path}', delim='\t', quote='',"
        f" escape='', header=true, auto_detect=false, columns={{{columns}}}) GROUP BY {keys}"
    ).fetchall()
    return int(100 * sum(total or 0 for total, _ in groups)), sum(count for _, count in groups)


def polars(path: str) -> tuple[int, int]:
    """The measure of all: nothing but reading and grouping, amounts cast without a check."""
    import polars

    rows = polars.scan_csv(path, separator="\t", quote_char=None, infer_schema=False)
    sums = (polars.col("amount").cast(polars.Decimal(18, 2)).sum(), polars.col("amount").count().alias("count"))
    groups = rows.group_by(KEYS).agg(*sums).collect(engine="streaming")
    return int(100 * groups["amount"].sum()), groups["count"].sum()


def plain(path: str) -> tuple[int, int]:
    """Our plain reader: strict, with months and meanings."""
    from tieout import channels
    from tieout.channels import FileContent
    from tieout.core.settlement import Statement

    channels.QUICK_BYTES = 1 << 60
    return _read(channels.read(Statement("report.txt", FileContent(Path(path)), "0" * 64)))


def ours(path: str) -> tuple[int, int]:
    """Our reader as it is asked: for this size the plain or the quick one."""
    from tieout import channels
    from tieout.channels import FileContent
    from tieout.core.settlement import Statement

    return _read(channels.read(Statement("report.txt", FileContent(Path(path)), "0" * 64)))


def _read(reading: "object") -> tuple[int, int]:
    (settlement,) = reading.settlements  # type: ignore[attr-defined]
    return settlement.lines_sum.minor, settlement.rows


CONTENDERS: dict[str, Callable[[str], tuple[int, int]]] = {
    each.__name__: each for each in (csv_decimal, bytes_split, pandas, duckdb, polars, plain, ours)
}

if __name__ == "__main__":
    # The folder of this file shadows nothing: `import pandas` means the library.
    sys.path[0] = str(Path(__file__).parent.parent)
    minor, rows = CONTENDERS[sys.argv[1]](sys.argv[2])
    print(json.dumps({"minor": minor, "rows": rows}))
