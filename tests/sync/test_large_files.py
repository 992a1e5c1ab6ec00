"""A large file is taken in and read by a child: with the same result, whatever becomes of the child or the server."""

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sync.conftest import House
from tieout import channels
from tieout.core.money import total
from tieout.core.places import Places
from tieout.core.settlement import Statement
from tieout.sandbox.statements import Form, amazon_v2
from tieout.store import statements
from tieout.store.engine import read, write
from tieout.store.statements import CHUNKS, STATEMENTS
from tieout.sync import child, operations, reading, settlements
from tieout.sync.child import Asked
from tieout.sync.reading import Readings


def report(lines: int = 6000, form: Form | None = None) -> bytes:
    out = io.BytesIO()
    amazon_v2(out, 4, lines, form=form)
    return out.getvalue()


def received(house: House, path: Path, between: Callable[[], None] = lambda: None) -> dict[str, object]:
    """The end of the import's operation; `between` happens after the file was kept and before its job runs."""
    operation = settlements.receive(house.tools, house.actor, "march.txt", path)
    between()
    house.jobs.run_all()
    ended = operations.view(house.tools, house.organisation, operation)
    assert ended is not None
    return {"state": ended.state, "result": ended.result, "message": ended.message, "digest": ended.arguments}


def kept(house: House, id: str) -> bytes:
    found = settlements.statement_file(house.tools, house.organisation, id)
    assert found is not None
    return found[1]


def test_a_large_file_becomes_the_settlement_that_a_small_way_would_make(house: House, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content := report())
    assert len(content) > reading.CHILD_BYTES
    ended = received(house, path, path.unlink)
    assert ended["state"] == "done", ended
    (made,) = ended["result"]["settlements"]  # type: ignore[index]
    assert kept(house, made["id"]) == content
    again = house.receive("march.txt", content)
    assert again.result["settlements"][0]["outcome"] == "same"


