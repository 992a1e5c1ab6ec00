"""Settlements are kept as they were read, rows of the file included."""

from tests.channels.files import accepted, sample
from tests.channels.test_v1 import ITEM, ROWS, printed
from tests.conftest import START
from tieout.store import settlements
from tieout.store.engine import Engines, read, write
from tieout.store.settlements import Kept


def test_a_settlement_comes_back_as_it_was_read(engines: Engines, organisation: str) -> None:
    history, usual = accepted(printed(36, [*ROWS, ITEM], "4.11")), accepted(sample("uk"))
    assert (history.file_rows, usual.file_rows) == (12, None)
    with write(engines, organisation) as db:
        for number, settlement in enumerate((history, usual)):
            settlements.add(db, Kept(str(number) * 32, 1, settlement, (), START, "ready"))
    with read(engines, organisation) as db:
        for number, settlement in enumerate((history, usual)):
            kept = settlements.get(db, str(number) * 32)
            assert kept is not None and kept.settlement == settlement
            assert kept.settlement.rows == settlement.rows
