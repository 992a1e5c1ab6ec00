"""The API's answers as a statement: the payout's own total, tax by place and by who owes it, cards, tips, gateways."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.files import read, refused, statement
from tests.channels.shopify.answered import PAYOUT, File, balance, both, cash, item, order, paid, period, post, tax
from tests.channels.shopify.files import LONDON, Transactions, accepted, lines_of, row, told
from tests.core.test_examples import rows_of
from tieout import channels
from tieout.core.category import Category
from tieout.core.defaults import default_mapping, variant_entries
from tieout.core.plan import Plan, Terms, make_plan
from tieout.core.settlement import UNCONFIRMED, Settlement, summed

SIMPLE = File("9.41", [balance(1, "10.00", "0.59")])


def parts(settlement: Settlement) -> dict[tuple[str, str], int]:
    """Sums by category and tax group."""
    found: dict[tuple[str, str], int] = {}
    for part in settlement.subtotals:
        key = part.category.value, part.variant
        found[key] = found.get(key, 0) + part.amount.minor
    return found


def booked(settlement: Settlement, country: str = "GB") -> list[tuple[str, str, str, str]]:
    """Account, gross, net and tax of each line that the default mapping makes."""
    usual = default_mapping(country, 300, clearing=channels.channels()["shopify"].CLEARING)
    groups = sorted({part.variant for part in settlement.subtotals})
    entries = tuple(entry for group in groups for entry in variant_entries(group, country, 300))
    mapping = type(usual)(1, usual.entries + entries)
    plan = make_plan(settlement, mapping, Terms(country, settlement.zone, contact="Shopify"), 1)
    assert isinstance(plan, Plan), plan
    (document,) = plan.documents
    return sorted(
        (line.account, f"{line.gross.amount:f}", f"{line.net.amount:f}", f"{line.vat.amount:f}")
        for line in document.lines
    )


def example(name: str) -> list[tuple[str, str, str, str]]:
    return sorted((each.account, each.gross, each.net, each.vat) for each in rows_of(name)[0])


def test_a_payout_is_known_by_its_answer_and_states_its_own_total() -> None:
    reading = read(str(SIMPLE), LONDON)
    (settlement,) = reading.settlements
    assert (settlement.id, settlement.total.minor, str(settlement.deposit_on)) == ("118000000907", 941, "2026-06-11")
    assert UNCONFIRMED not in {each.code for each in reading.warnings} and settlement.rows == 1
    assert channels.recognise("x.jsonl", str(SIMPLE).encode()) == "shopify"
    lines = lines_of(str(SIMPLE), settlement)
    assert summed(lines, LONDON) == settlement.subtotals and settlement.imbalance.minor == 0


def test_the_same_payout_has_the_same_id_in_an_export() -> None:
    export = accepted(str(Transactions().but(row(Payout_ID="118000000907"))))
    assert (export.id, export.total, export.deposit_on) == (lambda s: (s.id, s.total, s.deposit_on))(
        accepted(str(SIMPLE))
    )


def test_e7_a_payout_with_tax_within_prices_gift_cards_and_a_chargeback() -> None:
    """1,280.00 of goods, of them an order of 80.00 paid 50.00 by card balance; postage 36.00; a card of 50.00 sold."""
    goods = order(1, "1236.00", [item("1200.00", tax("200.00"))], [paid(11, "1236.00")])
    goods["shippingLines"] = {"nodes": [post("36.00", tax("6.00"))]}
    mixed = order(2, "80.00", [item("80.00", tax("13.33"))], [paid(21, "50.00", "gift_card"), paid(22, "30.00")])
    card = order(3, "50.00", [item("50.00", is_card=True)], [paid(31, "50.00")])
    back = order(4, "90.00", [item("90.00", tax("15.00"), id=4)], [paid(41, "90.00")])
    line = {"lineItem": {"id": "gid://shopify/LineItem/4"}, "subtotalSet": both("60.00"), "totalTaxSet": both("10.00")}
    refund = {"id": "gid://shopify/Refund/1", "refundLineItems": {"nodes": [line]}}
    refund["transactions"] = {"nodes": [paid(42, "60.00", kind="REFUND")]}
    back["refunds"] = [refund]
    rows = [
        balance(1, "1236.00", "18.00", order=1, source=11),
        balance(2, "30.00", "0.40", order=2, source=22),
        balance(3, "50.00", "0.50", order=3, source=31),
        balance(4, "-60.00", kind="REFUND", order=4, source=42),
        balance(5, "-45.00", "10.00", kind="DISPUTE", order=4),
    ]
    settlement = accepted(str(File("1182.10", rows, [goods, mixed, card, back])))
    expected = example("E7-INV")
    assert booked(settlement) == expected
    assert parts(settlement)["sales.gift_card_redeemed", ""] == -5000


def test_e7c_tax_beside_the_price_where_the_seller_owes_it() -> None:
    abroad = order(1, "54.13", [item("50.00", tax("4.13", "0.0826"))], [paid(11, "54.13")], country="US")
    settlement = accepted(str(File("52.38", [balance(1, "54.13", "1.75", order=1, source=11)], [abroad])))
    assert booked(settlement) == example("E7C-INV")
    assert parts(settlement)["tax.collected", "US"] == 413 and parts(settlement)["sales.principal", "US"] == 5000


def test_tax_that_the_channel_owes_is_collected_and_remitted_where_it_was_kept_before_the_payout() -> None:
    theirs = [item("50.00", tax("4.13", "0.0826", is_theirs=True))]
    kept = order(1, "54.13", theirs, [paid(11, "50.00")], country="US")
    found = parts(accepted(str(File("48.25", [balance(1, "50.00", "1.75", order=1, source=11)], [kept]))))
    assert found["sales.principal", "US"] == 5000
    assert (found["tax.collected", "US"], found["tax.withheld.facilitator", "US"]) == (413, -413)
    passed = order(1, "54.13", theirs, [paid(11, "54.13")], country="US")
    rows = [balance(1, "54.13", "1.75", order=1, source=11), balance(2, "-4.13", kind="TAX_ADJUSTMENT_DEBIT", order=1)]
    found = parts(accepted(str(File("48.25", rows, [passed]))))
    assert (found["tax.collected", "US"], found["tax.withheld.facilitator", "US"]) == (413, -413)


@pytest.mark.parametrize(("taxes", "group"), [([tax("2.00")], "GB"), ([], "GB 0%"), ([tax("0.57", "0.05")], "GB 5%")])
def test_goods_at_home_are_grouped_by_their_rate(taxes: list[Any], group: str) -> None:
    one = order(1, "12.00", [item("12.00", *taxes)], [paid(11, "12.00")])
    assert parts(accepted(str(File("12.00", [balance(1, "12.00", order=1, source=11)], [one])))) == {
        ("sales.principal", group): 1200
    }


def test_tips_duties_and_a_discount_on_the_whole_order() -> None:
    one = order(1, "25.00", [item("20.00", tax("3.00"))], [paid(11, "25.00")], totalTipReceivedSet=both("5.00"))
    one |= {"originalTotalDutiesSet": both("2.00")}
    found = parts(accepted(str(File("25.00", [balance(1, "25.00", order=1, source=11)], [one]))))
    assert found == {("sales.principal", "GB"): 1800, ("sales.tip", ""): 500, ("sales.export_charge", "GB"): 200}


def test_an_order_in_another_currency_divides_the_row_in_the_currency_of_the_payout() -> None:
    """The buyer saw euros, the payout is in pounds at Shopify's own rate: the row decides, to the penny."""
    items = [item("50.00", tax("4.13", "0.08", "EUR"), currency="EUR")]
    one = order(1, "54.13", items, [paid(11, "54.13", currency="EUR")], country="US", currency="EUR")
    settlement = accepted(str(File("46.77", [balance(1, "46.77", order=1, source=11)], [one])))
    assert parts(settlement) == {("sales.principal", "US"): 4320, ("tax.collected", "US"): 357}
    assert settlement.currency == "GBP"


