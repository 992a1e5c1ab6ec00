"""Papers of a document: its PDF, and sending it to the customer."""

from __future__ import annotations

from tieout.sandbox import Answer, Doc
from tieout.sandbox.quickbooks import denials, gate, ledger, limits, rules, settling, wire
from tieout.sandbox.quickbooks.denials import Refused
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked, stamp

SENT = frozenset("Invoice Estimate CreditMemo SalesReceipt RefundReceipt Payment PurchaseOrder".split())


def pdf(asked: Asked, entity: str, row_id: str) -> Answer:
    """Raises Fault 500 for what has no PDF, or when `application/pdf` is not asked for by name."""
    gate.may_read(asked)
    row = ledger.read(asked, entity, row_id)
    if entity not in SENT or "application/pdf" not in asked.request.header("accept").lower():
        raise fault("unsupported-operation", operation="pdf")
    told = f"{entity} {row.get('DocNumber') or row['Id']}".encode("ascii", "replace")
    return Answer(200, _page(told.replace(b"(", b"").replace(b")", b"")), "application/pdf")


def send(asked: Asked, entity: str, row_id: str) -> Doc:
    """Marks the document as sent. Raises Fault, or Refused when the day's mails are used up."""
    row = rules.existing(asked, entity, row_id)
    if entity not in SENT:
        raise fault("unsupported-operation", operation="send")
    to = asked.query.get("sendto") or str((row.get("BillEmail") or {}).get("Address", ""))
    if "@" not in to:
        raise fault("email-invalid", value=to)
    _count(asked)
    more: Doc = {"EmailStatus": "EmailSent", "BillEmail": {"Address": to}}
    more |= {"DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": stamp(asked.now)}}
    return {entity: wire.shown(asked.company.put(entity, settling.touched(asked, row | more), "Emailed"))}


def _count(asked: Asked) -> None:
    books, realm = asked.books, asked.company.realm
    place = f"{realm}/{asked.company.today().isoformat()}"
    sent = int((books.shelf.get("mail", place) or {"count": 0})["count"])
    most = int(books.switches["mails_per_day"])
    if asked.app["environment"] == "development" and most and sent >= most:
        raise Refused(denials.too_many(books, asked.request, limits.SAID["mails_per_day"], None))
    books.shelf.put("mail", place, {"realm": realm, "count": sent + 1})


def _page(told: bytes) -> bytes:
    """One page with one line on it: enough to be a PDF."""
    drawn = b"BT /F1 18 Tf 72 720 Td (" + told + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
    )
    whole, places = b"%PDF-1.4\n", []
    for number, inside in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, inside)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return whole + end % (table, len(whole))
