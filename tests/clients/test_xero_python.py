"""The unmodified xero-python against the stand-in, under Xero's own names. Where it fails, the stand-in is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import urllib3
from xero_python.accounting import (
    Account,
    AccountingApi,
    Allocation,
    Allocations,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    Invoice,
    Invoices,
    LineAmountTypes,
    LineItem,
    Payment,
    PaymentDelete,
    Payments,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.exceptions import AccountingBadRequestException, NotFoundException, RateLimitException
from xero_python.identity import IdentityApi

from tests.sandbox.calling import REDIRECT, SCOPES
from tieout.sandbox.proxy import Proxied, proxied
from tieout.sandbox.world import World
from tieout.sandbox.xero import books


@dataclass
class Client:
    """What a small web app built on xero-python would hold."""

    world: World
    proxy: Proxied
    token: dict[str, Any] = field(default_factory=dict)
    tenant: str = ""

    def __post_init__(self) -> None:
        configuration = Configuration()
        configuration.proxy, configuration.ssl_ca_cert = self.proxy.url, str(self.proxy.authority)
        configuration.oauth2_token = OAuth2Token("tieout-demo", "tieout-demo-secret")
        self.api_client = ApiClient(
            configuration, oauth2_token_getter=lambda: self.token, oauth2_token_saver=self._save
        )
        self.accounting = AccountingApi(self.api_client)
        self.identity = IdentityApi(self.api_client)
        self.browser = urllib3.ProxyManager(self.proxy.url, ca_certs=str(self.proxy.authority))

    def _save(self, token: dict[str, Any]) -> None:
        self.token = token

    def sign_in(self) -> None:
        """The code flow: a person's browser at login.xero.com, then the app at identity.xero.com."""
        asked = {"response_type": "code", "client_id": "tieout-demo", "redirect_uri": REDIRECT, "scope": SCOPES}
        login = "https://login.xero.com/identity/connect/authorize"
        shown = self.browser.request("GET", login, fields=asked | {"state": "42"}).data.decode()
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown)) | {"decision": "allow"}
        sent = self.browser.request("POST", login, fields=form, encode_multipart=False, redirect=False)
        code = re.search(r"code=(\w+)", sent.headers["Location"])
        assert code and "state=42" in sent.headers["Location"]
        fields = {"grant_type": "authorization_code", "code": code[1], "redirect_uri": REDIRECT}
        fields |= {"client_id": "tieout-demo", "client_secret": "tieout-demo-secret"}
        url = "https://identity.xero.com/connect/token"
        answer = self.browser.request("POST", url, fields=fields, encode_multipart=False)
        self.api_client.set_oauth2_token(answer.json())
        self.tenant = self.identity.get_connections()[0].tenant_id


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    world = books()
    with proxied(world, folder) as proxy:
        made = Client(world, proxy)
        made.sign_in()
        yield made


def an_invoice(client: Client, number: str, amount: float = 120.0) -> Invoice:
    wanted = Invoice(
        type="ACCREC",
        invoice_number=number,
        contact=Contact(name="Amazon UK"),
        date=date(2026, 11, 10),
        due_date=date(2026, 11, 10),
        status="AUTHORISED",
        line_amount_types=LineAmountTypes.INCLUSIVE,
        line_items=[
            LineItem(description="Sales", quantity=1.0, unit_amount=amount, account_code="200", tax_type="OUTPUT2")
        ],
    )
    made = client.accounting.create_invoices(client.tenant, Invoices(invoices=[wanted]), summarize_errors=True)
    found: Invoice = made.invoices[0]
    return found


def test_it_signs_in_and_lists_the_organisation(client: Client) -> None:
    organisation = client.accounting.get_organisations(client.tenant).organisations[0]
    assert organisation.organisation_id == client.tenant
    assert (organisation.base_currency.value, organisation.version) == ("GBP", "UK")


def test_it_refreshes_its_token(client: Client) -> None:
    before = client.token["refresh_token"]
    client.token = client.token | {"expires_at": 0, "scope": SCOPES.split()}
    assert client.identity.get_connections()[0].tenant_id == client.tenant
    assert client.token["refresh_token"] != before


def test_it_reads_the_whole_settings(client: Client) -> None:
    read = client.accounting
    accounts = read.get_accounts(client.tenant).accounts
    assert {"200", "090", "610", "800", "TO-200", "TO-211"} <= {account.code for account in accounts}
    assert "OUTPUT2" in {rate.tax_type for rate in read.get_tax_rates(client.tenant).tax_rates}
    assert [str(one.code.value) for one in read.get_currencies(client.tenant).currencies] == ["GBP", "USD", "EUR"]
    assert read.get_users(client.tenant).users[0].email_address == "lucy@harbourandfinch.example"
    assert "CreateApprovedInvoice" in {one.name for one in read.get_organisation_actions(client.tenant).actions}


def test_it_creates_a_contact(client: Client) -> None:
    sent = Contacts(contacts=[Contact(name="Etsy Ireland UC", email_address="pay@etsy.example")])
    made = client.accounting.create_contacts(client.tenant, sent).contacts[0]
    assert client.accounting.get_contact(client.tenant, made.contact_id).contacts[0].name == "Etsy Ireland UC"
    assert len(made.phones) == 4


