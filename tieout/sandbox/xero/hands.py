"""What a person does in Xero itself: pays, voids, edits, archives, moves a lock date, changes a role, disconnects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc, Request
from tieout.sandbox.xero import hooks, payments, settling
from tieout.sandbox.xero.state import Asked, Books

DOCUMENTS = (("Invoices", "InvoiceID", "InvoiceNumber"), ("CreditNotes", "CreditNoteID", "CreditNoteNumber"))


def act(books: Books, name: str, told: Doc) -> Any:
    """Carries the act out at once, past the API's rules. Raises LookupError for a hand or record that is not there."""
    hand = HANDS.get(name)
    if hand is None:
        raise LookupError(f"no hand is called {name}; there are {', '.join(sorted(HANDS))}")
    return hand(_by_hand(books, told), told)


def _by_hand(books: Books, told: Doc) -> Asked:
    """A person at work in one organisation: the one named, or the first."""
    tenant = str(told.get("tenant") or next((row["OrganisationID"] for row in books.shelf.all("organisation")), ""))
    organisation = books.organisation(tenant)
    if organisation is None:
        raise LookupError(f"no organisation {tenant}")
    nobody: Doc = {"client_id": "", "name": "Xero", "tier": "enterprise"}
    user: Doc = {"id": str(told.get("user", "")), "email": ""}
    return Asked(Request("PUT", "/"), books, tenant, organisation, nobody, user, "FINANCIALADVISER", books.now())


def _document(asked: Asked, told: Doc) -> tuple[str, str, Doc]:
    for key, id_field, number in DOCUMENTS:
        for row in asked.rows(key):
            if told.get("id") == row[id_field] or (told.get("number") and told["number"] == row.get(number)):
                return key, id_field, row
    raise LookupError(f"no document {told.get('number') or told.get('id')}")


def _pay(asked: Asked, told: Doc) -> Any:
    key, _, row = _document(asked, told)
    target = next(target for target in payments.TARGETS if target[1] == key)
    amount = Decimal(str(told.get("amount") or settling.outstanding(row))).quantize(Decimal("0.01"))
    account = _account(asked, str(told.get("account", "090")))
    paid = payments.apply(asked, {}, (target, row), account, amount, asked.today)
    return {"PaymentID": paid["PaymentID"]}


def _payment_edit(asked: Asked, told: Doc) -> Any:
    row = asked.row("Payments", str(told.get("id", "")))
    if row is None:
        return _pay(asked, told)
    if told.get("act", "delete") == "reconcile":
        asked.keep("Payments", row["PaymentID"], row | {"IsReconciled": True, "_reconciled": True})
    else:
        payments.delete(asked, row)
    return {"PaymentID": row["PaymentID"]}


def _ends(status: str) -> Callable[[Asked, Doc], Any]:
    def end(asked: Asked, told: Doc) -> Any:
        key, id_field, row = _document(asked, told)
        asked.keep(
            key, row[id_field], row | {"Status": status, "AmountDue": Decimal("0.00"), "UpdatedDateUTC": asked.now}
        )
        return {"id": row[id_field]}

    return end


def _edit(asked: Asked, told: Doc) -> Any:
    """`set`: fields of the document, written as they are; days as text."""
    key, id_field, row = _document(asked, told)
    change = {name: _typed(row.get(name), value) for name, value in dict(told.get("set") or {}).items()}
    asked.keep(key, row[id_field], row | change | {"UpdatedDateUTC": asked.now})
    return {"id": row[id_field]}


def _redate(asked: Asked, told: Doc) -> Any:
    """`to`: the new day."""
    return _edit(asked, told | {"set": {"Date": str(told["to"])}})


def _typed(before: object, value: Any) -> Any:
    if isinstance(before, Decimal):
        return Decimal(str(value))
    return date.fromisoformat(value) if isinstance(before, date) and isinstance(value, str) else value


def _doc_edit(asked: Asked, told: Doc) -> Any:
    return HANDS[str(told.get("act", "edit"))](asked, told)


