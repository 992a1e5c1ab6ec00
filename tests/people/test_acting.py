"""Rights asked where the change is made, and the change written down with it."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.people.conftest import Kit
from tieout.core.actor import Actor
from tieout.people import acting
from tieout.people.roles import NotPermitted, Right, Role
from tieout.store import audit
from tieout.store import people as rows
from tieout.store.engine import read, write


def test_the_role_counts_as_it_is_now(kit: Kit, alice: rows.Member) -> None:
    actor = Actor(alice.organisation, alice.person, "Alice")
    with write(kit.engines, alice.organisation) as db:
        acting.ensure(db, actor, Right.PEOPLE)
        db.execute(rows.MEMBERS.update().where(rows.MEMBERS.c.organisation == db.organisation).values(role=Role.BASIC))
        acting.ensure(db, actor, Right.SEND)
        with pytest.raises(NotPermitted):
            acting.ensure(db, actor, Right.PEOPLE)
        db.execute(sa.delete(rows.MEMBERS).where(rows.MEMBERS.c.organisation == db.organisation))
        with pytest.raises(NotPermitted):
            acting.ensure(db, actor, Right.VIEW)
        acting.ensure(db, replace(actor, person=""), Right.OWN)


def test_a_member_of_another_organisation_may_nothing_here(
    kit: Kit, alice: rows.Member, other_organisation: str
) -> None:
    actor = Actor(other_organisation, alice.person, "Alice")
    for opened_for in (other_organisation, ""):
        with pytest.raises(NotPermitted), read(kit.engines, opened_for) as db:
            acting.ensure(db, actor, Right.VIEW)


def test_a_change_is_written_in_the_chain_of_its_transaction(kit: Kit, alice: rows.Member) -> None:
    actor = Actor(alice.organisation, alice.person, "A" * 200)
    for opened_for in (alice.organisation, ""):
        with write(kit.engines, opened_for) as db:
            before = audit.head(db).number
            acting.record(db, actor, "password-changed", f"person:{alice.person}", kit.now(), {"how": "link"})
            entry = audit.newest(db)[0]
            assert entry.number == before + 1 and audit.first_break(db) is None
            assert entry.event.name == "A" * 120 and entry.event.details == {"how": "link"}
