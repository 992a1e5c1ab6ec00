"""Purchase orders and quotes: documents that owe nothing yet, with their own numbers and statuses."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.sandbox import Doc
from tieout.sandbox.xero import contacts, lines, refusals
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Verdict
from tieout.sandbox.xero.state import Asked


@dataclass(frozen=True, slots=True)
class Order:
    key: str
    id: str
    number: str
    prefix: str
    statuses: tuple[str, ...]
    ended: frozenset[str]


PURCHASE = Order(
    "PurchaseOrders",
    "PurchaseOrderID",
    "PurchaseOrderNumber",
    "PO",
    ("DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED"),
    frozenset({"DELETED"}),
)
QUOTE = Order(
    "Quotes",
    "QuoteID",
    "QuoteNumber",
    "QU",
    ("DRAFT", "SENT", "DECLINED", "ACCEPTED", "INVOICED", "DELETED"),
    frozenset({"DELETED", "INVOICED"}),
)
COPIED = ("Reference", "DeliveryDate", "ExpiryDate", "BrandingThemeID", "Terms", "Title", "Summary")


def save_purchase_order(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    return _save(asked, sent, creating, row_id, PURCHASE)


def save_quote(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    return _save(asked, sent, creating, row_id, QUOTE)


def _save(asked: Asked, sent: Doc, creating: bool, row_id: str | None, order: Order) -> Doc:
    verdict = Verdict()
    before = _existing(asked, sent, creating, row_id, order)
    status = str(sent.get("Status") or (before or {}).get("Status") or "DRAFT").upper()
    if (before or {}).get("Status") in order.ended:
        verdict.error("order-deleted" if order is PURCHASE else "invoice-not-modifiable")
    if status not in order.statuses:
        verdict.error("invoice-status-creation" if before is None else "invoice-not-modifiable")
    contact = _contact(asked, sent, before, order, verdict)
    number = str(sent.get(order.number) or (before or {}).get(order.number) or "")
    taken = asked.find(order.key, order.number, number) if number else ()
    if any(row[order.id] != (before or {}).get(order.id) and row["Status"] != "DELETED" for row in taken):
        verdict.error("order-number-taken")
    old = before or {}
    amount_types = sent.get("LineAmountTypes") or old.get("LineAmountTypes") or "Exclusive"
    rules = lines.Rules(status not in {"DRAFT", "DELETED"}, amount_types)
    given = sent["LineItems"] if isinstance(sent.get("LineItems"), list) else old.get("LineItems", [])
    priced, totals = lines.price(asked, given, rules, verdict, old.get("LineItems", []))
    verdict.check(sent, order.id)
    number = number or f"{order.prefix}-{asked.books.shelf.count(f'{asked.tenant}/{order.key}') + 1:04d}"
    blank = {"HasAttachments": False, "SentToContact": False} if order is PURCHASE else {}
    row: Doc = old or {order.id: asked.new_id(), **blank}
    row = row | {name: sent[name] for name in COPIED if name in sent}
    row |= {order.number: number, "Status": status, "LineAmountTypes": amount_types, "LineItems": priced}
    row |= {"Contact": contact, "Date": sent.get("Date") or old.get("Date") or asked.today}
    row |= {"SubTotal": totals.subtotal, "TotalTax": totals.tax, "Total": totals.total, "UpdatedDateUTC": asked.now}
    row |= {"CurrencyCode": sent.get("CurrencyCode") or old.get("CurrencyCode") or asked.organisation["BaseCurrency"]}
    return asked.keep(order.key, row[order.id], row)


def _existing(asked: Asked, sent: Doc, creating: bool, row_id: str | None, order: Order) -> Doc | None:
    named = row_id or (None if creating else sent.get(order.id))
    if named:
        found = asked.row(order.key, str(named))
        if found is None:
            raise Refused(refusals.not_found())
        return found
    # POST with a number that exists edits that order, without a word about it.
    same = asked.find(order.key, order.number, str(sent.get(order.number) or "")) if not creating else ()
    return next((row for row in same if row["Status"] not in order.ended), None)


def _contact(asked: Asked, sent: Doc, before: Doc | None, order: Order, verdict: Verdict) -> Doc | None:
    if before is not None and "Contact" not in sent:
        return dict(before["Contact"])
    wanted = sent.get("Contact")
    if order is PURCHASE and isinstance(wanted, dict) and not wanted.get("ContactID"):
        verdict.error("contact-missing")  # purchase orders never create contacts
        return None
    found = contacts.named(asked, wanted, verdict)
    return None if found is None else contacts.brief(found)
