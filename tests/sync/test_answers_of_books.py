"""What books say besides yes and no, where a batch stands item by item: its outcome through the product's own verbs."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS
from tests.sync.test_bad_weather import UK, until_rest
from tieout.calls import Answer, Request
from tieout.core.actor import Actor
from tieout.people.organisations import Further, add_organisation
from tieout.store.engine import read
from tieout.sync import fixes, issues
from tieout.sync.connections import disconnect
from tieout.sync.in_use import live

pytestmark = pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=lambda ledger: ledger.name)


def before_the_first_write(house: House, monkeypatch: pytest.MonkeyPatch, act: Callable[[Request], object]) -> None:
    """An act after the product has looked for its document, and before the stand-in hears of it."""
    send, acted = house.tools.transport.send, list[object]()

    def sending(request: Request, *more: Any) -> Answer:
        if request.is_write and "/batch" in request.url and not acted:
            acted.append(act(request))
        return send(request, *more)

    monkeypatch.setattr(house.tools.transport, "send", sending)


def only(house: House) -> issues.IssueView:
    (found,) = issues.listing(house.tools, house.organisation)
    return found


def live_ids(house: House) -> list[str]:
    with read(house.tools.engines, house.organisation) as db:
        return [connection.id for connection in live(db)]


def numbers_are_unique(house: House) -> None:
    house.world.stand_in.switches["journal_numbers_unique"] = True
    house.world.stand_in.books.companies()[0].set(warn_duplicate_numbers=True)


def test_a_taken_number_that_turns_out_to_be_ours_is_adopted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same journal has arrived in another call, so that the books refuse ours."""
    house.connect()
    id = house.receive_sample(UK)
    numbers_are_unique(house)
    send = house.tools.transport.send
    before_the_first_write(
        house,
        monkeypatch,
        lambda ours: send(replace(ours, url=re.sub(r"requestid=[^&]+", "requestid=other", ours.url))),
    )
    house.send(id)
    card = until_rest(house, id)
    assert (card.status, card.ties_out, card.attempts) == ("sent", True, 1), card.reason
    assert house.documents() == dict.fromkeys(card.documents, 1)
    assert issues.listing(house.tools, house.organisation) == ()


def test_a_taken_number_that_is_not_ours_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.connect()
    id = house.receive_sample(UK)
    numbers_are_unique(house)
    (number,) = [document.number for document in house.view(id).documents]
    before_the_first_write(house, monkeypatch, lambda _: house.world.hand("number-taken", number=number))
    house.send(id)
    card = until_rest(house, id)
    assert (card.status, card.code) == ("out-of-sync", "document-number-taken"), card
    assert house.documents() == {number: 1}
    assert only(house).code == "document-number-taken" and number in only(house).title


def test_a_number_taken_between_look_and_write_is_shown_as_two_documents(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.connect()
    id = house.receive_sample(UK)
    (number,) = [document.number for document in house.view(id).documents]
    before_the_first_write(house, monkeypatch, lambda _: house.world.hand("number-taken", number=number))
    house.send(id)
    card = until_rest(house, id)
    assert (card.status, card.code) == ("out-of-sync", "duplicate-in-books"), card
    assert house.documents() == {number: 2}


def test_what_another_life_has_posted_is_adopted_before_anything_is_sent(house: House) -> None:
    """An installation that lost its database takes the same file in again, with the same books."""
    house.connect()
    house.send(house.receive_sample(UK))
    known, (connection,) = house.documents(), live_ids(house)
    assert disconnect(house.tools, house.actor, connection) is not None
    house.clock.skip(seconds=1)
    further = Further("Harbour & Finch Ltd", "GB", "Europe/London")
    member = add_organisation(house.tools, house.actor.person, further)
    anew = replace(house, actor=Actor(member.organisation, member.person, "Olive Finch"))
    anew.connect()
    id = anew.receive_sample(UK)
    anew.send(id)
    card = until_rest(anew, id)
    assert (card.status, card.ties_out, card.attempts) == ("sent", True, 0), card.reason
    assert house.documents() == known == dict.fromkeys(card.documents, 1)


def test_a_stale_version_is_compared_and_told_and_goes_on_when_a_person_says_so(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("http-error", code=5010, status=200, **house.ledger.writes)
    house.send(id)
    card = until_rest(house, id)
    assert (card.status, card.code, house.documents()) == ("out-of-sync", "stale-write-refused", {}), card
    assert any("code 5010" in word for word in only(house).words)
    assert fixes.carry_out(house.tools, house.actor, only(house).id, "renumber").is_done
    house.jobs.run_all()
    card = until_rest(house, id)
    assert (card.status, card.ties_out) == ("sent", True), card.reason
    assert house.documents() == dict.fromkeys(card.documents, 1)


def test_a_fault_inside_a_good_answer_is_a_refusal_with_its_words(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("http-error", code=6210, status=200, **house.ledger.writes)
    house.send(id)
    card = house.card(id)
    assert (card.status, card.code) == ("blocked", "period-locked"), card
    assert any("code 6210" in word for word in only(house).words) and house.documents() == {}
    assert fixes.carry_out(house.tools, house.actor, only(house).id, "check-again").is_done
    house.jobs.run_all()
    card = until_rest(house, id)
    assert (card.status, house.documents()) == ("sent", dict.fromkeys(card.documents, 1))


def test_one_refused_item_of_a_batch_holds_up_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.connect()
    refused, taken = house.receive_sample(UK), house.receive_sample("amazon_v2_de.txt")
    (number,) = [document.number for document in house.view(refused).documents]
    numbers_are_unique(house)
    before_the_first_write(house, monkeypatch, lambda _: house.world.hand("number-taken", number=number))
    house.send(refused, taken)
    assert until_rest(house, refused).code == "document-number-taken"
    assert (until_rest(house, taken).status, house.card(taken).attempts) == ("sent", 1)
    batches = [call for call in house.world.calls if call.path.endswith("/batch")]
    assert len(batches) == 1, "both went in one"


def test_a_page_instead_of_an_answer_leaves_a_send_in_doubt_and_its_words_are_kept(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("http-error", status=502, **house.ledger.writes)
    house.send(id)
    card = until_rest(house, id)
    assert (card.status, card.ties_out) == ("sent", True), card.reason
    assert house.documents() == dict.fromkeys(card.documents, 1)


def test_a_limit_without_a_body_or_a_waiting_time_is_waited_out_for_a_minute(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("rate-limit", form="empty", **house.ledger.writes)
    house.send(id)
    issue = only(house)
    assert (issue.code, house.card(id).code) == ("rate-limit-minute", "rate-limit-minute")
    assert issue.next_attempt_at is not None
    assert 55 <= (issue.next_attempt_at - house.clock()).total_seconds() <= 61
    house.sweep()
    assert house.documents() == {}, "no call before the time has come"
    card = until_rest(house, id)
    assert (card.status, house.documents()) == ("sent", dict.fromkeys(card.documents, 1))
