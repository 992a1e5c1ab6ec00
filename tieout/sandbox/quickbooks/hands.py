"""What a person does in QuickBooks itself: pays, voids, edits, matches, merges, closes books, changes plan and role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import changes, ledger, refs, scenarios, settling
from tieout.sandbox.quickbooks.posting import ZERO
from tieout.sandbox.quickbooks.state import Asked, Books, Fault

PAID_BY = {"Invoice": "Payment", "Bill": "BillPayment"}
RECEIPTS = ("Payment", "SalesReceipt")


def act(books: Books, name: str, told: Doc) -> Any:
    """Carries the act out at once, past the API's rights and closed books, as a person in the company may.

    Raises LookupError for a hand, company or record that is not there, ValueError for what the books cannot hold.
    """
    hand = HANDS.get(name)
    if hand is None:
        raise LookupError(f"no hand is called {name}; there are {', '.join(sorted(HANDS))}")
    try:
        return hand(_by_hand(books, told), told)
    except Fault as refused:
        raise ValueError(str(refused)) from refused


def _by_hand(books: Books, told: Doc) -> Asked:
    """A person at work in one company: the one named, or the first."""
    realm = str(told.get("realm") or told.get("tenant") or "")
    company = books.company(realm) if realm else next(iter(books.companies()), None)
    if company is None:
        raise LookupError(f"no company {realm}")
    return scenarios.by_hand(company)


def _document(asked: Asked, told: Doc) -> tuple[str, Doc]:
    """The document with that `id` or `number`; `entity` narrows it. The last one where several have the number."""
    wanted = told.get("entity")
    for entity, kind in ledger.ENTITIES.items():
        if not kind.is_document or wanted not in {None, entity}:
            continue
        for row in reversed(asked.company.rows(entity)):
            is_meant = told.get("id") == row["Id"] or (told.get("number") and told["number"] == row.get("DocNumber"))
            if is_meant and row.get("status") != "Deleted":
                return entity, row
    raise LookupError(f"no document {told.get('number') or told.get('id')}")


def _pay(asked: Asked, told: Doc) -> Any:
    """Pays an invoice or bill, in whole or by `amount`; from `account` (1200, the bank, unless told)."""
    entity, row = _document(asked, told)
    if entity not in PAID_BY:
        raise LookupError(f"{entity} is paid by nothing: pay an Invoice or a Bill")
    amount = Decimal(str(told.get("amount") or row["Balance"])).quantize(ZERO)
    linked = {"Amount": amount, "LinkedTxn": [{"TxnId": row["Id"], "TxnType": entity}]}
    body: Doc = {"TotalAmt": amount, "Line": [linked], "CurrencyRef": row["CurrencyRef"]}
    body |= {"ExchangeRate": row["ExchangeRate"]} if "ExchangeRate" in row else {}
    bank = {"value": changes.account(asked, str(told.get("account", "1200")))["Id"]}
    if entity == "Invoice":
        body |= {"CustomerRef": row["CustomerRef"]}
        body |= {"DepositToAccountRef": bank} if told.get("account") else {}
    else:
        body |= {"VendorRef": row["VendorRef"], "PayType": "Check", "CheckPayment": {"BankAccountRef": bank}}
    return {"id": ledger.made(asked, PAID_BY[entity], body)["Id"], "entity": PAID_BY[entity]}


def _part_pay(asked: Asked, told: Doc) -> Any:
    """Pays half, or `amount`."""
    _, row = _document(asked, told)
    return _pay(asked, {"amount": (row["Balance"] / 2).quantize(ZERO)} | told)


def _void(asked: Asked, told: Doc) -> Any:
    """Voids anything, journals too, which the API cannot."""
    entity, row = _document(asked, told)
    return {"id": ledger.voided(asked, entity, row)["Id"], "entity": entity}


def _delete(asked: Asked, told: Doc) -> Any:
    entity, row = _document(asked, told)
    return {"id": ledger.removed(asked, entity, row)["Id"], "entity": entity}


def _edit(asked: Asked, told: Doc) -> Any:
    """`set`: fields as on the wire. For one line: `line` (from 0) with `account` (number, name or id) or `amount`;
    `and` is a second line that takes the difference, so that a journal still balances."""
    entity, row = _document(asked, told)
    change: Doc = {name: _typed(value) for name, value in dict(told.get("set") or {}).items()}
    if "line" in told:
        change["Line"] = _lines(asked, row, told)
    return {"id": ledger.edited(asked, entity, change, row)["Id"], "entity": entity}


def _lines(asked: Asked, row: Doc, told: Doc) -> list[Doc]:
    lines: list[Doc] = [dict(line) for line in row["Line"]]
    place = int(told["line"])
    line = lines[place]
    detail = str(line["DetailType"])
    if told.get("account"):
        ref = {"value": changes.account(asked, str(told["account"]))["Id"]}
        lines[place] = line | {detail: line[detail] | {"AccountRef": ref}}
    if told.get("amount") is not None:
        amount = Decimal(str(told["amount"])).quantize(ZERO)
        lines[place] = lines[place] | {"Amount": amount}
        if told.get("and") is not None:
            other = int(told["and"])
            same = lines[other][detail].get("PostingType") == line[detail].get("PostingType")
            moved = (amount - line["Amount"]) * (-1 if same else 1)
            lines[other] = lines[other] | {"Amount": lines[other]["Amount"] + moved}
    return lines


def _typed(value: Any) -> Any:
    """Amounts that came through the control door as text or number are decimals."""
    return Decimal(str(value)) if isinstance(value, float) else value


def _renumber(asked: Asked, told: Doc) -> Any:
    """`to`: the new number; blank for none."""
    entity, row = _document(asked, told)
    kept = {name: value for name, value in row.items() if name != "DocNumber"}
    changed = kept | ({"DocNumber": str(told["to"])} if told.get("to") else {})
    return {"id": asked.company.put(entity, settling.touched(asked, changed))["Id"], "entity": entity}


def _redate(asked: Asked, told: Doc) -> Any:
    """`to`: the new day."""
    return _edit(asked, told | {"set": {"TxnDate": date.fromisoformat(str(told["to"])).isoformat()}})


def _doc_edit(asked: Asked, told: Doc) -> Any:
    """`act`: edit, pay, part-pay, void, delete, redate or renumber."""
    name = str(told.get("act", "edit"))
    if name not in _DOC_ACTS:
        raise LookupError(f"doc-edit knows no act {name}; there are {', '.join(sorted(_DOC_ACTS))}")
    return _DOC_ACTS[name](asked, told)


def _stale(asked: Asked, told: Doc) -> Any:
    """A new version with nothing changed but its note, so that whoever read before comes too late."""
    entity, row = _document(asked, told)
    change = dict(told.get("set") or {})
    return {"id": asked.company.put(entity, settling.touched(asked, row | change))["Id"], "entity": entity}


def _deposit(asked: Asked, told: Doc) -> Any:
    """Takes receipts to the bank: those of `ids`, or every one that waits in undeposited funds."""
    funds = refs.with_role(asked.company, "undeposited") or {}
    wanted = [str(one) for one in told.get("ids") or ([told["id"]] if told.get("id") else [])]
    lines = []
    for entity in RECEIPTS:
        for row in asked.company.rows(entity):
            waits = any(post["account"] == funds.get("Id") for post in row.get("_posts", ()))
            if waits and not row.get("_deposit") and (not wanted or row["Id"] in wanted):
                lines.append({"LinkedTxn": [{"TxnId": row["Id"], "TxnType": entity}]})
    if not lines:
        raise LookupError("no receipt waits in undeposited funds")
    bank = changes.account(asked, str(told.get("account", "1200")))
    made = ledger.made(asked, "Deposit", {"DepositToAccountRef": {"value": bank["Id"]}, "Line": lines})
    return {"id": made["Id"], "entity": "Deposit"}


def _match(asked: Asked, told: Doc) -> Any:
    """Matches a transaction with a line of the bank feed, after which it can be neither deleted nor changed (6480);
    `off` takes the match away."""
    entity, row = _document(asked, told)
    asked.company.put(entity, row | {"_matched": not told.get("off", False)})
    return {"id": row["Id"], "entity": entity}


def _payment_edit(asked: Asked, told: Doc) -> Any:
    """`act`: add (to the invoice or bill with `number`), delete, or reconcile (the payment with `id`)."""
    match told.get("act", "delete" if told.get("id") else "add"):
        case "add":
            return _pay(asked, told)
        case "reconcile":
            return _match(asked, told)
    return _delete(asked, told)


def _number_taken(asked: Asked, told: Doc) -> Any:
    """A document with this number made by hand, so that it is there before ours: a journal, or `entity` Invoice."""
    number, amount = str(told["number"]), Decimal(str(told.get("total", "1.00"))).quantize(ZERO)
    note = {"PrivateNote": str(told.get("note", "Made by hand"))}
    if told.get("entity", "JournalEntry") == "JournalEntry":
        bank, other = (changes.account(asked, one)["Id"] for one in ("1200", "TO-100"))
        lines = [scenarios.side("Debit", bank, amount), scenarios.side("Credit", other, amount)]
        made = ledger.made(asked, "JournalEntry", {"Line": lines, "DocNumber": number} | note)
        return {"id": made["Id"], "entity": "JournalEntry"}
    customer, item = asked.company.rows("Customer")[0], asked.company.rows("Item")[0]
    line = {"DetailType": "SalesItemLineDetail", "Amount": amount}
    line |= {"SalesItemLineDetail": {"ItemRef": {"value": item["Id"]}}}
    body: Doc = {"CustomerRef": {"value": customer["Id"]}, "Line": [line], "DocNumber": number}
    made = ledger.made(asked, "Invoice", body | note | {"GlobalTaxCalculation": "NotApplicable"})
    return {"id": made["Id"], "entity": "Invoice"}


_DOC_ACTS: dict[str, Callable[[Asked, Doc], Any]] = {
    "edit": _edit,
    "pay": _pay,
    "part-pay": _part_pay,
    "void": _void,
    "delete": _delete,
    "redate": _redate,
    "renumber": _renumber,
}
HANDS: dict[str, Callable[[Asked, Doc], Any]] = {
    **_DOC_ACTS,
    "doc-edit": _doc_edit,
    "stale-version": _stale,
    "deposit": _deposit,
    "match": _match,
    "payment-edit": _payment_edit,
    "number-taken": _number_taken,
    **changes.HANDS,
}