def test_a_withdrawal_is_money_from_the_bank_whichever_sign_it_is_printed_with() -> None:
    rows = [balance(1, "-43.11", kind="REFUND")]
    for net in ("43.11", "-43.11"):
        assert accepted(str(File(net, rows, kind="WITHDRAWAL"))).total.minor == -4311
    assert accepted(str(File("0.00", []))).rows == 0


def test_what_no_order_explains_stays_one_amount_and_is_told() -> None:
    reading = read(str(File("9.41", [balance(1, "10.00", "0.59", order=7, source=1)])))
    assert parts(reading.settlements[0])["sales.gross", ""] == 1000 and "order-data-missing" in told(reading)
    cut = order(1, "10.00", [item("10.00")], [paid(1, "10.00")])
    cut["lineItems"]["pageInfo"]["hasNextPage"] = True
    reading = read(str(File("9.41", [balance(1, "10.00", "0.59", order=1, source=1)], [cut])))
    assert parts(reading.settlements[0])["sales.gross", ""] == 1000 and "order-data-missing" in told(reading)


@pytest.mark.parametrize("kind", ["PAYOUT", "TRANSFER"])
def test_the_payouts_own_row_is_none_of_its_rows_and_a_type_nobody_knows_holds(kind: str) -> None:
    rows = [balance(1, "10.00", "0.59"), balance(2, "-9.41", kind=kind, associatedPayout=None)]
    assert accepted(str(File("9.41", rows))).rows == 1
    wrong = [rows[0], balance(2, "-9.40", kind=kind)]
    assert "source-total-mismatch" in {each.code for each in read(str(File("9.41", wrong))).refusals}
    strange = accepted(str(File("3.00", [balance(1, "3.00", kind="ADS_PUBLISHER_CREDIT")])))
    assert [str(part.label) for part in strange.unknown] == ["ADS_PUBLISHER_CREDIT / Amount"]


