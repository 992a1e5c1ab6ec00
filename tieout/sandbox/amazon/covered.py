"""What the Amazon stand-in says of itself for its reference page."""

from __future__ import annotations

import csv
from importlib import resources

from tieout.sandbox import coverage
from tieout.sandbox.amazon.state import SWITCHES
from tieout.sandbox.coverage import Behaviour, Covered

ADDRESSES = (
    ("/auth/o2/token", "POST"),
    ("/reports/2021-06-30/reports", "GET POST"),
    ("/reports/2021-06-30/reports/{reportId}", "GET DELETE"),
    ("/reports/2021-06-30/documents/{reportDocumentId}", "GET"),
    ("/NinetyDays/{reportDocumentId} (the store of documents)", "GET HEAD"),
)
MISSING = (
    "Reports that can be requested, schedules and the reports of tax (GET_VAT_TRANSACTION_DATA)",
    "Finances, Transfers, Invoices, Orders and all other APIs",
    "The authorisation pages of Seller Central and the exchange of their code",
    "Restricted data tokens, notifications and their queues",
    "Amazon's own sandbox hosts",
)


def page() -> str:
    """The text of docs/reference/amazon-stand-in.md."""
    return coverage.page(
        Covered(
            title="The Amazon stand-in: what it covers",
            behaviours=[Behaviour(row["area"], row["behaviour"], row["basis"]) for row in _rows("behaviours.csv")],
            addresses=ADDRESSES,
            texts=[(row["number"], row["basis"], row["text"]) for row in _rows("texts.csv")],
            switches=SWITCHES,
            missing=MISSING,
        )
    )


def _rows(name: str) -> list[dict[str, str]]:
    body = resources.files("tieout.sandbox.amazon").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(body.splitlines()))
