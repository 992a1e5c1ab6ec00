"""What a document still owes: kept from its payments and allocations, PAID set and unset by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.sandbox import Doc

ZERO = Decimal("0.00")


def resettled(row: Doc, day: date) -> Doc:
    """The document with what is paid, credited and due computed anew; `day` is when the last of it was paid."""
    paid = sum((payment["Amount"] for payment in row.get("Payments", [])), ZERO)
    if "Allocations" in row:
        allocated = sum((one["Amount"] for one in row["Allocations"]), ZERO)
        left = row["Total"] - paid - allocated
        settled = row | {"RemainingCredit": left}
    else:
        credited = sum(
            (
                one["AppliedAmount"]
                for name in ("CreditNotes", "Prepayments", "Overpayments")
                for one in row.get(name, [])
            ),
            ZERO,
        )
        left = row["Total"] - paid - credited
        settled = row | {"AmountDue": left, "AmountPaid": paid, "AmountCredited": credited}
    return _with_status(settled, left, day)


def _with_status(row: Doc, left: Decimal, day: date) -> Doc:
    if row["Status"] not in {"AUTHORISED", "PAID"}:
        return row
    if left == 0:
        # A document of zero is marked as paid by Xero itself.
        return row | {"Status": "PAID", "FullyPaidOnDate": row.get("FullyPaidOnDate", day)}
    open_again = row | {"Status": "AUTHORISED"}
    open_again.pop("FullyPaidOnDate", None)
    return open_again


def outstanding(row: Doc) -> Decimal:
    left: Decimal = row["RemainingCredit"] if "RemainingCredit" in row else row["AmountDue"]
    return left
