"""Sales tax: codes and their rates, what a document's lines owe by each, and what a client may set itself.

Three ways: none; US, where lines say TAX or NON and the rates are one code's for the whole document or, automated,
those of the place; and everywhere else, where each line names a code of the company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import refs
from tieout.sandbox.quickbooks.posting import ZERO, Entry, cents, total
from tieout.sandbox.quickbooks.refusals import Findings, table
from tieout.sandbox.quickbooks.state import Asked, Company

HUNDRED = Decimal(100)
LISTS = {"Sales": "SalesTaxRateList", "Purchase": "PurchaseTaxRateList"}
CUSTOM = "CustomSalesTax"


@dataclass(frozen=True, slots=True)
class Amount:
    """What one line is taxed on: as sent (`net` without tax, or `gross` with it), and the code it names."""

    sent: Decimal
    code: str


@dataclass(frozen=True, slots=True)
class Owed:
    """The outcome: each line without tax, tax in all, as the document shows it, and by the account it gathers in."""

    nets: tuple[Decimal, ...]
    tax: Decimal
    detail: Doc | None
    accounts: tuple[tuple[str, Decimal], ...] = ()

    def entries(self, sign: int) -> list[Entry]:
        return [Entry(account, sign * amount) for account, amount in self.accounts]


def mode(company: Company) -> str:
    return str(company.facts["tax_mode"])


def rates(company: Company, code: Doc, use: str) -> list[Doc]:
    """The rates of a code in one use; none where the code is not for that use."""
    details = (code.get(LISTS[use]) or {}).get("TaxRateDetail") or []
    found = [company.get("TaxRate", refs.value(one, "TaxRateRef")) for one in details]
    return [rate for rate in found if rate is not None]


def account_of(company: Company, rate: Doc) -> str:
    agency = company.get("TaxAgency", refs.value(rate, "AgencyRef"))
    assert agency is not None, "every rate has its agency"
    return str(agency["_account"])


def percent(company: Company, code: Doc, use: str) -> Decimal:
    return total(rate["RateValue"] for rate in rates(company, code, use))


def owed(asked: Asked, use: str, body: Doc, lines: Sequence[Amount], place: str, findings: Findings) -> Owed:
    """The tax of a document. `place` is the US state it is delivered to; `use` is Sales or Purchase."""
    how = mode(asked.company)
    untaxed = Owed(tuple(line.sent for line in lines), ZERO, None)
    if how == "none":
        return untaxed
    if how == "global":
        return _by_codes(asked, use, body, lines, findings)
    _check_us_codes(asked, lines, findings)
    return untaxed if use == "Purchase" else _by_place(asked, body, lines, place, findings)


def _by_codes(asked: Asked, use: str, body: Doc, lines: Sequence[Amount], findings: Findings) -> Owed:
    company = asked.company
    untaxed = Owed(tuple(line.sent for line in lines), ZERO, {"TotalTax": ZERO})
    given = body.get("TxnTaxDetail") or {}
    calculation = body.get("GlobalTaxCalculation")
    if calculation == "NotApplicable":
        if given.get("TotalTax") or given.get("TaxLine"):
            findings.add("tax-detail-barred")
        return untaxed
    if calculation is None or any(not line.code for line in lines):
        findings.add("rate-missing")
        return untaxed
    codes = [code_of(asked, line.code, use, findings) for line in lines]
    if any(code is None for code in codes):
        return untaxed
    held = [code for code in codes if code is not None]
    nets = [
        cents(line.sent * HUNDRED / (HUNDRED + percent(company, code, use)))
        if calculation == "TaxInclusive"
        else line.sent
        for line, code in zip(lines, held, strict=True)
    ]
    bases: dict[str, Decimal] = {}
    for net, code in zip(nets, held, strict=True):
        for rate in rates(company, code, use):
            bases[rate["Id"]] = bases.get(rate["Id"], ZERO) + net
    taxes = {rate_id: cents(base * _rate(company, rate_id)["RateValue"] / HUNDRED) for rate_id, base in bases.items()}
    taxes = _overridden(given, taxes, held, findings)
    return _told(company, tuple(nets), bases, taxes)


def code_of(asked: Asked, code_id: str, use: str, findings: Findings) -> Doc | None:
    """The active code of that id, with an active rate for the use (6470)."""
    code = refs.found(asked, "TaxCode", {"TaxCodeRef": {"value": code_id}}, "TaxCodeRef", findings)
    if code is None:
        return None
    held = rates(asked.company, code, use)
    if not held or any(rate.get("Active", True) is False for rate in held):
        findings.add("tax-not-allowed")
        return None
    return code


def _overridden(given: Doc, taxes: dict[str, Decimal], codes: Sequence[Doc], findings: Findings) -> dict[str, Decimal]:
    """The client's own tax: the total and one line for every rate, all of them even if one changes."""
    told = {
        refs.value(one.get("TaxLineDetail") or {}, "TaxRateRef"): cents(Decimal(one.get("Amount") or 0))
        for one in given.get("TaxLine") or []
    }
    whole = given.get("TotalTax")
    # Nought and no lines is what a client sends that means nothing by it.
    if not told and (not whole or cents(Decimal(whole)) == total(taxes.values())):
        return taxes
    if set(told) != set(taxes) or (whole is not None and cents(Decimal(whole)) != total(told.values())):
        findings.add("tax-override-lines")
        return taxes
    if told != taxes:
        for code in codes:
            if code.get("_locked"):
                findings.add("tax-locked", code=code["Name"])
    return told


