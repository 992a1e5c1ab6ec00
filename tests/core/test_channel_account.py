"""Holes between settlements, and turns at a gate: both are plain arithmetic on moments."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieout.core.channel_account import Span, holes
from tieout.core.pacing import turn

DAY = timedelta(days=1)
START = datetime(2026, 6, 1, tzinfo=UTC)


def span(first: int, last: int, marketplace: str = "Amazon.co.uk", currency: str = "GBP") -> Span:
    return Span(marketplace, currency, START + first * DAY, START + last * DAY)


def test_a_chain_without_holes_has_none_in_any_order() -> None:
    assert holes([]) == () and holes([span(0, 14)]) == ()
    assert holes([span(28, 42), span(0, 14), span(14, 28)]) == ()
    second = Span("Amazon.co.uk", "GBP", START + 14 * DAY + timedelta(seconds=1), START + 28 * DAY)
    assert holes([span(0, 14), second]) == ()


def test_what_is_missing_is_named_with_its_days_place_by_place() -> None:
    (hole,) = holes([span(0, 14), span(28, 42), span(0, 90, "Amazon.de", "EUR")])
    assert (hole.marketplace, hole.currency) == ("Amazon.co.uk", "GBP")
    assert [f"{day}" for day in hole.days] == ["2026-06-15", "2026-06-29"]
    assert hole.key == "Amazon.co.uk/GBP/2026-06-15"
    both = holes([span(0, 14), span(28, 42), span(0, 14, "Amazon.de", "EUR"), span(20, 34, "Amazon.de", "EUR")])
    assert [hole.marketplace for hole in both] == ["Amazon.co.uk", "Amazon.de"]


def test_a_longer_settlement_covers_what_lies_within_it() -> None:
    assert holes([span(0, 40), span(5, 10), span(38, 50)]) == ()


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), min_size=1, max_size=20))
def test_no_day_is_both_covered_and_missing(pairs: list[tuple[int, int]]) -> None:
    spans = [span(first, first + days) for first, days in pairs]
    for hole in holes(spans):
        assert all(each.ends_at <= hole.start or each.starts_at >= hole.end for each in spans)
        assert any(each.ends_at == hole.start for each in spans) and any(each.starts_at == hole.end for each in spans)


def test_a_burst_goes_at_once_and_then_one_each_interval() -> None:
    used, now, every = None, START, timedelta(seconds=60)
    for _ in range(15):
        found = turn(used, now, 15, every)
        assert found.is_let_in
        used = found.used_up_to
    late = turn(used, now, 15, every)
    assert not late.is_let_in and late.wait == every
    assert turn(used, now + every, 15, every).is_let_in
    assert turn(used, now + DAY, 15, every).used_up_to == now + DAY + every, "rest is not saved beyond the burst"


@given(st.integers(1, 20), st.lists(st.integers(0, 100), max_size=80))
def test_never_more_than_the_burst_and_one_each_interval(burst: int, pauses: list[int]) -> None:
    every, now, used = timedelta(seconds=10), START, None
    let_in: list[datetime] = []
    for seconds in pauses:
        now += timedelta(seconds=seconds)
        found = turn(used, now, burst, every)
        if found.is_let_in:
            used = found.used_up_to
            let_in.append(now)
    for at, moment in enumerate(let_in):
        within = [each for each in let_in[at:] if each - moment < 5 * every]
        assert len(within) <= burst + 5
