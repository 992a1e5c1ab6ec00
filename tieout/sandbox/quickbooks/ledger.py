"""The records of a company and what may be done to each: create, update, delete, void, read; settings and rates.

Nothing here knows the wire: bodies are documents with exact decimals, refusals are `state.Fault`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import (
    accounts,
    buying,
    currency,
    fields,
    items,
    journals,
    lists,
    moving,
    names,
    payments,
    posting,
    rules,
    sales,
    settings,
    settling,
    taxsets,
)
from tieout.sandbox.quickbooks.posting import ZERO
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.settling import Built
from tieout.sandbox.quickbooks.state import Asked, stamp


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be done to a kind of record. `series` names whose ids it counts with."""

    series: str
    is_document: bool = False
    is_written: bool = True
    is_deleted: bool = False
    is_voided: bool = False


def _document(voided: bool = False) -> Kind:
    return Kind("document", is_document=True, is_deleted=True, is_voided=voided)


ENTITIES: dict[str, Kind] = {
    "JournalEntry": _document(),
    "Invoice": _document(voided=True),
    "SalesReceipt": _document(voided=True),
    "CreditMemo": _document(),
    "RefundReceipt": _document(),
    "Payment": _document(voided=True),
    "Bill": _document(),
    "VendorCredit": _document(),
    "BillPayment": _document(voided=True),
    "Purchase": _document(),
    "Deposit": _document(),
    "Transfer": _document(),
    "Customer": Kind("name"),
    "Vendor": Kind("name"),
    "Employee": Kind("name"),
    "Account": Kind(""),
    "Item": Kind("item"),
    "Class": Kind("class"),
    "Department": Kind("department"),
    "Term": Kind("term"),
    "PaymentMethod": Kind("method"),
    "CompanyCurrency": Kind("currency"),
    "TaxCode": Kind("tax/TaxCode", is_written=False),
    "TaxRate": Kind("tax/TaxRate", is_written=False),
    "TaxAgency": Kind("tax/TaxAgency"),
    "TaxService": Kind(""),
    "Attachable": Kind("attachable", is_deleted=True),
    "CompanyInfo": Kind("", is_written=False),
    "Preferences": Kind("", is_written=False),
    "ExchangeRate": Kind("", is_written=False),
}
SINGLE = {"CompanyInfo", "Preferences"}
_SALES, _BUYING = frozenset(sales.FORMS), frozenset({"Bill", "VendorCredit", "Purchase"})


def create(asked: Asked, entity: str, body: Doc) -> Doc:
    """A new record. Raises Fault; then nothing is written."""
    kind = _written(entity, "create")
    rules.admit(asked, entity)
    if entity == "TaxService":
        with asked.books.shelf.change():
            return taxsets.create(asked, fields.read(entity, body))
    return _save(asked, entity, kind, _read(asked, entity, body), None)


def update(asked: Asked, entity: str, body: Doc, sparse: bool) -> Doc:
    """A new version: a sparse one keeps what is left out, a full one clears it. Raises Fault."""
    kind = _written(entity, "update")
    if entity == "TaxService":
        raise fault("unsupported-operation", operation="update")
    rules.admit(asked, entity)
    old = rules.before(asked, entity, body)
    read_body = _read(asked, entity, body)
    if kind.is_document:
        rules.check_open(asked.company, old["TxnDate"])
        rules.check_movable(old)
        if old.get("_void"):
            raise fault("unsupported-operation", operation="update of a voided transaction")
    return _save(asked, entity, kind, _effective(entity, read_body, old, sparse) | {"Id": old["Id"]}, old)


def delete(asked: Asked, entity: str, body: Doc) -> Doc:
    """Takes a transaction or an attachment away; names and accounts can only be made inactive. Raises Fault."""
    if not _written(entity, "delete").is_deleted:
        raise fault("unsupported-operation", operation=f"delete of {entity}")
    rules.admit(asked, entity)
    old = rules.before(asked, entity, body)
    if entity != "Attachable":
        _check_leaving(asked, old)
    with asked.books.shelf.change():
        return public(removed(asked, entity, old) | {"DocNumber": old.get("DocNumber", "")})


def void(asked: Asked, entity: str, body: Doc) -> Doc:
    """Keeps the transaction with every amount at nought. Raises Fault."""
    if not _written(entity, "void").is_voided:
        raise fault("unsupported-operation", operation=f"void of {entity}")
    rules.admit(asked, entity)
    old = rules.before(asked, entity, body)
    if old.get("_matched"):
        raise fault("matched")
    rules.check_open(asked.company, old["TxnDate"])
    rules.check_movable(old)
    if old.get("_applied"):
        raise fault("void-settled")
    with asked.books.shelf.change():
        return public(voided(asked, entity, old))


