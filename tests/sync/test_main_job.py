"""The main job, from file to books and back, through the product's own verbs over real HTTP, on every platform."""

import pytest

from tests.sync.conftest import SAMPLES, House
from tests.sync.ledgers import LEDGERS
from tieout.sync import mapping, settlements

UK = "amazon_v2_uk.txt"
TWO_MONTHS = "amazon_v2_uk_two_months.txt"

pytestmark = pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.name)


def test_a_settlement_becomes_one_document_that_ties_out(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    assert house.card(id).status == "ready"
    house.send(id)
    card = house.card(id)
    assert (card.status, card.ties_out, str(card.books_total)) == ("sent", True, "683.10 GBP"), card.reason
    assert (card.documents, card.attempts) == ((house.number("26100000101"),), 1)


def test_two_months_become_a_document_of_zero_and_one_that_meets_the_deposit(house: House) -> None:
    house.connect()
    id = house.receive_sample(TWO_MONTHS)
    house.send(id)
    view = house.view(id)
    assert [str(posting.books_total) for posting in view.postings] == ["0.00 GBP", "239.97 GBP"]
    assert view.card.ties_out
    assert all(proof.holds for proof in view.proofs)


def test_a_negative_settlement_becomes_documents_that_tie_out(house: House) -> None:
    house.connect()
    id = house.receive_sample("amazon_v2_negative.txt")
    house.send(id)
    card = house.card(id)
    assert (card.status, str(card.books_total), card.ties_out) == ("sent", "-372.19 USD", True), card.reason
    assert house.view(id).postings[-1].kind == {"xero": "bill", "quickbooks": "journal"}[house.ledger.name]


def test_a_zero_settlement_is_posted(house: House) -> None:
    house.connect()
    id = house.receive_sample("amazon_v2_zero_reserved.txt")
    house.send(id)
    assert (house.card(id).status, house.card(id).ties_out) == ("sent", True), house.card(id).reason


def test_an_unknown_label_holds_until_it_is_explained_and_needs_no_second_import(house: House) -> None:
    house.connect()
    id = house.receive_sample("amazon_v2_unknown_type.txt")
    assert (house.card(id).status, house.card(id).code) == ("unknown-rows", "row-type-unknown")
    house.send(id)
    assert house.card(id).status == "unknown-rows"
    (gap,) = house.view(id).gaps
    assert (str(gap.amount), gap.rows) == ("-7.45 GBP", 1)
    words = mapping.words_of(house.tools, house.organisation, gap.label)
    assert words is not None
    assert mapping.explain(house.tools, house.actor, words, "fee.other") == 1
    house.send(id)
    assert (house.card(id).status, house.card(id).ties_out) == ("sent", True)


def test_a_file_that_does_not_tie_leaves_nothing_behind(house: House) -> None:
    ended = house.receive("broken.txt", (SAMPLES / "amazon_v2_broken_total.txt").read_bytes())
    assert ended.state == "failed"
    (refused,) = ended.result["refused"]
    assert refused["code"] == "source-total-mismatch"
    assert "0.03" in refused["message"]
    assert settlements.listing(house.tools, house.organisation).cards == ()


def test_the_same_file_twice_changes_nothing(house: House) -> None:
    first = house.receive_sample(UK)
    ended = house.receive("renamed.txt", (SAMPLES / UK).read_bytes())
    assert ended.result["settlements"][0] | {"message": ""} == {
        "id": first,
        "number": "26100000101",
        "outcome": "same",
        "message": "",
    }
    assert len(settlements.listing(house.tools, house.organisation).cards) == 1


def test_sending_twice_posts_once(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    for _ in range(3):
        settlements.approve(house.tools, house.actor, [id])
    house.jobs.run_all()
    house.send(id)
    assert house.card(id).documents == (house.number("26100000101"),)
    assert house.documents() == {house.number("26100000101"): 1}


def test_a_changed_file_of_a_posted_settlement_is_a_new_version_whose_difference_is_shown(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.send(id)
    content = (SAMPLES / UK).read_bytes()
    changed = content.replace(b"\t683.10\t", b"\t683.11\t").replace(b"\t34.95\t", b"\t34.96\t", 1)
    ended = house.receive("changed.txt", changed)
    (found,) = ended.result["settlements"]
    assert found["outcome"] == "changed"
    view = house.view(found["id"])
    assert (view.card.status, view.card.version) == ("source-changed", 2)
    assert [str(change.delta) for change in view.changes] == ["0.01 GBP"]
    house.send(found["id"])
    assert house.card(found["id"]).status == "source-changed"
    assert house.documents() == {house.number("26100000101"): 1}


@pytest.mark.parametrize("sample", [UK, TWO_MONTHS, "amazon_v2_de.txt", "amazon_v2_us.txt"])
def test_every_planned_line_opens_to_exactly_its_rows(house: House, sample: str) -> None:
    id = house.receive_sample(sample)
    view = house.view(id)
    seen: list[int] = []
    for document in view.documents:
        for index, line in enumerate(document.lines):
            rows = settlements.rows(house.tools, house.organisation, id, document.part, index, limit=10_000)
            assert rows is not None and rows.next == 0
            assert len(rows.rows) == line.rows == rows.count
            assert (
                sum(row.amount.minor for row in rows.rows)
                == rows.sum.minor
                == line.gross.minor * (1 if line.rows else 0)
            )
            seen += [row.source.row for row in rows.rows]
    assert len(seen) == len(set(seen)) == view.rows


def test_without_books_a_send_says_so_and_the_settlement_stays_ready(house: House) -> None:
    id = house.receive_sample(UK)
    ended = house.send(id)
    assert (ended.state, house.card(id).status) == ("failed", "ready")
    assert "No books are connected" in ended.message


def test_a_document_too_large_for_one_call_steps_aside_with_a_word(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.connect()
    large, small = house.receive_sample(UK), house.receive_sample("amazon_v2_zero_reserved.txt")
    assert len(house.view(large).documents[0].lines) > len(house.view(small).documents[0].lines)
    monkeypatch.setattr(house.ledger.largest_body, house.ledger.small_body)
    ended = house.send(large, small)
    card = house.card(large)
    assert (card.status, card.code) == ("blocked", "document-too-large") and "larger than one call" in card.reason
    assert (house.card(small).status, ended.state) == ("sent", "done")
    assert list(house.documents()) == list(house.card(small).documents)
