"""The client over real HTTP against the stand-in: what is sent arrives once, what comes back is judged one by one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Clock
from tests.platforms.quickbooks.making import JOURNAL, journal, line
from tieout.calls import Answer, Call, Request, Transport
from tieout.cli._browser import allow
from tieout.core.chart import Books
from tieout.core.failure import (
    Busy,
    Disconnected,
    FailureKind,
    NotAllowed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Stale,
    Unreachable,
)
from tieout.core.money import Money
from tieout.core.plan import Document
from tieout.core.proof import as_paid_in_books, differences, tax_differences
from tieout.core.records import BooksDocument
from tieout.core.secret import Secret
from tieout.platforms import NUMBER_TAKEN, Access, App, Element, Known, TokenSet, quickbooks
from tieout.platforms._exact import encode
from tieout.platforms.quickbooks._asking import rows
from tieout.sandbox import server
from tieout.sandbox.quickbooks import books as stand_in
from tieout.sandbox.server import Running

KEY = "0f9e8d7c-0000-4000-8000-00000000000"


@dataclass
class There:
    """The stand-in with one company that a person let us into."""

    running: Running
    told: dict[str, Any]
    clock: Clock
    transport: Transport

    @property
    def app(self) -> App:
        urls = dict.fromkeys(("login", "identity", "api"), self.running.base_url)
        redirect = "http://localhost:8000/callback"
        return App(self.told["client_id"], Secret(self.told["client_secret"]), redirect, urls)

    @property
    def world(self) -> Any:
        return self.running.world

    def call(self, request: Request) -> Answer:
        self.clock.advance(milliseconds=200)  # ten calls a second are allowed
        return self.transport.send(request)

    def let_in(self) -> TokenSet:
        back = allow(quickbooks.authorise_url(self.app, "the state", "unused"))
        assert back["state"] == "the state" and back["realmId"] == self.told["realm"]
        return quickbooks.exchange(self.call, self.app, back, "unused")

    def access(self, tokens: TokenSet) -> Access:
        expires_at = self.clock() + timedelta(seconds=tokens.expires_in_seconds)
        return Access(tokens.access, "t1", expires_at, self.told["realm"], self.app)

    def posts(self, path: str) -> list[Any]:
        return [each for each in self.world.calls if each.method == "POST" and each.path.endswith(path)]


@pytest.fixture(params=["london"])
def there(request: pytest.FixtureRequest, clock: Clock) -> Iterator[There]:
    world = stand_in(now=clock)
    running, transport = server.start(world), Transport()
    try:
        yield There(running, world.reset(request.param), clock, transport)
    finally:
        transport.close()
        running.stop()


@pytest.fixture
def call(there: There) -> Call:
    return there.call


@pytest.fixture
def access(there: There) -> Access:
    return there.access(there.let_in())


@pytest.fixture
def books(call: Call, access: Access) -> Books:
    return quickbooks.read_books(call, access)


def lines_for(books: Books, currency: str = "") -> dict[str, Any]:
    """Two taxed lines and one that is not, and a bank account against them, as the default mapping names them."""
    home = currency or books.base_currency
    found = []
    usual = {"GB": ("OUTPUT2", "INPUT2"), "AU": ("OUTPUT", "INPUT")}.get(books.country, ("NONE", "NONE"))
    for number, tax, gross in (("TO-200", usual[0], 12005), ("TO-203", usual[1], -3599), ("TO-209", "NONE", -500)):
        pair = quickbooks.adopt(books, number, tax)
        assert pair is not None, f"{number} with {tax} means nothing in {books.name}"
        rate = books.tax_rate(pair[1])
        assert rate is not None
        net = Money(gross, home).without_tax(rate.rate).minor
        found.append(line(net, gross - net, pair[0], pair[1], number, home))
    bank = next(each.code for each in books.accounts if each.kind == "BANK" and each.classification == "ASSET")
    return {"lines": tuple(found), "against": bank, "currency": home}


def planned(books: Books, number: str = "TO-1", **changes: Any) -> Document:
    fields = lines_for(books, changes.pop("currency", ""))
    return journal(*fields.pop("lines"), number=number, **fields, **changes)


def sent(call: Call, access: Access, books: Books, *documents: Document, key: str = KEY) -> tuple[Element, ...]:
    return quickbooks.send(call, access, JOURNAL, quickbooks.to_wire(documents, Known(books), "POSTED"), key)


def saved(element: Element) -> BooksDocument:
    assert element.document is not None, element.failure
    return element.document


@pytest.mark.parametrize("there", ["london", "sydney", "new-york", "toronto"], indirect=True)
def test_a_journal_arrives_is_found_and_equals_its_plan(call: Call, access: Access, books: Books) -> None:
    document = planned(books) if books.country in ("GB", "AU", "US") else untaxed(books)
    (element,) = sent(call, access, books, document)
    assert element.number == "TO-1" and not element.is_altered and element.warnings == ()
    (found,) = quickbooks.find(call, access, JOURNAL, ["TO-1"])
    assert found.id == saved(element).id and found.status == quickbooks.APPROVED
    assert found.reference == document.reference and found.dated == document.dated
    shown = as_paid_in_books(document, found)
    assert differences(document, shown) == () and tax_differences(document, shown) == ()


def untaxed(books: Books) -> Document:
    """Canada's usual tax types are not among our defaults: everything out of scope."""
    code = next(each.code for each in books.tax_rates if each.name == "Out of scope")
    fields = lines_of(books, code)
    return journal(*fields, against=next(each.code for each in books.accounts if each.kind == "BANK"), **home(books))


