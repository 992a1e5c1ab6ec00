"""What a person changes about the company itself: chart, tax, names, items, closing date, plan, roles, currencies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, ledger, names, posting, refs, rules, scenarios, settling
from tieout.sandbox.quickbooks.state import Asked

# Roles and account types by the words of the other stand-ins too, so that one act can be told to any of them.
ROLES = {"adviser": "admin", "financialadviser": "admin", "readonly": "reports", "invoiceonly": "reports"}
ROLES |= {"removed": "none"}
TYPES = {"BANK": "Bank", "REVENUE": "Income", "OTHERINCOME": "Other Income", "EXPENSE": "Expense"}
TYPES |= {"DIRECTCOSTS": "Cost of Goods Sold", "CURRENT": "Other Current Asset", "CURRLIAB": "Other Current Liability"}
POINTERS = ("CustomerRef", "VendorRef", "EntityRef")


def account(asked: Asked, called: str) -> Doc:
    """The account of that number, name or id. Raises LookupError."""
    for field in ("AcctNum", "Name"):
        if rows := asked.company.find("Account", field, called):
            return rows[0]
    row = asked.company.get("Account", called)
    if row is None:
        raise LookupError(f"no account {called}")
    return row


def _kept(asked: Asked, entity: str, row: Doc, operation: str = "") -> Doc:
    asked.company.put(entity, settling.touched(asked, row), operation)
    return {"id": row["Id"], "entity": entity}


def _chart_edit(asked: Asked, told: Doc) -> Any:
    """`code` (number, name or id) and `act`: archive, restore, rename (`name`), retype (`type`, `subtype`), renumber
    (`number`)."""
    row = account(asked, str(told["code"]))
    match told.get("act", "archive"):
        case "archive" | "delete":
            row = row | {"Active": False}
        case "restore":
            row = row | {"Active": True}
        case "rename":
            row = row | {"Name": told["name"], "FullyQualifiedName": told["name"]}
        case "retype":
            row = row | _type(TYPES.get(str(told["type"]), str(told["type"])), str(told.get("subtype", "")))
        case "renumber":
            row = row | {"AcctNum": str(told["number"])}
        case other:
            raise LookupError(f"chart-edit knows no act {other}")
    return _kept(asked, "Account", row)


def _type(kind: str, subtype: str) -> Doc:
    known = accounts.types().get(kind)
    if known is None:
        raise LookupError(f"no account type {kind}; there are {', '.join(accounts.types())}")
    return {"AccountType": kind, "AccountSubType": subtype or known["subtypes"].split()[0]} | {
        "Classification": known["classification"]
    }


def _tax_edit(asked: Asked, told: Doc) -> Any:
    """`type` (name or id of the code) and any of `rate`, `status` (ACTIVE or not), `name`, `locked`, `hidden`."""
    company, called = asked.company, str(told["type"])
    found = company.find("TaxCode", "Name", called)
    code = found[0] if found else company.get("TaxCode", called)
    if code is None:
        raise LookupError(f"no tax code {called}")
    if told.get("rate") is not None:
        for use in ("SalesTaxRateList", "PurchaseTaxRateList"):
            for detail in (code.get(use) or {}).get("TaxRateDetail", [])[:1]:
                rate = company.get("TaxRate", refs.value(detail, "TaxRateRef"))
                assert rate is not None, "every code has its rates"
                _kept(asked, "TaxRate", rate | {"RateValue": Decimal(str(told["rate"]))})
    change: Doc = {"Name": told.get("name", code["Name"]), "Hidden": bool(told.get("hidden", code["Hidden"]))}
    change["Active"] = told.get("status", "ACTIVE" if code["Active"] else "") == "ACTIVE"
    change["_locked"] = bool(told.get("locked", code.get("_locked", False)))
    return _kept(asked, "TaxCode", code | change)


def _named(asked: Asked, told: Doc) -> tuple[str, Doc]:
    """The customer, vendor or employee with that `name` or `id`; `entity` narrows it."""
    for kind in names.KINDS:
        if told.get("entity") not in {None, kind}:
            continue
        for row in asked.company.rows(kind):
            if told.get("id") == row["Id"] or str(told.get("name", "")).lower() == str(row["DisplayName"]).lower():
                return kind, row
    raise LookupError(f"no customer, vendor or employee {told.get('name') or told.get('id')}")


def _contact_edit(asked: Asked, told: Doc) -> Any:
    """`name` or `id`, and `act`: archive, restore, rename (`to`), merge (`into`, name or id) or set (`set`)."""
    kind, row = _named(asked, told)
    match told.get("act", "archive"):
        case "archive":
            return _kept(asked, kind, row | {"Active": False})
        case "restore":
            return _kept(asked, kind, row | {"Active": True})
        case "rename":
            return _kept(asked, kind, row | {"DisplayName": told["to"], "FullyQualifiedName": told["to"]})
        case "merge":
            return _merge(asked, kind, row, str(told["into"]))
        case "set":
            return _kept(asked, kind, row | dict(told.get("set") or {}))
        case other:
            raise LookupError(f"contact-edit knows no act {other}")


def _merge(asked: Asked, kind: str, row: Doc, into: str) -> Any:
    """One name becomes another: its papers point to the other from now on, itself it is inactive."""
    by_id = asked.company.get(kind, into)
    other = by_id if by_id is not None else _named(asked, {"entity": kind, "name": into})[1]
    company, old, new = asked.company, f"{kind}/{row['Id']}", f"{kind}/{other['Id']}"
    for entity, known in ledger.ENTITIES.items():
        for paper in company.rows(entity) if known.is_document else ():
            moved = {
                name: refs.ref(other)
                for name in POINTERS
                if refs.value(paper, name) == row["Id"] and name.startswith((kind, "Entity"))
            }
            entries = [post | {"name": new} if post["name"] == old else post for post in paper.get("_posts", ())]
            if moved or entries != paper.get("_posts", []):
                changed = paper | moved | {"_posts": entries}
                posting.move(company, paper, changed)
                company.put(entity, settling.touched(asked, changed))
    gone = row | {"Active": False, "DisplayName": f"{row['DisplayName']} (merged {row['Id']})"}
    return _kept(asked, kind, gone, "Merge") | {"into": other["Id"]}


def _item_edit(asked: Asked, told: Doc) -> Any:
    """`code` (name, Sku or id), and `act`: archive, restore or set (`set`)."""
    called = str(told.get("code") or told.get("name") or told.get("id"))
    for row in asked.company.rows("Item"):
        if called in {row["Name"], row.get("Sku"), row["Id"]}:
            act = told.get("act", "archive")
            change = dict(told.get("set") or {}) if act == "set" else {"Active": act == "restore"}
            return _kept(asked, "Item", row | change)
    raise LookupError(f"no item {called}")


def _lock_date(asked: Asked, told: Doc) -> Any:
    """Closes the books up to and with `on` (a day, or null to open them); `password`: whether one is needed."""
    told_day = next((told[name] for name in ("on", "period", "year") if name in told), None)
    day = date.fromisoformat(str(told_day)).isoformat() if told_day else ""
    facts = asked.company.set(closing_on=day, closing_password=bool(told.get("password", False)))
    return {"on": facts["closing_on"], "password": facts["closing_password"]}


def _plan(asked: Asked, told: Doc) -> Any:
    """`plan`: simple_start, essentials, plus or advanced. What the smaller plan lacks is switched off with it."""
    plan = str(told["plan"])
    if plan not in rules.RANK:
        raise LookupError(f"no plan {plan}; there are {', '.join(rules.RANK)}")
    tracks = rules.RANK[plan] >= rules.RANK["plus"]
    kept = {name: asked.company.facts[name] and tracks for name in ("class_tracking", "department_tracking")}
    return {"plan": asked.company.set(plan=plan, **kept)["plan"]}


def _subscription(asked: Asked, told: Doc) -> Any:
    """`status`: active, trial or ended."""
    status = str(told.get("status", "ended"))
    if status not in {"active", "trial", "ended"}:
        raise LookupError(f"no status {status}; there are active, trial and ended")
    return {"status": asked.company.set(subscription=status)["subscription"]}


def _role(asked: Asked, told: Doc) -> Any:
    """`role`: admin, standard, reports or none; of `user` (mail address), or of everybody in the company."""
    said = str(told["role"]).lower().replace("-", "")
    role = ROLES.get(said, said)
    if role not in {"admin", "standard", "reports", "none"}:
        raise LookupError(f"no role {role}; there are admin, standard, reports and none")
    users = [
        user | {"role": role} if told.get("user") in {None, "", user["email"]} else user
        for user in asked.company.facts["users"]
    ]
    asked.company.set(users=users)
    return {"role": role}


def _settings(asked: Asked, told: Doc) -> Any:
    """Any fact of the company: numbers, warnings, tracking."""
    change = {name: value for name, value in told.items() if name not in {"realm", "tenant"}}
    return asked.company.set(**change)


def _multi_currency(asked: Asked, told: Doc) -> Any:
    """Switches several currencies on, for ever, and `currencies` into the list."""
    if asked.company.facts["plan"] == "simple_start":
        raise LookupError("QuickBooks Online Simple Start has one currency")
    asked.company.set(multi_currency=True)
    held = {row["Code"] for row in asked.company.rows("CompanyCurrency")}
    for code in told.get("currencies") or ["USD", "EUR"]:
        if code not in held and code != asked.company.facts["home_currency"]:
            scenarios.add_currency(asked.company, str(code))
    return {"currencies": [row["Code"] for row in asked.company.rows("CompanyCurrency")]}


def _currency_off(asked: Asked, told: Doc) -> Any:
    """Makes `currency` inactive, or all; `act` restore takes it back. Several currencies as such stay on for ever."""
    wanted, is_active = told.get("currency"), told.get("act") == "restore"
    found = [row for row in asked.company.rows("CompanyCurrency") if wanted in {None, row["Code"]}]
    if not found:
        raise LookupError(f"no currency {wanted or ''} in the list")
    return [_kept(asked, "CompanyCurrency", row | {"Active": is_active})["id"] for row in found]


def _demo_reset(asked: Asked, told: Doc) -> Any:
    """The company is made anew under a new id; who was connected to the old one is refused."""
    shelf, facts = asked.books.shelf, asked.company.facts
    for grant in shelf.find("grant", "realm", asked.company.realm):
        shelf.put("grant", grant["id"], grant | {"state": "disconnected"})
    shelf.drop("company", asked.company.realm)
    realm = str(int(asked.company.realm) + 1_000)
    made = scenarios.demo_company(asked.books, realm, facts["name"], facts["country"], plan=facts["plan"])
    return {"realm": made.realm, "tenant": made.realm}


HANDS: dict[str, Callable[[Asked, Doc], Any]] = {
    "chart-edit": _chart_edit,
    "tax-edit": _tax_edit,
    "contact-edit": _contact_edit,
    "item-edit": _item_edit,
    "lock-date": _lock_date,
    "plan": _plan,
    "plan-limit": _plan,
    "edition": lambda asked, told: _plan(asked, {"plan": told.get("edition", "simple_start")}),
    "subscription": _subscription,
    "user-role": _role,
    "settings": _settings,
    "multi-currency": _multi_currency,
    "currency-off": _currency_off,
    "demo-reset": _demo_reset,
}
