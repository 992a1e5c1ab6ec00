"""Two doors to one database: one writes and is alone while it does, one cannot write at all."""

import ast
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import START
from tieout.store import engine
from tieout.store.dialect import claim, claimable, insert_missing
from tieout.store.engine import Engines, open_engines, read, sqlite_facts, wal_is_safe, write
from tieout.store.types import Amount4, Moment

SCRATCH = sa.MetaData()
AMOUNTS = sa.Table("amounts", SCRATCH, sa.Column("amount", Amount4), sa.Column("at", Moment))
FENCED = sa.Table(
    "fenced",
    SCRATCH,
    sa.Column("organisation", sa.String(36), primary_key=True),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(36)),
)


@pytest.fixture
def scratch(engines: Engines) -> Engines:
    with engines.writing.begin() as connection:
        SCRATCH.create_all(connection)
    return engines


def test_the_reading_door_cannot_write(scratch: Engines) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"), read(scratch, "org-1") as db:
        db.execute(AMOUNTS.insert().values(amount=Decimal(1)))


def test_a_transaction_that_raises_leaves_nothing(scratch: Engines) -> None:
    with pytest.raises(RuntimeError), write(scratch, "org-1") as db:
        db.execute(AMOUNTS.insert().values(amount=Decimal(1)))
        raise RuntimeError
    with read(scratch, "org-1") as db:
        assert db.execute(sa.select(sa.func.count()).select_from(AMOUNTS)).scalar() == 0


def test_a_reader_answers_while_a_writer_holds_its_transaction(scratch: Engines) -> None:
    with write(scratch, "org-1") as db:
        db.execute(AMOUNTS.insert().values(amount=Decimal(1)))
        with read(scratch, "org-1") as other:
            assert other.execute(sa.select(sa.func.count()).select_from(AMOUNTS)).scalar() == 0


