"""A payout whose file states no total waits until a list of payouts states it; whichever of the two comes first."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.channels.shopify.answered import File, balance, item, order, period, tax
from tests.channels.shopify.answered import paid as paid_by
from tests.channels.shopify.files import HEADINGS, Payouts, Transactions, paid, row
from tests.sync.conftest import SAMPLES as AMAZON_SAMPLES
from tests.sync.conftest import House
from tieout import channels
from tieout.core.settlement import Statement
from tieout.sandbox.shopify_statements import Shop, payouts, transactions
from tieout.store.engine import read, write
from tieout.store.settlements import Kept, Wanted, listed
from tieout.sync import settlements
from tieout.sync.reading import CHILD_BYTES
from tieout.sync.settlements import receiving

SAMPLES = Path(__file__).parent.parent / "channels" / "shopify"
ROWS = (SAMPLES / "shopify_payments_transactions.csv").read_bytes()
TOTALS = (SAMPLES / "shopify_payouts.csv").read_bytes()


def kept(house: House) -> dict[str, Kept]:
    with read(house.tools.engines, house.organisation) as db:
        return {each.settlement.id: each for each in listed(db, Wanted())}


def standing(house: House) -> dict[str, tuple[str, str]]:
    return {id: (str(each.status), each.code) for id, each in kept(house).items()}


def ended(house: House, content: bytes | str) -> Any:
    found = house.receive("export.csv", content.encode() if isinstance(content, str) else content)
    assert found.state == "done", found
    return found


def test_rows_alone_are_held_and_say_what_is_missing(house: House) -> None:
    told = ended(house, ROWS)
    assert set(standing(house).values()) == {("review-needed", "payout-unconfirmed")} and len(kept(house)) == 7
    assert "payouts export of that day" in kept(house)["118000000906"].reason
    assert [each["code"] for each in told.result["warnings"]] == ["rows-waiting"]


@pytest.mark.parametrize("order", [(ROWS, TOTALS), (TOTALS, ROWS)])
def test_both_files_prove_each_other_in_any_order(house: House, order: tuple[bytes, ...]) -> None:
    told = [ended(house, content).message for content in order]
    assert set(standing(house).values()) == {("ready", "")} and len(kept(house)) == 7
    assert any("Payouts: 7 noted" in message for message in told)
    again = [ended(house, content).message for content in order]
    assert set(standing(house).values()) == {("ready", "")} and len(kept(house)) == 7
    assert any("already imported" in message for message in again) and any("7 known before" in m for m in again)
    assert all(each.version == 1 for each in kept(house).values())


def test_a_total_that_is_not_met_holds_until_the_rows_are_whole(house: House) -> None:
    ended(house, str(Payouts((paid(Charges="20.00", Fees="-1.18", Total="18.82"),))))
    ended(house, str(Transactions()))
    held = kept(house)["118000000901"]
    assert (held.status, held.code) == ("review-needed", "payout-total-mismatch") and "9.41 apart" in held.reason
    assert held.settlement.total.minor == 1882 and held.settlement.lines_sum.minor == 941
    assert "already imported" in ended(house, str(Transactions())).message
    ended(house, str(Transactions().but(row(), row())))
    whole = kept(house)["118000000901"]
    assert (whole.status, whole.version, whole.settlement.total.minor) == ("ready", 2, 1882)


def test_a_total_that_comes_later_and_differs_holds_what_was_only_unproven(house: House) -> None:
    ended(house, str(Transactions()))
    ended(house, str(Payouts((paid(Charges="10.01", Total="9.42"),))))
    assert standing(house)["118000000901"] == ("review-needed", "payout-total-mismatch")
    ended(house, str(Payouts()))
    assert standing(house)["118000000901"] == ("ready", "")


def test_two_payouts_of_one_day_without_ids_are_held_with_a_sentence_and_with_ids_told_apart(house: House) -> None:
    ended(house, str(Payouts((paid(), paid(Charges="20.00", Fees="-1.18", Total="18.82")))))
    nameless = tuple(name for name in HEADINGS if name != "Payout ID")
    ended(house, str(Transactions((row(), row(), row()), nameless)))
    held = kept(house)["20260611-GBP"]
    assert (held.status, held.code) == ("review-needed", "payouts-of-one-day") and "cannot be told apart" in held.reason
    ended(house, str(Transactions().but(row(), row(Payout_ID="118000000902"), row(Payout_ID="118000000902"))))
    assert [standing(house)[id][0] for id in ("118000000901", "118000000902")] == ["ready", "ready"]


def test_another_payout_of_a_day_that_is_here_never_takes_the_place_of_the_first(house: House) -> None:
    ended(house, str(Payouts((paid(), paid(Charges="20.00", Fees="-1.18", Total="18.82")))))
    nameless = tuple(name for name in HEADINGS if name != "Payout ID")
    ended(house, str(Transactions((row(),), nameless)))
    other = house.receive("export.csv", str(Transactions((row(), row()), nameless)).encode())
    assert other.state == "failed" and "cannot be told apart" in other.message
    (first,) = kept(house).values()
    assert (first.version, first.status, first.settlement.total.minor) == (1, "ready", 941)


def test_one_payout_with_and_without_its_id_is_taken_in_once(house: House) -> None:
    nameless = tuple(name for name in HEADINGS if name != "Payout ID")
    ended(house, str(Transactions((row(),), nameless)))
    told = ended(house, str(Transactions()))
    assert list(kept(house)) == ["20260611-GBP"] and told.result["settlements"][0]["outcome"] == "same"
    assert "by its day alone" in told.result["settlements"][0]["message"]


def test_money_on_its_way_arrives_without_a_new_version(house: House) -> None:
    ended(house, str(Payouts()))
    ended(house, str(Transactions().but(row(Payout_Status="in_transit"))))
    (before,) = kept(house).values()
    assert [each.code for each in before.warnings] == ["payout-in-transit"] and before.status == "ready"
    ended(house, str(Transactions()))
    (after,) = kept(house).values()
    assert after.warnings == () and after.version == 1 and after.status == "ready"


def test_a_second_channel_books_to_its_own_accounts_and_other_gateways_to_theirs(house: House) -> None:
    house.receive_sample("amazon_v2_uk.txt")
    ended(house, str(Payouts()))
    ended(house, str(Transactions()))
    sold = order(1, "54.13", [item("50.00", tax("4.13", "0.08"))], [paid_by(1, "54.13", "paypal")], country="US")
    odd = order(2, "10.00", [item("10.00")], [paid_by(2, "10.00", "Sunrise Pay")])
    ended(house, period("2026-06", [sold, odd]))
    assert standing(house)["118000000901"] == standing(house)["paypal-2026-06-GBP.demo"] == ("ready", "")
    assert standing(house)["sunrise_pay-2026-06-GBP.demo"][0] == "mapping-needed"
    booked = {id: accounts(house, kept(house)[id].id) for id in ("118000000901", "paypal-2026-06-GBP.demo")}
    assert booked["118000000901"] == {"TO-300": "10.00", "TO-303": "-0.59"}
    assert booked["paypal-2026-06-GBP.demo"] == {"TO-300": "50.00", "TO-307": "4.13", "TO-320": "-54.13"}


def test_the_same_month_of_another_shop_is_another_settlement(house: House) -> None:
    one = period("2026-06", [order(1, "10.00", [item("10.00")], [paid_by(1, "10.00", "paypal")])])
    two = period("2026-06", [order(2, "20.00", [item("20.00")], [paid_by(2, "20.00", "paypal")])])
    ended(house, one)
    long = "a-second-shop-of-one-seller-with-a-rather-long-name"
    for shop in ("demo-two", long):
        ended(house, two.replace("demo.myshopify.com", f"{shop}.myshopify.com"))
    assert len(kept(house)) == 3 and {each.status for each in kept(house).values()} == {"ready"}
    assert {"paypal-2026-06-GBP.demo", "paypal-2026-06-GBP.demo_two"} < kept(house).keys()
    assert max(map(len, kept(house))) <= 64


def test_fees_without_any_sale_book_to_the_accounts_of_their_own_channel(house: House) -> None:
    ended(house, str(Payouts()))
    ended(house, str(Transactions()))
    content = (AMAZON_SAMPLES / "amazon_v2_uk.txt").read_bytes()
    reading = channels.read(Statement("amazon_v2_uk.txt", content, "0" * 64), ZoneInfo("Europe/London"))
    (sold,) = reading.settlements
    fees = tuple(replace(each, marketplace="") for each in sold.subtotals if each.category.startswith("fee."))
    total = sum((each.amount for each in fees[1:]), fees[0].amount)
    with write(house.tools.engines, house.organisation) as db:
        made = replace(sold, id="fees", country="", marketplace="", subtotals=fees, total=total, file_rows=None)
        admitted = receiving.admit(house.tools, db, made, reading)
    assert {code[:4] for code in accounts(house, admitted.id)} == {"TO-2"}


def accounts(house: House, id: str) -> dict[str, str]:
    (document,) = house.view(id).plan.documents
    return {line.account: f"{line.gross.amount:f}" for line in document.lines}


def test_the_api_and_the_export_of_one_payout_are_one_settlement(house: House) -> None:
    ended(house, str(Payouts()))
    ended(house, str(Transactions().but(row(Payout_ID="118000000907"))))
    ended(house, str(File("9.41", [balance(1, "10.00", "0.59")])))
    (found,) = kept(house).values()
    assert (found.settlement.id, found.version, found.status) == ("118000000907", 2, "ready")


def test_an_export_never_takes_the_place_of_what_the_api_divides_further(house: House) -> None:
    sold = order(1, "10.00", [item("10.00")], [paid_by(1, "10.00")], country="US")
    moment = {"transactionDate": "2026-06-08T08:19:01Z"}
    ended(house, str(File("9.41", [balance(1, "10.00", "0.59", order=1, source=1, **moment)], [sold])))
    ended(house, str(Payouts()))
    told = ended(house, str(Transactions().but(row(Payout_ID="118000000907"))))
    (found,) = kept(house).values()
    assert told.result["settlements"][0]["outcome"] == "same" and found.version == 1
    assert "divides the same rows further" in told.result["settlements"][0]["message"]
    ended(house, str(Transactions().but(row(Payout_ID="118000000907", Amount="11.00", Net="10.41"))))
    (found,) = kept(house).values()
    assert (found.version, found.code) == (2, "payout-total-mismatch")


def test_an_export_too_large_to_be_read_in_passing_is_read_by_a_child_and_proven_alike(
    house: House, tmp_path: Path
) -> None:
    rows, totals = tmp_path / "rows.csv", tmp_path / "totals.csv"
    shop = Shop(rows_a_day=300)
    with rows.open("wb") as out:
        sheet = transactions(out, 5, 8_000, shop)
    with totals.open("wb") as out:
        payouts(out, 5, 8_000, shop)
    assert rows.stat().st_size > CHILD_BYTES
    for path in (rows, totals):
        settlements.receive(house.tools, house.actor, path.name, path)
        house.jobs.run_all()
    found = {id: (each.status, each.settlement.total.minor) for id, each in kept(house).items()}
    assert found == {each["id"]: ("ready", each["minor"]) for each in sheet["payouts"]}