def _number_taken(asked: Asked, told: Doc) -> Any:
    """A document with this number made by hand, so that it is there before ours; `type` and `total` as told."""
    row_id, total = asked.new_id(), Decimal(str(told.get("total", "1.00")))
    contact = {"ContactID": asked.new_id(), "Name": "Made by hand"}
    asked.keep("Contacts", contact["ContactID"], _bare_contact(contact, asked))
    row: Doc = {"Type": told.get("type", "ACCREC"), "InvoiceID": row_id, "InvoiceNumber": str(told["number"])}
    row |= {"Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [], "Contact": contact}
    line = {"Description": "By hand", "Quantity": Decimal(1), "UnitAmount": total, "LineAmount": total, "Tracking": []}
    line |= {"TaxAmount": Decimal("0.00"), "LineItemID": asked.new_id()}
    row |= {"Date": asked.today, "DueDate": asked.today, "Status": told.get("status", "DRAFT"), "LineItems": [line]}
    row |= {"LineAmountTypes": "NoTax", "SubTotal": total, "TotalTax": Decimal("0.00"), "Total": total}
    row |= {"CurrencyCode": asked.organisation["BaseCurrency"], "CurrencyRate": Decimal(1), "HasAttachments": False}
    row |= {"UpdatedDateUTC": asked.now, "SentToContact": False, "HasErrors": False}
    asked.keep("Invoices", row_id, settling.resettled(row, asked.today))
    return {"id": row_id}


def _bare_contact(contact: Doc, asked: Asked) -> Doc:
    bare: Doc = {"ContactStatus": "ACTIVE", "Addresses": [], "Phones": [], "ContactPersons": [], "ContactGroups": []}
    bare |= {"IsCustomer": True, "IsSupplier": False, "HasAttachments": False, "UpdatedDateUTC": asked.now}
    return contact | bare


def _account(asked: Asked, code: str) -> Doc:
    found = next(iter(asked.find("Accounts", "Code", code)), None)
    if found is None:
        raise LookupError(f"no account {code}")
    return found


def _chart_edit(asked: Asked, told: Doc) -> Any:
    """`code`, and `act` archive, restore, delete, rename (`name`) or retype (`type`)."""
    row = _account(asked, str(told["code"]))
    match told.get("act", "archive"):
        case "archive":
            row = row | {"Status": "ARCHIVED"}
        case "restore":
            row = row | {"Status": "ACTIVE"}
        case "delete":
            row = row | {"Status": "DELETED"}
        case "rename":
            row = row | {"Name": told["name"]}
        case "retype":
            row = row | {"Type": told["type"]}
        case other:
            raise LookupError(f"chart-edit knows no act {other}")
    asked.keep("Accounts", row["AccountID"], row | {"UpdatedDateUTC": asked.now})
    return {"AccountID": row["AccountID"]}


def _tax_edit(asked: Asked, told: Doc) -> Any:
    """`type`, and any of `rate`, `status`, `name`, or `set` for its CanApplyTo flags."""
    row = asked.row("TaxRates", str(told["type"]))
    if row is None:
        raise LookupError(f"no tax rate {told['type']}")
    if told.get("rate") is not None:
        number = Decimal(str(told["rate"]))
        row = row | {"EffectiveRate": number, "DisplayTaxRate": number}
    row = row | {"Status": told.get("status", row["Status"]), "Name": told.get("name", row["Name"])}
    asked.keep("TaxRates", row["TaxType"], row | dict(told.get("set") or {}))
    return {"TaxType": row["TaxType"]}


def _currency_off(asked: Asked, told: Doc) -> Any:
    if told.get("currency"):
        asked.books.shelf.drop(f"{asked.tenant}/Currencies", str(told["currency"]))
    else:
        _organise(asked, {"_single_currency": True})
    return {}


def _lock_date(asked: Asked, told: Doc) -> Any:
    """`period` and `year`: a day, or null to take the lock away; what is left out stays."""
    names = {"period": "PeriodLockDate", "year": "EndOfYearLockDate"}
    change = {names[k]: None if told[k] is None else date.fromisoformat(str(told[k])) for k in names if k in told}
    _organise(asked, change)
    return change


def _organise(asked: Asked, change: Doc) -> None:
    asked.books.shelf.put("organisation", asked.tenant, asked.organisation | change)


def _user_role(asked: Asked, told: Doc) -> Any:
    """`role`: read-only, invoice-only, standard, adviser or removed; `user`, or everybody of the organisation."""
    names = {"read-only": "READONLY", "invoice-only": "INVOICEONLY", "standard": "STANDARD"}
    names |= {"adviser": "FINANCIALADVISER", "removed": "REMOVED"}
    role = names.get(str(told["role"]), str(told["role"]))
    shelf = asked.books.shelf
    for row in shelf.all("member"):
        if row["tenant"] == asked.tenant and told.get("user") in {None, "", row["user"]}:
            changed = {"role": role, "reports": told.get("reports", row["reports"])}
            shelf.put("member", f"{asked.tenant}/{row['user']}", row | changed)
    return {"role": role}


def _tenant_gone(asked: Asked, told: Doc) -> Any:
    shelf = asked.books.shelf
    gone = [row["id"] for row in shelf.all("connection") if row["tenant"] == asked.tenant]
    for connection_id in gone:
        shelf.drop("connection", connection_id)
    return {"disconnected": gone}


def _tenant_listed(asked: Asked, told: Doc) -> Any:
    from tieout.sandbox.xero import consent

    user = str(told.get("user") or next(row["id"] for row in asked.books.shelf.all("user")))
    app = str(told.get("app") or next(row["client_id"] for row in asked.books.shelf.all("app")))
    return {"id": consent.connect(asked.books, app, user, asked.tenant, asked.new_id())["id"]}


def _plan_limit(asked: Asked, told: Doc) -> Any:
    _organise(asked, {"_caps": [int(told.get("sales", 20)), int(told.get("bills", 5))]})
    return {}


def _edition(asked: Asked, told: Doc) -> Any:
    _organise(
        asked, {"Edition": told.get("edition", "PARTNER"), "Class": told.get("plan", asked.organisation["Class"])}
    )
    return {}


def _contact_limit(asked: Asked, told: Doc) -> Any:
    _organise(asked, {"_contact_limit": int(told.get("most", 0))})
    return {}


def _contact_edit(asked: Asked, told: Doc) -> Any:
    """`id` or `name`, and `act` archive, restore, delete-personal (GDPRREQUEST), merge (`into`) or set (`set`)."""
    row = next(
        (
            one
            for one in asked.rows("Contacts")
            if told.get("id", one["ContactID"]) == one["ContactID"] and told.get("name", one["Name"]) == one["Name"]
        ),
        None,
    )
    if row is None:
        raise LookupError(f"no contact {told.get('name') or told.get('id')}")
    match told.get("act", "archive"):
        case "archive":
            row = row | {"ContactStatus": "ARCHIVED"}
        case "restore":
            row = row | {"ContactStatus": "ACTIVE"}
        case "delete-personal":
            row = row | {"ContactStatus": "GDPRREQUEST"}
        case "merge":
            row = row | {"ContactStatus": "ARCHIVED", "MergedToContactID": told["into"]}
        case _:
            row = row | dict(told.get("set") or {})
    asked.keep("Contacts", row["ContactID"], row | {"UpdatedDateUTC": asked.now})
    return {"ContactID": row["ContactID"]}


def _item_edit(asked: Asked, told: Doc) -> Any:
    row = next(iter(asked.find("Items", "Code", str(told["code"]))), None)
    if row is None:
        raise LookupError(f"no item {told['code']}")
    if told.get("act", "archive") == "archive":
        asked.books.shelf.drop(f"{asked.tenant}/Items", row["ItemID"])
    else:
        asked.keep("Items", row["ItemID"], row | dict(told.get("set") or {}) | {"UpdatedDateUTC": asked.now})
    return {"ItemID": row["ItemID"]}


def _demo_reset(asked: Asked, told: Doc) -> Any:
    """The demo company is built anew with new ids: its connections die, its people stay."""
    from tieout.sandbox.xero import scenarios

    books, old = asked.books, asked.organisation
    _tenant_gone(asked, told)
    made = scenarios.demo_organisation(books, old["Name"], old["CountryCode"], plan=old["Class"], is_demo=True)
    for row in books.shelf.all("member"):
        if row["tenant"] == asked.tenant:
            new = made["OrganisationID"]
            books.shelf.put("member", f"{new}/{row['user']}", row | {"tenant": new})
            books.shelf.drop("member", f"{asked.tenant}/{row['user']}")
    books.shelf.drop("organisation", asked.tenant)
    return {"tenant": made["OrganisationID"]}


def _org_status(asked: Asked, told: Doc) -> Any:
    _organise(asked, {"OrganisationStatus": told.get("status", "ACTIVE")})
    return {}


def _status_page(asked: Asked, told: Doc) -> Any:
    said = {
        name: value for name, value in told.items() if name in {"indicator", "description", "component", "incidents"}
    }
    return asked.books.shelf.put("meta", "status", {"indicator": "none", "description": ""} | said)


def _subscribe(asked: Asked, told: Doc) -> Any:
    return hooks.subscribe(asked.books, told)


def _hook_key(asked: Asked, told: Doc) -> Any:
    """Signs with a new `key` from now on; the receiver is not told."""
    return _hooks(asked, {"key": str(told["key"])})


def _hook_off(asked: Asked, told: Doc) -> Any:
    return _hooks(asked, {"state": "disabled"})


def _hooks(asked: Asked, change: Doc) -> Any:
    shelf = asked.books.shelf
    return [shelf.put("hook", row["app"], row | change)["app"] for row in shelf.all("hook")]


HANDS: dict[str, Callable[[Asked, Doc], Any]] = {
    "pay": _pay,
    "void": _ends("VOIDED"),
    "delete": _ends("DELETED"),
    "edit": _edit,
    "redate": _redate,
    "doc-edit": _doc_edit,
    "stale-version": _edit,
    "payment-edit": _payment_edit,
    "number-taken": _number_taken,
    "chart-edit": _chart_edit,
    "tax-edit": _tax_edit,
    "currency-off": _currency_off,
    "lock-date": _lock_date,
    "contact-edit": _contact_edit,
    "contact-limit": _contact_limit,
    "item-edit": _item_edit,
    "user-role": _user_role,
    "tenant-gone": _tenant_gone,
    "disconnect": _tenant_gone,
    "tenant-listed": _tenant_listed,
    "plan-limit": _plan_limit,
    "edition": _edition,
    "demo-reset": _demo_reset,
    "org-status": _org_status,
    "status-page": _status_page,
    "subscribe": _subscribe,
    "hook-key": _hook_key,
    "hook-off": _hook_off,
}
