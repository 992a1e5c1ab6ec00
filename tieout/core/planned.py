"""What a plan is: documents and their lines, the gaps that keep one from being made, its record and its hash."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieout.core.day import Month
from tieout.core.money import Money, total
from tieout.core.records import DocumentKind, Form

ENGINE = 1  # rises with every change that makes other documents of the same settlement and mapping


@dataclass(frozen=True, slots=True)
class Terms:
    """What an organisation decides for one channel account, and what its books take.

    `zone` is an IANA name, `contact` None the marketplace; `longest` how many characters a document's number may have.
    """

    country: str
    zone: str
    due_days: int = 0
    contact: str | None = None
    prefix: str = "TO"
    form: Form = Form.INVOICES
    longest: int = 255


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line of a document. Amounts carry the document's sign (a bill has every sign of the payout flipped, an
    invoice and a journal none).

    `subtotals` are positions in the settlement's subtotals: the rows this figure sums. A roll line has none.
    """

    description: str
    account: str
    tax: str
    gross: Money
    net: Money
    vat: Money
    subtotals: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice, bill or journal, for one part. Its number is deterministic; amounts include tax.

    `against` is the account that balances a journal: it is debited with the total, credited where that is negative.
    Blank on invoices, on bills, and on a journal of zero.
    """

    part: int
    month: Month
    kind: DocumentKind
    number: str
    reference: str
    contact: str
    dated: date
    due: date
    currency: str
    lines: tuple[PlannedLine, ...]
    against: str = ""

    @property
    def total(self) -> Money:
        """In the document's own sign: only a journal's may be negative."""
        return total((line.gross for line in self.lines), self.currency)

    @property
    def tax_total(self) -> Money:
        return total((line.vat for line in self.lines), self.currency)

    def as_paid(self, amount: Money) -> Money:
        """An amount of this document as the payout sees it, and back: bills are flipped."""
        return -amount if self.kind is DocumentKind.BILL else amount


@dataclass(frozen=True, slots=True)
class Plan:
    """Documents in posting order; the last one meets the deposit. `hash` covers everything that reaches the books."""

    settlement: str
    version: int
    mapping_version: int
    zone: str
    documents: tuple[Document, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing the plan lacks, with the money that waits on it. `code` is a problem code."""

    code: str
    message: str
    amount: Money
    rows: int
    category: str = ""
    label: str = ""
    row: int = 0


def plan_hash(plan: Plan, statement: str) -> str:
    """SHA-256 over the canonical record of the plan, the statement's digest and the engine's version.

    The mapping's version is left out: another mapping that makes the same documents makes the same plan.
    """
    record = to_record(plan) | {"statement": statement, "engine": ENGINE}
    del record["hash"], record["mapping_version"]
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def to_record(plan: Plan) -> dict[str, Any]:
    """As JSON; amounts are decimal texts in the document's currency."""
    return {
        "settlement": plan.settlement,
        "version": plan.version,
        "mapping_version": plan.mapping_version,
        "zone": plan.zone,
        "documents": [_document_record(document) for document in plan.documents],
        "hash": plan.hash,
    }


def plan_from_record(record: dict[str, Any]) -> Plan:
    """Our own form back again, exactly."""
    return Plan(
        record["settlement"],
        record["version"],
        record["mapping_version"],
        record["zone"],
        tuple(_document(item) for item in record["documents"]),
        record["hash"],
    )


def _document_record(document: Document) -> dict[str, Any]:
    return {
        "part": document.part,
        "month": str(document.month),
        "kind": document.kind.value,
        "number": document.number,
        "reference": document.reference,
        "contact": document.contact,
        "dated": document.dated.isoformat(),
        "due": document.due.isoformat(),
        "currency": document.currency,
        "lines": [_line_record(line) for line in document.lines],
        # Left out where it is blank, so that plans made before there were journals keep their hash.
        **({"against": document.against} if document.against else {}),
    }


def _line_record(line: PlannedLine) -> dict[str, Any]:
    return {
        "description": line.description,
        "account": line.account,
        "tax": line.tax,
        "gross": f"{line.gross.amount:f}",
        "net": f"{line.net.amount:f}",
        "vat": f"{line.vat.amount:f}",
        "subtotals": list(line.subtotals),
        "rows": line.rows,
    }


def _document(item: dict[str, Any]) -> Document:
    return Document(
        item["part"],
        Month.read(item["month"]),
        DocumentKind(item["kind"]),
        item["number"],
        item["reference"],
        item["contact"],
        date.fromisoformat(item["dated"]),
        date.fromisoformat(item["due"]),
        item["currency"],
        tuple(_line(line, item["currency"]) for line in item["lines"]),
        item.get("against", ""),
    )


def _line(item: dict[str, Any], currency: str) -> PlannedLine:
    gross, net, vat = (Money.of(Decimal(item[name]), currency) for name in ("gross", "net", "vat"))
    return PlannedLine(
        item["description"], item["account"], item["tax"], gross, net, vat, tuple(item["subtotals"]), item["rows"]
    )
