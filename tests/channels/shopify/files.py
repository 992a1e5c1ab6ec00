"""Exports of Shopify Payments for tests: the samples, and small ones made to measure."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.channels.files import read, refused, statement
from tieout import channels
from tieout.core.settlement import Line, Reading, Settlement

__all__ = ["ALL", "FOLDER", "HEADINGS", "LATER", "LONDON", "MONEY", "Payouts", "Transactions", "paid", "row"]

FOLDER = Path(__file__).parent
LONDON = ZoneInfo("Europe/London")
HEADINGS = tuple(
    "Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Payout ID,Available On,Amount,Fee,"
    "Net,Checkout,Payment Method Name,Presentment Amount,Presentment Currency,Currency,VAT".split(",")
)
ALL = (*HEADINGS, "Business Entity Name", "Business Entity ID")
MONEY = ("Charges", "Refunds", "Adjustments", "Reserved Funds", "Fees", "Retried Amount")
EARLIER = ("Payout Date", "Status", *MONEY, "Total", "Currency")
LATER = (
    *("Payout Date", "Status", "Charges", "Refunds", "Adjustments", "Marketplace Sales Tax", "Advances"),
    *("Reserved Funds", "Fees", "Retried Amount", "Total", "Currency", "Bank Reference"),
)


def row(**fields: str) -> dict[str, str]:
    """A charge of 10.00 with a fee of 0.59 in payout 118000000901, changed as named (_ for a space)."""
    usual = {
        "Transaction Date": "2026-06-08 09:19:01 +0100",
        "Type": "charge",
        "Order": "#D5046",
        "Card Brand": "visa",
        "Card Source": "online",
        "Payout Status": "paid",
        "Payout Date": "2026-06-11",
        "Payout ID": "118000000901",
        "Available On": "2026-06-11",
        "Amount": "10.00",
        "Fee": "0.59",
        "Net": "9.41",
        "Checkout": "#D77000047",
        "Payment Method Name": "card",
        "Presentment Amount": "10.00",
        "Presentment Currency": "GBP",
        "Currency": "GBP",
        "VAT": "0.00",
    }
    return usual | {name.replace("_", " "): value for name, value in fields.items()}


def paid(**fields: str) -> dict[str, str]:
    """The payout of that charge, as the payouts export states it."""
    usual = dict.fromkeys(LATER, "0.00") | {
        "Payout Date": "2026-06-11",
        "Status": "paid",
        "Charges": "10.00",
        "Fees": "-0.59",
        "Total": "9.41",
        "Currency": "GBP",
        "Bank Reference": "",
    }
    return usual | {name.replace("_", " "): value for name, value in fields.items()}


@dataclass(frozen=True)
class Transactions:
    """A file to be printed: change what a test is about and leave the rest."""

    rows: tuple[dict[str, str], ...] = field(default_factory=lambda: (row(),))
    headings: tuple[str, ...] = HEADINGS
    sign: str = ","
    end: str = "\n"

    def __str__(self) -> str:
        lines = [self.headings, *(tuple(each.get(name, "") for name in self.headings) for each in self.rows)]
        return self.end.join(self.sign.join(self._quoted(text) for text in line) for line in lines) + self.end

    def _quoted(self, text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if self.sign in text or '"' in text else text

    def bytes(self, encoding: str = "utf-8") -> bytes:
        return str(self).encode(encoding)

    def but(self, *rows: dict[str, str], **changes: object) -> "Transactions":
        changed: Transactions = replace(self, **changes)  # type: ignore[arg-type]
        return replace(changed, rows=rows) if rows else changed


@dataclass(frozen=True)
class Payouts(Transactions):
    rows: tuple[dict[str, str], ...] = field(default_factory=lambda: (paid(),))
    headings: tuple[str, ...] = EARLIER


def accepted(content: bytes | str, zone: ZoneInfo | None = LONDON) -> Settlement:
    """The one settlement of a file that must be accepted."""
    reading = read(content, zone)
    assert reading.refusals == ()
    (settlement,) = reading.settlements
    return settlement


def lines_of(content: bytes | str, settlement: Settlement) -> list[Line]:
    given = statement(content.encode() if isinstance(content, str) else content)
    return list(channels.lines(given, settlement.id, ZoneInfo(settlement.zone)))


def told(reading: Reading) -> dict[str, str]:
    """Warnings by code, without what is said of every payout that nothing has proven yet."""
    return {each.code: each.message for each in reading.warnings if each.code != "payout-unconfirmed"}


def code_and_row(content: bytes | str) -> tuple[str, int]:
    refusal = refused(content)
    return refusal.code, refusal.row