def read(asked: Asked, entity: str, row_id: str) -> Doc:
    """One record as it is shown now. Raises Fault."""
    if entity in SINGLE:
        return about_company(asked) if entity == "CompanyInfo" else preferences(asked)
    if entity not in ENTITIES or entity in {"TaxService", "ExchangeRate"}:
        raise fault("unsupported-operation", operation=f"read of {entity}")
    return _shown(asked, entity, rules.existing(asked, entity, row_id))


def visible(asked: Asked, entity: str) -> list[Doc]:
    """Every record that is not deleted, inactive ones too, in the order in which they were made."""
    if entity in SINGLE:
        return [about_company(asked) if entity == "CompanyInfo" else preferences(asked)]
    return [_shown(asked, entity, row) for row in asked.company.rows(entity) if row.get("status") != "Deleted"]


def deleted(asked: Asked, entity: str) -> list[Doc]:
    """What was deleted, as the change feed tells it: id, status and when."""
    return [public(row) for row in asked.company.rows(entity) if row.get("status") == "Deleted"]


def preferences(asked: Asked) -> Doc:
    return settings.preferences(asked)


def about_company(asked: Asked) -> Doc:
    return settings.about_company(asked)


def exchange_rate(asked: Asked, code: str, day: str = "") -> Doc:
    """QuickBooks' own rate of a day, YYYY-MM-DD, or of today. Raises Fault for a currency or day that is none."""
    return currency.exchange_rate(asked, code, day)