@pytest.mark.parametrize(("status", "codes"), [("SCHEDULED", {"payout-not-final"}), ("CANCELED", {"payout-not-final"})])
def test_a_payout_that_is_not_final_waits(status: str, codes: set[str]) -> None:
    reading = read(str(File("9.41", SIMPLE.rows, status=status)))
    assert reading.settlements == () and reading.refusals == () and set(told(reading)) == codes


@pytest.mark.parametrize(("status", "code"), [("IN_TRANSIT", "payout-in-transit"), ("FAILED", "payout-failed")])
def test_a_payout_on_its_way_or_failed_is_told(status: str, code: str) -> None:
    assert code in told(read(str(File("9.41", SIMPLE.rows, status=status))))


STATED, AMOUNT, NET = ('"net": {"amount": "9.41"', '"amount": {"amount": "10.00"', '"net": {"amount": "9.41"')


def instead(old: str, new: str, at: int = 1) -> str:
    """The usual answers with one occurrence of a text replaced, counted from the first."""
    before, *rest = str(SIMPLE).split(old)
    return before + "".join((new if number == at else old) + part for number, part in enumerate(rest, 1))


@pytest.mark.parametrize(
    ("changed", "code", "word"),
    [
        (instead(STATED, '"net": {"amount": "9.42"'), "source-total-mismatch", "0.01 apart"),
        (instead('"hasNextPage": false', '"hasNextPage": true'), "answer-incomplete", "last page"),
        ("\n".join(str(SIMPLE).splitlines()[::2]) + "\n", "answer-incomplete", "payout itself"),
        (str(SIMPLE)[:-40], "answer-damaged", "Line 3"),
        (str(SIMPLE) + '{"errors": [{"message": "Throttled"}]}\n', "answer-with-errors", "Throttled"),
        (str(SIMPLE) + '{"data": []}\n', "answer-damaged", "Line 4"),
        (str(SIMPLE) + "<html>busy</html>\n", "answer-damaged", "Line 4"),
        (instead('"version": 1', '"version": 9'), "format_unknown", "not known"),
        (instead(NET, '"net": {"amount": "9.40"', 2), "row-sum-mismatch", "Transaction 1"),
        (instead(AMOUNT, '"amount": {"amount": "1e3"'), "row-sum-mismatch", "Transaction 1"),
        (instead(AMOUNT, '"amount": {"amount": "ten"'), "answer-damaged", "Transaction 1"),
        (instead(AMOUNT, '"amount": {"amount": "NaN"'), "answer-damaged", "Transaction 1"),
        (instead(AMOUNT, '"amount": {"amount": "10.005"'), "answer-damaged", "Transaction 1"),
        (instead(f'{AMOUNT}, "currencyCode": "GBP"', f'{AMOUNT}, "currencyCode": "USD"'), "answer-damaged", "USD"),
        (str(SIMPLE).replace('"GBP"', '"XXQ"'), "currency_unknown", "XXQ"),
        (instead('"test": false', '"test": true'), "answer-damaged", "test payment"),
        (instead("2026-06-08T09:19:01Z", "2026-06-31T09:19:01Z"), "answer-damaged", "Transaction 1"),
        (instead("2026-06-11T00:00:00Z", ""), "answer-damaged", "Payout"),
    ],
)
def test_answers_that_are_not_whole_or_contradict_themselves_are_refused(changed: str, code: str, word: str) -> None:
    assert changed != str(SIMPLE)
    refusal = refused(changed)
    assert (refusal.code, word in refusal.message) == (code, True), refusal


