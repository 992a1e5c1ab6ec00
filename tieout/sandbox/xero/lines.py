"""Lines of a document: accounts, tax types, tracking and items checked; amounts, tax and totals computed per line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.xero.rules import Verdict
from tieout.sandbox.xero.state import Asked

CENT, ZERO, HUNDRED = Decimal("0.01"), Decimal("0.00"), Decimal(100)
LARGEST_LINE = Decimal("9999999999.99")
CLASS_FLAGS = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}
# Accounts that Xero keeps for itself: no document line may name them.
SYSTEM_ONLY = frozenset(
    "DEBTORS CREDITORS UNPAIDEXPCLM WAGEPAYABLES BANKCURRENCYGAIN REALISEDCURRENCYGAIN UNREALISEDCURRENCYGAIN"
    " TRACKINGTRANSFERS RETAINEDEARNINGS".split()
)


@dataclass(frozen=True, slots=True)
class Totals:
    subtotal: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """How lines are judged: `strict` from SUBMITTED on, `amount_types` as in LineAmountTypes."""

    strict: bool
    amount_types: str
    negative_quantity: bool = False
    bank_lines: bool = False


def cents(amount: Decimal) -> Decimal:
    """Two places, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def price(asked: Asked, sent: list[Any], rules: Rules, verdict: Verdict, before: list[Doc]) -> tuple[list[Doc], Totals]:
    """The lines as Xero would keep them, and their sums; what is wrong with them is told to the verdict."""
    places = Decimal("0.0001") if asked.request.param("unitdp") == "4" else CENT
    known = {line["LineItemID"] for line in before}
    priced = [_line(asked, line, rules, verdict, places, known) for line in sent if isinstance(line, dict)]
    gross = sum((line["LineAmount"] for line in priced), ZERO)
    tax = sum((line["TaxAmount"] for line in priced), ZERO)
    subtotal = gross - tax if rules.amount_types == "Inclusive" else gross
    return priced, Totals(subtotal, tax, subtotal + tax)


def _line(asked: Asked, sent: Doc, rules: Rules, verdict: Verdict, places: Decimal, known: set[str]) -> Doc:
    filled = _with_item(asked, sent, verdict)
    if len(filled.get("Description") or "") > 4000:
        verdict.error("description-long")
    amounts = _amounts(filled, rules, verdict, places)
    account = _account(asked, filled, rules, verdict)
    tax_type = _tax_type(asked, filled, account, rules, verdict)
    line: Doc = {}
    for name in ("ItemCode", "Description"):
        if filled.get(name):
            line[name] = filled[name]
    line |= amounts
    if tax_type:
        line["TaxType"] = tax_type
    line["TaxAmount"] = _tax(asked, filled, amounts["LineAmount"], tax_type, rules)
    if account is not None:
        line |= {"AccountCode": account.get("Code"), "AccountID": account["AccountID"]}
    line["Tracking"] = tracking(asked, filled, verdict)
    given = filled.get("LineItemID")
    line["LineItemID"] = given if given in known else asked.new_id()
    return {key: value for key, value in line.items() if value is not None}


def _with_item(asked: Asked, sent: Doc, verdict: Verdict) -> Doc:
    code = sent.get("ItemCode")
    if not code:
        return sent
    item = next(iter(asked.find("Items", "Code", str(code))), None)
    if item is None:
        verdict.error("item-invalid", code=code)
        return sent
    details = item.get("SalesDetails") or item.get("PurchaseDetails") or {}
    defaults = {"UnitAmount": details.get("UnitPrice"), "AccountCode": details.get("AccountCode")}
    defaults |= {"TaxType": details.get("TaxType"), "Description": item.get("Description")}
    return {key: value for key, value in defaults.items() if value is not None} | sent


def _amounts(sent: Doc, rules: Rules, verdict: Verdict, places: Decimal) -> Doc:
    quantity, unit, given = sent.get("Quantity"), sent.get("UnitAmount"), sent.get("LineAmount")
    if unit is None and given is None:
        return {"Quantity": quantity or ZERO, "UnitAmount": ZERO, "LineAmount": ZERO}
    if quantity is None:
        quantity = Decimal(1)
    if quantity < 0 and not rules.negative_quantity:
        verdict.error("quantity-negative", quantity=quantity)
    if unit is None:
        unit = (given or ZERO) / quantity if quantity else ZERO
    unit = unit.quantize(places, ROUND_HALF_UP)
    off: Doc = {}
    expected = quantity * unit
    if sent.get("DiscountRate"):
        off["DiscountRate"] = sent["DiscountRate"]
        expected = expected * (HUNDRED - sent["DiscountRate"]) / HUNDRED
    elif sent.get("DiscountAmount"):
        off["DiscountAmount"] = sent["DiscountAmount"]
        expected -= sent["DiscountAmount"]
    expected = cents(expected)
    if given is not None and cents(given) != expected:
        verdict.error("line-total", given=cents(given), expected=expected)
    if abs(expected) > LARGEST_LINE:
        verdict.error("line-amount-large")
    return {"Quantity": quantity.quantize(Decimal("0.0001")), "UnitAmount": unit} | off | {"LineAmount": expected}