def public(row: Doc) -> Doc:
    """Without what the stand-in keeps for itself."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def removed(asked: Asked, entity: str, old: Doc) -> Doc:
    """The record deleted, its entries taken back and what it settled open again; no rule is asked."""
    _unsettle(asked, entity, old)
    posting.move(asked.company, old, None)
    token, meta = str(int(old["SyncToken"]) + 1), old["MetaData"] | {"LastUpdatedTime": stamp(asked.now)}
    row: Doc = {"Id": old["Id"], "SyncToken": token, "domain": "QBO", "status": "Deleted", "MetaData": meta}
    return asked.company.put(entity, row)


def voided(asked: Asked, entity: str, old: Doc) -> Doc:
    """The transaction with every amount at nought; no rule is asked."""
    _unsettle(asked, entity, old)
    note = f"Voided - {old['PrivateNote']}" if old.get("PrivateNote") else "Voided"
    row = old | {"PrivateNote": note[:4000], "_posts": [], "_links": {}, "_void": True}
    row |= {name: ZERO for name in _AMOUNTS if name in old}
    row |= {"Line": [] if entity in payments.SETTLES else [_emptied(line) for line in old.get("Line", [])]}
    row |= {"TxnTaxDetail": {"TotalTax": ZERO}} if "TxnTaxDetail" in old else {}
    row |= {"LinkedTxn": []} if "LinkedTxn" in old else {}
    posting.move(asked.company, old, row)
    return asked.company.put(entity, settling.touched(asked, row), "Void")


def edited(asked: Asked, entity: str, change: Doc, old: Doc) -> Doc:
    """The record with these fields changed, its entries made anew; neither closed books nor rights are asked."""
    body = _effective(entity, fields.read(entity, change), old, sparse=True) | {"Id": old["Id"]}
    built = _built(asked, entity, body, old)
    return keep(asked, entity, built.row, old, built.links)


def made(asked: Asked, entity: str, body: Doc) -> Doc:
    """A record made past closed books, plan and rights, as a person in the company may."""
    built = _built(asked, entity, fields.read(entity, body), None)
    return keep(asked, entity, built.row, None, built.links)


_AMOUNTS = ("Amount", "TotalAmt", "Balance", "HomeTotalAmt", "UnappliedAmt", "RemainingCredit")
_AMOUNTS_OF_LINES = ("TaxAmount", "TaxInclusiveAmt", "UnitPrice", "Qty")


def _emptied(line: Doc) -> Doc:
    """A line of a voided document: its words and references with every amount at nought."""
    how = str(line.get("DetailType", ""))
    kept: Doc = {name: value for name, value in line.items() if name != "LinkedTxn"} | {"Amount": ZERO}
    if how in kept:
        kept[how] = {name: ZERO if name in _AMOUNTS_OF_LINES else value for name, value in kept[how].items()}
    return kept


def keep(asked: Asked, entity: str, row: Doc, old: Doc | None, links: Mapping[str, Decimal]) -> Doc:
    """The record kept as a new version, posted, and linked to what it settles; no rule is asked."""
    company = asked.company
    if old is None:
        made = stamp(asked.now)
        outside: Doc = {"Id": company.next_id(ENTITIES[entity].series), "SyncToken": "0", "domain": "QBO"}
        whole = row | outside | {"sparse": False, "MetaData": {"CreateTime": made, "LastUpdatedTime": made}}
        whole |= {"_by": settling.known_as(asked)}
    else:
        private = {name: value for name, value in old.items() if name.startswith("_")}
        same = {name: old[name] for name in ("Id", "SyncToken", "domain", "sparse", "MetaData") if name in old}
        whole = settling.touched(asked, private | row | same)
    whole |= {"_links": dict(links)} if links or (old or {}).get("_links") else {}
    if ENTITIES[entity].is_document:
        posting.move(company, old, whole)
    company.put(entity, whole)
    _settle(asked, entity, whole, (old or {}).get("_links", {}), links)
    return whole


def _written(entity: str, operation: str) -> Kind:
    kind = ENTITIES.get(entity)
    if kind is None or not kind.is_written:
        raise fault("unsupported-operation", operation=f"{operation} of {entity}")
    return kind


def _read(asked: Asked, entity: str, body: Doc) -> Doc:
    is_long = len(str(body.get("DocNumber") or "")) > rules.LONGEST_NUMBER
    if is_long and str(asked.company.switches["long_number_code"]) == "6000":
        raise fault("number-long")
    return fields.read(entity, body)


def _effective(entity: str, body: Doc, old: Doc, sparse: bool) -> Doc:
    """What the new version is made from."""
    if not sparse:
        return body
    kept = fields.read(entity, public(old))
    if "Line" in body and "TxnTaxDetail" not in body:
        # The tax of the old lines would otherwise be taken for one that the client sets itself.
        kept.pop("TxnTaxDetail", None)
    return kept | body


def _save(asked: Asked, entity: str, kind: Kind, body: Doc, old: Doc | None) -> Doc:
    with asked.books.shelf.change():
        built = _built(asked, entity, body, old)
        if kind.is_document:
            rules.check_open(asked.company, built.row["TxnDate"])
            if old is not None and old.get("_matched") and built.row["_posts"] != old["_posts"]:
                raise fault("matched")
        row = keep(asked, entity, built.row, old, built.links)
        return _shown(asked, entity, row)


def _built(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Built:
    if entity in _SALES:
        return sales.build(asked, entity, body, old)
    if entity in _BUYING:
        return buying.build(asked, entity, body, old)
    match entity:
        case "JournalEntry":
            return journals.build(asked, body, old)
        case "Payment":
            return payments.build_payment(asked, body, old)
        case "BillPayment":
            return payments.build_bill_payment(asked, body, old)
        case "Deposit":
            return moving.build_deposit(asked, body, old)
        case "Transfer":
            return moving.build_transfer(asked, body, old)
        case "Account":
            return Built(accounts.save(asked, body, old), {})
        case "Item":
            return Built(items.save(asked, body, old), {})
        case "Customer" | "Vendor" | "Employee":
            return Built(names.save(asked, entity, body, old), {})
    return Built(lists.save(asked, entity, body, old), {})


def _shown(asked: Asked, entity: str, row: Doc) -> Doc:
    match entity:
        case "Account":
            row = accounts.shown(asked.company, row)
        case "Customer" | "Vendor" | "Employee":
            row = names.shown(asked.company, entity, row)
    return public(row)


def _check_leaving(asked: Asked, old: Doc) -> None:
    """Raises Fault when something holds the transaction: the bank feed, a deposit, what settles it, closed books."""
    if old.get("_matched"):
        raise fault("matched")
    rules.check_open(asked.company, old["TxnDate"])
    rules.check_movable(old)
    if old.get("_applied"):
        raise fault("cannot-delete", what=", ".join(sorted(old["_applied"])))


def _settle(asked: Asked, entity: str, row: Doc, old: Mapping[str, Decimal], new: Mapping[str, Decimal]) -> None:
    if entity == "Deposit":
        moving.mark(asked, row["Id"], dict(old), dict(new))
    elif entity in payments.SETTLES:
        settling.relink(asked, f"{entity}/{row['Id']}", entity, old, new)


def _unsettle(asked: Asked, entity: str, old: Doc) -> None:
    _settle(asked, entity, old, old.get("_links", {}), {})
