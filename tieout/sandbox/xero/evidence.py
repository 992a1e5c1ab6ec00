"""What the control door shows of the books: writes by key and number, documents, ledger totals, tokens, connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.xero.state import Books


def show(books: Books, name: str, told: Doc) -> Any:
    """Raises LookupError with the names there are."""
    if name not in _SHOWN:
        raise LookupError(f"no evidence is called {name}; there are calls, {', '.join(sorted(_SHOWN))}")
    return _SHOWN[name](books, told)


def _writes(books: Books, told: Doc) -> Any:
    rows = [row for row in books.shelf.all("write") if told.get("tenant", row["tenant"]) == row["tenant"]]
    by_key = Counter(row["key"] for row in rows if row["key"])
    ids: dict[str, set[str]] = {}
    for row in rows:
        if row["number"]:
            ids.setdefault(row["number"], set()).add(row["id"])
    return {
        "count": len(rows),
        "by_key": dict(by_key),
        "by_number": dict(Counter(row["number"] for row in rows if row["number"])),
        "documents_by_number": {number: len(found) for number, found in ids.items()},
        "writes": rows,
    }


def _documents(books: Books, told: Doc) -> Any:
    """Every invoice and credit note of an organisation, or of all, with what a tie-out needs."""
    found: list[Doc] = []
    for tenant in _tenants(books, told):
        for key, id_field, number in (
            ("Invoices", "InvoiceID", "InvoiceNumber"),
            ("CreditNotes", "CreditNoteID", "CreditNoteNumber"),
        ):
            for row in books.shelf.all(f"{tenant}/{key}"):
                shown = {
                    name: row.get(name) for name in ("Type", "Status", "Total", "TotalTax", "CurrencyCode", "Date")
                }
                held = books.shelf.find(f"{tenant}/Attachments", "_of", f"{key}/{row[id_field]}")
                more = {
                    "id": row[id_field],
                    "number": row.get(number),
                    "tenant": tenant,
                    "lines": len(row["LineItems"]),
                }
                found.append(more | shown | {"contact": row["Contact"]["Name"], "attachments": len(held)})
    return found


def _totals(books: Books, told: Doc) -> Any:
    """Net per account over approved documents, signed as the ledger is: debits less credits; they sum to zero."""
    sums: dict[str, Decimal] = {}
    for tenant in _tenants(books, told):
        for row in books.shelf.all(f"{tenant}/Invoices"):
            if row["Status"] in {"AUTHORISED", "PAID"}:
                _post(sums, row, -1 if row["Type"] == "ACCREC" else 1)
        for row in books.shelf.all(f"{tenant}/CreditNotes"):
            if row["Status"] in {"AUTHORISED", "PAID"}:
                _post(sums, row, 1 if row["Type"] == "ACCRECCREDIT" else -1)
    return {"accounts": sums, "sum": sum(sums.values(), Decimal("0.00"))}


def _post(sums: dict[str, Decimal], row: Doc, sign: int) -> None:
    control = "receivable" if "REC" in row["Type"] else "payable"
    for line in row["LineItems"]:
        net = line["LineAmount"] - (line["TaxAmount"] if row["LineAmountTypes"] == "Inclusive" else 0)
        code = line.get("AccountCode", "")
        sums[code] = sums.get(code, Decimal("0.00")) + sign * net
    sums["tax"] = sums.get("tax", Decimal("0.00")) + sign * row["TotalTax"]
    sums[control] = sums.get(control, Decimal("0.00")) - sign * row["Total"]


def _tokens(books: Books, told: Doc) -> Any:
    """Grants and how many tokens of each live; never a token itself."""
    now = books.now()
    return [
        {
            "app": grant["app"],
            "user": grant["user"],
            "scopes": grant["scopes"],
            "access_live": sum(row["expires"] > now for row in books.shelf.find("access", "grant", grant["id"])),
            "refresh_live": sum(row["consumed"] is None for row in books.shelf.find("refresh", "grant", grant["id"])),
        }
        for grant in books.shelf.all("grant")
    ]


def _connections(books: Books, told: Doc) -> Any:
    return list(books.shelf.all("connection"))


def _egress(books: Books, told: Doc) -> Any:
    return books.egress


def _tenants(books: Books, told: Doc) -> list[str]:
    return [
        row["OrganisationID"]
        for row in books.shelf.all("organisation")
        if told.get("tenant") in {None, row["OrganisationID"]}
    ]


_SHOWN: dict[str, Callable[[Books, Doc], Any]] = {
    "writes": _writes,
    "documents": _documents,
    "totals": _totals,
    "tokens": _tokens,
    "connections": _connections,
    "egress": _egress,
}