def test_a_json_document_of_another_kind_is_named_as_such() -> None:
    for content in ('{"errors": []}', '{"tieout": "other"}\n', "[1, 2]", '{"tieout": "shopify-api"'):
        assert refused(content).code == "type_mismatch" and "JSON document" in refused(content).message


def test_nothing_of_a_buyer_is_kept() -> None:
    one = order(
        1, "10.00", [item("10.00")], [paid(1, "10.00")], customer={"name": "BUYER", "email": "buyer@example.com"}
    )
    one["shippingAddress"] |= {"name": "BUYER", "address1": "ADDRESS", "zip": "ADDRESS"}
    one["lineItems"]["nodes"][0]["note"] = "BUYER"
    content = str(File("9.41", [balance(1, "10.00", "0.59", order=1, source=1)], [one])).encode()
    blanked = channels.blank("shopify", statement(content))
    assert not any(word in blanked for word in (b"BUYER", b"ADDRESS", b"buyer@")) and b'"GB"' in blanked
    assert accepted(blanked).fingerprint == accepted(content).fingerprint
    assert channels.blank("shopify", statement(str(SIMPLE).encode())) == str(SIMPLE).encode()
    assert channels.blank("shopify", statement(str(SIMPLE).encode() + b"BUYER\n")).endswith(b"{\n")


def test_pages_and_edges_mean_the_same_and_a_row_that_comes_twice_counts_once() -> None:
    rows = [balance(each, "10.00", "0.59") for each in range(1, 8)]
    whole = accepted(str(File("65.87", rows)))
    assert accepted(str(File("65.87", [*rows, rows[3]], page=3))).fingerprint == whole.fingerprint
    edges = json.dumps({"edges": [{"node": each} for each in rows], "pageInfo": {"hasNextPage": False}})
    lines = str(File("65.87", [])).splitlines()
    lines[2] = '{"data": {"shopifyPaymentsAccount": {"balanceTransactions": ' + edges + "}}}"
    assert accepted("\n".join(lines) + "\n").fingerprint == whole.fingerprint


def test_e7b_another_gateways_month_comes_to_nothing_and_goes_to_its_clearing_account() -> None:
    sold = order(1, "600.00", [item("600.00", tax("100.00"), id=1)], [paid(11, "600.00", "paypal")])
    line = {"lineItem": {"id": "gid://shopify/LineItem/1"}, "subtotalSet": both("40.00"), "totalTaxSet": both("6.67")}
    refund = {"id": "gid://shopify/Refund/1", "refundLineItems": {"nodes": [line]}}
    refund["transactions"] = {"nodes": [paid(12, "40.00", "paypal", "REFUND", at="2026-06-20T10:00:00Z")]}
    sold["refunds"] = [refund]
    settlement = accepted(period("2026-06", [sold]))
    assert (settlement.id, settlement.total.minor, settlement.deposit_on) == ("paypal-2026-06-GBP.demo", 0, None)
    assert booked(settlement) == example("E7B-INV")


