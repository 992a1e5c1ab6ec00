"""Runs in an environment of its own: python-quickbooks and intuit-oauth, unmodified, told what to do line by line.

A line is `[verb, arguments]`; the answer is `{"result": …}` or `{"raised": [kind, words, code]}`. Where the clients
print or wait, that is theirs.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete
from quickbooks.cdc import change_data_capture
from quickbooks.objects.account import Account
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef, Ref
from quickbooks.objects.bill import Bill
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import JournalEntry, JournalEntryLine, JournalEntryLineDetail
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.vendor import Vendor

KINDS = {kind.qbo_object_name: kind for kind in (Account, Bill, Customer, Invoice, Item, JournalEntry, Payment, Vendor)}
held: dict[str, Any] = {}


def qb() -> QuickBooks:
    return held["qb"]


# --- intuit-oauth -------------------------------------------------------------------------------------------


def begin(client_id: str, secret: str, redirect: str, environment: str) -> str:
    """Reads discovery, as its constructor does; the address a person is sent to."""
    held["auth"] = AuthClient(client_id, secret, redirect, environment)
    return held["auth"].get_authorization_url([Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL, Scopes.PROFILE], "s1")


def end(code: str, realm: str) -> dict[str, Any]:
    auth = held["auth"]
    auth.get_bearer_token(code, realm_id=realm)
    held["qb"] = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=realm, minorversion=75)
    names = ("expires_in", "x_refresh_token_expires_in", "realm_id")
    return {name: getattr(auth, name) for name in names} | {"id_token": bool(auth.id_token)}


def refresh() -> list[bool]:
    """Whether access and refresh token became others."""
    auth, before = held["auth"], (held["auth"].access_token, held["auth"].refresh_token)
    auth.refresh()
    realm = held["qb"].company_id
    held["qb"] = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=realm, minorversion=75)
    return [auth.access_token != before[0], auth.refresh_token != before[1]]


def userinfo() -> Any:
    return held["auth"].get_user_info().json()


def revoke() -> Any:
    return held["auth"].revoke()


# --- python-quickbooks --------------------------------------------------------------------------------------


def company() -> dict[str, Any]:
    info = CompanyInfo.get(1, qb=qb())
    return {"name": info.CompanyName, "country": info.Country}


def preferences() -> dict[str, Any]:
    read = Preferences.get(qb=qb())
    return {"home": read.CurrencyPrefs.HomeCurrency.value, "numbers": read.AccountingInfoPrefs.UseAccountNumbers}


def all(kind: str, order_by: str = "", start: int = 1, most: int = 100) -> list[Any]:
    rows = KINDS[kind].all(order_by=order_by, start_position=start, max_results=most, qb=qb())
    return [[row.Id, str(row)] for row in rows]


def where(kind: str, clause: str) -> list[Any]:
    return [row.Id for row in KINDS[kind].where(clause, qb=qb())]


def filtered(kind: str, **fields: Any) -> list[Any]:
    return [row.Id for row in KINDS[kind].filter(qb=qb(), **fields)]


def choose(kind: str, values: list[str], field: str) -> list[Any]:
    return [row.Id for row in KINDS[kind].choose(values, field=field, qb=qb())]


def count(kind: str, clause: str = "") -> Any:
    return KINDS[kind].count(clause, qb=qb())


def query(statement: str) -> Any:
    return qb().query(statement)


def make_customer(name: str, request_id: str | None = None) -> str:
    customer = Customer()
    customer.DisplayName = name
    customer.save(qb=qb(), request_id=request_id)
    return customer.Id


def make_vendor(name: str) -> str:
    vendor = Vendor()
    vendor.DisplayName = name
    vendor.save(qb=qb())
    return vendor.Id


def rename(customer: str, name: str, token: str | None = None) -> str:
    """Sends the whole object back, with everything that it read."""
    read = Customer.get(customer, qb=qb())
    read.DisplayName = name
    read.SyncToken = token or read.SyncToken
    return read.save(qb=qb()).SyncToken


def invoice(customer: str, amount: float, number: str = "", request_id: str | None = None) -> dict[str, Any]:
    item = Item.filter(Name="Goods", qb=qb())[0]
    code = TaxCode.all(qb=qb())[0]
    line = SalesItemLine()
    line.Amount, line.Description = amount, "Goods"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = item.to_ref()
    line.SalesItemLineDetail.TaxCodeRef = code.to_ref()
    made = Invoice()
    made.CustomerRef, made.DocNumber, made.Line = Customer.get(customer, qb=qb()).to_ref(), number or None, [line]
    return _shown(made.save(qb=qb(), request_id=request_id))


def read(kind: str, id: str) -> dict[str, Any]:
    return _shown(KINDS[kind].get(id, qb=qb()))


def pay(invoice: str, amount: float) -> dict[str, Any]:
    owed = Invoice.get(invoice, qb=qb())
    line = PaymentLine()
    line.Amount, line.LinkedTxn = amount, [owed.to_linked_txn()]
    made = Payment()
    made.CustomerRef, made.TotalAmt, made.Line = owed.CustomerRef, amount, [line]
    return _shown(made.save(qb=qb()))


def journal(debit: str, credit: str, amount: float, number: str = "") -> dict[str, Any]:
    made = JournalEntry()
    made.DocNumber, made.PrivateNote = number or None, "[src:7]"
    for side, account in (("Debit", debit), ("Credit", credit)):
        line = JournalEntryLine()
        line.Amount, line.Description = amount, side
        line.JournalEntryLineDetail = JournalEntryLineDetail()
        line.JournalEntryLineDetail.PostingType = side
        line.JournalEntryLineDetail.AccountRef = Account.get(account, qb=qb()).to_ref()
        made.Line.append(line)
    return _shown(made.save(qb=qb()))


def bill(vendor: str, account: str, amount: float) -> dict[str, Any]:
    line = AccountBasedExpenseLine()
    line.Amount = amount
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = Account.get(account, qb=qb()).to_ref()
    line.AccountBasedExpenseLineDetail.TaxCodeRef = TaxCode.all(qb=qb())[0].to_ref()
    made = Bill()
    made.VendorRef, made.Line = Vendor.get(vendor, qb=qb()).to_ref(), [line]
    made.GlobalTaxCalculation = "TaxExcluded"
    return _shown(made.save(qb=qb()))


def void(kind: str, id: str) -> bool:
    found = KINDS[kind].get(id, qb=qb())
    found.void(qb=qb())
    return True


def delete(kind: str, id: str) -> Any:
    found = KINDS[kind].get(id, qb=qb())
    return found.delete(qb=qb())


def send(invoice: str, to: str) -> Any:
    return Invoice.get(invoice, qb=qb()).send(qb=qb(), send_to=to)["Invoice"]["EmailStatus"]


def pdf(invoice: str) -> str:
    return Invoice.get(invoice, qb=qb()).download_pdf(qb())[:8].decode("latin-1")


def rate(currency: str) -> Any:
    return [row.Rate for row in ExchangeRate.filter(SourceCurrencyCode=currency, qb=qb())]


def batch(names: list[str]) -> dict[str, Any]:
    customers = []
    for name in names:
        customer = Customer()
        customer.DisplayName = name
        customers.append(customer)
    done = batch_create(customers, qb=qb())
    return {
        "made": [each.DisplayName for each in done.successes],
        "refused": [[fault.original_object.DisplayName, fault.Error[0].code] for fault in done.faults],
    }


def batch_away(journals: list[str]) -> list[int]:
    done = batch_delete([JournalEntry.get(each, qb=qb()) for each in journals], qb=qb())
    return [len(done.successes), len(done.faults)]


def changed(kinds: list[str], since: str) -> dict[str, Any]:
    found = change_data_capture([KINDS[kind] for kind in kinds], datetime.fromisoformat(since), qb=qb())
    return {
        kind: [[row.Id, getattr(row, "status", "")] for row in getattr(found, kind)]
        for kind in kinds
        if hasattr(found, kind)
    }


def attach(path: str, invoice: str) -> dict[str, Any]:
    made, link = Attachable(), AttachableRef()
    link.EntityRef = Ref()
    link.EntityRef.type, link.EntityRef.value = "Invoice", invoice
    made.AttachableRef.append(link)
    made.FileName, made.ContentType, made._FilePath = "statement.txt", "text/plain", path
    saved = made.save(qb=qb())
    return {"id": saved.Id, "size": saved.Size, "url": saved.TempDownloadUri}


def signature_holds(body: str, signature: str, verifier: str) -> bool:
    return qb().validate_webhook_signature(body, signature, verifier)


def _shown(record: Any) -> dict[str, Any]:
    names = ("Id", "SyncToken", "DocNumber", "TotalAmt", "Balance", "PrivateNote", "UnappliedAmt", "DisplayName")
    return {name: getattr(record, name, None) for name in names}


VERBS = {
    name: made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == __name__
}


def answering() -> None:
    for line in sys.stdin:
        verb, told = json.loads(line)
        try:
            found = {"result": VERBS[verb](**told)}
        except Exception as error:  # whatever it is, the test is told
            kind = type(error).__name__
            found = {
                "raised": [
                    kind,
                    str(error) or repr(error),
                    getattr(error, "error_code", getattr(error, "status_code", None)),
                ]
            }
        sys.stdout.write(json.dumps(found, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answering()