def lines_of(books: Books, tax: str) -> list[Any]:
    accounts = {each.number: each.code for each in books.accounts}
    pairs = (("TO-200", 12005), ("TO-203", -3599))
    return [line(minor, 0, accounts[number], tax, number, books.base_currency) for number, minor in pairs]


def home(books: Books) -> dict[str, Any]:
    return {"number": "TO-1", "currency": books.base_currency}


def test_the_same_call_repeated_creates_nothing_new(call: Call, access: Access, books: Books) -> None:
    first = sent(call, access, books, planned(books))
    assert sent(call, access, books, planned(books)) == first
    assert len(quickbooks.find(call, access, JOURNAL, ["TO-1"])) == 1


def test_numbers_of_journals_are_not_unique_and_all_of_them_are_found(call: Call, access: Access, books: Books) -> None:
    sent(call, access, books, planned(books))
    sent(call, access, books, planned(books), key=KEY + "2")
    assert len(quickbooks.find(call, access, JOURNAL, ["TO-1", "TO-2"])) == 2
    assert quickbooks.NUMBER_UNIQUE == {JOURNAL: False}


def test_a_number_in_use_is_refused_as_such_where_the_company_minds(
    there: There, call: Call, access: Access, books: Books
) -> None:
    there.world.stand_in.switches["journal_numbers_unique"] = True
    there.world.hand("settings", warn_duplicate_numbers=True)
    sent(call, access, books, planned(books))
    (again,) = sent(call, access, books, planned(books), key=KEY + "2")
    assert again.number == "TO-1" and again.failure is not None
    assert (again.failure.kind, again.failure.code) == (FailureKind.REJECTED, NUMBER_TAKEN)
    assert "TxnType=" in again.failure.sentence and again.failure.correlation_id


def test_thirty_journals_travel_in_one_batch_and_each_is_judged_by_itself(
    there: There, call: Call, access: Access, books: Books
) -> None:
    documents = [planned(books, f"TO-{n:02}") for n in range(30)]
    documents[7] = replace(documents[7], against="999999")
    elements = {each.number: each for each in sent(call, access, books, *documents)}
    assert len(elements) == 30 and len(there.posts("/batch")) == 1
    refused = elements["TO-07"].failure
    assert refused is not None and refused.kind is FailureKind.REJECTED and refused.code == "mapped-account-removed"
    numbers = [each.number for each in documents]
    found = quickbooks.find(call, access, JOURNAL, numbers)
    assert {each.number for each in found} == set(numbers) - {"TO-07"}