def test_a_second_writer_waits_instead_of_failing(scratch: Engines) -> None:
    """Each reads before it writes: begun deferred, the later of them would fail at once, whatever its patience."""
    scratch_row = {"organisation": "org-1", "id": "a", "fence": 0}
    with write(scratch, "org-1") as db:
        db.execute(FENCED.insert().values(scratch_row))

    def raise_fence() -> None:
        for _ in range(20):
            with write(scratch, "org-1") as db:
                fence = db.execute(claimable(db.connection, sa.select(FENCED.c.fence))).scalar()
                if fence is not None:
                    assert claim(db, FENCED, {"id": "a"}, fence, {})
                    counted.append(1)

    counted: list[int] = []
    threads = [threading.Thread(target=raise_fence) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with read(scratch, "org-1") as db:
        assert db.execute(sa.select(FENCED.c.fence)).scalar() == len(counted) > 0
    if scratch.is_sqlite:
        assert len(counted) == 80


def test_a_claim_fails_once_the_row_has_moved_on(scratch: Engines) -> None:
    with write(scratch, "org-1") as db:
        db.execute(FENCED.insert().values(organisation="org-1", id="a", fence=7))
        assert not claim(db, FENCED, {"id": "a"}, 6, {"owner": "late"})
        assert claim(db, FENCED, {"id": "a"}, 7, {"owner": "first"})
        assert not claim(db, FENCED, {"id": "a"}, 7, {"owner": "second"})
    with write(scratch, "org-2") as db:
        assert not claim(db, FENCED, {"id": "a"}, 8, {"owner": "stranger"})
    with read(scratch, "org-1") as db:
        assert db.execute(sa.select(FENCED.c.fence, FENCED.c.owner)).one() == (8, "first")


def test_a_row_is_inserted_once(scratch: Engines) -> None:
    with write(scratch, "org-1") as db:
        row = {"organisation": "org-1", "id": "a", "fence": 0}
        assert insert_missing(db, FENCED, row)
        assert not insert_missing(db, FENCED, row | {"fence": 9})
    with read(scratch, "org-1") as db:
        assert db.execute(sa.select(FENCED.c.fence)).scalar() == 0


# --- Exact values -----------------------------------------------------------------------------------------------------

EXACT = ["1234567890123.4567", "99999999999999.9999", "-0.0001", "0", "10.00", "-922337203685477.5807"]


def test_amounts_come_back_exactly_and_add_up_in_sql(scratch: Engines) -> None:
    with write(scratch, "org-1") as db:
        for amount in EXACT:
            db.execute(AMOUNTS.delete())
            db.execute(AMOUNTS.insert().values(amount=Decimal(amount)))
            assert db.execute(sa.select(AMOUNTS.c.amount)).scalar() == Decimal(amount)
        db.execute(AMOUNTS.delete())
        db.execute(AMOUNTS.insert(), [{"amount": Decimal("0.1")}, {"amount": Decimal("0.2")}])
        total = sa.func.sum(AMOUNTS.c.amount, type_=Amount4)
        assert db.execute(sa.select(total)).scalar() == Decimal("0.3")
        assert db.execute(sa.select(total == Decimal("0.3"))).scalar() in (True, 1)
        assert db.execute(sa.select(AMOUNTS.c.amount).order_by(AMOUNTS.c.amount.desc())).scalars().first() == Decimal(
            "0.2"
        )


@pytest.mark.parametrize(
    "wrong", [1.5, 1, "1.5", True, Decimal("NaN"), Decimal("Infinity"), Decimal("0.00001"), Decimal("1e15")]
)
def test_what_is_no_exact_amount_is_refused(sqlite_engines: Engines, wrong: object) -> None:
    with pytest.raises(sa.exc.StatementError), write(sqlite_engines, "org-1") as db:
        AMOUNTS.create(db.connection)
        db.execute(AMOUNTS.insert().values(amount=wrong))


@pytest.mark.parametrize(
    "reckon",
    [
        lambda amount: amount * 2,
        lambda amount: 2 * amount,
        lambda amount: amount * amount,
        lambda amount: amount + amount,
        lambda amount: amount - Decimal(1),
        lambda amount: amount / 2,
        lambda amount: amount % 2,
    ],
)
def test_arithmetic_on_amounts_in_sql_is_refused(reckon: Callable[[Any], Any]) -> None:
    """Its result would leave the type of the column and be raw units of a ten-thousandth."""
    with pytest.raises(TypeError, match="only summed, compared and ordered"):
        reckon(AMOUNTS.c.amount)


def test_no_query_of_the_store_averages() -> None:
    for path in sorted(Path(engine.__file__).parent.glob("*.py")):
        called = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert "avg" not in called, path.name


def test_moments_come_back_aware_and_sort_as_time(scratch: Engines) -> None:
    late = START.astimezone(timezone(timedelta(hours=14))) + timedelta(microseconds=1)
    with write(scratch, "org-1") as db:
        db.execute(AMOUNTS.insert(), [{"at": late}, {"at": START}])
        assert list(db.execute(sa.select(AMOUNTS.c.at).order_by(AMOUNTS.c.at)).scalars()) == [START, late]
        with pytest.raises(sa.exc.StatementError, match="aware"):
            db.execute(AMOUNTS.insert().values(at=START.replace(tzinfo=None)))


# --- Which SQLite -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 40, 1), False),
        ((3, 50, 7), False),
        ((3, 51, 1), False),  # pysqlite3-binary
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), False),  # withdrawn
        ((3, 52, 1), False),
        ((3, 53, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_used_only_where_it_cannot_corrupt(version: tuple[int, ...], is_safe: bool) -> None:
    assert wal_is_safe(version) is is_safe


def test_the_facts_that_doctor_shows(sqlite_engines: Engines, folder: Path) -> None:
    facts = sqlite_facts(sqlite_engines)
    assert facts.file == folder / "app.db"
    assert facts.is_safe and facts.journal_mode == ("wal" if wal_is_safe(facts.version) else "delete")
    assert facts.synchronous == 2 and len(facts.source_id) > 40 and "sqlite3" in facts.module


def test_wal_on_an_unsafe_library_is_not_safe(sqlite_engines: Engines) -> None:
    facts = sqlite_facts(sqlite_engines)
    assert not replace(facts, version=(3, 40, 1), journal_mode="wal").is_safe
    assert replace(facts, version=(3, 40, 1), journal_mode="delete").is_safe


def test_an_unsafe_library_keeps_to_the_rollback_journal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.store.engine.wal_is_safe", lambda version: False)
    engines = open_engines(f"sqlite:///{folder}/old.db")
    with engines.writing.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
    engines.dispose()


def test_the_package_with_an_affected_sqlite_is_in_no_list_of_packages() -> None:
    """pysqlite3-binary bundles SQLite 3.51.1 and takes the place of pysqlite3, whose import name it shares."""
    lists = sorted(Path(__file__).parents[2].glob("requirements*.lock"))
    assert lists and not [path for path in lists if "pysqlite3-binary" in path.read_text()]


def test_every_connection_syncs_at_commit_and_maps_no_memory(sqlite_engines: Engines) -> None:
    for each in (sqlite_engines.writing, sqlite_engines.reading):
        with each.connect() as connection:
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")]
            assert found == [2, 1]
            assert connection.exec_driver_sql("PRAGMA mmap_size").scalar() in (0, None)
