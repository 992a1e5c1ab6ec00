"""The kinds of record Xero keeps: how the list, one of it, its id and its number are called, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`scope` is the granular resource whose scope opens it; `broad` the old scope that also did until 2027."""

    key: str
    one: str
    id: str
    scope: str
    number: str = ""
    paged: bool = False
    dated: bool = False  # Date has a DateString beside it
    stamped: bool = False  # UpdatedDateUTC has a string beside it (since July 2026)
    modified: str = "UpdatedDateUTC"


KINDS = {
    kind.key.lower(): kind
    for kind in (
        Kind("Organisations", "Organisation", "OrganisationID", "settings", modified=""),
        Kind("Users", "User", "UserID", "settings"),
        Kind("Accounts", "Account", "AccountID", "settings", "Code"),
        Kind("TaxRates", "TaxRate", "TaxType", "settings", modified=""),
        Kind("Currencies", "Currency", "Code", "settings", modified=""),
        Kind("TrackingCategories", "TrackingCategory", "TrackingCategoryID", "settings", modified=""),
        Kind("BrandingThemes", "BrandingTheme", "BrandingThemeID", "settings", modified=""),
        Kind("Items", "Item", "ItemID", "settings", "Code"),
        Kind("Contacts", "Contact", "ContactID", "contacts", "ContactNumber", paged=True),
        Kind("ContactGroups", "ContactGroup", "ContactGroupID", "contacts", modified=""),
        Kind("Invoices", "Invoice", "InvoiceID", "invoices", "InvoiceNumber", True, True, True),
        Kind("CreditNotes", "CreditNote", "CreditNoteID", "invoices", "CreditNoteNumber", True, True, True),
        Kind("Payments", "Payment", "PaymentID", "payments", paged=True, stamped=True),
        Kind("BatchPayments", "BatchPayment", "BatchPaymentID", "payments"),
        Kind("Prepayments", "Prepayment", "PrepaymentID", "payments", paged=True, dated=True, stamped=True),
        Kind("Overpayments", "Overpayment", "OverpaymentID", "payments", paged=True, dated=True, stamped=True),
        Kind("BankTransactions", "BankTransaction", "BankTransactionID", "banktransactions", paged=True, dated=True),
        Kind("BankTransfers", "BankTransfer", "BankTransferID", "banktransactions", modified="CreatedDateUTC"),
        Kind("ManualJournals", "ManualJournal", "ManualJournalID", "manualjournals", paged=True),
        Kind("PurchaseOrders", "PurchaseOrder", "PurchaseOrderID", "invoices", "PurchaseOrderNumber", True, True),
        Kind("Quotes", "Quote", "QuoteID", "invoices", "QuoteNumber", dated=True),
        Kind("RepeatingInvoices", "RepeatingInvoice", "RepeatingInvoiceID", "invoices", modified=""),
        Kind("LinkedTransactions", "LinkedTransaction", "LinkedTransactionID", "invoices"),
        Kind("Journals", "Journal", "JournalID", "journals", modified="CreatedDateUTC"),
        Kind("Employees", "Employee", "EmployeeID", "settings"),
        Kind("ExpenseClaims", "ExpenseClaim", "ExpenseClaimID", "settings"),
        Kind("Receipts", "Receipt", "ReceiptID", "settings"),
    )
}
# Paths that say one where the list is meant, or the other way round; both are answered.
ALIASES = {"organisation": "organisations"}


def kind_of(name: str) -> Kind | None:
    lowered = name.lower()
    return KINDS.get(ALIASES.get(lowered, lowered))
