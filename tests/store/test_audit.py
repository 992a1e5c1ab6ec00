"""The audit log in both databases: it only grows, its writers take turns, and meddling past the triggers is found."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.conftest import START
from tieout.core.chained import INSTALLATION, Event, verify
from tieout.store import audit
from tieout.store.audit import AUDIT, HEADS
from tieout.store.engine import Engines, read, write


def event(number: int) -> Event:
    return Event(START, f"p-{number % 2}", f"Person {number % 2}", f"act-{number % 3}", f"thing:{number}", {"no": "1"})


def fill(engines: Engines, organisation: str, count: int) -> None:
    with write(engines, organisation) as db:
        for number in range(count):
            audit.append(db, event(number))


def meddle(engines: Engines, organisation: str, statement: sa.Executable) -> None:
    """As somebody does who may do everything with the database."""
    with write(engines, organisation) as db:
        if engines.is_sqlite:
            triggers = db.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            for name, _ in triggers:
                db.execute(sa.text(f"DROP TRIGGER {name}"))
            db.execute(statement)
            for _, text in triggers:
                db.execute(sa.text(text))
        else:
            for order in ("DISABLE", "ENABLE"):
                for table in ("audit", "audit_heads"):
                    db.execute(sa.text(f"ALTER TABLE {table} {order} TRIGGER USER"))
                if order == "DISABLE":
                    db.execute(statement)


def test_what_is_added_reads_back_newest_first_and_the_chain_holds(engines: Engines, organisation: str) -> None:
    fill(engines, organisation, 7)
    fill(engines, "", 1)
    with read(engines, organisation) as db:
        assert audit.first_break(db) is None and audit.head(db).number == 7
        assert [entry.number for entry in audit.newest(db, limit=3)] == [7, 6, 5]
        assert [entry.number for entry in audit.newest(db, before=5, limit=3)] == [4, 3, 2]
        assert [entry.number for entry in audit.newest(db, person="p-0", act="act-0")] == [7, 1]
        assert audit.newest(db)[0].event == event(6)
        assert audit.acts(db) == ("act-0", "act-1", "act-2")
        assert audit.persons(db) == (("p-0", "Person 0"), ("p-1", "Person 1"))
    with read(engines, "") as db:
        assert audit.head(db).chain == INSTALLATION and audit.head(db).number == 1
        assert audit.first_break(db) is None


def test_the_database_refuses_to_change_or_remove_an_entry(engines: Engines, organisation: str) -> None:
    fill(engines, organisation, 3)
    mine, head = AUDIT.c.organisation == organisation, HEADS.c.organisation == organisation
    for statement in (
        AUDIT.update().where(mine, AUDIT.c.number == 2).values(name="x"),
        AUDIT.delete().where(mine, AUDIT.c.number == 3),
        AUDIT.delete(),
        HEADS.delete().where(head),
        HEADS.update().where(head).values(number=2),
        HEADS.update().where(head).values(digest="0" * 64),
    ):
        with pytest.raises(sa.exc.DatabaseError, match="only added to"), write(engines, organisation) as db:
            db.execute(statement)
    with read(engines, organisation) as db:
        assert audit.first_break(db) is None and audit.head(db).number == 3


def test_meddling_past_the_triggers_is_found(engines: Engines, organisation: str, other_organisation: str) -> None:
    for name in (organisation, other_organisation):
        fill(engines, name, 4)
    mine = AUDIT.c.organisation == organisation
    with read(engines, organisation) as db:
        checkpoint, third = audit.head(db), audit.newest(db)[1].digest
    meddle(engines, organisation, AUDIT.update().where(mine, AUDIT.c.number == 3).values(name="x"))
    with read(engines, organisation) as db:
        found = audit.first_break(db)
        assert found is not None and (found.chain, found.number) == (organisation, 3)
    meddle(engines, organisation, AUDIT.update().where(mine, AUDIT.c.number == 2).values(at=sa.literal("x", sa.String)))
    with read(engines, organisation) as db:
        found = audit.first_break(db)
        assert found is not None and found.number == 2
    meddle(engines, organisation, AUDIT.delete().where(mine, AUDIT.c.number == 4))
    meddle(
        engines, organisation, HEADS.update().where(HEADS.c.organisation == organisation).values(number=3, digest=third)
    )
    with read(engines, organisation) as db:
        gone = audit.differs(db, checkpoint)
        assert gone is not None and "cut off" in gone.why
    with read(engines, other_organisation) as db:
        assert audit.first_break(db) is None


def test_writers_at_the_same_moment_take_turns(engines: Engines, organisation: str) -> None:
    def one(number: int) -> None:
        with write(engines, organisation) as db:
            audit.append(db, event(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    with read(engines, organisation) as db:
        assert audit.head(db).number == 40 and audit.first_break(db) is None


def test_what_was_rolled_back_leaves_no_entry(engines: Engines, organisation: str) -> None:
    fill(engines, organisation, 1)
    with pytest.raises(RuntimeError), write(engines, organisation) as db:
        audit.append(db, event(1))
        raise RuntimeError("the change failed")
    with read(engines, organisation) as db:
        assert audit.head(db).number == 1 and verify(reversed(audit.newest(db)), audit.head(db)) is None
