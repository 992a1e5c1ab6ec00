"""What the QuickBooks stand-in says of itself for its reference page."""

from __future__ import annotations

from tieout.sandbox import coverage
from tieout.sandbox.coverage import Behaviour, Covered
from tieout.sandbox.quickbooks import ledger, papers, refusals
from tieout.sandbox.quickbooks.state import SWITCHES

OUTSIDE = (
    ("/.well-known/openid_configuration", "GET"),
    ("/.well-known/openid_sandbox_configuration", "GET"),
    ("/connect/oauth2", "GET POST"),
    ("/oauth2/v1/tokens/bearer", "POST"),
    ("/v2/oauth2/tokens/revoke", "POST"),
    ("/op/v1/jwks", "GET"),
    ("/v1/openid_connect/userinfo", "GET"),
    ("/app/apps", "GET POST"),
    ("/download/{realmId}/{id}?key=", "GET"),
)
COMPANY = "/v3/company/{realmId}"
ALONE = (
    ("query", "GET POST"),
    ("batch", "POST"),
    ("cdc", "GET"),
    ("companyinfo/{any}", "GET"),
    ("preferences", "GET"),
    ("exchangerate", "GET"),
    ("taxservice/taxcode", "POST"),
    ("upload", "POST"),
    ("download/{id}", "GET"),
)
_OTHERWISE = frozenset({"CompanyInfo", "Preferences", "ExchangeRate", "TaxService"})
MISSING = (
    "Reports: account totals are read through the control door",
    "Estimate, PurchaseOrder, TimeActivity, RecurringTransaction, Budget, CustomerType, TaxPayment and the other"
    " entities that no settlement needs: answered 501 and named",
    "Bodies in XML, and changing CompanyInfo and Preferences through the API",
    "Payments, Payroll, Projects, Custom Fields, Dimensions and the GraphQL API",
    "The limits of heavy reports and of all endpoints of the vendor together (800 a minute)",
    "Cost of stock sold: items count nothing and post to their income and expense accounts alone",
    "Lines of groups, payments that settle journals, and sales tax of towns below the state",
    "Number of names above which a company takes no more (`contact-limit`): QuickBooks states none",
)


def page() -> str:
    """The text of docs/reference/quickbooks-stand-in.md."""
    return coverage.page(
        Covered(
            title="The QuickBooks stand-in: what it covers",
            behaviours=[
                Behaviour(row["area"], row["behaviour"], row["basis"]) for row in refusals.table("behaviours.csv")
            ],
            addresses=[*OUTSIDE, *((f"{COMPANY}/{path}", verbs) for path, verbs in ALONE), *_entities()],
            texts=[(row["code"], row["basis"], row["detail"]) for row in refusals.texts().values()],
            switches=SWITCHES,
            missing=MISSING,
        )
    )


def _entities() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, kind in ledger.ENTITIES.items():
        if name in _OTHERWISE:
            continue
        path = f"{COMPANY}/{name.lower()}"
        if kind.is_written:
            also = ["delete"] * kind.is_deleted + ["void"] * kind.is_voided
            found.append((path, "POST" + (f" (also operation={', '.join(also)})" if also else "")))
        found.append((f"{path}/{{id}}", "GET"))
        if name in papers.SENT:
            found += [(f"{path}/{{id}}/pdf", "GET"), (f"{path}/{{id}}/send", "POST")]
    return found
