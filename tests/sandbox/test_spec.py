"""The comparison with the published spec sees what it should; the comparison itself is tools/compare_spec.py."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tools.compare_spec import Asker, answers, compared, unanswered

ROOT = Path(__file__).parent.parent.parent
SCHEMAS = {
    "Invoice": {
        "type": "object",
        "properties": {
            "Total": {"type": "number"},
            "Sent": {"type": "boolean"},
            "Contact": {"$ref": "#/components/schemas/Contact"},
            "Lines": {"type": "array", "items": {"type": "string"}},
        },
    },
    "Contact": {"type": "object", "properties": {"Name": {"type": "string"}}},
}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"Total": Decimal("1.00"), "Sent": True, "Contact": {"Name": "A"}, "Lines": ["x"]}, []),
        ({"Total": "1.00"}, ["I.Total: str where the spec says number"]),
        ({"Total": True}, ["I.Total: bool where the spec says number"]),
        ({"Contact": {"Nmae": "A"}}, ["I.Contact.Nmae: not in the spec"]),
        ({"Lines": ["x", 1]}, ["I.Lines[]: int where the spec says string"]),
        ({"DateString": "2026-11-10T00:00:00"}, []),
    ],
)
def test_a_field_is_known_with_its_type_or_told(found: object, told: list[str]) -> None:
    assert list(compared(SCHEMAS, {"$ref": "#/components/schemas/Invoice"}, found, "I")) == told


def test_every_kind_that_can_be_written_is_compared() -> None:
    kinds = {key for key, _, _ in answers(Asker())}
    assert {"Invoices", "CreditNotes", "Payments", "BankTransactions", "ManualJournals", "Accounts", "Users"} <= kinds


def test_an_address_without_an_answer_is_told() -> None:
    paths = {"/Invoices/{InvoiceID}": {}, "/Reports/TrialBalance": {}}
    assert list(unanswered(Asker(), paths)) == ["/Reports/TrialBalance"]


def test_without_the_spec_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    script = ROOT / "tools" / "compare_spec.py"
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=True)
    assert "nothing to compare with" in done.stdout
