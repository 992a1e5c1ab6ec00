"""How Xero says no: its sentences from texts.csv, gathered per element, all of them at once."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from importlib import resources

from tieout.sandbox import Doc
from tieout.sandbox.xero.refusals import ZERO_ID

# Plans that include no invoicing, and the caps of the small ones: approvals per month of the invoice date.
NO_INVOICING = frozenset({"LEDGER", "GST_CASHBOOK", "NON_GST_CASHBOOK"})
CAPPED_PLANS = frozenset({"STARTER", "IGNITE", "LITE", "BASICLITE"})
SALES_CAP, BILLS_CAP = 20, 5
SINGLE_CURRENCY_PLANS = frozenset({"STARTER", "STANDARD", "LITE", "IGNITE", "GROW", "SIMPLE", "BASICLITE"})


@cache
def texts() -> dict[str, str]:
    return {row["key"]: row["text"] for row in rows()}


def rows() -> list[dict[str, str]]:
    """The table itself: key, number in Xero's catalogue of messages, basis, text."""
    body = resources.files("tieout.sandbox.xero").joinpath("texts.csv").read_text("utf-8")
    return list(csv.DictReader(body.splitlines()))


class Invalid(Exception):
    """One element breaks a rule; nothing of it was written."""

    def __init__(self, echo: Doc) -> None:
        super().__init__(echo.get("ValidationErrors"))
        self.echo = echo


class Verdict:
    """Errors and warnings about one element, in the order found; nested ones hang on their own object."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.nested: dict[str, list[str]] = {}

    def error(self, key: str, **parts: object) -> None:
        sentence = texts()[key].format(**parts)
        if sentence not in self.errors:
            self.errors.append(sentence)

    def warn(self, key: str, **parts: object) -> None:
        self.warnings.append(texts()[key].format(**parts))

    def error_inside(self, field: str, key: str, **parts: object) -> None:
        """An error about a nested object; shown there and on the element, as Xero does for contacts."""
        self.nested.setdefault(field, []).append(texts()[key].format(**parts))
        self.error(key, **parts)

    def check(self, sent: Doc, id_field: str) -> None:
        """Raises Invalid with the element echoed when there is any error."""
        if not self.errors:
            return
        echo: Doc = {id_field: ZERO_ID} | sent
        for field, found in self.nested.items():
            inner = sent.get(field)
            said = [{"Message": sentence} for sentence in found]
            echo[field] = (inner if isinstance(inner, dict) else {}) | {"ValidationErrors": said}
        echo["ValidationErrors"] = [{"Message": sentence} for sentence in self.errors]
        echo["HasValidationErrors"] = True
        if self.warnings:
            echo["Warnings"] = self.warning_docs()
        raise Invalid(echo)

    def warning_docs(self) -> list[Doc]:
        return [{"Message": sentence} for sentence in self.warnings]


def check_lock(verdict: Verdict, organisation: Doc, role: str, day: date, *, editing: bool = False) -> None:
    """Documents dated on or before a lock date are refused; advisers pass the period lock, nobody the year's."""
    year, period = organisation.get("EndOfYearLockDate"), organisation.get("PeriodLockDate")
    if year is not None and day <= year:
        verdict.error("locked-edit" if editing else "locked-year", day=year.strftime("%d-%b-%Y"))
    elif period is not None and day <= period and role != "FINANCIALADVISER":
        verdict.error("locked-edit" if editing else "locked-period", day=period.strftime("%d-%b-%Y"))


def sells_and_buys(organisation: Doc) -> bool:
    return organisation["Edition"] != "PARTNER" and organisation["Class"] not in NO_INVOICING
