"""What the books hold, as read back: documents, contacts. Statuses stay the platform's own words."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tieout.core.money import Money


class DocumentKind(StrEnum):
    INVOICE = "invoice"  # money comes to us; its number is unique in the books
    BILL = "bill"  # money goes out; its number need not be unique
    JOURNAL = "journal"  # either way: its lines and one bank account balance; its number need not be unique


class Form(StrEnum):
    """What a platform's books take for a settlement."""

    INVOICES = "invoices"  # an invoice, or a bill where money goes out
    JOURNALS = "journals"  # a journal entry, balanced by the account that the money reaches or leaves


@dataclass(frozen=True, slots=True)
class BooksLine:
    """One line of a document in the books; `amount` includes tax."""

    description: str
    account: str
    tax: str
    amount: Money
    tax_amount: Money


@dataclass(frozen=True, slots=True)
class BooksDocument:
    """One document as the books show it now. `lines` is empty when the platform lists without them."""

    id: str
    kind: DocumentKind
    number: str
    reference: str
    contact_id: str
    contact_name: str
    dated: date
    due: date | None
    currency: str
    status: str
    total: Money
    tax_total: Money
    lines: tuple[BooksLine, ...] = ()
    updated_at: datetime | None = None
    has_attachments: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    name: str
    is_active: bool = True
