"""The organisation's settings: what it allows, chart of accounts, tax rates, currencies, tracking, items."""

from __future__ import annotations

from decimal import Decimal

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import refusals, rules, shape
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Verdict
from tieout.sandbox.xero.state import Asked

CLASSES = {
    "BANK": "ASSET",
    "CURRENT": "ASSET",
    "FIXED": "ASSET",
    "INVENTORY": "ASSET",
    "NONCURRENT": "ASSET",
    "PREPAYMENT": "ASSET",
    "CURRLIAB": "LIABILITY",
    "LIABILITY": "LIABILITY",
    "TERMLIAB": "LIABILITY",
    "PAYGLIABILITY": "LIABILITY",
    "SUPERANNUATIONLIABILITY": "LIABILITY",
    "DEPRECIATN": "EXPENSE",
    "DIRECTCOSTS": "EXPENSE",
    "EXPENSE": "EXPENSE",
    "OVERHEADS": "EXPENSE",
    "PAYG": "EXPENSE",
    "SUPERANNUATIONEXPENSE": "EXPENSE",
    "WAGESEXPENSE": "EXPENSE",
    "EQUITY": "EQUITY",
    "OTHERINCOME": "REVENUE",
    "REVENUE": "REVENUE",
    "SALES": "REVENUE",
}
ACCOUNT_FIELDS = ("Name", "Type", "Code", "Description", "TaxType", "EnablePaymentsToAccount", "ShowInExpenseClaims")
BANK_FIELDS = ("BankAccountNumber", "BankAccountType", "CurrencyCode")
WRITERS = frozenset({"STANDARD", "FINANCIALADVISER"})
RATE_FLAGS = (
    "CanApplyToAssets",
    "CanApplyToEquity",
    "CanApplyToExpenses",
    "CanApplyToLiabilities",
    "CanApplyToRevenue",
)


def actions(asked: Asked) -> Answer:
    """What plan and role allow together."""
    writes = asked.role in WRITERS
    sells = rules.sells_and_buys(asked.organisation)
    allowed = {
        "AttachFilesIntoInvoice": writes,
        "CreateApprovedBill": writes and sells,
        "CreateApprovedInvoice": writes and sells,
        "CreateDraftBill": writes and sells,
        "CreateDraftInvoice": (writes or asked.role == "INVOICEONLY") and sells,
        "CreateInvoicePayment": writes and sells,
        "CreateManualJournal": writes,
        "CreateRepeatingBill": writes and sells,
        "CreateRepeatingInvoice": writes and sells,
        "CreateDraftPurchaseOrder": writes and sells,
        "CreateApprovedPurchaseOrder": writes and sells,
        "CreateDraftQuote": writes and sells,
        "CreateSentQuote": writes and sells,
        "UseMulticurrency": multi_currency(asked.organisation),
        "ApproveTransactionsBeforePeriodLockDate": asked.role == "FINANCIALADVISER",
    }
    listed = [{"Name": name, "Status": "ALLOWED" if yes else "NOT-ALLOWED"} for name, yes in allowed.items()]
    return shape.envelope(asked, "Actions", listed)


def users(asked: Asked, rest: tuple[str, ...]) -> Answer:
    """The people of the organisation with their roles; one by id, or 404."""
    found: list[Doc] = []
    for member in asked.books.shelf.all("member"):
        who = asked.books.shelf.get("user", member["user"]) if member["tenant"] == asked.tenant else None
        if who is not None and member["role"] != "REMOVED" and rest[:1] in {(), (who["id"],)}:
            found.append(
                {
                    "UserID": who["id"],
                    "EmailAddress": who["email"],
                    "FirstName": who["first_name"],
                    "LastName": who["last_name"],
                    "UpdatedDateUTC": asked.organisation["CreatedDateUTC"],
                    "IsSubscriber": False,
                    "OrganisationRole": member["role"],
                }
            )
    if rest and not found:
        raise Refused(refusals.not_found())
    return shape.envelope(asked, "Users", found)


def multi_currency(organisation: Doc) -> bool:
    return organisation["Class"] not in rules.SINGLE_CURRENCY_PLANS and not organisation.get("_single_currency")