def test_it_creates_reads_and_updates_an_invoice(client: Client) -> None:
    made = an_invoice(client, "XP-1")
    assert (made.total, made.total_tax, made.amount_due) == (Decimal("120.00"), Decimal("20.00"), Decimal("120.00"))
    change = Invoices(invoices=[Invoice(reference="settlement 7", type="ACCREC")])
    client.accounting.update_invoice(client.tenant, made.invoice_id, change)
    read = client.accounting.get_invoice(client.tenant, made.invoice_id).invoices[0]
    assert (read.reference, read.date, read.status) == ("settlement 7", date(2026, 11, 10), "AUTHORISED")
    listed = client.accounting.get_invoices(client.tenant, invoice_numbers=["XP-1"], page=1, page_size=10)
    assert [one.invoice_id for one in listed.invoices] == [made.invoice_id]
    assert listed.pagination.item_count == 1


def test_it_pays_takes_the_payment_back_and_voids(client: Client) -> None:
    made = an_invoice(client, "XP-2")
    payment = Payment(
        invoice=Invoice(invoice_id=made.invoice_id), account=Account(code="090"), amount=120.0, date=date(2026, 11, 12)
    )
    paid = client.accounting.create_payment(client.tenant, payment).payments[0]
    assert client.accounting.get_invoice(client.tenant, made.invoice_id).invoices[0].status == "PAID"
    gone = client.accounting.delete_payment(client.tenant, paid.payment_id, PaymentDelete(status="DELETED"))
    assert gone.payments[0].status == "DELETED"
    void = Invoices(invoices=[Invoice(status="VOIDED", type="ACCREC")])
    voided = client.accounting.update_invoice(client.tenant, made.invoice_id, void).invoices[0]
    assert (voided.status, voided.amount_due) == ("VOIDED", Decimal("0.00"))


def test_of_several_payments_each_is_judged_by_itself_when_it_asks_for_that(client: Client) -> None:
    client.world.clock.advance(60)
    an_invoice(client, "P-2")
    payments = [
        Payment(
            invoice=Invoice(invoice_number="P-2"), account=Account(code="090"), date=date(2026, 11, 11), amount=each
        )
        for each in (5.0, 500.0)
    ]
    made = client.accounting.create_payments(client.tenant, Payments(payments=payments), summarize_errors=False)
    assert [each.status_attribute_string for each in made.payments] == ["OK", "ERROR"]
    assert "exceeds the amount outstanding" in made.payments[1].validation_errors[0].message


def test_it_allocates_a_credit_note_and_takes_the_allocation_off(client: Client) -> None:
    client.world.clock.advance(60)
    owed = an_invoice(client, "P-3")
    credit = CreditNote(
        type="ACCRECCREDIT",
        contact=Contact(contact_id=owed.contact.contact_id),
        date=date(2026, 11, 10),
        status="AUTHORISED",
        line_items=[LineItem(description="x", quantity=1.0, unit_amount=20.0, account_code="200", tax_type="NONE")],
    )
    accounting, tenant = client.accounting, client.tenant
    id = accounting.create_credit_notes(tenant, CreditNotes(credit_notes=[credit])).credit_notes[0].credit_note_id
    wanted = Allocation(invoice=Invoice(invoice_id=owed.invoice_id), amount=20.0, date=date(2026, 11, 11))
    made = accounting.create_credit_note_allocation(tenant, id, Allocations(allocations=[wanted])).allocations[0]
    assert accounting.get_invoice(tenant, owed.invoice_id).invoices[0].amount_due == Decimal("100.00")
    taken_off = accounting.delete_credit_note_allocations(tenant, id, made.allocation_id)
    assert (taken_off.allocation_id, taken_off.is_deleted) == (made.allocation_id, True)
    assert accounting.get_invoice(tenant, owed.invoice_id).invoices[0].amount_due == Decimal("120.00")


def test_it_attaches_a_file_and_notes_it(client: Client) -> None:
    made = an_invoice(client, "XP-3")
    held = client.accounting.create_invoice_attachment_by_file_name(
        client.tenant, made.invoice_id, "settlement.txt", b"settlement-id\t1\n"
    )
    assert held.attachments[0].content_length == 16
    listed = client.accounting.get_invoice_attachments(client.tenant, made.invoice_id).attachments
    assert [one.file_name for one in listed] == ["settlement.txt"]
    assert client.accounting.get_invoice(client.tenant, made.invoice_id).invoices[0].has_attachments


def test_a_refused_invoice_tells_why(client: Client) -> None:
    an_invoice(client, "XP-4")
    with pytest.raises(AccountingBadRequestException) as caught:
        an_invoice(client, "XP-4")
    assert caught.value.reason == "Invoice # must be unique."


def test_an_unknown_record_is_not_found(client: Client) -> None:
    with pytest.raises(NotFoundException):
        client.accounting.get_invoice(client.tenant, "00000000-0000-4000-8000-000000000001")


def test_too_many_calls_are_refused_with_the_kind_of_limit(client: Client) -> None:
    client.world.arm("rate-limit", kind="concurrent", path="/Contacts")
    with pytest.raises(RateLimitException) as caught:
        client.accounting.get_contacts(client.tenant)
    assert caught.value.rate_limit == "concurrent"


def test_it_waits_as_long_as_it_is_told_and_then_gets_its_answer(client: Client) -> None:
    client.world.arm("rate-limit", kind="minute", retry_after=1, path="/Contacts")
    assert client.accounting.get_contacts(client.tenant).contacts
    assert [call.status for call in client.world.calls if "/Contacts" in call.path][-2:] == [429, 200]