def _check_us_codes(asked: Asked, lines: Sequence[Amount], findings: Findings) -> None:
    for line in lines:
        if line.code in {"", "TAX", "NON"}:
            continue
        # Automated sales tax takes a code of the company and puts its own in its place.
        if mode(asked.company) == "manual" or asked.company.get("TaxCode", line.code) is None:
            findings.add("tax-code-us", value=line.code)


def _by_place(asked: Asked, body: Doc, lines: Sequence[Amount], place: str, findings: Findings) -> Owed:
    company = asked.company
    given = body.get("TxnTaxDetail") or {}
    named = refs.value(given, "TxnTaxCodeRef")
    nets = tuple(line.sent for line in lines)
    base = total(line.sent for line in lines if line.code not in {"", "NON"})
    if named == CUSTOM:
        findings.add("tax-code-custom-update" if body.get("Id") else "tax-code-custom")
        return Owed(nets, ZERO, None)
    used = _us_rates(asked, named, place, findings)
    bases = {rate["Id"]: base for rate in used}
    taxes = {rate["Id"]: cents(base * rate["RateValue"] / HUNDRED) for rate in used}
    if given.get("TotalTax") is not None and used:
        taxes = _spread(cents(Decimal(given["TotalTax"])), taxes)
    found = _told(company, nets, bases, taxes)
    code = {"TxnTaxCodeRef": {"value": named}} if named else {}
    return Owed(nets, found.tax, code | (found.detail or {}), found.accounts)


def _us_rates(asked: Asked, named: str, place: str, findings: Findings) -> list[Doc]:
    company = asked.company
    if mode(company) == "ast":
        return [rate for rate in company.rows("TaxRate") if rate.get("_state") == place and rate["RateValue"]]
    if not named:
        return []
    code = code_of(asked, named, "Sales", findings)
    return [] if code is None else rates(company, code, "Sales")


def _spread(whole: Decimal, taxes: dict[str, Decimal]) -> dict[str, Decimal]:
    """An explicit total is honoured and spread over the rates; the last takes what is left."""
    reckoned, left = total(taxes.values()), whole
    spread: dict[str, Decimal] = {}
    for place, (rate_id, tax) in enumerate(taxes.items(), 1):
        share = left if place == len(taxes) or not reckoned else cents(whole * tax / reckoned)
        spread[rate_id] = share
        left -= share
    return spread


def _told(company: Company, nets: tuple[Decimal, ...], bases: dict[str, Decimal], taxes: dict[str, Decimal]) -> Owed:
    by_account: dict[str, Decimal] = {}
    for rate_id, tax in taxes.items():
        account = account_of(company, _rate(company, rate_id))
        by_account[account] = by_account.get(account, ZERO) + tax
    shown = [line(_rate(company, rate_id), taxes[rate_id], base) for rate_id, base in bases.items()]
    whole = total(taxes.values())
    detail: Doc = {"TotalTax": whole} | ({"TaxLine": shown} if shown else {})
    return Owed(nets, whole, detail, tuple(by_account.items()))


def line(rate: Doc, tax: Decimal, base: Decimal) -> Doc:
    inner: Doc = {"TaxRateRef": {"value": rate["Id"]}, "PercentBased": True, "TaxPercent": rate["RateValue"]}
    return {"Amount": tax, "DetailType": "TaxLineDetail", "TaxLineDetail": inner | {"NetAmountTaxable": base}}


def _rate(company: Company, rate_id: str) -> Doc:
    row = company.get("TaxRate", rate_id)
    assert row is not None, "the rate of a code of the company"
    return row


def state_of(company: Company, *addresses: Doc | None) -> str:
    """The US state of the first address that tells one, else the company's own."""
    known = {row["state"] for row in table("salestax.csv")}
    for address in addresses:
        state = str((address or {}).get("CountrySubDivisionCode") or "").upper()
        if state in known:
            return state
    return "NY"
