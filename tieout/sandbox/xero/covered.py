"""What the Xero stand-in says of itself for its reference page."""

from __future__ import annotations

import csv
from importlib import resources

from tieout.sandbox import coverage
from tieout.sandbox.coverage import Behaviour, Covered
from tieout.sandbox.xero import routes, rules
from tieout.sandbox.xero.kinds import KINDS
from tieout.sandbox.xero.state import SWITCHES

OUTSIDE = (
    ("/identity/connect/authorize", "GET POST"),
    ("/connect/token", "POST"),
    ("/connect/revocation", "POST"),
    ("/.well-known/openid-configuration", "GET"),
    ("/.well-known/openid-configuration/jwks", "GET"),
    ("/connections", "GET"),
    ("/connections/{id}", "DELETE"),
    ("/connected-apps", "GET POST"),
    ("/api/v2/{summary,status,components,incidents,scheduled-maintenances}.json", "GET"),
)
BELOW = (
    ("/api.xro/2.0/Organisation/Actions", "GET"),
    ("/api.xro/2.0/{kind}/{id}/Attachments[/{name or id}]", "GET PUT POST"),
    ("/api.xro/2.0/{kind}/{id}/History", "GET PUT"),
    ("/api.xro/2.0/{CreditNotes,Prepayments,Overpayments}/{id}/Allocations[/{id}]", "GET PUT DELETE"),
    ("/api.xro/2.0/TrackingCategories/{id}/Options[/{id}]", "PUT POST"),
    ("/api.xro/2.0/ContactGroups/{id}/Contacts[/{id}]", "PUT DELETE"),
)
MISSING = (
    "Reports, Budgets, PaymentServices, InvoiceReminders, Setup and e-mailing of invoices",
    "PDF forms of documents, online invoices and deep-link pages",
    "RepeatingInvoices, LinkedTransactions, Journals, Employees, ExpenseClaims and Receipts: lists are there and empty",
    "Stock of tracked items (messages 10, 12), linked transactions (52), payment services (53)",
    "Bank feeds, files, assets, projects, payroll and the app store",
)


def page() -> str:
    """The text of docs/reference/xero-stand-in.md."""
    return coverage.page(
        Covered(
            title="The Xero stand-in: what it covers",
            behaviours=[Behaviour(row["area"], row["behaviour"], row["basis"]) for row in _behaviours()],
            addresses=[*OUTSIDE, *_lists(), *BELOW],
            texts=[(row["number"], row["basis"], row["text"]) for row in rules.rows()],
            switches=SWITCHES,
            missing=MISSING,
        )
    )


def _lists() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for kind in KINDS.values():
        verbs = ["GET"]
        if kind.key in routes.SAVES:
            verbs += ["PUT"] if kind.key in routes.ONLY_PUT else ["PUT", "POST"]
        found.append((f"/api.xro/2.0/{kind.key}[/{{id}}]", " ".join(verbs)))
    return found


def _behaviours() -> list[dict[str, str]]:
    body = resources.files("tieout.sandbox.xero").joinpath("behaviours.csv").read_text("utf-8")
    return list(csv.DictReader(body.splitlines()))