def test_a_foreign_currency_goes_with_the_rate_of_its_day(there: There, call: Call, access: Access) -> None:
    there.world.hand("multi-currency", currencies=["USD"])
    books = quickbooks.read_books(call, access)
    assert books.currencies == ("GBP", "USD")
    # A bank account takes its own currency only, any other asset whichever comes.
    deposit = next(each.code for each in books.accounts if each.number == "TO-210")
    document = replace(planned(books, currency="USD"), against=deposit)
    rate = quickbooks.rate(call, access, "USD", document.dated)
    known = Known(books, rates={("USD", document.dated): rate})
    body = quickbooks.to_wire([document], known, "POSTED")
    (element,) = quickbooks.send(call, access, JOURNAL, body, KEY)
    assert saved(element).currency == "USD" and rate > 0
    (found,) = quickbooks.find(call, access, JOURNAL, ["TO-1"])
    assert differences(document, as_paid_in_books(document, found)) == ()
    (elsewhere,) = sent_without_rate(call, access, body)
    assert elsewhere.failure is not None and "code 2410" in elsewhere.failure.sentence


def sent_without_rate(call: Call, access: Access, body: bytes) -> tuple[Element, ...]:
    batch = json.loads(body, parse_float=Decimal)
    del batch["BatchItemRequest"][0]["JournalEntry"]["ExchangeRate"]
    return quickbooks.send(call, access, JOURNAL, encode(batch), KEY + "3")


def test_a_closed_period_is_read_and_refuses_with_its_own_code(
    there: There, call: Call, access: Access, books: Books
) -> None:
    there.world.hand("lock-date", on="2026-06-30")
    assert quickbooks.probe(call, access).period_lock_on == date(2026, 6, 30)
    (element,) = sent(call, access, books, planned(books))
    assert element.failure is not None and element.failure.code == "period-locked"


def test_an_account_made_inactive_is_shown_and_refused(there: There, call: Call, access: Access, books: Books) -> None:
    there.world.hand("chart-edit", code="TO-200", act="archive")
    (element,) = sent(call, access, books, planned(books))
    assert element.failure is not None and element.failure.code == "mapped-account-removed"
    archived = [each for each in quickbooks.read_books(call, access).accounts if each.number == "TO-200"]
    assert [each.is_active for each in archived] == [False]


def test_a_file_hangs_on_its_journal_and_the_same_call_repeated_stores_it_once(
    call: Call, access: Access, books: Books
) -> None:
    (element,) = sent(call, access, books, planned(books))
    assert quickbooks.attachments(call, access, JOURNAL, saved(element).id) == ()
    for _ in range(2):
        quickbooks.attach(call, access, JOURNAL, saved(element).id, "a <1>.txt", b"settlement\tbytes\x00", "p1-attach")
    assert quickbooks.attachments(call, access, JOURNAL, saved(element).id) == ("a _1_.txt",)
    (file,) = rows(call, access, "Attachable")
    assert file["FileName"] == "a _1_.txt" and file["Size"] == 17
    assert file["AttachableRef"][0]["EntityRef"] == {"type": "JournalEntry", "value": saved(element).id}


def test_void_and_deleted_journals_are_told_apart(there: There, call: Call, access: Access, books: Books) -> None:
    (element,) = sent(call, access, books, planned(books))
    there.world.hand("doc-edit", id=saved(element).id, act="void")
    (found,) = quickbooks.find(call, access, JOURNAL, ["TO-1"])
    assert quickbooks.is_void(found.status)
    there.world.hand("doc-edit", id=saved(element).id, act="delete")
    assert quickbooks.find(call, access, JOURNAL, ["TO-1"]) == ()


FAULTS: list[tuple[str, dict[str, Any], type[RemoteError]]] = [
    ("hang-after-write", {}, OutcomeUnknown),
    ("hang-before-write", {}, OutcomeUnknown),
    ("reset", {"when": "before"}, OutcomeUnknown),
    ("reset", {"when": "after"}, OutcomeUnknown),
    ("late-commit", {"seconds": 40}, OutcomeUnknown),
    ("http-error", {"status": 500}, OutcomeUnknown),
    ("http-error", {"status": 502}, OutcomeUnknown),
    ("http-error", {"status": 503, "form": "empty"}, OutcomeUnknown),
    ("outage", {}, OutcomeUnknown),
    ("outage", {"form": "maintenance"}, Busy),
    ("org-offline", {"form": "cluster"}, Busy),
    ("rate-limit", {}, Busy),
    ("rate-limit", {"form": "empty"}, Busy),
    ("token-expired", {}, Disconnected),
    ("token-garbled", {}, Disconnected),
    ("http-error", {"status": 403}, Disconnected),
    ("http-error", {"status": 404}, Rejected),
    ("http-error", {"code": 6210, "status": 200}, Rejected),
    ("bad-body", {"form": "empty"}, OutcomeUnknown),
    ("bad-body", {"form": "html"}, OutcomeUnknown),
    ("bad-body", {"form": "truncated"}, OutcomeUnknown),
]


