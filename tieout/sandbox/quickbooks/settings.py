"""What the company says of itself: CompanyInfo and Preferences, read-only through the API."""

from __future__ import annotations

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import rules
from tieout.sandbox.quickbooks.state import Asked, stamp

STATUS = {"active": "SUBSCRIBED", "trial": "TRIAL", "ended": "EXPIRED"}


def about_company(asked: Asked) -> Doc:
    facts = asked.company.facts
    named = {
        "NeoEnabled": "true",
        "IndustryType": "Online Retail",
        "OfferingSku": rules.product(asked.company),
        "SubscriptionStatus": STATUS[facts["subscription"]],
        "CompanyType": "Other",
    }
    row: Doc = {"CompanyName": facts["name"], "LegalName": facts["name"], "Country": facts["country"]}
    row |= {"CompanyAddr": {"Id": "1", "Country": facts["country"]}, "FiscalYearStartMonth": "January"}
    row |= {"SupportedLanguages": "en", "DefaultTimeZone": "America/Los_Angeles", "CompanyStartDate": "2024-01-01"}
    row |= {"NameValue": [{"Name": name, "Value": value} for name, value in named.items()]}
    return row | _outside(asked)


def preferences(asked: Asked) -> Doc:
    facts, switches = asked.company.facts, asked.company.switches
    books: Doc = {"UseAccountNumbers": facts["account_numbers"], "TrackDepartments": facts["department_tracking"]}
    books |= {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": facts["class_tracking"]}
    books |= {"FirstMonthOfFiscalYear": "January", "CustomerTerminology": "Customers"}
    if facts["closing_on"] and switches["book_close_date_shown"]:
        books["BookCloseDate"] = facts["closing_on"]
    forms: Doc = {"CustomTxnNumbers": facts["custom_numbers"], "AllowDiscount": True, "AllowShipping": False}
    forms |= {"AllowDeposit": False, "DefaultTerms": {"value": "1"}, "ETransactionEnabledStatus": "NotApplicable"}
    tax: Doc = {"UsingSalesTax": facts["tax_mode"] != "none"}
    if facts["country"] == "US":
        tax["PartnerTaxEnabled"] = facts["tax_mode"] == "ast"
    money: Doc = {"MultiCurrencyEnabled": facts["multi_currency"], "HomeCurrency": {"value": facts["home_currency"]}}
    row: Doc = {"AccountingInfoPrefs": books, "SalesFormsPrefs": forms, "TaxPrefs": tax, "CurrencyPrefs": money}
    row |= {"ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityOnHand": False}}
    row |= {"VendorAndPurchasesPrefs": {"TrackingByCustomer": False, "BillableExpenseTracking": False}}
    row |= {"EmailMessagesPrefs": {}, "TimeTrackingPrefs": {"UseServices": False}, "ReportPrefs": {}}
    return row | {"OtherPrefs": {"NameValue": []}} | _outside(asked)


def _outside(asked: Asked) -> Doc:
    made = stamp(asked.now)
    meta = {"CreateTime": "2024-01-01T00:00:00-08:00", "LastUpdatedTime": made}
    return {"domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0", "MetaData": meta}
