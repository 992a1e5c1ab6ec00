"""Payments, bank transactions, journals and batches at the stand-in; the ledger always balances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.calling import Caller, invoice, london


def owed(caller: Caller, number: str = "P-1", amount: str = "100.00", **change: Any) -> str:
    found: str = caller.put("Invoices", invoice(number, (amount, "TO-200", "OUTPUT2"), **change)).first("Invoices")[
        "InvoiceID"
    ]
    return found


def payment(invoice_id: str, amount: float = 100, **change: Any) -> dict[str, Any]:
    wanted = {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Date": "2026-11-15", "Amount": amount}
    return wanted | change


def test_a_payment_in_full_makes_paid_and_its_removal_opens_again() -> None:
    caller = london()
    number = owed(caller)
    paid = caller.post("Payments", payment(number)).first("Payments")
    assert (paid["PaymentType"], paid["Status"], paid["Amount"]) == ("ACCRECPAYMENT", "AUTHORISED", Decimal("100.00"))
    row = caller.get(f"Invoices/{number}").first("Invoices")
    assert (row["Status"], row["AmountPaid"], row["AmountDue"]) == ("PAID", Decimal("100.00"), Decimal("0.00"))
    assert row["FullyPaidOnDate"] and row["Payments"][0]["PaymentID"] == paid["PaymentID"]
    gone = caller.post(f"Payments/{paid['PaymentID']}", {"Status": "DELETED"})
    assert gone.first("Payments")["Status"] == "DELETED"
    row = caller.get(f"Invoices/{number}").first("Invoices")
    assert (row["Status"], row["AmountDue"], row["Payments"]) == ("AUTHORISED", Decimal("100.00"), [])
    assert "FullyPaidOnDate" not in row


def test_a_document_is_paid_only_with_its_last_penny() -> None:
    caller = london()
    number = owed(caller)
    for amount, status, due in ((99.99, "AUTHORISED", "0.01"), (0.01, "PAID", "0.00")):
        assert caller.put("Payments", payment(number, amount)).status == 200
        row = caller.get(f"Invoices/{number}").first("Invoices")
        assert (row["Status"], row["AmountDue"]) == (status, Decimal(due))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Amount": 100.01}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Account": {"Code": "nix"}}, "Account could not be found"),
        ({"Account": {}}, "Account could not be found"),
        ({"Invoice": {"InvoiceNumber": "nix"}}, "The document with the supplied id was not found for this endpoint."),
    ],
)
def test_a_payment_is_refused_in_xeros_words(change: dict[str, Any], message: str) -> None:
    caller = london()
    reply = caller.put("Payments", payment(owed(caller), **change))
    assert reply.status == 400 and message in reply.messages


def test_only_approved_documents_are_paid_and_only_from_bank_accounts() -> None:
    caller = london()
    draft = owed(caller, Status="DRAFT")
    both = caller.put("Payments", payment(draft)).messages
    assert both == [
        "Payments can only be made against Authorised documents",
        "Payment amount exceeds the amount outstanding on this document",
    ]
    assert caller.put("Payments", payment(owed(caller, "P-2"), Account={"Code": "TO-200"})).status == 400
    assert caller.put("Payments", payment(owed(caller, "P-3"), Account={"Code": "835"})).status == 200
    caller.world.hand("chart-edit", code="090", act="archive")
    said = caller.put("Payments", payment(owed(caller, "P-4"))).messages[0]
    assert said.startswith("Business Bank Account bank account is archived and cannot be used")


def test_a_part_payment_locks_the_figures_and_leaves_the_words() -> None:
    caller = london()
    number = owed(caller)
    caller.put("Payments", payment(number, 40))
    assert caller.post(f"Invoices/{number}", {"Reference": "r", "DueDate": "2026-12-01"}).status == 200
    line = {"Quantity": 1, "UnitAmount": 5, "AccountCode": "TO-200", "TaxType": "OUTPUT2"}
    said = caller.post(f"Invoices/{number}", {"LineItems": [line]}).messages
    assert said == ["This document cannot be edited as it has a payment or credit note allocated to it."]
    said = caller.post(f"Invoices/{number}", {"Status": "VOIDED"}).messages
    assert said == [
        "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it."
    ]


def test_a_new_due_date_on_a_part_paid_invoice_does_not_move_its_stamp() -> None:
    caller = london()
    number = owed(caller)
    caller.put("Payments", payment(number, 40))
    before = caller.get(f"Invoices/{number}").first("Invoices")["UpdatedDateUTC"]
    caller.world.clock.advance(60)
    caller.post(f"Invoices/{number}", {"DueDate": "2026-12-01"})
    row = caller.get(f"Invoices/{number}").first("Invoices")
    assert (row["UpdatedDateUTC"], row["DueDateString"]) == (before, "2026-12-01T00:00:00")
    caller.post(f"Invoices/{number}", {"Reference": "r"})
    assert caller.get(f"Invoices/{number}").first("Invoices")["UpdatedDateUTC"] != before


def test_post_payments_knows_no_summarize_errors() -> None:
    caller = london()
    assert caller.post("Payments?summarizeErrors=false", payment(owed(caller), 999)).status == 400
    assert caller.put("Payments?summarizeErrors=false", payment(owed(caller, "P-2"), 999)).status == 200


def test_a_reconciled_payment_and_one_of_a_batch_stay() -> None:
    caller = london()
    paid = caller.put("Payments", payment(owed(caller))).first("Payments")["PaymentID"]
    caller.world.hand("payment-edit", id=paid, act="reconcile")
    assert caller.post(f"Payments/{paid}", {"Status": "DELETED"}).status == 400
    part = {"Invoice": {"InvoiceID": owed(caller, "P-2")}, "Amount": 100}
    sent = {"Account": {"Code": "090"}, "Date": "2026-11-15", "Payments": [part]}
    batch = caller.put("BatchPayments", {"BatchPayments": [sent]}).first("BatchPayments")
    inside = batch["Payments"][0]["PaymentID"]
    said = caller.post(f"Payments/{inside}", {"Status": "DELETED"}).messages
    assert said == ["Payments within a batch cannot be deleted."]
    gone = caller.post("BatchPayments", {"BatchPaymentID": batch["BatchPaymentID"], "Status": "DELETED"})
    assert gone.first("BatchPayments")["Status"] == "DELETED"
    assert caller.get("Invoices/P-2").first("Invoices")["Status"] == "AUTHORISED"


def test_money_spent_and_received() -> None:
    caller = london()
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 12, "AccountCode": "TO-203", "TaxType": "INPUT2"}
    sent = {"Type": "SPEND", "Contact": {"Name": "Bank"}, "BankAccount": {"Code": "090"}, "LineItems": [line]}
    row = caller.put("BankTransactions", sent | {"LineAmountTypes": "Inclusive"}).first("BankTransactions")
    assert (row["Status"], row["Total"], row["TotalTax"]) == ("AUTHORISED", Decimal("12.00"), Decimal("2.00"))
    for change in ({"BankAccount": None}, {"BankAccount": {"Code": "200"}}, {"LineItems": []}, {"Type": "GIFT"}):
        assert caller.put("BankTransactions", sent | change).status == 400
    negative = sent | {"LineItems": [line | {"UnitAmount": -1}]}
    assert caller.put("BankTransactions", negative).status == 400
    gone = caller.post(f"BankTransactions/{row['BankTransactionID']}", {"Status": "DELETED"})
    assert gone.first("BankTransactions")["Status"] == "DELETED"


def test_a_prepayment_comes_of_a_bank_transaction_and_is_allocated() -> None:
    caller = london()
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 30, "AccountCode": "TO-200", "TaxType": "OUTPUT2"}
    sent = {"Type": "RECEIVE-PREPAYMENT", "Contact": {"Name": "Amazon UK"}, "BankAccount": {"Code": "090"}}
    made = caller.put("BankTransactions", sent | {"LineItems": [line], "LineAmountTypes": "Inclusive"})
    advance = made.first("BankTransactions")["PrepaymentID"]
    part = {"Invoice": {"InvoiceID": owed(caller)}, "AppliedAmount": 30}
    assert caller.put(f"Prepayments/{advance}/Allocations", part).status == 200
    assert caller.get("Invoices/P-1").first("Invoices")["AmountDue"] == Decimal("70.00")
    assert caller.get(f"Prepayments/{advance}").first("Prepayments")["RemainingCredit"] == Decimal("0.00")


def test_a_transfer_between_bank_accounts() -> None:
    caller = london()
    sent = {"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "091"}, "Amount": 5}
    assert caller.put("BankTransfers", sent).first("BankTransfers")["Amount"] == 5
    assert caller.put("BankTransfers", sent | {"ToBankAccount": {"Code": "200"}}).status == 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Narration": ""}, "Narration must be specified"),
        ({"JournalLines": []}, "A manual journal must contain at least two journal lines"),
        ({"Status": "VOIDED"}, "Manual Journal not of valid status for modification"),
        (
            {"Date": "2026-01-01"},
            "The document date cannot be before the end of year lock date, currently set at 31-Mar-2026",
        ),
    ],
)
def test_a_journal_is_refused(change: dict[str, Any], message: str) -> None:
    caller = london()
    caller.world.hand("lock-date", year="2026-03-31")
    lines = [{"LineAmount": 10, "AccountCode": "400"}, {"LineAmount": -10, "AccountCode": "404"}]
    sent = {"Narration": "n", "Status": "POSTED", "Date": "2026-11-10", "JournalLines": lines}
    assert caller.put("ManualJournals", sent).status == 200
    assert message in caller.put("ManualJournals", sent | change).messages


def test_a_journal_must_balance_and_keep_off_the_ledgers_own_accounts() -> None:
    caller = london()
    lines = [{"LineAmount": 100, "AccountCode": "400"}, {"LineAmount": -10, "AccountCode": "404"}]
    said = caller.put("ManualJournals", {"Narration": "n", "JournalLines": lines}).messages
    assert said == ["The total debits (100.00) must equal total credits (-10.00)"]
    for code in ("090", "610", "800", "960"):
        lines = [{"LineAmount": 1, "AccountCode": code}, {"LineAmount": -1, "AccountCode": "404"}]
        assert caller.put("ManualJournals", {"Narration": "n", "JournalLines": lines}).status == 400, code


def test_the_ledger_balances_whatever_was_posted() -> None:
    caller = london()
    owed(caller)
    caller.put("Invoices", invoice("P-2", ("77.77", "TO-200", "OUTPUT2"), LineAmountTypes="Exclusive"))
    caller.put("Invoices", invoice("P-3", ("10.00", "TO-203", "INPUT2"), Type="ACCPAY"))
    found = caller.world.evidence("totals")
    assert found["sum"] == 0 and found["accounts"]["receivable"] == Decimal("193.32")
