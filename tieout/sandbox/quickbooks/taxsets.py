"""The tax codes of a country as a company starts with them, and new ones made through the tax service."""

from __future__ import annotations

from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import fields, lists, refs
from tieout.sandbox.quickbooks.refusals import Findings, fault, table
from tieout.sandbox.quickbooks.state import Asked, Company, stamp


def seed(company: Company, account_ids: dict[str, str]) -> None:
    """Agencies, rates and codes of the company's country. `account_ids`: agency's name → its liability account."""
    facts = company.facts
    if facts["tax_mode"] == "none":
        return
    country = facts["country"]
    agencies = {name: agency(company, name, account) for name, account in account_ids.items()}
    first = next(iter(agencies.values()))
    for row in table("taxcodes.csv"):
        if row["country"] == country:
            held = {use: _rates(company, row[column], agencies, first) for use, column in _USES}
            code(company, row["name"], row["description"], bool(row["taxable"]), held, bool(row["locked"]))
    if country == "US":
        for name in ("TAX", "NON"):
            said: Doc = {"Name": name, "Description": name, "Active": True, "Hidden": False, "Taxable": name == "TAX"}
            company.put("TaxCode", _kept(company, "TaxCode", said | {"TaxGroup": False}) | {"Id": name})
    if facts["tax_mode"] == "ast":
        for row in table("salestax.csv"):
            rate(company, f"{row['state']} State", Decimal(row["percent"]), first, row["state"])


HIGHEST = Decimal(100)
_USES = (("SalesTaxRateList", "sales"), ("PurchaseTaxRateList", "purchase"))


def agency(company: Company, name: str, account: str) -> str:
    row: Doc = {
        "DisplayName": name,
        "TaxTrackedOnSales": True,
        "TaxTrackedOnPurchases": company.facts["country"] != "US",
    }
    return str(company.put("TaxAgency", _kept(company, "TaxAgency", row | {"_account": account}))["Id"])


def rate(company: Company, name: str, percent: Decimal, agency_id: str, state: str = "") -> str:
    row: Doc = {"Name": name, "Description": name, "Active": True, "RateValue": percent, "DisplayType": "ReadOnly"}
    row |= {"AgencyRef": {"value": agency_id}, "SpecialTaxType": "NONE" if percent else "ZERO_RATE"}
    row |= {"_state": state} if state else {}
    return str(company.put("TaxRate", _kept(company, "TaxRate", row))["Id"])


def code(
    company: Company, name: str, description: str, taxable: bool, rates: dict[str, list[str]], locked: bool
) -> Doc:
    row: Doc = {"Name": name, "Description": description, "Active": True, "Hidden": False, "Taxable": taxable}
    row |= {"TaxGroup": True}
    for use, held in rates.items():
        details = [
            {"TaxRateRef": {"value": rate_id}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for rate_id in held
        ]
        row[use] = {"TaxRateDetail": details}
    return company.put("TaxCode", _kept(company, "TaxCode", row | ({"_locked": True} if locked else {})))


def _rates(company: Company, told: str, agencies: dict[str, str], first: str) -> list[str]:
    found = []
    for one in filter(None, told.split(";")):
        name, _, rest = one.partition("=")
        number, _, of = rest.partition("@")
        if of and of not in agencies:
            agencies[of] = agency(company, of, lists.agency_account(company, of))
        found.append(rate(company, name, Decimal(number), agencies.get(of, first)))
    return found


def _kept(company: Company, entity: str, row: Doc) -> Doc:
    made = stamp(company.now())
    outside = {"Id": company.next_id(f"tax/{entity}"), "SyncToken": "0", "domain": "QBO", "sparse": False}
    return row | outside | {"MetaData": {"CreateTime": made, "LastUpdatedTime": made}}


def create(asked: Asked, body: Doc) -> Doc:
    """POST /taxservice/taxcode: one code with its rates, new or old ones. Sales tax itself cannot be switched on."""
    company, findings = asked.company, Findings()
    if company.facts["tax_mode"] in {"none", "ast"}:
        raise fault("unsupported-operation", operation="create of TaxService")
    name = str(body.get("TaxCode") or "")
    if not name:
        findings.add("param-missing", name="TaxCode")
    elif company.find("TaxCode", "Name", name):
        findings.add("duplicate-object", entity="TaxCode", name=name)
    details = body.get("TaxRateDetails") or []
    if not details:
        findings.add("param-missing", name="TaxRateDetails")
    told = [_detail(asked, one, findings) for one in details]
    findings.check()
    held: dict[str, list[str]] = {"SalesTaxRateList": [], "PurchaseTaxRateList": []}
    for one in told:
        made = one["id"] or rate(company, one["name"], one["percent"], one["agency"])
        one["id"] = made
        held[one["use"]].append(made)
    row = code(company, name, name, True, held, False)
    shown = [
        {
            "TaxRateName": one["name"],
            "TaxRateId": one["id"],
            "RateValue": one["percent"],
            "TaxAgencyId": one["agency"],
            "TaxApplicableOn": "Purchase" if one["use"].startswith("P") else "Sales",
        }
        for one in told
    ]
    return {"TaxCode": name, "TaxCodeId": row["Id"], "TaxRateDetails": shown}


def _detail(asked: Asked, sent: Doc, findings: Findings) -> Doc:
    use = "PurchaseTaxRateList" if sent.get("TaxApplicableOn") == "Purchase" else "SalesTaxRateList"
    if fields.is_given(sent.get("TaxRateId")):
        named = {"TaxRateRef": {"value": str(sent["TaxRateId"])}}
        row = refs.found(asked, "TaxRate", named, "TaxRateRef", findings) or {}
        agency_id = refs.value(row, "AgencyRef")
        return {"id": row.get("Id"), "use": use, "name": row.get("Name"), "percent": row.get("RateValue")} | {
            "agency": agency_id
        }
    # The one place where clients send a number as text: Intuit's own samples do.
    percent = str(sent.get("RateValue", ""))
    number = Decimal(percent) if percent.replace(".", "", 1).isdecimal() and len(percent) < 12 else None
    if number is None or number > HIGHEST:
        findings.add("number-invalid", name="RateValue", value=percent)
    for name in ("TaxRateName", "TaxAgencyId"):
        if not fields.is_given(sent.get(name)):
            findings.add("param-missing", name=name)
    agency_id = str(sent.get("TaxAgencyId") or "")
    refs.found(asked, "TaxAgency", {"TaxAgencyId": {"value": agency_id}}, "TaxAgencyId", findings)
    if asked.company.find("TaxRate", "Name", str(sent.get("TaxRateName") or "")):
        findings.add("duplicate-object", entity="TaxRate", name=sent["TaxRateName"])
    return {"id": None, "use": use, "name": sent.get("TaxRateName"), "percent": number, "agency": agency_id}
