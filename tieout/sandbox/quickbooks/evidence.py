"""What the control door shows of the books: documents by number, and the ledger's totals two ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import ledger, posting, refs
from tieout.sandbox.quickbooks.posting import ZERO
from tieout.sandbox.quickbooks.state import Books, Company

DOCUMENTS = tuple(name for name, kind in ledger.ENTITIES.items() if kind.is_document)


def show(books: Books, name: str, told: Doc) -> Any:
    """Raises LookupError with the names there are."""
    if name not in _SHOWN:
        raise LookupError(f"no evidence is called {name}; there are {', '.join(sorted(_SHOWN))}")
    return _SHOWN[name](books, told)


def totals(company: Company, account: str = "") -> dict[str, Decimal]:
    """Debits less credits by account, at home, from what the documents themselves posted; they sum to zero.

    An account is called by its number where it has one, else by its name; `account` asks for one alone, by number,
    name or id.
    """
    amounts: dict[str, Decimal] = {}
    for entity in DOCUMENTS:
        for row in company.rows(entity):
            for post in row.get("_posts", ()):
                amounts[post["account"]] = amounts.get(post["account"], ZERO) + post["home"]
    found: dict[str, Decimal] = {}
    for account_id, amount in amounts.items():
        row = company.get("Account", account_id) or {"Id": account_id, "Name": account_id}
        called = str(row.get("AcctNum") or row["Name"])
        if account in {"", called, row["Name"], row["Id"]}:
            found[called] = found.get(called, ZERO) + amount
    return found


def _totals(books: Books, told: Doc) -> Any:
    by_company = {company.realm: totals(company, str(told.get("account", ""))) for company in _companies(books, told)}
    sums: dict[str, Decimal] = {}
    for accounts in by_company.values():
        for name, amount in accounts.items():
            sums[name] = sums.get(name, ZERO) + amount
    kept = {
        company.realm: posting.total(
            row["home"] for row in company.rows("_Balance") if str(row["Id"]).startswith("Account/")
        )
        for company in _companies(books, told)
    }
    return {"accounts": sums, "sum": posting.total(sums.values()), "companies": by_company, "kept": kept}


def _documents(books: Books, told: Doc) -> Any:
    """Every document of a company, or of all, with what a tie-out needs; `number` and `entity` narrow it."""
    found: list[Doc] = []
    for company in _companies(books, told):
        attached = Counter(
            f"{one['EntityRef']['type']}/{one['EntityRef']['value']}"
            for row in company.rows("Attachable")
            for one in row.get("AttachableRef", [])
            if "EntityRef" in one
        )
        for entity in DOCUMENTS:
            for row in company.rows(entity):
                if told.get("entity", entity) != entity or told.get("number", row.get("DocNumber")) != row.get(
                    "DocNumber"
                ):
                    continue
                if row.get("status") != "Deleted":
                    found.append(_document(company, entity, row) | {"attachments": attached[f"{entity}/{row['Id']}"]})
    return found


def _document(company: Company, entity: str, row: Doc) -> Doc:
    shown: Doc = {"realm": company.realm, "tenant": company.realm, "entity": entity, "id": row["Id"]}
    shown |= {"number": row.get("DocNumber"), "date": row["TxnDate"], "note": row.get("PrivateNote", "")}
    shown |= {"total": row.get("TotalAmt", row.get("Amount")), "currency": row["CurrencyRef"]["value"]}
    shown |= {"tax": (row.get("TxnTaxDetail") or {}).get("TotalTax", ZERO), "lines": len(row.get("Line", []))}
    status = "VOID" if row.get("_void") else "PAID" if row.get("Balance") == ZERO else "OPEN"
    name = refs.value(row, "CustomerRef") or refs.value(row, "VendorRef")
    return shown | {"status": status, "contact": name, "version": row["SyncToken"]}


def _numbers(books: Books, told: Doc) -> Any:
    """How many live documents have each number: more than one is a duplicate."""
    return dict(Counter(one["number"] for one in _documents(books, told) if one["number"]))


def _deleted(books: Books, told: Doc) -> Any:
    return [
        {"realm": company.realm, "entity": entity, "id": row["Id"]}
        for company in _companies(books, told)
        for entity in DOCUMENTS
        for row in company.rows(entity)
        if row.get("status") == "Deleted"
    ]


def _companies_shown(books: Books, told: Doc) -> Any:
    return [company.facts for company in _companies(books, told)]


def _companies(books: Books, told: Doc) -> list[Company]:
    wanted = told.get("realm") or told.get("tenant")
    return [company for company in books.companies() if wanted in {None, company.realm}]


_SHOWN: dict[str, Callable[[Books, Doc], Any]] = {
    "documents": _documents,
    "numbers": _numbers,
    "deleted": _deleted,
    "totals": _totals,
    "companies": _companies_shown,
}
