"""Foreign currency at the QuickBooks stand-in: rates that must be told, one currency a paper, gains and losses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.bookkeeping import Body, Bookkeeper, company, refusal
from tieout.sandbox.quickbooks import ledger
from tieout.sandbox.quickbooks.state import Fault


def abroad(keeper: Bookkeeper) -> Body:
    """A customer who pays in US dollars."""
    made = keeper.create("Customer", DisplayName="Yankee Mart", CurrencyRef={"value": "USD"})
    return {"value": made["Id"]}


def dollars(rate: str = "1.4") -> dict[str, Any]:
    return {"CurrencyRef": {"value": "USD"}, "ExchangeRate": Decimal(rate)}


def test_a_foreign_currency_needs_its_rate() -> None:
    keeper = company("toronto")
    lines = (keeper.side("Debit", "1200", "10"), keeper.side("Credit", "TO-200", "10"))
    with pytest.raises(Fault) as found:
        keeper.journal(*lines, CurrencyRef={"value": "USD"})
    assert (found.value.code, found.value.message) == ("2410", "Curreny, ExchangeRate is missing.")
    made = keeper.journal(*lines, **dollars())
    assert (made["TotalAmt"], made["HomeTotalAmt"], made["ExchangeRate"]) == (10, 14, Decimal("1.4"))
    assert keeper.totals() == {"1200": 14, "TO-200": -14}
    assert refusal(keeper.journal, *lines, CurrencyRef={"value": "SEK"})[0] == "2220"


def test_pennies_lost_in_converting_stay_in_the_journal() -> None:
    keeper = company("toronto")
    lines = [keeper.side("Credit", "TO-200", "0.33") for _ in range(3)]
    keeper.journal(*lines, keeper.side("Debit", "1200", "0.99"), **dollars("1.3333"))
    assert sum(keeper.totals().values()) == 0 and keeper.balance("1200") == Decimal("1.32")


def test_a_company_of_one_currency_takes_no_other() -> None:
    keeper = company()
    lines = (keeper.side("Debit", "1200", "10"), keeper.side("Credit", "TO-200", "10"))
    assert refusal(keeper.journal, *lines, **dollars())[0] == "2220"
    keeper.hand("multi-currency", currencies=["USD"])
    assert keeper.journal(*lines, **dollars())["CurrencyRef"]["name"] == "United States Dollar"
    keeper.hand("currency-off", currency="USD")
    assert refusal(keeper.journal, *lines, **dollars())[0] == "2220"
    keeper.hand("currency-off", act="restore")
    assert keeper.journal(*lines, **dollars())["ExchangeRate"] == Decimal("1.4")


def test_a_customer_has_one_currency_for_ever() -> None:
    keeper = company("toronto")
    customer = abroad(keeper)
    code, detail = refusal(keeper.invoice, CustomerRef=customer, CurrencyRef={"value": "EUR"}, ExchangeRate=Decimal(2))
    assert code == "6000" and detail.endswith("You can only use one foreign currency per transaction.")
    row = keeper.read("Customer", customer["value"])
    assert refusal(keeper.update, "Customer", row | {"CurrencyRef": {"value": "CAD"}})[0] == "6000"


def test_a_new_vendors_currency_is_silently_the_home_currency() -> None:
    keeper = company("toronto")
    made = keeper.create("Vendor", DisplayName="Yankee Supplies", CurrencyRef={"value": "USD"})
    assert made["CurrencyRef"]["value"] == "CAD"
    keeper.switch(vendor_currency_ignored=False)
    made = keeper.create("Vendor", DisplayName="Yankee Paper", CurrencyRef={"value": "USD"})
    assert made["CurrencyRef"]["value"] == "USD"


def test_a_payment_at_another_rate_leaves_a_gain_or_loss() -> None:
    keeper = company("toronto")
    customer = abroad(keeper)
    line = keeper.item_line("100", "Out of scope")
    invoice = keeper.invoice(Line=[line], CustomerRef=customer, **dollars("1.40"))
    assert keeper.totals() == {"Accounts Receivable (A/R) - USD": 140, "4000": -140}
    keeper.payment("100", (invoice, "100"), CustomerRef=customer, **dollars("1.35"))
    assert keeper.read("Invoice", invoice["Id"])["Balance"] == 0
    assert keeper.totals() == {"4000": -140, "1290": 135, "8000": 5}
    assert keeper.read("Customer", customer["value"])["Balance"] == 0


def test_an_account_in_a_foreign_currency_takes_its_own_papers_only() -> None:
    keeper = company("toronto")
    keeper.create("Account", Name="Dollar bank", AccountType="Bank", CurrencyRef={"value": "USD"})
    assert refusal(keeper.create, "Account", Name="X", AccountType="Income", CurrencyRef={"value": "USD"})[0] == "2220"
    lines = (keeper.side("Debit", "Dollar bank", "10"), keeper.side("Credit", "TO-200", "10"))
    assert "one foreign currency" in refusal(keeper.journal, *lines)[1]
    keeper.journal(*lines, **dollars())
    row = keeper.read("Account", keeper.account("Dollar bank")["value"])
    assert (row["CurrentBalance"], keeper.balance("Dollar bank")) == (10, 14)


def test_rates_of_a_day_are_the_same_whenever_they_are_asked() -> None:
    keeper = company("toronto")
    rate = ledger.exchange_rate(keeper.asked, "USD", "2026-07-30")
    assert (rate["SourceCurrencyCode"], rate["TargetCurrencyCode"], rate["AsOfDate"]) == ("USD", "CAD", "2026-07-30")
    assert rate["Rate"] == ledger.exchange_rate(keeper.asked, "USD", "2026-07-30")["Rate"]
    assert Decimal("1.35") < rate["Rate"] < Decimal("1.45") and rate["Rate"].as_tuple().exponent == -6
    assert ledger.exchange_rate(keeper.asked, "CAD")["Rate"] == 1
    assert refusal(ledger.exchange_rate, keeper.asked, "XXX")[0] == "2220"
    assert refusal(ledger.exchange_rate, keeper.asked, "USD", "30/07/2026")[0] == "2070"


def test_receivables_of_a_foreign_customer_are_an_account_of_their_own() -> None:
    keeper = company("toronto")
    who = {"Type": "Customer", "EntityRef": abroad(keeper)}
    lines = (keeper.side("Debit", "1100", "10", Entity=who), keeper.side("Credit", "TO-200", "10"))
    assert "one foreign currency" in refusal(keeper.journal, *lines, **dollars())[1]
    keeper.invoice(Line=[keeper.item_line("1", "Out of scope")], CustomerRef=who["EntityRef"], **dollars())
    theirs = keeper.side("Debit", "Accounts Receivable (A/R) - USD", "10", Entity=who)
    assert keeper.journal(theirs, lines[1], **dollars())["HomeTotalAmt"] == 14
