"""Of one payout at most one plan is ever on its way or in the books, whatever people and files do between."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.conftest import SAMPLES, House
from tests.sync.ledgers import QUICKBOOKS
from tests.sync.test_bad_weather import until_rest
from tieout.core.mapping import Entry, Node
from tieout.sandbox import xero
from tieout.store import charts, plans
from tieout.store import connections as rows
from tieout.store.engine import read, write
from tieout.store.postings import POSTINGS
from tieout.sync import connections, doctor, mapping, settlements
from tieout.sync.settlements import approving

UK = "amazon_v2_uk.txt"


def changed_file() -> bytes:
    content = (SAMPLES / UK).read_bytes()
    return content.replace(b"\t683.10\t", b"\t683.11\t").replace(b"\t34.95\t", b"\t34.96\t", 1)


def other_account(house: House) -> None:
    entry = Entry("200", "OUTPUT2", Decimal("0.20"))
    mapping.set_entry(house.tools, house.actor, Node("sales.principal"), entry)


def live(house: House) -> int:
    return sum(house.documents().values())


def test_a_mapping_changed_while_a_send_is_held_posts_one_plan(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    fault = house.world.arm("forbid-writes", count=None)
    house.send(id)
    assert house.card(id).status == "blocked"
    other_account(house)
    house.send(id)
    house.world.faults.disarm(fault.id)
    house.connect()
    house.clock.skip(seconds=2)
    house.sweep()
    assert until_rest(house, id).status == "sent"
    assert live(house) == 1


def test_an_older_version_is_not_sent_any_more(house: House) -> None:
    house.connect()
    first = house.receive_sample(UK)
    ended = house.receive("changed.txt", changed_file())
    second = ended.result["settlements"][0]["id"]
    assert (house.card(first).status, house.card(second).status) == ("replaced", "ready")
    house.send(first)
    assert live(house) == 0
    house.send(second)
    house.send(first)
    assert live(house) == 1
    assert str(house.card(second).books_total) == "683.11 GBP"


def test_a_file_that_changes_while_the_older_one_is_on_its_way_waits_for_a_person(house: House) -> None:
    house.connect()
    first = house.receive_sample(UK)
    settlements.approve(house.tools, house.actor, [first])
    waiting = settlements.receive_bytes(house.tools, house.actor, "changed.txt", changed_file())
    house.jobs.run_all()
    assert waiting
    second = settlements.listing(house.tools, house.organisation).cards[0]
    assert second.version == 2 and second.status == "source-changed"
    operation = settlements.send_ready(house.tools, house.actor)
    assert operation is None
    assert live(house) == 1


def test_the_newer_file_is_used_once_the_older_document_is_void(house: House) -> None:
    house.connect()
    first = house.receive_sample(UK)
    house.send(first)
    second = house.receive("changed.txt", changed_file()).result["settlements"][0]["id"]
    told = settlements.use_new_file(house.tools, house.actor, second)
    assert "is in the books already" in told
    (number,) = house.card(first).documents
    house.world.hand("doc-edit", number=number, act="void")
    assert settlements.use_new_file(house.tools, house.actor, second) == ""
    house.send(second)
    assert house.card(second).ties_out
    assert live(house) == 1
    assert [finding.text for finding in doctor.invariants(house.tools) if not finding.is_good] == []


def test_what_other_books_refused_is_planned_anew_for_those_in_use(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("unknown-error", text="No.", method="PUT", path="*/Invoices*", count=1)
    house.send(id)
    assert house.card(id).status == "blocked"
    with write(house.tools.engines, house.organisation) as db:
        (old,) = rows.listed(db)
        chart = charts.find(db, old.id)
        assert chart is not None
        rows.end(db, old.id, house.clock())
        new = replace(old, id=house.tools.new_id(), books_id="others", connected_at=house.clock())
        rows.add(db, new)
        charts.keep(db, new.id, chart[0], house.clock())
    settlements.approve(house.tools, house.actor, [id])
    house.jobs.run_all()
    with read(house.tools.engines, house.organisation) as db:
        frozen = plans.newest(db, id)
    assert frozen is not None and frozen.connection == new.id and live(house) == 0


@pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=lambda ledger: ledger.name)
def test_a_deleted_document_makes_way_and_a_renumbered_one_does_not(house: House) -> None:
    house.connect()
    first = house.receive_sample(UK)
    house.send(first)
    second = house.receive("changed.txt", changed_file()).result["settlements"][0]["id"]
    (number,) = house.card(first).documents
    house.world.hand("doc-edit", number=number, act="renumber", to="BY-HAND")
    assert "is in the books already" in settlements.use_new_file(house.tools, house.actor, second)
    assert house.card(first).ties_out
    house.world.hand("doc-edit", number="BY-HAND", act="delete")
    assert settlements.use_new_file(house.tools, house.actor, second) == ""
    house.send(second)
    assert house.card(second).ties_out and live(house) == 1
    assert [finding.text for finding in doctor.invariants(house.tools) if not finding.is_good] == []


def test_two_plans_of_one_payout_in_the_books_are_told_by_the_doctor(house: House) -> None:
    house.connect()
    first = house.receive_sample(UK)
    house.send(first)
    second = house.receive("changed.txt", changed_file()).result["settlements"][0]["id"]
    (number,) = house.card(first).documents
    house.world.hand("doc-edit", number=number, act="void")
    assert settlements.use_new_file(house.tools, house.actor, second) == ""
    house.send(second)
    with write(house.tools.engines, house.organisation) as db:
        db.execute(POSTINGS.update().values(books_status="AUTHORISED"))  # as if the first had never been void
    (told,) = {finding.text for finding in doctor.invariants(house.tools) if not finding.is_good}
    assert "2 plans" in told


def test_what_waits_goes_on_after_disconnecting_and_connecting_the_same_books(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("reset", when="after", method="PUT", path="*/Invoices*", count=1)
    house.world.arm("http-error", status=503, method="GET", path="*/Invoices*", count=None)
    house.send(id)
    assert house.card(id).status != "sent"
    (card,) = connections.card(house.tools, house.organisation)
    connections.disconnect(house.tools, house.actor, card.connection.id)
    house.world.faults.clear()
    house.connect()
    house.clock.skip(minutes=11)
    house.sweep()
    assert until_rest(house, id).status == "sent"
    assert live(house) == 1


def test_a_plan_that_is_not_the_one_shown_is_not_sent(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    shown = house.view(id).plan
    other_account(house)
    operation = settlements.approve(house.tools, house.actor, [id], {id: shown.hash})
    house.jobs.run_all()
    ended: Any = settlements.card(house.tools, house.organisation, id)
    assert (ended.status, live(house)) == ("ready", 0)
    told = house.operation(operation)
    assert told.state == "failed" and approving.PLAN_MOVED in told.message


def test_a_contact_merged_in_the_books_is_found_anew(house: House) -> None:
    house.connect()
    house.send(house.receive_sample(UK))
    house.world.hand("number-taken", number="BY-HAND-1")  # brings a contact of its own
    tenant = house.world.evidence("documents")[0]["tenant"]
    contacts = xero.of(house.world).books.shelf.all(f"{tenant}/Contacts")
    (other_contact,) = [each["ContactID"] for each in contacts if each["Name"] == "Made by hand"]
    house.world.hand("contact-edit", name="Amazon.co.uk", act="merge", into=other_contact)
    other = house.receive_sample("amazon_v2_uk_two_months.txt")
    house.send(other)
    if house.card(other).status != "sent":
        house.send(other)
    assert house.card(other).status == "sent", house.card(other).reason


@pytest.mark.parametrize("times", [2, 5])
def test_clicks_in_several_tabs_post_once(house: House, times: int) -> None:
    house.connect()
    id = house.receive_sample(UK)
    for _ in range(times):
        settlements.approve(house.tools, house.actor, [id])
    house.jobs.run_all()
    assert live(house) == 1