@pytest.mark.parametrize(("fault", "how", "error"), FAULTS)
def test_a_batch_that_fails_is_sent_once_and_named_by_what_may_be_done_next(
    there: There, access: Access, books: Books, fault: str, how: dict[str, Any], error: type[RemoteError]
) -> None:
    there.world.arm(fault, method="POST", path="*/batch", **how)

    def impatient(request: Request) -> Answer:
        return there.call(replace(request, timeout_seconds=0.5))

    with pytest.raises(error) as raised:
        sent(impatient, access, books, planned(books))
    assert len(there.posts("/batch")) == 1 and raised.value.failure.sentence
    if error is Busy:
        assert (raised.value.failure.retry_after_seconds or 0) >= 60


@pytest.mark.parametrize("form", ["plain", "padded", "number"])
def test_a_code_counts_however_it_is_written(there: There, call: Call, access: Access, books: Books, form: str) -> None:
    there.world.stand_in.switches["code_form"] = form
    there.world.arm("token-expired", method="POST", path="*/batch")
    with pytest.raises(Disconnected):
        sent(call, access, books, planned(books))
    there.world.hand("lock-date", on="2026-06-30")
    (element,) = sent(call, access, books, planned(books))
    assert element.failure is not None and element.failure.code == "period-locked"


@pytest.mark.parametrize(
    ("fault", "error"), [("forbid-writes", "user-not-permitted"), ("org-suspended", "books-subscription-lapsed")]
)
def test_what_the_person_or_the_plan_may_not_is_told_as_such(
    there: There, call: Call, access: Access, books: Books, fault: str, error: str
) -> None:
    there.world.arm(fault, method="POST", path="*/batch")
    try:
        (element,) = sent(call, access, books, planned(books))
        failure = element.failure
    except NotAllowed as refused:
        failure = refused.failure
    assert failure is not None and (failure.kind, failure.code) == (FailureKind.NOT_ALLOWED, error)


@pytest.mark.parametrize("form", ["dropped", "permuted", "repeated", "no-id", "error-inside"])
def test_a_bent_answer_is_never_taken_for_a_refusal_nor_for_more_than_it_says(
    there: There, call: Call, access: Access, books: Books, form: str
) -> None:
    documents = [planned(books, f"TO-{n}") for n in range(4)]
    there.world.arm("bad-body", form=form, method="POST", path="*/batch")
    try:
        elements = sent(call, access, books, *documents)
    except OutcomeUnknown:
        elements = ()
    for each in elements:
        if each.document is None:
            assert each.failure is not None and each.failure.kind is FailureKind.OUTCOME_UNKNOWN
        else:
            assert each.number == each.document.number
    assert len(elements) == {"dropped": 3, "permuted": 4, "repeated": 5, "no-id": 4}.get(form, 0)
    assert len(quickbooks.find(call, access, JOURNAL, [each.number for each in documents])) == 4


def test_a_read_that_fails_says_only_that_the_books_were_out_of_reach(there: There, call: Call, access: Access) -> None:
    there.world.arm("reset", method="GET", path="*/query", when="after")
    with pytest.raises(Unreachable):
        quickbooks.find(call, access, JOURNAL, ["TO-1"])


