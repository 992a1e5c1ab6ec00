"""What happens at Amazon while somebody reads: settlements left out, late, changed, of every shape."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.sandbox.amazon.selling import Caller, london, total_and_sum
from tieout.sandbox.amazon import sellers


@pytest.fixture
def caller() -> Caller:
    found = london()
    found.world.stand_in.switches["throttles"] = False
    return found


def content(caller: Caller, settlement: str) -> bytes:
    row = caller.world.evidence("settlements", settlement=settlement)[0]
    return caller.download(row["documents"][0])[0]


def british(caller: Caller) -> str:
    return next(
        one["id"] for one in caller.world.evidence("settlements") if one["currency"] == "GBP" and one["is_listed"]
    )


def test_a_settlement_is_left_out_and_published_late(caller: Caller) -> None:
    settlement = british(caller)
    row = caller.world.evidence("settlements", settlement=settlement)[0]
    caller.world.hand("payout-missing", settlement=settlement)
    assert row["reports"][0] not in {one["reportId"] for one in caller.all_reports()}
    assert caller.ask("GET", f"/eu/reports/2021-06-30/documents/{row['documents'][0]}").status == 400
    caller.world.hand("payout-late", settlement=settlement)
    assert caller.all_reports()[0]["reportId"] == row["reports"][0]


def test_a_settlement_of_an_earlier_period_appears_now(caller: Caller) -> None:
    made = caller.world.hand("payout-late", days_ago=40)
    newest = caller.all_reports()[0]
    assert newest["createdTime"].startswith("2026-11-20") and newest["dataEndTime"].startswith("2026-10-11")
    stated, summed = total_and_sum(content(caller, made["settlement"]), "utf-8")
    assert stated == summed == Decimal(made["total"])


def test_an_edited_settlement_still_adds_up_and_a_wrong_total_does_not(caller: Caller) -> None:
    settlement = british(caller)
    before, _ = total_and_sum(content(caller, settlement), "utf-8")
    caller.world.hand("payout-edited", settlement=settlement, by="2.50")
    stated, summed = total_and_sum(content(caller, settlement), "utf-8")
    assert stated == summed == before + Decimal("2.50")
    caller.world.hand("payout-total", settlement=settlement)
    stated, summed = total_and_sum(content(caller, settlement), "utf-8")
    assert stated == summed + 1
    assert caller.world.evidence("settlements", settlement=settlement)[0]["changed"]


def test_files_with_decimal_commas_are_edited_in_their_own_way(caller: Caller) -> None:
    settlement = next(
        one["id"] for one in caller.world.evidence("settlements") if one["currency"] == "EUR" and one["is_listed"]
    )
    caller.world.hand("payout-edited", settlement=settlement)
    stated, summed = total_and_sum(content(caller, settlement), "cp1252", ",")
    assert stated == summed


@pytest.mark.parametrize(("act", "rows"), [("drop", -1), ("repeat", 1), ("type", 0), ("malformed", 0)])
def test_rows_are_dropped_repeated_malformed_or_of_a_new_type(caller: Caller, act: str, rows: int) -> None:
    settlement = british(caller)
    before = content(caller, settlement)
    caller.world.hand("payout-rows", settlement=settlement, act=act)
    after = content(caller, settlement)
    assert len(after.splitlines()) == len(before.splitlines()) + rows and after != before
    assert (b"Moonlight Surcharge" in after) == (act == "type")


@pytest.mark.parametrize(
    ("shape", "check"),
    [
        ("negative", lambda total, body: total < 0),
        ("zero", lambda total, body: total == 0 and b"Current Reserve Amount" in body),
        ("fees-only", lambda total, body: b"\tOrder\t" not in body),
        ("months", lambda total, body: b"2026-10-" in body and b"2026-11-" in body),
        ("marketplaces", lambda total, body: b"Amazon.de" in body and b"Amazon.fr" in body),
    ],
)
def test_settlements_of_every_shape_add_up(caller: Caller, shape: str, check: object) -> None:
    made = caller.world.hand("payout-shape", shape=shape)
    body = content(caller, made["settlement"])
    stated, summed = total_and_sum(body, "utf-8")
    assert stated == summed == Decimal(made["total"]) and callable(check) and check(stated, body)


@pytest.mark.parametrize(
    ("name", "told", "words"),
    [
        ("nonsense", {}, "no hand is called nonsense"),
        ("payout-missing", {"settlement": "1"}, "no settlement 1"),
        ("payout-shape", {"shape": "round"}, "knows no shape round"),
        ("payout-rows", {"act": "sing"}, "knows no act sing"),
        ("channel-token-dead", {"seller": "X"}, "nobody of the seller X"),
    ],
)
def test_a_mistake_is_explained(caller: Caller, name: str, told: dict[str, str], words: str) -> None:
    with pytest.raises(LookupError, match=words):
        caller.world.hand(name, **told)


def test_evidence_shows_tokens_without_showing_them(caller: Caller) -> None:
    told = caller.world.evidence("tokens")
    assert told[0]["access_live"] == 1 and caller.access not in str(told)
    with pytest.raises(LookupError, match="there are calls, reports, settlements, tokens"):
        caller.world.evidence("nonsense")


def test_what_it_holds_survives_in_a_file(tmp_path: Path) -> None:
    caller = london(path=tmp_path / "amazon.db")
    listed, made = caller.all_reports(), caller.world.hand("payout-late")
    caller.world.close()
    again = sellers(tmp_path / "amazon.db", now=caller.world.clock.now())
    caller.world = again
    assert [row["reportId"] for row in caller.all_reports()][1:] == [row["reportId"] for row in listed]
    assert caller.token().status == 200 and content(caller, made["settlement"])
    again.close()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    first, second, other = london(seed=1), london(seed=1), london(seed=2)
    settlement = british(first)
    assert content(first, settlement) == content(second, settlement) != content(other, settlement)
