"""The addresses of the Accounting API: which kind of record, which verb, and what hangs below a record."""

from __future__ import annotations

from collections.abc import Callable

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import (
    allocations,
    bank,
    documents,
    fields,
    groups,
    journals,
    orders,
    papers,
    payments,
    reading,
    refusals,
    settings,
    shape,
    writing,
)
from tieout.sandbox.xero import contacts as contact_rules
from tieout.sandbox.xero.kinds import Kind, kind_of
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Invalid
from tieout.sandbox.xero.state import Asked
from tieout.sandbox.xero.writing import Save

API = ("api.xro", "2.0")
# What can be written, by which verbs to the list and to one record.
SAVES: dict[str, Save] = {
    "Accounts": settings.save_account,
    "TaxRates": settings.save_tax_rate,
    "Currencies": settings.save_currency,
    "TrackingCategories": settings.save_tracking,
    "Items": settings.save_item,
    "Contacts": contact_rules.save,
    "Invoices": documents.save_invoice,
    "CreditNotes": documents.save_credit_note,
    "Payments": payments.save,
    "BatchPayments": allocations.save_batch,
    "BankTransactions": bank.save_transaction,
    "BankTransfers": bank.save_transfer,
    "ManualJournals": journals.save,
    "ContactGroups": groups.save,
    "PurchaseOrders": orders.save_purchase_order,
    "Quotes": orders.save_quote,
}
# POST to the list of these does not exist.
ONLY_PUT = frozenset({"Currencies", "BankTransfers"})
# POST of several payments does not exist: PUT takes many, POST one, and it knows no summarizeErrors.
STRICT_POST = frozenset({"Payments"})
HAS_PAPERS = frozenset(
    "Invoices CreditNotes Contacts BankTransactions BankTransfers ManualJournals Accounts Payments PurchaseOrders"
    " Quotes Items Prepayments Overpayments BatchPayments Receipts RepeatingInvoices ExpenseClaims".split()
)
ALLOCATED = frozenset({"CreditNotes", "Prepayments", "Overpayments"})
OPTION = Kind("Options", "Option", "TrackingOptionID", "settings")


def named_kind(segments: tuple[str, ...]) -> Kind | None:
    return kind_of(segments[2]) if len(segments) > 2 else None


def answer(asked: Asked, kind: Kind, rest: tuple[str, ...]) -> Answer:
    """The answer to one call that was let in. Raises Refused."""
    method = asked.request.method
    if kind.key == "Organisations":
        return _organisation(asked, kind, rest)
    if kind.key == "Users":
        return settings.users(asked, rest) if method == "GET" else _no_verb()
    if not rest:
        return reading.many(asked, kind) if method == "GET" else _write(asked, kind, None)
    if len(rest) == 1:
        if method == "GET":
            return reading.one(asked, kind, rest[0])
        if method == "DELETE" and kind.key == "Accounts":
            return _checked(asked, kind, lambda: settings.delete_account(asked, rest[0].lower()))
        return _write(asked, kind, _row_id(asked, kind, rest[0])) if method == "POST" else _no_verb()
    return _below(asked, kind, rest)


def _write(asked: Asked, kind: Kind, row_id: str | None) -> Answer:
    save = SAVES.get(kind.key)
    method = asked.request.method
    if save is None or method not in {"PUT", "POST"} or (method == "POST" and kind.key in ONLY_PUT):
        return _no_verb()
    return writing.write(asked, kind, save, row_id, lenient=not (method == "POST" and kind.key in STRICT_POST))


def _row_id(asked: Asked, kind: Kind, named: str) -> str:
    return str(_row(asked, kind, named)[kind.id])


def _organisation(asked: Asked, kind: Kind, rest: tuple[str, ...]) -> Answer:
    if asked.request.method != "GET":
        return _no_verb()
    if not rest:
        return shape.envelope(asked, "Organisations", [shape.shown(asked, kind, asked.organisation, full=True)])
    if rest[0].lower() == "actions":
        return settings.actions(asked)
    return _unknown(asked)


def _below(asked: Asked, kind: Kind, rest: tuple[str, ...]) -> Answer:
    named, sub, more = rest[0], rest[1].lower(), rest[2:]
    if sub in {"attachments", "history"}:
        row = reading.find(asked, kind, named)
        if row is None or kind.key not in HAS_PAPERS:
            raise Refused(refusals.not_found())
        return papers.attachments(asked, kind, row, more) if sub == "attachments" else papers.history(asked, kind, row)
    if sub == "allocations" and kind.key in ALLOCATED:
        return _allocations(asked, kind, named, more)
    if sub == "options" and kind.key == "TrackingCategories" and asked.request.method in {"PUT", "POST"}:
        return _options(asked, named, more)
    if sub == "contacts" and kind.key == "ContactGroups" and asked.request.method in {"PUT", "DELETE"}:
        return groups.change_members(asked, _row(asked, kind, named), fields.guid(more[0]) if more else None)
    return _unknown(asked)


def _allocations(asked: Asked, kind: Kind, named: str, more: tuple[str, ...]) -> Answer:
    row = _row(asked, kind, named)
    match asked.request.method:
        case "GET" if not more:
            return shape.envelope(asked, "Allocations", row["Allocations"])
        case "PUT" if not more:
            return allocations.allocate(asked, kind, row)
        case "DELETE" if more:
            return allocations.take_off(asked, kind, row, more[0].lower())
    return _no_verb()


def _options(asked: Asked, named: str, more: tuple[str, ...]) -> Answer:
    sent = fields.elements(asked.request, OPTION)
    option_id = more[0].lower() if more else None

    def act() -> Answer:
        made = [settings.save_option(asked, named.lower(), one, option_id) for one in sent]
        return shape.envelope(asked, "Options", made)

    return _checked(asked, OPTION, act)


def _row(asked: Asked, kind: Kind, named: str) -> Doc:
    row = reading.find(asked, kind, named)
    if row is None:
        raise Refused(refusals.not_found())
    return row


def _checked(asked: Asked, kind: Kind, act: Callable[[], Answer]) -> Answer:
    try:
        return act()
    except Invalid as invalid:
        raise Refused(refusals.validation(asked.request, [invalid.echo], kind.one)) from invalid


def _no_verb() -> Answer:
    return refusals.not_implemented()


def _unknown(asked: Asked) -> Answer:
    return unknown(asked.request.method, asked.request.path)


def unknown(method: str, path: str) -> Answer:
    return Answer(501, f"The Xero stand-in has no address {method} {path}".encode(), "text/plain; charset=utf-8")
