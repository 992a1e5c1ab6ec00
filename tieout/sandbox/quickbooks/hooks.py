"""Webhooks: events as Intuit words them, signed over the raw bytes, retried on a ladder while later ones wait.

Nothing is sent by itself: the control door says when to deliver, so that every order of events can be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tieout.sandbox import Doc

if TYPE_CHECKING:
    from tieout.sandbox.quickbooks.state import Books

# Webhooks exist for these; reference data that is not here is never told of.
ENTITIES = frozenset(
    "Account Bill BillPayment Class CreditMemo Currency Customer Department Deposit Employee Estimate Invoice Item"
    " JournalCode JournalEntry Payment PaymentMethod Preferences Purchase PurchaseOrder RefundReceipt SalesReceipt"
    " Term TimeActivity Transfer Vendor VendorCredit".split()
)


def note(books: Books, realm: str, entity: str, row_id: str, operation: str) -> None:
    """Keeps an event for every app that listens and is connected to the company; one per record and moment."""
    if entity not in ENTITIES:
        return
    for hook in books.shelf.all("hook"):
        connected = any(row["realm"] == realm for row in books.shelf.find("grant", "app", hook["app"]))
        if connected and entity in hook["entities"]:
            _queue(books, hook, {"realm": realm, "entity": entity, "id": row_id, "operation": operation})


def _queue(books: Books, hook: Doc, event: Doc) -> None:
    now = books.now()
    for row in books.shelf.find("event", "app", hook["app"]):
        if row["event"] == event and row["at"] == now:
            return
    number = int((books.shelf.get("hook", hook["app"]) or hook)["next"])
    kept: Doc = {"app": hook["app"], "number": number, "event": event, "at": now, "uuid": books.shelf.new_id()}
    books.shelf.put("event", f"{hook['app']}/{number:09d}", kept)
    books.shelf.put("hook", hook["app"], hook | {"next": number + 1})