def test_every_gateway_has_its_own_summary_and_a_month_only_its_own_payments() -> None:
    orders = [
        order(1, "10.00", [item("10.00")], [paid(1, "10.00", "PayPal Express Checkout")]),
        order(2, "20.00", [item("20.00")], [paid(2, "20.00", "Cash on Delivery (COD)")]),
        order(3, "30.00", [item("30.00")], [paid(3, "30.00", "Sunrise Pay")]),
        order(4, "40.00", [item("40.00")], [paid(4, "40.00", "gift_card")]),
        order(5, "50.00", [item("50.00")], [paid(5, "50.00")]),
        order(6, "60.00", [item("60.00")], [paid(6, "60.00", "paypal", at="2026-06-30T23:30:00Z")]),
        order(7, "70.00", [item("70.00")], [paid(7, "40.00", "klarna"), paid(8, "30.00", "gift_card")]),
    ]
    reading = read(period("2026-06", orders), LONDON)
    found = {each.id: parts(each) for each in reading.settlements}
    assert all(each.total.minor == 0 and each.imbalance.minor == 0 for each in reading.settlements)
    assert {id: [v for (c, v) in sums if c == "clearing.gateway"] for id, sums in found.items()} == {
        "paypal_express_checkout-2026-06-GBP.demo": ["paypal"],
        "cash_on_delivery_cod-2026-06-GBP.demo": ["manual"],
        "sunrise_pay-2026-06-GBP.demo": ["sunrise_pay"],
        "gift_card-2026-06-GBP.demo": [],
        "klarna-2026-06-GBP.demo": ["klarna"],
    }
    assert found["gift_card-2026-06-GBP.demo"]["sales.gift_card_redeemed", ""] == -4000
    assert found["klarna-2026-06-GBP.demo"] == {
        ("sales.principal", "GB 0%"): 7000,
        ("sales.gift_card_redeemed", ""): -3000,
        ("clearing.gateway", "klarna"): -4000,
    }
    (july,) = read(period("2026-07", orders), LONDON).settlements
    assert july.id == "paypal-2026-07-GBP.demo"
    given = statement(period("2026-06", orders).encode())
    for each in reading.settlements:
        assert summed(channels.lines(given, each.id, LONDON), LONDON) == each.subtotals


def test_a_period_that_is_none_or_orders_that_are_not_whole_are_refused() -> None:
    assert refused(period("June", [])).code == "format_unknown"
    cut = order(1, "10.00", [item("10.00")], [paid(1, "10.00", "paypal")])
    cut["lineItems"]["pageInfo"]["hasNextPage"] = True
    assert refused(period("2026-06", [cut])).code == "answer-incomplete"


@given(st.data())
def test_the_parts_of_a_row_add_up_to_it_whatever_the_order_says(data: st.DataObject) -> None:
    prices = data.draw(st.lists(st.integers(1, 50_000), min_size=1, max_size=4))
    rates = [data.draw(st.sampled_from([0, 5, 20])) for _ in prices]
    country = data.draw(st.sampled_from(["GB", "US", "DE"]))
    items = []
    for at, (price, rate) in enumerate(zip(prices, rates, strict=True)):
        duty = price - price * 100 // (100 + rate) if country == "GB" else price * rate // 100
        lines = [tax(f"{duty / 100:.2f}", f"0.{rate:02d}", is_theirs=data.draw(st.booleans()))] if rate else []
        items.append(item(f"{price / 100:.2f}", *lines, id=at, is_card=not rate and data.draw(st.booleans())))
    total = data.draw(st.integers(1, 200_000))
    card = data.draw(st.integers(0, total - 1))
    payments = [paid(1, f"{(total - card) / 100:.2f}"), paid(2, f"{card / 100:.2f}", "gift_card")]
    one = order(1, f"{total / 100:.2f}", items, payments, country=country)
    amount = data.draw(st.integers(1, 200_000)) * data.draw(st.sampled_from([1, -1]))
    text = f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"
    kind = "CHARGE" if amount > 0 else "REFUND"
    settlement = accepted(str(File(text, [balance(1, text, kind=kind, order=1, source=1)], [one])))
    assert settlement.lines_sum.minor == amount == settlement.total.minor
    assert {part.category for part in settlement.subtotals} - {Category.UNKNOWN}


def test_the_day_of_the_payout_is_that_of_the_books_zone() -> None:
    late = str(SIMPLE).replace("2026-06-11T00:00:00Z", "2026-06-10T23:00:00Z")
    assert str(accepted(late).deposit_on) == "2026-06-11"
    assert str(accepted(late, ZoneInfo("UTC")).deposit_on) == "2026-06-10"
    assert PAYOUT.endswith("907") and cash("1.00")["currencyCode"] == "GBP"