def test_a_server_that_started_anew_reads_what_is_kept(house: House, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(report())
    ended = received(house, path, lambda: house.tools.readings.__init__())  # type: ignore[misc]
    assert ended["state"] == "done" and ended["result"]["settlements"][0]["outcome"] == "new"  # type: ignore[index]


def test_columns_nobody_asked_for_are_blanked_by_the_child_too(house: House, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    lines = report().split(b"\n")
    path.write_bytes(b"\n".join([lines[0] + b"\tbuyer-name", *(line + b"\tAnna Example" for line in lines[1:-1]), b""]))
    ended = received(house, path)
    assert ended["state"] == "done", ended
    content = kept(house, ended["result"]["settlements"][0]["id"])  # type: ignore[index]
    assert b"Anna" not in content and content.count(b"\n") == len(lines) - 1


@pytest.mark.parametrize("spoil", ["1.005", "NaN", "1e3"])
def test_a_spoiled_large_file_is_refused_with_its_row(house: House, tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "upload"
    lines = report().split(b"\n")
    fields = lines[4000].split(b"\t")
    lines[4000] = b"\t".join((*fields[:14], spoil.encode(), *fields[15:]))
    path.write_bytes(b"\n".join(lines))
    ended = received(house, path)
    assert ended["state"] == "failed" and "4001" in str(ended["message"])


def test_a_large_file_that_is_no_report_ends_at_the_door(house: House, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"%PDF-1.7\n" + b"x" * 2_000_000)
    ended = received(house, path)
    assert ended["state"] == "failed" and "PDF" in str(ended["message"])


def test_one_pass_and_the_plain_way_take_in_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, taken = tmp_path / "upload", []
    path.write_bytes(content := report())
    for quick_from in (1, 1 << 40):
        monkeypatch.setattr(channels, "QUICK_BYTES", quick_from)
        taken.append(child.take_in(Asked("x.txt", str(path), "Europe/London", str(tmp_path / f"frames{quick_from}"))))
    assert taken[0].frames[1][0] > 1 and {first_row for first_row, _, _ in taken[1].frames} == {0}
    assert [each[1:] for each in taken[0].frames] == [each[1:] for each in taken[1].frames]
    bare = [replace(each, frames=(), places=None) for each in taken]
    assert bare[0] == bare[1] and taken[0].reading is not None
    plain = channels.read(Statement("x.txt", content, taken[0].digest), None)
    assert [each.total for each in plain.settlements] == [each.total for each in taken[0].reading.settlements]


def test_what_only_the_plain_reader_takes_is_kept_now_and_read_by_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "QUICK_BYTES", 1)
    path = tmp_path / "upload"
    path.write_bytes(report(form=Form(dates="us")))
    taken = child.take_in(Asked("x.txt", str(path), "Europe/London", str(tmp_path / "frames")))
    assert (
        taken.reading is None and taken.channel == "amazon" and sum(size for _, size, _ in taken.frames) == taken.size
    )


def test_a_child_that_started_while_the_file_arrived_takes_it_in(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "EARLY_BYTES", 1 << 20)
    monkeypatch.setattr(reading, "COMMAND", ("-c", "import os; os.abort()"))  # nobody else could
    path = tmp_path / "upload"
    path.write_bytes(report())
    with settlements.expected(path.stat().st_size):
        (waiting,) = reading._EARLY
        assert received(house, path)["state"] == "done"
        assert waiting.poll() is not None and not reading._EARLY
        assert received(house, path)["state"] == "failed"


def test_a_child_whose_file_never_came_is_gone_with_the_request() -> None:
    with settlements.expected(reading.EARLY_BYTES):
        (waiting,) = reading._EARLY
        with settlements.expected(reading.EARLY_BYTES), settlements.expected(reading.EARLY_BYTES):
            assert len(reading._EARLY) == 2  # and never more
        assert waiting.poll() is None
    assert waiting.poll() is not None and not reading._EARLY
    with settlements.expected(reading.EARLY_BYTES - 1):
        assert not reading._EARLY


def test_a_child_that_dies_is_told_and_nothing_is_kept(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "COMMAND", ("-c", "import os; os.abort()"))
    path = tmp_path / "upload"
    path.write_bytes(report())
    ended = received(house, path)
    assert ended["state"] == "failed" and "Split the file by settlement" in str(ended["message"])
    with read(house.tools.engines, house.organisation) as db:
        assert statements.newest(db, 1) == ()


def test_a_child_whose_message_is_cut_off_is_told_too(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = "import pickle, sys; sys.stdout.buffer.write(pickle.dumps('x' * 99)[:20]); sys.stdout.flush()"
    monkeypatch.setattr(reading, "COMMAND", ("-c", cut))
    path = tmp_path / "upload"
    path.write_bytes(report())
    assert received(house, path)["state"] == "failed"


def test_a_child_that_takes_too_much_memory_ends_alone_and_nothing_is_kept(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = "from tieout.sync import child; child.LEAST_MEMORY_BYTES, child.MEMORY_SHARE = 128 << 20, 1 << 40"
    monkeypatch.setattr(reading, "COMMAND", ("-c", f"{limited}; child.main()"))
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(report())
    assert received(house, small)["state"] == "done"
    large.write_bytes((report() * 30).decode().encode("utf-16"))  # which is read as a whole
    ended = received(house, large)
    if sys.platform == "linux":  # elsewhere no limit is set
        assert ended["state"] == "failed" and "more memory" in str(ended["message"])
    else:
        assert ended["state"] == "done"


def test_the_child_is_handed_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_XERO_CLIENT_SECRET", "a secret")
    monkeypatch.setenv("TIEOUT_DATABASE_URL", "postgresql://tieout:word@host/name")
    tell = "import os, pickle, sys; sys.stdout.buffer.write(pickle.dumps(' '.join(os.environ)))"
    monkeypatch.setattr(reading, "COMMAND", ("-c", tell))
    path = tmp_path / "upload"
    path.write_bytes(report())
    with reading._answered(Asked("x.txt", str(path), "", "")) as told:
        assert "PATH" in told and "TIEOUT" not in told


def test_progress_is_told_some_dozen_times_however_long_the_file(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    content = report(20_000)
    found = reading.read_again(
        "x.txt", lambda out: out.write(content) and None, "d" * 64, "", lambda *at: told.append(at), tmp_path
    )
    assert found.settlements[0].rows >= 20_000 and 10 < len(told) <= 50 and told == sorted(told)


def test_a_reading_is_handed_out_once_and_the_oldest_are_forgotten() -> None:
    readings, found = Readings(), channels.read(Statement("x", report(20), "d"))
    for number in range(20):
        readings.put(str(number), "UTC", found)
    assert readings.take("0", "UTC") is None and readings.take("19", "Europe/London") is None
    assert readings.take("19", "UTC") is found and readings.take("19", "UTC") is None


def opened(house: House, id: str, line: int, limit: int) -> list[Any]:
    """Every row behind a line, page by page."""
    found: list[Any] = []
    after = 0
    while True:
        page = settlements.rows(house.tools, house.organisation, id, 1, line, after, limit)
        assert page is not None
        found += page.rows
        after = page.next
        if not after:
            assert len(found) == page.count and total((row.amount for row in found), page.sum.currency) == page.sum
            return found


def test_a_line_of_a_large_file_opens_to_the_same_rows_chunk_by_chunk(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(report(4000) if len(report(4000)) > reading.CHILD_BYTES else report())
    plain = received(house, path)["result"]["settlements"][0]["id"]  # type: ignore[index]
    frames, digest = tmp_path / "frames", house.view(plain).statement_digest
    monkeypatch.setattr(channels, "QUICK_BYTES", 1)
    taken = child.take_in(Asked("x.txt", str(path), "Europe/London", str(frames)))
    with read(house.tools.engines, house.organisation) as db:
        assert statements.first_rows(db, digest) == ()
    lines = range(len(house.view(plain).plan.documents[0].lines))
    before = [opened(house, plain, line, 5000) for line in lines]
    assert taken.places is not None
    some = Places(tuple(first_row for first_row, _, _ in taken.frames), {})
    for places in (
        None,
        taken.places,
        replace(some, parts=dict.fromkeys(taken.places.parts, 2 ** len(taken.frames) - 1)),
    ):
        with write(house.tools.engines, house.organisation) as db:
            for number, (first_row, _, _) in enumerate(taken.frames):
                db.execute(CHUNKS.update().where(CHUNKS.c.number == number).values(first_row=first_row))
            db.execute(STATEMENTS.update().values(places=places.to_record() if places else None))
        with read(house.tools.engines, house.organisation) as db:
            assert len(statements.first_rows(db, digest)) > 1 and statements.places(db, digest) == places
        assert [opened(house, plain, line, 700) for line in lines] == before
    assert sum(map(len, before)) == house.view(plain).rows