def _account(asked: Asked, sent: Doc, rules: Rules, verdict: Verdict) -> Doc | None:
    code, given_id = sent.get("AccountCode"), sent.get("AccountID")
    if not code and not given_id:
        if rules.strict and (sent.get("LineAmount") or sent.get("UnitAmount") is not None):
            verdict.error("account-missing")
        return None
    found = asked.row("Accounts", str(given_id)) if given_id else None
    if found is None and code:
        found = next((row for row in asked.find("Accounts", "Code", str(code)) if row["Status"] != "DELETED"), None)
    named = code or given_id
    if found is None:
        if rules.strict:
            verdict.error("account-code-invalid", code=named)
        else:
            verdict.warn("account-removed", code=named)
        return None
    if found["Status"] == "ARCHIVED":
        verdict.error("account-archived", code=named)
    elif found["Type"] == "BANK" or found.get("SystemAccount") in SYSTEM_ONLY:
        verdict.error("account-code-invalid", code=named)
    return found


def _tax_type(asked: Asked, sent: Doc, account: Doc | None, rules: Rules, verdict: Verdict) -> str:
    if rules.amount_types == "NoTax":
        return "NONE"
    tax_type = str(sent.get("TaxType") or (account or {}).get("TaxType") or "")
    if not tax_type:
        if rules.strict:
            verdict.error("tax-missing")
        return ""
    rate = asked.row("TaxRates", tax_type)
    if rate is None or rate["Status"] != "ACTIVE" or _unworkable(rate):
        verdict.error("tax-unknown", tax=tax_type)
    elif account is not None and not rate[CLASS_FLAGS[account["Class"]]]:
        verdict.error("tax-not-for-account", tax=tax_type, code=account.get("Code"))
    return tax_type


def _unworkable(rate: Doc) -> bool:
    # Rates computed by Avalara, or for US sales tax, do not work through the API.
    return rate["TaxType"] == "AVALARA" or rate.get("ReportTaxType") == "USSALESTAX"


def _tax(asked: Asked, sent: Doc, amount: Decimal, tax_type: str, rules: Rules) -> Decimal:
    if rules.amount_types == "NoTax":
        return ZERO
    given = sent.get("TaxAmount")
    if isinstance(given, Decimal):
        return cents(given)
    rate = (asked.row("TaxRates", tax_type) or {}).get("EffectiveRate", ZERO) if tax_type else ZERO
    if rules.amount_types == "Inclusive":
        return cents(amount * rate / (HUNDRED + rate))
    return cents(amount * rate / HUNDRED)


def tracking(asked: Asked, sent: Doc, verdict: Verdict) -> list[Doc]:
    """The categories and options a line names, resolved; unknown or inactive ones are an error."""
    found: list[Doc] = []
    for named in sent.get("Tracking") or []:
        category, option = _tracked(asked, named)
        if category is None or option is None:
            verdict.error("tracking-unknown")
        elif any(one["TrackingCategoryID"] == category["TrackingCategoryID"] for one in found):
            verdict.error("duplicate-tracking")
        else:
            found.append(
                {
                    "Name": category["Name"],
                    "Option": option["Name"],
                    "TrackingCategoryID": category["TrackingCategoryID"],
                    "TrackingOptionID": option["TrackingOptionID"],
                }
            )
    return found


def _tracked(asked: Asked, named: Doc) -> tuple[Doc | None, Doc | None]:
    wanted = str(named.get("Name", "")).lower()
    for category in asked.rows("TrackingCategories"):
        if category["Status"] == "ACTIVE" and (
            category["TrackingCategoryID"] == named.get("TrackingCategoryID") or category["Name"].lower() == wanted
        ):
            options = (one for one in category["Options"] if one["Status"] == "ACTIVE")
            chosen = str(named.get("Option", "")).lower()
            return category, next(
                (
                    one
                    for one in options
                    if one["TrackingOptionID"] == named.get("TrackingOptionID") or one["Name"].lower() == chosen
                ),
                None,
            )
    return None, None
