"""The invented statements: the same seed gives the same bytes, and the demo's files are those the code writes."""

import csv
import hashlib
import io
import tracemalloc
from decimal import Decimal

import pytest

from tieout.sandbox import demo
from tieout.sandbox.statements import HEADINGS, Form, Shape, amazon_v2


def written(seed: int = 1, lines: int = 300, **options: object) -> tuple[bytes, dict[str, object]]:
    out = io.BytesIO()
    sheet = amazon_v2(out, seed, lines, **options)  # type: ignore[arg-type]
    return out.getvalue(), sheet


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode()), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert written() == written() and written(seed=1)[0] != written(seed=2)[0]
    content, sheet = written()
    assert hashlib.sha256(content).hexdigest() == sheet["sha256"]


def test_the_rows_add_up_to_the_summary_and_the_sheet() -> None:
    content, sheet = written()
    summary, *others = rows(content)
    assert (
        sum(Decimal(row["amount"]) for row in others)
        == Decimal(summary["total-amount"])
        == Decimal(str(sheet["total"]))
    )
    assert len(others) == sheet["rows"] and 300 <= len(others) < 320
    assert list(summary) == HEADINGS


def test_rows_run_through_the_period_in_order_and_name_nobody() -> None:
    summary, *others = rows(written()[0])
    stamps = [row["posted-date-time"] for row in others]
    assert stamps == sorted(stamps) and summary["settlement-start-date"] <= stamps[0]
    assert stamps[-1] <= summary["settlement-end-date"] and stamps[-1][:10] >= "2026-06-23"
    assert all(row["order-id"].startswith("990-") for row in others if row["order-id"])


def test_equal_rows_are_there_on_purpose() -> None:
    labels = [row for row in rows(written()[0]) if row["amount-description"] == "Shipping label purchase"]
    assert len(labels) == 2 and labels[0]["amount"] == labels[1]["amount"]


def test_the_form_changes_nothing_but_the_looks() -> None:
    _, plain = written()
    _, dressed = written(form=Form("us", ",", "cp1252", "\r\n", True, True))
    assert plain.pop("sha256") != dressed.pop("sha256") and plain == dressed


def test_a_long_report_needs_no_memory() -> None:
    class Sink(io.RawIOBase):
        def write(self, content: object) -> int:
            return len(content)  # type: ignore[arg-type]

    tracemalloc.start()
    amazon_v2(Sink(), 1, 20_000, shape=Shape(tax="split"))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("part", list(demo.parts()), ids=lambda part: part.name)
def test_the_demos_files_are_those_the_code_writes(part: demo.Part) -> None:
    assert (demo.FOLDER / part.name).read_bytes() == demo.written(part)[0]


def test_the_demos_readme_states_what_the_files_add_up_to() -> None:
    assert (demo.FOLDER / "README.md").read_text(encoding="utf-8") == demo.readme()


def test_the_demos_periods_touch_and_carry_reserve_and_debt() -> None:
    parts = list(demo.parts())
    assert [part.shape.end for part in parts[:-1]] == [part.shape.start for part in parts[1:]]
    _, two, negative, held = parts
    assert two.shape.reserve_out == negative.shape.reserve_in > 0
    total = Decimal(demo.written(negative)[1]["total"])
    assert total < 0 and Decimal(held.shape.opening) == total * 100 == -Decimal(held.shape.charge)
    assert sorted(len(rows(demo.written(part)[0])) for part in parts)[0] >= 40
    stamps = {row["posted-date-time"] for row in rows(demo.written(two)[0])}
    assert {f"2026-06-30 {clock} UTC" for clock in ("22:59:59", "23:00:00", "23:30:00", "23:59:59")} <= stamps
