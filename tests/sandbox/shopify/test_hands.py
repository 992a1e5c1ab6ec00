"""What happens at Shopify while somebody reads: payouts late, changed, failed, of every shape; new words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.shopify.keeping import Caller, london, summed
from tieout.sandbox.shopify import of


@pytest.fixture
def caller() -> Caller:
    return london()


def newest(caller: Caller) -> Any:
    return caller.payouts("last: 1")[0]


def tie(caller: Caller, made: Any) -> tuple[Decimal, Decimal]:
    """What the payout says, and what its transactions come to."""
    payout = next(row for row in caller.payouts() if row["id"] == made["payout"])
    return Decimal(payout["net"]["amount"]), summed(caller.transactions(payout["legacyResourceId"]))


def test_a_payout_is_left_out_and_published_late(caller: Caller) -> None:
    made = caller.world.hand("payout-missing")
    assert made["payout"] not in {row["id"] for row in caller.payouts()}
    assert caller.query("query Q($id: ID!) { node(id: $id) { id } }", id=made["payout"]).data == {"node": None}
    caller.world.hand("payout-late", payout=made["payout"])
    assert newest(caller)["id"] == made["payout"]


def test_a_payout_of_an_earlier_day_appears_now(caller: Caller) -> None:
    made = caller.world.hand("payout-late", days_ago=9)
    payout = next(row for row in caller.payouts() if row["id"] == made["payout"])
    assert payout["issuedAt"].startswith("2026-11-11") and payout["id"] != newest(caller)["id"]
    stated, counted = tie(caller, made)
    assert stated == counted


def test_an_edited_payout_still_adds_up_and_a_wrong_total_does_not(caller: Caller) -> None:
    before = Decimal(newest(caller)["net"]["amount"])
    stated, counted = tie(caller, caller.world.hand("payout-edited", by="2.50"))
    assert stated == counted == before + Decimal("2.50")
    stated, counted = tie(caller, caller.world.hand("payout-total"))
    assert stated == counted + 1
    told = caller.world.evidence("payouts")[-1]
    assert Decimal(told["stated"]) == Decimal(told["net"]) + 1


@pytest.mark.parametrize("act", ["drop", "repeat"])
def test_rows_are_dropped_or_repeated_while_the_payout_says_what_it_said(caller: Caller, act: str) -> None:
    before = newest(caller)
    rows = len(caller.transactions(before["legacyResourceId"]))
    stated, counted = tie(caller, caller.world.hand("payout-rows", act=act))
    assert stated == Decimal(before["net"]["amount"]) != counted
    assert len(caller.transactions(before["legacyResourceId"])) == rows + (1 if act == "repeat" else -1)


def test_a_row_has_a_new_word_or_a_blank_amount(caller: Caller) -> None:
    number = newest(caller)["legacyResourceId"]
    caller.world.hand("payout-rows", act="type")
    assert "MOONLIGHT_SURCHARGE" in {row["type"] for row in caller.transactions(number)}
    caller.world.hand("payout-rows", act="malformed")
    assert "" in {row["amount"]["amount"] for row in caller.transactions(number)}


@pytest.mark.parametrize(
    ("shape", "net", "direction"),
    [
        ("negative", "-250.0", "WITHDRAWAL"),
        ("zero", "0.0", "DEPOSIT"),
        ("fees-only", "-23.2", "WITHDRAWAL"),
        ("months", "30.0", "DEPOSIT"),
    ],
)
def test_payouts_of_every_shape_add_up(caller: Caller, shape: str, net: str, direction: str) -> None:
    made = caller.world.hand("payout-shape", shape=shape)
    payout = next(row for row in caller.payouts() if row["id"] == made["payout"])
    assert (payout["net"]["amount"], payout["transactionType"]) == (net, direction)
    stated, counted = tie(caller, made)
    assert stated == counted
    only = caller.payouts(f"first: 250, transactionType: {direction}")
    assert made["payout"] in {row["id"] for row in only}


def test_a_withdrawal_may_be_printed_without_its_sign() -> None:
    caller = london(scenario="withdrawal")
    window = "last: 1, transactionType: WITHDRAWAL"
    assert [row["net"]["amount"] for row in caller.payouts(window)] == ["-250.0"]
    of(caller.world).switches["withdrawal_sign"] = "positive"
    assert [row["net"]["amount"] for row in caller.payouts(window)] == ["250.0"]


def test_a_failed_payout_comes_back_with_the_next_one(caller: Caller) -> None:
    failed = caller.world.hand("payout-failed")
    assert newest(caller)["status"] == "FAILED"
    caller.world.clock.advance(4 * 86_400)
    rows = [row for payout in caller.payouts("last: 2") for row in caller.transactions(payout["legacyResourceId"])]
    back = [row for row in rows if row["type"] == "TRANSFER_FAILURE"]
    assert [row["amount"]["amount"] for row in back] == [failed["net"]]


def test_a_status_can_be_set_and_left_to_time_again(caller: Caller) -> None:
    caller.world.hand("payout-status", status="IN_TRANSIT")
    assert newest(caller)["status"] == "IN_TRANSIT"
    assert caller.transactions(newest(caller)["legacyResourceId"])[0]["associatedPayout"]["status"] == "IN_TRANSIT"
    caller.world.hand("payout-status", status="")
    assert newest(caller)["status"] == "SCHEDULED"


def test_a_transaction_of_any_kind_waits_for_the_next_payout(caller: Caller) -> None:
    caller.world.hand("transaction", type="LENDING_CAPITAL_REMITTANCE", amount="-40.00")
    before = caller.world.evidence("waiting")[0]
    caller.world.clock.advance(5 * 86_400)
    assert before["transactions"] >= 1
    assert any("LENDING_CAPITAL_REMITTANCE" in one["by_type"] for one in caller.world.evidence("payouts"))


def test_refunds_by_hand_change_the_order(caller: Caller) -> None:
    made = caller.world.hand("refund", kind="full")
    fields = "displayFinancialStatus currentTotalPriceSet { shopMoney { amount } }"
    text = f"query Q($q: String) {{ orders(first: 1, query: $q) {{ nodes {{ {fields} }} }} }}"
    order = caller.query(text, q=f"name:{made['order']}").data["orders"]["nodes"][0]
    assert (order["displayFinancialStatus"], order["currentTotalPriceSet"]["shopMoney"]["amount"]) == (
        "REFUNDED",
        "0.0",
    )
    with pytest.raises(LookupError, match="nothing is left to refund"):
        caller.world.hand("refund", kind="full")


@pytest.mark.parametrize(
    ("name", "told", "words"),
    [
        ("nonsense", {}, "no hand is called nonsense"),
        ("payout-missing", {"payout": "1"}, "no payout 1"),
        ("payout-shape", {"shape": "round"}, "knows no shape round"),
        ("payout-rows", {"act": "sing"}, "knows no act sing"),
        ("refund", {"order": "#1"}, "no order #1"),
        ("privacy", {"topic": "x"}, "no notice is called x"),
        ("scopes", {"shop": "x.myshopify.com"}, "no shop x.myshopify.com"),
    ],
)
def test_a_mistake_is_explained(caller: Caller, name: str, told: dict[str, str], words: str) -> None:
    with pytest.raises(LookupError, match=words):
        caller.world.hand(name, **told)


def test_evidence_shows_installs_without_a_token(caller: Caller) -> None:
    told = caller.world.evidence("tokens")
    assert told[0]["access_live"] == 1 and caller.token not in str(told)
    with pytest.raises(LookupError, match="there are calls, gateways, hooks, orders, payout, payouts"):
        caller.world.evidence("nonsense")