def save_account(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates or updates one account. Raises Invalid, Refused."""
    verdict = Verdict()
    before = None if creating else _account(asked, sent, row_id)
    if before is None:
        for name in ("Name", "Type"):
            if not sent.get(name):
                verdict.error("field-missing", field=name)
    _check_account(asked, sent, before, verdict)
    verdict.check(sent, "AccountID")
    named = {name: sent[name] for name in (*ACCOUNT_FIELDS, *BANK_FIELDS, "Status") if sent.get(name) not in {None, ""}}
    row: Doc = before or {"AccountID": asked.new_id(), "Status": "ACTIVE", "TaxType": "NONE", "_system": False}
    row = row | {"EnablePaymentsToAccount": False, "ShowInExpenseClaims": False} | row | named
    row["Class"] = CLASSES[row["Type"]]
    row |= {"ReportingCode": row.get("ReportingCode", ""), "HasAttachments": False, "UpdatedDateUTC": asked.now}
    if row["Type"] == "BANK":
        row = {"BankAccountType": "BANK", "CurrencyCode": asked.organisation["BaseCurrency"]} | row
    return asked.keep("Accounts", row["AccountID"], row)


def delete_account(asked: Asked, row_id: str) -> Answer:
    row = asked.row("Accounts", row_id)
    if row is None:
        raise Refused(refusals.not_found())
    verdict = Verdict()
    used = any(line.get("AccountID") == row_id for doc in asked.rows("Invoices") for line in doc["LineItems"])
    if row.get("SystemAccount") or used:
        verdict.error("account-in-use")
    verdict.check(row, "AccountID")
    gone = asked.keep("Accounts", row_id, row | {"Status": "DELETED", "UpdatedDateUTC": asked.now})
    return shape.envelope(asked, "Accounts", [{k: v for k, v in gone.items() if not k.startswith("_")}])


def _account(asked: Asked, sent: Doc, row_id: str | None) -> Doc | None:
    named = row_id or sent.get("AccountID")
    if named:
        found = asked.row("Accounts", str(named))
        if found is None:
            raise Refused(refusals.not_found())
        return found
    coded = asked.find("Accounts", "Code", str(sent["Code"])) if sent.get("Code") else ()
    return next((row for row in coded if row["Status"] != "DELETED"), None)


def _check_account(asked: Asked, sent: Doc, before: Doc | None, verdict: Verdict) -> None:
    own = None if before is None else before["AccountID"]
    for name, key in (("Name", "account-name-taken"), ("Code", "account-code-taken")):
        if sent.get(name):
            same = asked.find("Accounts", name, str(sent[name]))
            if any(row["AccountID"] != own and row["Status"] != "DELETED" for row in same):
                verdict.error(key)
    if sent.get("Type") and sent["Type"] not in CLASSES:
        verdict.error("account-type", type=sent["Type"])
    if len(str(sent.get("Code") or "")) > 10:
        verdict.error("field-missing", field="Code of at most 10 characters")
    if sent.get("Status") == "ARCHIVED" and set(sent) - {"Status", "AccountID", "Code"}:
        verdict.error("account-archive-alone")
    if before is not None and before["Type"] == "BANK" and set(sent) - {"AccountID", "Status", "Code"}:
        verdict.error("account-bank-update")
    if sent.get("TaxType") and asked.row("TaxRates", str(sent["TaxType"])) is None:
        verdict.error("tax-unknown", tax=sent["TaxType"])
    currency = sent.get("CurrencyCode")
    if currency and asked.row("Currencies", str(currency)) is None:
        verdict.error("currency-not-subscribed-account", currency=currency)


def save_tax_rate(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates a rate as TAX001 …, or changes one by its type or name."""
    verdict = Verdict()
    same = asked.find("TaxRates", "Name", str(sent.get("Name") or ""))
    before = asked.row("TaxRates", str(sent.get("TaxType"))) if sent.get("TaxType") else next(iter(same), None)
    if not sent.get("Name") and before is None:
        verdict.error("field-missing", field="Name")
    if creating and same:
        verdict.error("account-name-taken")
    parts = [part for part in sent.get("TaxComponents") or [] if isinstance(part, dict)]
    if before is None and not parts:
        verdict.error("field-missing", field="TaxComponents")
    if before is None and asked.organisation["CountryCode"] in {"AU", "NZ", "GB"} and not sent.get("ReportTaxType"):
        verdict.error("tax-report-type")
    verdict.check(sent, "TaxType")
    row: Doc = before or {"TaxType": f"TAX{1 + _own_rates(asked):03d}", "Status": "ACTIVE"} | dict.fromkeys(
        RATE_FLAGS, True
    )
    row = row | {name: sent[name] for name in ("Name", "Status", "ReportTaxType") if name in sent}
    if parts:
        total = sum((part.get("Rate") or Decimal(0) for part in parts), Decimal(0))
        row |= {"TaxComponents": parts, "EffectiveRate": total, "DisplayTaxRate": total}
    return asked.keep("TaxRates", row["TaxType"], row)


def _own_rates(asked: Asked) -> int:
    return sum(row["TaxType"].startswith("TAX") for row in asked.rows("TaxRates"))


def save_currency(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Subscribes to a currency; it cannot be removed again through the API."""
    verdict = Verdict()
    code = str(sent.get("Code") or "").upper()
    if len(code) != 3 or not code.isalpha():
        verdict.error("currency-unknown", currency=code)
    elif not multi_currency(asked.organisation) and code != asked.organisation["BaseCurrency"]:
        verdict.error("currency-not-subscribed", currency=code)
    verdict.check(sent, "Code")
    held = asked.row("Currencies", code)
    return held or asked.keep("Currencies", code, {"Code": code, "Description": code, "_rate": Decimal("1.2500000000")})


def save_tracking(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    verdict = Verdict()
    before = None
    named = row_id or (None if creating else sent.get("TrackingCategoryID"))
    if named:
        before = asked.row("TrackingCategories", str(named))
        if before is None:
            raise Refused(refusals.not_found())
    name = sent.get("Name") or sent.get("Option")
    if before is None and not name:
        verdict.error("field-missing", field="Name")
    active = [row for row in asked.rows("TrackingCategories") if row["Status"] == "ACTIVE"]
    if before is None and (len(active) >= 2 or len(asked.rows("TrackingCategories")) >= 4):
        verdict.error("tracking-limit", most=2 if len(active) >= 2 else 4)
    own = None if before is None else before["TrackingCategoryID"]
    if any(row["Name"].lower() == str(name).lower() and row["TrackingCategoryID"] != own for row in active):
        verdict.error("tracking-name-taken", name=name)
    verdict.check(sent, "TrackingCategoryID")
    row: Doc = before or {"TrackingCategoryID": asked.new_id(), "Status": "ACTIVE", "Options": []}
    row = row | {"Name": name or row["Name"], "Status": sent.get("Status", row["Status"])}
    return asked.keep("TrackingCategories", row["TrackingCategoryID"], row)


def save_option(asked: Asked, category_id: str, sent: Doc, option_id: str | None) -> Doc:
    """Adds or changes one option of a category; answers the option."""
    category = asked.row("TrackingCategories", category_id)
    if category is None:
        raise Refused(refusals.not_found())
    verdict = Verdict()
    name = str(sent.get("Name") or "")
    others = [one for one in category["Options"] if one["TrackingOptionID"] != option_id]
    if not name and option_id is None:
        verdict.error("field-missing", field="Name")
    if any(one["Name"].lower() == name.lower() for one in others):
        verdict.error("tracking-name-taken", name=name)
    verdict.check(sent, "TrackingOptionID")
    old = next((one for one in category["Options"] if one["TrackingOptionID"] == option_id), None)
    made: Doc = old or {"TrackingOptionID": asked.new_id(), "Name": name, "Status": "ACTIVE"}
    made = made | {key: sent[key] for key in ("Name", "Status") if key in sent}
    asked.keep("TrackingCategories", category_id, category | {"Options": [*others, made]})
    return made


def save_item(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    verdict = Verdict()
    code = str(sent.get("Code") or "")
    named = row_id or (None if creating else sent.get("ItemID"))
    before = asked.row("Items", str(named)) if named else None
    if named and before is None:
        raise Refused(refusals.not_found())
    same = next(iter(asked.find("Items", "Code", code)), None) if code else None
    if creating and same is not None:
        verdict.error("item-exists", code=code)
    if not code and before is None:
        verdict.error("field-missing", field="Code")
    before = before or (None if creating else same)
    verdict.check(sent, "ItemID")
    row: Doc = before or {"ItemID": asked.new_id(), "IsTrackedAsInventory": False, "IsSold": True, "IsPurchased": True}
    known = "Code Name Description PurchaseDescription SalesDetails PurchaseDetails IsSold IsPurchased".split()
    row = row | {name: sent[name] for name in known if name in sent} | {"UpdatedDateUTC": asked.now}
    return asked.keep("Items", row["ItemID"], row)
