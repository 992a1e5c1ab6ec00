"""Settlement reports for tests: the samples, and small ones made to measure."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from tieout import channels
from tieout.core.settlement import Reading, Refusal, Settlement, Statement
from tieout.sandbox.statements import HEADINGS

SAMPLES = Path(__file__).parent / "amazon"
UTC, LONDON = ZoneInfo("UTC"), ZoneInfo("Europe/London")
HEADING = "\t".join(HEADINGS)


def sample(name: str) -> bytes:
    return (SAMPLES / f"amazon_v2_{name}.txt").read_bytes()


def statement(content: bytes, filename: str = "settlement.txt") -> Statement:
    return Statement(filename, content, sha256(content).hexdigest())


def read(content: bytes | str, zone: ZoneInfo | None = None) -> Reading:
    return channels.read(statement(content.encode() if isinstance(content, str) else content), zone)


def accepted(content: bytes | str, zone: ZoneInfo | None = None) -> Settlement:
    """The one settlement of a file that must be accepted."""
    reading = read(content, zone)
    assert reading.refusals == ()
    (settlement,) = reading.settlements
    return settlement


def refused(content: bytes | str) -> Refusal:
    """The first refusal of a file that must be refused whole; every refusal says something."""
    reading = read(content)
    assert reading.settlements == () and reading.refusals, "the file was accepted"
    assert all(refusal.code and refusal.message for refusal in reading.refusals)
    return reading.refusals[0]


def codes(reading: Reading) -> set[str]:
    return {warning.code for warning in reading.warnings}


def line(**fields: str) -> dict[str, str]:
    """One row by column name, with _ for -; what is not named is a plain order row of 10.00."""
    usual = {
        "settlement-id": "99000000001",
        "transaction-type": "Order",
        "order-id": "990-0000001-0000001",
        "marketplace-name": "Amazon.co.uk",
        "amount-type": "ItemPrice",
        "amount-description": "Principal",
        "amount": "10.00",
        "posted-date": "12.06.2026",
        "posted-date-time": "12.06.2026 10:00:00 UTC",
        "sku": "DEMO-1",
    }
    return usual | {name.replace("_", "-"): value for name, value in fields.items()}


def account(description: str, amount: str, **fields: str) -> dict[str, str]:
    """A row of the account: no order, no site, no SKU."""
    plain = {"order_id": "", "marketplace_name": "", "sku": "", "transaction_type": "other-transaction"}
    named = {"amount_type": "other-transaction", "amount_description": description, "amount": amount}
    return line(**(plain | named | fields))


@dataclass(frozen=True)
class File:
    """A report to be printed: change what a test is about and leave the rest."""

    rows: tuple[dict[str, str], ...] = field(default_factory=lambda: (line(),))
    total: str = "10.00"
    currency: str = "GBP"
    id: str = "99000000001"
    start: str = "10.06.2026 21:40:10 UTC"
    end: str = "24.06.2026 21:40:10 UTC"
    deposit: str = "26.06.2026 21:40:10 UTC"
    headings: tuple[str, ...] = tuple(HEADINGS)

    def __str__(self) -> str:
        lines = ["\t".join(self.headings), self._line(self._summary())]
        return "\n".join([*lines, *map(self._line, self.rows)]) + "\n"

    def bytes(self, encoding: str = "utf-8") -> bytes:
        return str(self).encode(encoding)

    def but(self, *rows: dict[str, str], **changes: str) -> "File":
        """The same with other rows (or these fields changed)."""
        changed: File = replace(self, **changes)  # type: ignore[arg-type]
        return replace(changed, rows=rows) if rows else changed

    def _summary(self) -> dict[str, str]:
        return {
            "settlement-id": self.id,
            "settlement-start-date": self.start,
            "settlement-end-date": self.end,
            "deposit-date": self.deposit,
            "total-amount": self.total,
            "currency": self.currency,
        }

    def _line(self, fields: dict[str, str]) -> str:
        return "\t".join(fields.get(name, "") for name in self.headings)