def test_tokens_are_renewed_and_the_grant_ends_when_it_is_revoked(there: There, call: Call) -> None:
    first = there.let_in()
    assert first.ends_in_seconds == 5 * 365 * 86400 and first.person == f"realm:{there.told['realm']}"
    with pytest.raises(Disconnected) as used:
        quickbooks.refresh(call, replace(there.app), Secret("RT-unknown"))
    assert used.value.failure.code == "grant-ended"
    there.clock.advance(hours=25)
    second = quickbooks.refresh(call, there.app, first.refresh)
    assert second.refresh.reveal() != first.refresh.reveal() and second.expires_in_seconds == 3600
    assert second.ends_in_seconds is not None and second.ends_in_seconds < 5 * 365 * 86400 - 24 * 3600
    with pytest.raises(NotAllowed):
        quickbooks.refresh(call, replace(there.app, client_secret=Secret("wrong")), second.refresh)
    quickbooks.revoke(call, there.app, second.refresh)
    quickbooks.revoke(call, there.app, second.refresh)  # gone already is as good
    with pytest.raises(Disconnected):
        quickbooks.probe(call, there.access(second))
    with pytest.raises(Disconnected):
        quickbooks.refresh(call, there.app, second.refresh)


def test_a_person_who_cancels_brings_no_code(there: There) -> None:
    there.world.arm("consent-cancelled")
    back = allow(quickbooks.authorise_url(there.app, "s", ""))
    assert quickbooks.refused(back) == ("connect-never-completes", ("access_denied",))


def test_a_consent_reaches_the_one_company_that_was_picked(there: There, call: Call) -> None:
    tokens = there.let_in()
    (found,) = quickbooks.connections(call, there.app, tokens.access, tokens.consent_id)
    assert (found.books_id, found.name) == (there.told["realm"], "Harbour & Finch Ltd")


def test_customers_and_payments_are_made_changed_voided_and_seen_in_the_feed(
    there: There, call: Call, access: Access, books: Books
) -> None:
    since = there.clock()
    there.clock.advance(seconds=2)
    customer = quickbooks.create_record(call, access, "Customer", {"DisplayName": "O'Neil \\ Sons"}, "c-1")
    (found,) = quickbooks.query_records(call, access, "Customer", ("DisplayName", "=", "O'Neil \\ Sons"))
    assert found["Id"] == customer["Id"]
    assert quickbooks.contact(call, access, "o'neil \\ sons", "c-2").id == customer["Id"]
    changed = quickbooks.update_record(
        call, access, "Customer", customer["Id"], customer["SyncToken"], {"CompanyName": "Sons"}, "c-3"
    )
    assert changed["DisplayName"] == "O'Neil \\ Sons" and changed["CompanyName"] == "Sons"
    with pytest.raises(Stale):
        quickbooks.update_record(call, access, "Customer", customer["Id"], customer["SyncToken"], {}, "c-4")
    fields = {"CustomerRef": {"value": customer["Id"]}, "TotalAmt": Decimal("12.34")}
    payment = quickbooks.create_record(call, access, "Payment", fields, "p-1")
    assert payment["TotalAmt"] == Decimal("12.34")
    quickbooks.void_record(call, access, "Payment", payment["Id"], payment["SyncToken"], "p-2")
    assert quickbooks.read_record(call, access, "Payment", payment["Id"])["TotalAmt"] == 0
    there.world.hand("doc-edit", id=payment["Id"], act="delete")
    customers, payments = quickbooks.changed_records(call, access, ["Customer", "Payment"], since, there.clock())
    assert [each.record["Id"] for each in customers.changes] == [customer["Id"]]
    assert [(each.record["Id"], each.is_deleted) for each in payments.changes] == [(payment["Id"], True)]
    with pytest.raises(Rejected):
        quickbooks.read_record(call, access, "Payment", payment["Id"])


def test_a_name_that_a_vendor_has_gets_a_suffix(call: Call, access: Access) -> None:
    quickbooks.create_record(call, access, "Vendor", {"DisplayName": "Amazon.co.uk"}, "v-1")
    assert quickbooks.contact(call, access, "Amazon.co.uk", "c-1").name == "Amazon.co.uk (customer)"
    again = quickbooks.contact(call, access, "Amazon.co.uk", "c-2")
    assert again.name == "Amazon.co.uk (customer)"


def test_an_amount_survives_the_whole_way_to_the_last_digit(call: Call, access: Access, books: Books) -> None:
    document = journal(*lines_of(books, "5")[:1], **home(books), against=planned(books).against)
    grand = replace(document.lines[0], gross=Money(9_999_999_999_99, "GBP"), net=Money(9_999_999_999_99, "GBP"))
    document = replace(document, lines=(grand,))
    (element,) = sent(call, access, books, document)
    assert saved(element).total == Money(9_999_999_999_99, "GBP")
