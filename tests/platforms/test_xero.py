"""Xero's verbs over real HTTP against the stand-in: what is sent arrives once, what comes back is judged one by one."""

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Clock
from tests.platforms.making import BOOKS, document, line
from tests.standing import Standing, standing
from tieout.calls import Answer, Call, Request, Transport, make_call
from tieout.cli._browser import allow
from tieout.core.failure import (
    Busy,
    Disconnected,
    FailureKind,
    NotAllowed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Unreachable,
)
from tieout.core.money import Money
from tieout.core.plan import Document
from tieout.core.records import BooksDocument, DocumentKind
from tieout.core.secret import Secret
from tieout.platforms import NUMBER_TAKEN, Access, Element, Known, Platform, named

INVOICE, BILL = DocumentKind.INVOICE, DocumentKind.BILL


@pytest.fixture
def there(clock: Clock) -> Iterator[Standing]:
    with standing(clock) as running:
        yield running


@pytest.fixture
def xero() -> Platform:
    return named("xero")


@pytest.fixture
def call() -> Iterator[Call]:
    transport = Transport()
    yield make_call(transport)
    transport.close()


@pytest.fixture
def access(there: Standing, xero: Platform, call: Call, clock: Clock) -> Access:
    """A person has consented."""
    verifier = secrets.token_urlsafe(48)
    answer = allow(xero.authorise_url(there.app, "the state", verifier))
    assert answer["state"] == "the state"
    tokens = xero.exchange(call, there.app, answer, verifier)
    (books,) = xero.connections(call, there.app, tokens.access, tokens.consent_id)
    expires_at = clock() + timedelta(seconds=tokens.expires_in_seconds)
    return Access(tokens.access, "t1", expires_at, books.books_id, there.app)


def sent(xero: Platform, call: Call, access: Access, *documents: Document, key: str = "k1") -> tuple[Element, ...]:
    person = xero.contact(call, access, "Amazon.co.uk", "contact-key")
    body = xero.to_wire(documents, Known(BOOKS, {"Amazon.co.uk": person.id}), xero.APPROVED)
    return xero.send(call, access, documents[0].kind, body, key)


def found(element: Element) -> BooksDocument:
    assert element.document is not None, element.failure
    return element.document


def test_an_invoice_and_a_bill_arrive_and_are_found_with_their_lines(
    xero: Platform, call: Call, access: Access
) -> None:
    lines = (line(120_00), line(-35_99, account="310", tax="INPUT2", text="Fees"))
    for kind in (INVOICE, BILL):
        (element,) = sent(xero, call, access, document("TO-1", kind, lines=lines), key=kind.value)
        assert element.number == "TO-1" and not element.is_altered and element.warnings == ()
        (read_back,) = xero.find(call, access, kind, ["TO-1"])
        assert read_back.id == found(element).id and read_back.kind is kind and read_back.status == "AUTHORISED"
        assert read_back.total == Money(84_01, "GBP") and read_back.contact_name == "Amazon.co.uk"
        assert [(each.account, each.amount.minor) for each in read_back.lines] == [("200", 12000), ("310", -3599)]
        assert (read_back.dated.isoformat(), read_back.due and read_back.due.isoformat()) == (
            "2026-06-30",
            "2026-07-01",
        )


