"""Other ways to sum a transactions export, each in a process of its own: python _contenders_shopify.py NAME FILE.

The question is the same for all: sum and count of what is net, by payout and type. What comes back is the whole sum in
cents and the count of rows that are in a payout.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

KEYS = ("Payout ID", "Type")


def csv_decimal(path: str) -> tuple[int, int]:
    """What published parsers do."""
    groups: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["Payout ID"]:
                group = groups[tuple(row[key] for key in KEYS)]
                group[0] += Decimal(row["Net"])
                group[1] += 1
    return int(100 * sum(group[0] for group in groups.values())), int(sum(group[1] for group in groups.values()))


def bytes_split(path: str) -> tuple[int, int]:
    """The quickest loop in plain Python: whole lines of bytes, whole cents, no quoting."""
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    cents: dict[bytes, int] = {}
    with Path(path).open("rb") as file:
        names = [name.decode() for name in next(file).rstrip(b"\n").split(b",")]
        id, kind, net = map(names.index, (*KEYS, "Net"))
        for line in file:
            fields = line.split(b",")
            if not fields[id]:
                continue
            text = fields[net]
            if (minor := cents.get(text)) is None:
                minor = cents[text] = int(text.replace(b".", b""))
            group = groups.get((fields[id], fields[kind]))
            if group is None:
                groups[fields[id], fields[kind]] = [minor, 1]
            else:
                group[0] += minor
                group[1] += 1
    return sum(group[0] for group in groups.values()), sum(group[1] for group in groups.values())


def pandas(path: str) -> tuple[int, int]:
    """Read and group; amounts as floats, as it is usually done."""
    import pandas

    frame = pandas.read_csv(path, dtype=dict.fromkeys(KEYS, "str"), low_memory=False)
    groups = frame.groupby(list(KEYS))["Net"].agg(["sum", "count"])
    return round(100 * groups["sum"].sum()), int(groups["count"].sum())


def duckdb(path: str) -> tuple[int, int]:
    import duckdb

    keys = ",".join(f'"{key}"' for key in KEYS)
    groups = duckdb.sql(
        f"SELECT sum(CAST(\"Net\" AS DECIMAL(18,2))), count(*) FROM read_csv('{path}', all_varchar=true, header=true)"
        f" WHERE \"Payout ID\" <> '' GROUP BY {keys}"
    ).fetchall()
    return int(100 * sum(total or 0 for total, _ in groups)), sum(count for _, count in groups)


def polars(path: str) -> tuple[int, int]:
    """The measure of all: nothing but reading and grouping, amounts cast without a check."""
    import polars

    rows = polars.scan_csv(path, infer_schema=False).filter(polars.col("Payout ID").is_not_null())
    sums = (polars.col("Net").cast(polars.Decimal(18, 2)).sum(), polars.len().alias("count"))
    groups = rows.group_by(KEYS).agg(*sums).collect(engine="streaming")
    return int(100 * groups["Net"].sum()), groups["count"].sum()


def plain(path: str) -> tuple[int, int]:
    """Our plain reader: strict, with months and meanings."""
    from tieout import channels

    channels.QUICK_BYTES = 1 << 60
    return ours(path)


def ours(path: str) -> tuple[int, int]:
    """Our reader as it is asked: for this size the quick one."""
    from tieout import channels
    from tieout.channels import FileContent
    from tieout.core.settlement import Statement

    found = channels.read(Statement("transactions.csv", FileContent(Path(path)), "0" * 64)).settlements
    return sum(each.lines_sum.minor for each in found), sum(each.rows for each in found)


CONTENDERS: dict[str, Callable[[str], tuple[int, int]]] = {
    each.__name__: each for each in (csv_decimal, bytes_split, pandas, duckdb, polars, plain, ours)
}

if __name__ == "__main__":
    # The folder of this file shadows nothing: `import pandas` means the library.
    sys.path[0] = str(Path(__file__).parent.parent)
    minor, rows = CONTENDERS[sys.argv[1]](sys.argv[2])
    print(json.dumps({"minor": minor, "rows": rows}))
