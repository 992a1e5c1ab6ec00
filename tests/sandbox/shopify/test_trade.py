"""A shop's trade: orders, taxes, payments, refunds and disputes; payouts that are made of them and add up."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.shopify.keeping import Caller, london, summed
from tieout.sandbox.faults import NAMES
from tieout.sandbox.shopify import of, shops
from tieout.sandbox.shopify.hands import HANDS

ORDER = """
  id name taxesIncluded presentmentCurrencyCode sourceName shippingAddress { countryCodeV2 provinceCode }
  totalPriceSet { ...B } subtotalPriceSet { ...B } totalShippingPriceSet { ...B } totalTaxSet { ...B }
  totalTipReceivedSet { ...B } totalRefundedSet { ...B } netPaymentSet { ...B }
  taxLines { title rate channelLiable priceSet { ...B } }
  lineItems(first: 20) { nodes {
    title quantity isGiftCard taxable discountedTotalSet { ...B } taxLines { rate priceSet { ...B } } } }
  shippingLines(first: 5) { nodes { discountedPriceSet { ...B } taxLines { priceSet { ...B } } } }
  transactions { id kind status gateway amountSet { ...B } parentTransaction { id } fees { amount { amount } } }
  refunds { id totalRefundedSet { ...B } order { name }
    transactions(first: 5) { nodes { kind gateway amountSet { ...B } } }
    refundLineItems(first: 9) { nodes {
      quantity subtotalSet { ...B } totalTaxSet { ...B } lineItem { id } } }
    refundShippingLines(first: 5) { nodes { subtotalAmountSet { ...B } taxAmountSet { ...B } } }
    orderAdjustments(first: 5) { nodes { reason amountSet { ...B } } } }"""
BAG = "fragment B on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
ORDERS = f"""query Q($a: String) {{ orders(first: 8, after: $a) {{
  nodes {{ {ORDER} }} pageInfo {{ hasNextPage endCursor }} }} }} {BAG}"""
DISPUTE = """query Q($id: ID!) { dispute(id: $id) {
  status type amount { amount } reasonDetails { reason } order { name } } }"""


@pytest.fixture(scope="module")
def caller() -> Caller:
    found = london()
    found.world.stand_in.switches["throttles"] = False
    return found


@pytest.fixture(scope="module")
def orders(caller: Caller) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        held = caller.query(ORDERS, a=after).data["orders"]
        found += held["nodes"]
        if not held["pageInfo"]["hasNextPage"]:
            return found
        after = held["pageInfo"]["endCursor"]


def shop(bag: Any) -> Decimal:
    return Decimal(bag["shopMoney"]["amount"])


def buyer(bag: Any) -> Decimal:
    return Decimal(bag["presentmentMoney"]["amount"])


def test_every_payout_is_the_sum_of_its_transactions_and_of_its_summary(caller: Caller) -> None:
    evidence = {one["number"]: one for one in caller.world.evidence("payouts")}
    payouts = caller.payouts()
    assert len(payouts) > 40
    for payout in payouts:
        rows = caller.transactions(payout["legacyResourceId"])
        told = evidence[payout["legacyResourceId"]]
        assert summed(rows) == Decimal(payout["net"]["amount"]) == Decimal(told["net"])
        assert {row["associatedPayout"]["id"] for row in rows} == {payout["id"]}
        assert len(rows) == told["transactions"] + 1
        assert sum(Decimal(row["net"]["amount"]) for row in rows) == 0, "its own transfer empties it"
        for row in rows:
            parts = [Decimal(row[name]["amount"]) for name in ("amount", "fee", "net")]
            assert parts[0] - parts[1] == parts[2]


def test_the_summary_adds_up_to_the_net(caller: Caller) -> None:
    groups = "charges adjustments reservedFunds retriedPayouts"
    fields = " ".join(f"{one}Gross {{ amount }} {one}Fee {{ amount }}" for one in groups.split())
    fields += " refundsFeeGross { amount } refundsFee { amount } advanceGross { amount } advanceFees { amount }"
    found = caller.account(
        f"payouts(first: 250) {{ nodes {{ net {{ amount }} gross {{ amount }} summary {{ {fields} }} }} }}"
    )
    for payout in found["payouts"]["nodes"]:
        parts = {name: Decimal(value["amount"]) for name, value in payout["summary"].items()}
        gross = sum(value for name, value in parts.items() if name.endswith("Gross"))
        fees = sum(value for name, value in parts.items() if not name.endswith("Gross"))
        assert gross - fees == Decimal(payout["net"]["amount"]) == Decimal(payout["gross"]["amount"])


def test_transfers_can_be_hidden_or_switched_off(caller: Caller) -> None:
    number = caller.payouts()[0]["legacyResourceId"]
    assert "TRANSFER" in {row["type"] for row in caller.transactions(number)}
    assert "TRANSFER" not in {row["type"] for row in caller.transactions(number, ", hideTransfers: true")}


def test_payouts_come_on_business_days_and_weekends_in_one(caller: Caller) -> None:
    from datetime import date

    days = [date.fromisoformat(row["issuedAt"][:10]) for row in caller.payouts()]
    assert all(day.weekday() < 5 for day in days) and len(set(days)) == len(days)


def test_the_newest_payout_is_scheduled_and_what_waits_has_none(caller: Caller) -> None:
    newest = caller.payouts("last: 1")[0]
    assert (newest["status"], newest["transactionType"]) == ("SCHEDULED", "DEPOSIT")
    held = caller.account(
        'balance { amount } balanceTransactions(first: 250, query: "payout_status:pending")'
        " { nodes { type net { amount } associatedPayout { id status } } }"
    )
    rows = held["balanceTransactions"]["nodes"]
    assert rows and all(row["associatedPayout"] == {"id": None, "status": "PENDING"} for row in rows)
    assert Decimal(held["balance"][0]["amount"]) == summed(rows)


def test_orders_add_up_in_both_currencies(orders: list[Any]) -> None:
    for order in orders:
        for read in (shop, buyer):
            tax = 0 if order["taxesIncluded"] else read(order["totalTaxSet"])
            parts = read(order["subtotalPriceSet"]) + read(order["totalShippingPriceSet"]) + tax
            assert parts + read(order["totalTipReceivedSet"]) == read(order["totalPriceSet"])
            lines = order["lineItems"]["nodes"]
            assert sum(read(line["discountedTotalSet"]) for line in lines) == read(order["subtotalPriceSet"])
            taxed = [*lines, *order["shippingLines"]["nodes"]]
            taxes = sum(read(one["priceSet"]) for each in taxed for one in each["taxLines"])
            assert taxes == read(order["totalTaxSet"]) == sum(read(one["priceSet"]) for one in order["taxLines"])
            paid = [one for one in order["transactions"] if one["kind"] in {"SALE", "CAPTURE"}]
            assert sum(read(one["amountSet"]) for one in paid) == read(order["totalPriceSet"])
            given = sum(read(one["amountSet"]) for one in order["transactions"] if one["kind"] == "REFUND")
            assert given == read(order["totalRefundedSet"])
            assert read(order["netPaymentSet"]) == read(order["totalPriceSet"]) - given


def test_taxes_depend_on_where_it_goes_and_somebody_is_liable(orders: list[Any]) -> None:
    seen = {
        (order["shippingAddress"]["countryCodeV2"], tax["title"], order["taxesIncluded"])
        for order in orders
        for tax in order["taxLines"]
    }
    assert (
        ("GB", "GB VAT", True) in seen and ("US", "New York State Tax", False) in seen and ("CA", "PST", False) in seen
    )
    liable = Counter((order["sourceName"], tax["channelLiable"]) for order in orders for tax in order["taxLines"])
    assert set(liable) == {("web", False), ("marketplace", True)}


def test_gift_cards_other_gateways_discounts_and_currencies_occur(orders: list[Any]) -> None:
    gateways = {one["gateway"] for order in orders for one in order["transactions"]}
    assert {"shopify_payments", "paypal", "gift_card", "Klarna"} <= gateways
    assert {order["presentmentCurrencyCode"] for order in orders} >= {"GBP", "EUR", "USD", "AUD", "CAD"}
    cards = [line for order in orders for line in order["lineItems"]["nodes"] if line["isGiftCard"]]
    assert cards and all(not line["taxable"] and line["taxLines"] == [] for line in cards)
    held = [one for order in orders for one in order["transactions"] if one["kind"] == "CAPTURE"]
    assert held and all(one["parentTransaction"] for one in held)


def test_only_shopify_payments_reaches_the_balance(caller: Caller, orders: list[Any]) -> None:
    ids = {
        one["id"].rpartition("/")[2]: order
        for order in orders
        for one in order["transactions"]
        if one["gateway"] == "shopify_payments"
    }
    fields = "type amount { amount } associatedOrder { id name } sourceOrderTransactionId"
    rows = caller.account(
        f'balanceTransactions(first: 250, query: "transaction_type:charge") {{ nodes {{ {fields} }} }}'
    )
    for row in rows["balanceTransactions"]["nodes"]:
        assert ids[row["sourceOrderTransactionId"]]["id"] == row["associatedOrder"]["id"]


def test_refunds_say_what_they_are_of(orders: list[Any]) -> None:
    refunds = [(order, refund) for order in orders for refund in order["refunds"]]
    assert len(refunds) >= 5
    for order, refund in refunds:
        lines, postage = refund["refundLineItems"]["nodes"], refund["refundShippingLines"]["nodes"]
        adjusted = refund["orderAdjustments"]["nodes"]
        assert refund["order"]["name"] == order["name"] and (lines or postage or adjusted)
        given = sum(shop(one["amountSet"]) for one in refund["transactions"]["nodes"])
        assert given == shop(refund["totalRefundedSet"])
        if not adjusted and not order["taxesIncluded"]:
            parts = sum(shop(one["subtotalSet"]) + shop(one["totalTaxSet"]) for one in lines)
            parts += sum(shop(one["subtotalAmountSet"]) + shop(one["taxAmountSet"]) for one in postage)
            assert given - parts in {Decimal(0), shop(order["totalTipReceivedSet"])}


def test_tax_that_the_channel_remits_is_taken_off_the_balance() -> None:
    for mode in ("debit", "excluded"):
        caller = london(scenario="empty")
        of(caller.world).switches["channel_tax"] = mode
        from tieout.sandbox.shopify import app, grant
        from tieout.sandbox.shopify import shop as open_shop
        from tieout.sandbox.shopify.scenarios import APP_ID, SCOPES, TOKEN

        app(of(caller.world).shops)
        books = open_shop(of(caller.world).shops)
        grant(of(caller.world).shops, APP_ID, books.domain, SCOPES, TOKEN)
        types = {row["type"] for row in books.rows("ShopifyPaymentsBalanceTransaction")}
        assert ("TAX_ADJUSTMENT_DEBIT" in types) == (mode == "debit")


def test_disputes_take_the_money_and_a_fee(caller: Caller) -> None:
    fresh = london()
    made = fresh.world.hand("dispute")
    found = fresh.query(DISPUTE, id=made["dispute"]).data["dispute"]
    assert (found["status"], found["type"]) == ("NEEDS_RESPONSE", "CHARGEBACK") and found["order"]["name"]
    fields = "nodes { type amount { amount } fee { amount } net { amount } sourceType }"
    row = fresh.account(f'balanceTransactions(last: 1, query: "transaction_type:dispute_withdrawal") {{ {fields} }}')
    withdrawn = row["balanceTransactions"]["nodes"][0]
    assert Decimal(withdrawn["amount"]["amount"]) == -Decimal(found["amount"]["amount"])
    assert (Decimal(withdrawn["fee"]["amount"]), withdrawn["sourceType"]) == (Decimal(15), "DISPUTE")


def test_days_pass_and_new_orders_and_payouts_are_there() -> None:
    caller = london()
    before = {row["id"] for row in caller.payouts()}
    newest = caller.payouts("last: 1")[0]["id"]
    caller.world.clock.advance(3 * 86_400)
    after = caller.payouts()
    assert len({row["id"] for row in after} - before) == 1, "a weekend lies between"
    assert next(row["status"] for row in after if row["id"] == newest) == "PAID"


def test_the_same_seed_trades_the_same_however_often_it_is_asked() -> None:
    once, often = london(), london()
    for _ in range(20):
        often.world.clock.advance(36_000)
        often.payouts("last: 1")
    once.world.clock.advance(20 * 36_000)
    assert once.world.evidence("payouts") == often.world.evidence("payouts")
    assert once.world.evidence("orders") == often.world.evidence("orders")
    assert london(seed=7).world.evidence("orders") != london().world.evidence("orders")


def test_gateways_by_month_are_evidence(caller: Caller, orders: list[Any]) -> None:
    told = caller.world.evidence("gateways")
    paypal = sum(Decimal(one["net"]) for one in told if one["gateway"] == "paypal")
    counted = Decimal(0)
    for one in (each for order in orders for each in order["transactions"] if each["gateway"] == "paypal"):
        counted += -shop(one["amountSet"]) if one["kind"] == "REFUND" else shop(one["amountSet"])
    assert paypal == counted != 0


def test_what_it_holds_survives_in_a_file(tmp_path: Path) -> None:
    caller = london(path=tmp_path / "shopify.db")
    before = caller.payouts()
    caller.world.close()
    caller.world = shops(tmp_path / "shopify.db", now=caller.world.clock.now())
    assert caller.payouts() == before
    caller.world.close()


def test_every_fault_of_a_channel_is_a_hand_of_this_one() -> None:
    assert {name for name, named in NAMES.items() if named.group == "channel"} <= set(HANDS)


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(LookupError, match="there are busy, empty, london, two, withdrawal"):
        shops(scenario="atlantis")


def test_at_the_edges_of_a_month_orders_stand_on_both_sides_of_midnight(orders: list[Any], caller: Caller) -> None:
    stamps = {one["created_at"] for one in caller.world.evidence("orders")}
    # Summer time: ten past midnight in London is still yesterday, and last month, in UTC.
    assert {"2026-09-30T22:50:00Z", "2026-09-30T23:10:00Z", "2026-10-31T23:50:00Z", "2026-11-01T00:10:00Z"} <= stamps
    assert len(stamps) <= len(orders)


def test_a_busy_shop_needs_more_than_one_page_for_a_payout() -> None:
    caller = london(scenario="busy")
    largest = max(caller.world.evidence("payouts"), key=lambda one: one["transactions"])
    assert largest["transactions"] > 250
    rows, after = [], ""
    while True:
        window = f'first: 250, query: "payments_transfer_id:{largest["number"]}"{after}'
        fields = "nodes { id type net { amount } } pageInfo { hasNextPage endCursor }"
        held = caller.account(f"balanceTransactions({window}) {{ {fields} }}")["balanceTransactions"]
        rows += held["nodes"]
        if not held["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{held["pageInfo"]["endCursor"]}"'
    assert len({row["id"] for row in rows}) == len(rows) == largest["transactions"] + 1
    assert summed(rows) == Decimal(largest["net"])


def test_what_a_payout_was_for_is_evidence_and_adds_up(caller: Caller) -> None:
    for one in caller.world.evidence("payouts"):
        told = caller.world.evidence("payout", number=one["number"])
        whole = sum(Decimal(told.get(name, "0")) for name in ("goods", "gift_cards", "postage", "tips"))
        on_top = sum(Decimal(tax["amount"]) for tax in told["taxes"] if not tax["is_inside"])
        charged = Decimal(told["by_type"].get("CHARGE", "0"))
        assert whole + on_top - Decimal(told.get("elsewhere", "0")) == charged
    with pytest.raises(LookupError, match="no payout 1"):
        caller.world.evidence("payout", number="1")