def test_the_same_call_repeated_creates_nothing_new(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    first = sent(xero, call, access, document("TO-1"))
    assert sent(xero, call, access, document("TO-1")) == first
    assert there.world.evidence("writes")["documents_by_number"]["TO-1"] == 1


def test_a_number_in_use_is_refused_as_such_and_the_key_of_another_call_too(
    xero: Platform, call: Call, access: Access
) -> None:
    sent(xero, call, access, document("TO-1"))
    (again,) = sent(xero, call, access, document("TO-1"), key="k2")
    assert again.number == "TO-1" and again.failure is not None
    assert (again.failure.kind, again.failure.code) == (FailureKind.REJECTED, NUMBER_TAKEN)
    with pytest.raises(Rejected) as refusal:
        sent(xero, call, access, document("TO-7"), key="k1")
    assert refusal.value.failure.code == "idempotency-key-reused"


def test_every_document_of_a_call_is_judged_by_itself(xero: Platform, call: Call, access: Access) -> None:
    good, bad = document("TO-1"), document("TO-2", lines=(line(100, account="9999"), line(5, tax="NOPE")))
    elements = {element.number: element for element in sent(xero, call, access, good, bad, document("TO-3"))}
    assert found(elements["TO-1"]) and found(elements["TO-3"])
    failure = elements["TO-2"].failure
    assert failure is not None and failure.kind is FailureKind.REJECTED
    assert len(failure.words) >= 2 and any("9999" in words for words in failure.words)
    assert {each.number for each in xero.find(call, access, INVOICE, ["TO-1", "TO-2", "TO-3"])} == {"TO-1", "TO-3"}


def test_fifty_documents_travel_in_one_call_and_are_found_by_one(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    documents = [document(f"TO-{n:03}") for n in range(50)]
    assert all(found(element) for element in sent(xero, call, access, *documents))
    before = len(there.calls("GET", "/Invoices"))
    assert len(xero.find(call, access, INVOICE, [each.number for each in documents])) == 50
    assert len(there.calls("GET", "/Invoices")) == before + 1
    assert len(there.calls("PUT", "/Invoices")) == 1


@pytest.mark.parametrize(
    "form", ["dropped", "permuted", "repeated", "no-id", "error-inside", "empty", "html", "truncated"]
)
def test_a_bent_answer_is_never_taken_for_a_refusal_nor_for_more_than_it_says(
    xero: Platform, call: Call, access: Access, there: Standing, form: str
) -> None:
    documents = [document(f"TO-{n}") for n in range(4)]
    xero.contact(call, access, "Amazon.co.uk", "contact-key")
    there.arm("bad-body", form=form, method="PUT", path="*/Invoices")
    try:
        elements = sent(xero, call, access, *documents)
    except RemoteError as error:
        assert isinstance(error, OutcomeUnknown) and form in ("empty", "html", "truncated")
        elements = ()
    for element in elements:
        if element.document is None:
            assert element.failure is not None and element.failure.kind is FailureKind.OUTCOME_UNKNOWN
        else:
            assert element.number == element.document.number
    numbers = [element.number for element in elements]
    expected = {"dropped": 3, "permuted": 4, "repeated": 5, "no-id": 4, "error-inside": 4}
    assert len(numbers) == expected.get(form, 0)
    assert len(xero.find(call, access, INVOICE, [each.number for each in documents])) == 4


@pytest.mark.parametrize(
    ("fault", "how", "error"),
    [
        ("hang-after-write", {}, OutcomeUnknown),
        ("hang-before-write", {}, OutcomeUnknown),
        ("reset", {"when": "before"}, OutcomeUnknown),
        ("reset", {"when": "after"}, OutcomeUnknown),
        ("late-commit", {"seconds": 40}, OutcomeUnknown),
        ("http-error", {"status": 500}, OutcomeUnknown),
        ("http-error", {"status": 502, "form": "html"}, OutcomeUnknown),
        ("outage", {}, OutcomeUnknown),
        ("org-offline", {}, OutcomeUnknown),
        ("rate-limit", {"kind": "minute", "retry_after": 26}, Busy),
        ("rate-limit", {"kind": "concurrent"}, Busy),
        ("token-expired", {}, Disconnected),
        ("token-garbled", {}, Disconnected),
        ("forbid-writes", {}, NotAllowed),
        ("org-suspended", {}, NotAllowed),
        ("unknown-error", {}, Rejected),
    ],
)
def test_a_write_that_fails_is_sent_once_and_named_by_what_may_be_done_next(
    xero: Platform, access: Access, there: Standing, fault: str, how: dict[str, Any], error: type[RemoteError]
) -> None:
    transport = Transport()
    call = make_call(transport)
    person = xero.contact(call, access, "Amazon.co.uk", "contact-key")
    body = xero.to_wire([document("TO-1")], Known(BOOKS, {"Amazon.co.uk": person.id}), xero.APPROVED)
    there.arm(fault, method="PUT", path="*/Invoices", **how)

    def impatient(request: Request) -> Answer:
        return transport.send(replace(request, timeout_seconds=0.5))

    with pytest.raises(error) as raised:
        xero.send(impatient, access, INVOICE, body, "k1")
    assert len(there.calls("PUT", "/Invoices")) == 1
    assert raised.value.failure.sentence
    if fault == "rate-limit":
        assert raised.value.failure.retry_after_seconds == how.get("retry_after", 60)
    transport.close()


def test_a_read_that_fails_says_only_that_the_books_were_out_of_reach(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    there.arm("reset", method="GET", path="*/Invoices", when="after")
    with pytest.raises(Unreachable):
        xero.find(call, access, INVOICE, ["TO-1"])
    there.arm("org-offline", method="GET", path="*/Invoices")
    with pytest.raises(Busy) as offline:
        xero.find(call, access, INVOICE, ["TO-1"])
    assert offline.value.failure.retry_after_seconds == 300


def test_void_and_deleted_documents_are_found_with_their_status(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    (element,) = sent(xero, call, access, document("TO-1"))
    there.hand("doc-edit", id=found(element).id, act="void")
    (after,) = xero.find(call, access, INVOICE, ["TO-1"])
    assert xero.is_void(after.status) and not xero.is_void("PAID")


def test_bills_of_one_number_are_all_found_and_never_mixed_with_invoices(
    xero: Platform, call: Call, access: Access
) -> None:
    sent(xero, call, access, document("TO-1"))
    sent(xero, call, access, document("TO-1", BILL), key="k2")
    sent(xero, call, access, document("TO-1", BILL), key="k3")
    assert len(xero.find(call, access, BILL, ["TO-1"])) == 2
    assert len(xero.find(call, access, INVOICE, ["TO-1"])) == 1
    assert xero.NUMBER_UNIQUE == {INVOICE: True, BILL: False}


def test_a_contact_is_made_once_and_found_whatever_its_case(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    first = xero.contact(call, access, 'Amazon "UK" Ltd', "c1")
    assert xero.contact(call, access, 'amazon "uk" ltd', "c2").id == first.id
    plain = xero.contact(call, access, "Amazon.co.uk", "c3")
    assert xero.contact(call, access, "AMAZON.CO.UK", "c4").id == plain.id
    assert len(there.calls("PUT", "/Contacts")) <= 3


def test_an_archived_contact_is_a_clear_error_and_a_merged_one_is_followed(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    old, new = xero.contact(call, access, "Old", "c1"), xero.contact(call, access, "New", "c2")
    there.hand("contact-edit", act="merge", id=old.id, into=new.id)
    assert xero.contact(call, access, "Old", "c3").id == new.id
    there.hand("contact-edit", act="archive", id=new.id)
    with pytest.raises(Rejected) as refused:
        xero.contact(call, access, "New", "c4")
    assert refused.value.failure.code == "contact-archived"


def test_the_chart_says_what_the_books_allow(xero: Platform, call: Call, access: Access, there: Standing) -> None:
    books = xero.read_books(call, access)
    assert (books.id, books.country, books.base_currency) == (there.told["tenant"], "GB", "GBP")
    assert set(books.currencies) == {"GBP", "USD", "EUR"} and books.short_code.startswith("!")
    rate = books.tax_rate("OUTPUT2")
    assert rate is not None and rate.rate == Decimal("0.2") and "REVENUE" in rate.suits
    assert books.barred == () and dict(books.allowed)["CreateApprovedInvoice"]
    there.hand("user-role", role="READONLY")
    assert set(xero.probe(call, access).barred) == {INVOICE, BILL}


def test_files_and_notes_hang_on_the_document(xero: Platform, call: Call, access: Access, there: Standing) -> None:
    (element,) = sent(xero, call, access, document("TO-1"))
    id = found(element).id
    xero.attach(call, access, INVOICE, id, "../June <1>.txt", b"settlement\tbytes\x00", "a1")
    assert xero.attachments(call, access, INVOICE, id) == ("June _1_.txt",)
    xero.note(call, access, INVOICE, id, "Posted by Tieout " + "x" * 3000, "n1")
    (text,) = [each for each in xero.notes(call, access, INVOICE, id) if "Tieout" in each]
    assert len(text) == 2500 and text.endswith("…")
    (put,) = there.calls("PUT", "/Attachments/")
    assert ("IncludeOnline", "true") in put.query


def test_links_lead_into_the_right_organisation(xero: Platform, call: Call, access: Access) -> None:
    books = xero.probe(call, access)
    assert xero.link(books, INVOICE, "i-1") == f"https://go.xero.com/app/{books.short_code}/invoicing/view/i-1"
    assert xero.link(books, BILL, "i-1").endswith("&redirecturl=/AccountsPayable/Edit.aspx?InvoiceID=i-1")
    assert f"shortcode={books.short_code}" in xero.link(books, BILL, "i-1")


def test_an_amount_survives_the_whole_way_to_the_last_digit(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    (element,) = sent(xero, call, access, document("TO-1", lines=(line(999_999_999_999),)))
    assert found(element).total == Money(999_999_999_999, "GBP")
    (put,) = there.calls("PUT", "/Invoices")
    assert '"UnitAmount":9999999999.99' in put.body.replace(" ", "")


def test_tokens_are_rotated_and_a_spent_one_is_the_end_of_the_grant(
    xero: Platform, call: Call, there: Standing, clock: Clock
) -> None:
    verifier = secrets.token_urlsafe(48)
    answer = allow(xero.authorise_url(there.app, "s", verifier))
    first = xero.exchange(call, there.app, answer, verifier)
    with pytest.raises(Disconnected):
        xero.exchange(call, there.app, answer, verifier)
    second = xero.refresh(call, there.app, first.refresh)
    assert second.refresh != first.refresh and second.expires_in_seconds == 1800 and first.person == second.person
    clock.advance(minutes=31)
    with pytest.raises(Disconnected) as ended:
        xero.refresh(call, there.app, first.refresh)
    assert ended.value.failure.code == "grant-ended"
    wrong = replace(there.app, client_secret=Secret("wrong"))
    with pytest.raises(NotAllowed):
        xero.refresh(call, wrong, second.refresh)


def test_revoking_ends_the_token_and_its_connections(
    xero: Platform, call: Call, access: Access, there: Standing
) -> None:
    (books,) = xero.connections(call, there.app, access.token)
    xero.disconnect(call, there.app, access.token, books.link_id)
    xero.disconnect(call, there.app, access.token, books.link_id)  # gone already is as good
    assert xero.connections(call, there.app, access.token) == ()
    with pytest.raises(RemoteError):
        xero.probe(call, access)


def test_a_token_answer_that_makes_no_sense_is_a_typed_failure(xero: Platform, there: Standing) -> None:
    def token(**fields: Any) -> Call:
        body = json.dumps({"access_token": "a", "refresh_token": "r", "token_type": "Bearer", **fields}).encode()
        return lambda _request: Answer(200, {"content-type": "application/json"}, body)

    lives = {"0": 1800, "-1": 1800, "soon": 1800, "1000000000": 3600, "900": 900}
    for told, expected in lives.items():
        assert xero.refresh(token(expires_in=told), there.app, Secret("r")).expires_in_seconds == expected
    with pytest.raises(NotAllowed) as narrow:
        xero.refresh(token(refresh_token=""), there.app, Secret("r"))
    assert narrow.value.failure.code == "connect-permission-partial"
    for body in (b"<html>", b"", b"[]", b'{"token_type":"Bearer"}', b'{"access_token":5}'):
        answer = Answer(200, {}, body)
        with pytest.raises(OutcomeUnknown):
            xero.refresh(lambda _request, answer=answer: answer, there.app, Secret("r"))  # type: ignore[misc]
    claims = base64.urlsafe_b64encode(b'{"xero_userid":"u1","authentication_event_id":"e1"}').decode().rstrip("=")
    told_by = xero.refresh(token(access_token=f"h.{claims}.s"), there.app, Secret("r"))
    assert (told_by.person, told_by.consent_id) == ("u1", "e1")
