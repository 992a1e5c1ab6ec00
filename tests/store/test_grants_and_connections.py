"""What the store promises of grants, connections, drafts, budgets and charts, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.conftest import START
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.connection import Connection, ConnectionState, Verdict
from tieout.core.records import DocumentKind
from tieout.store import budgets, charts, connections, drafts, grants
from tieout.store.budgets import Report
from tieout.store.connections import BooksTaken
from tieout.store.drafts import Choice, Draft
from tieout.store.engine import Engines, read, write
from tieout.store.grants import INSTALLATION, Grant, Pair
from tieout.store.vault import Vault

PAIR = Pair("t1", "sealed access", "sealed refresh", START, START + timedelta(minutes=30), ("a", "b"))
NEXT = replace(PAIR, token_id="t2", refresh="sealed refresh 2")


def connection(id: str = "c1", books_id: str = "b1") -> Connection:
    return Connection(id, "platform", books_id, "Books", "link", "g1", "olive", "Olive", START)


def grant(engines: Engines) -> Grant:
    with read(engines, "") as db:
        found = grants.find(db, "g1")
    assert found is not None
    return found


@pytest.fixture
def held(engines: Engines) -> Engines:
    """A database with one grant."""
    with write(engines, "") as db:
        grants.add(db, "g1", "platform", "client", "lucy", PAIR)
    return engines


def test_a_grant_comes_back_as_it_was_kept(held: Engines) -> None:
    found = grant(held)
    assert (found.scopes, found.fence, found.token_id, found.expires_at) == (("a", "b"), 1, "t1", PAIR.expires_at)
    with read(held, "") as db:
        assert grants.of_person(db, "platform", "client", "lucy") == found
        assert grants.of_person(db, "platform", "another client", "lucy") is None


def test_of_many_who_claim_a_grant_one_gets_it(held: Engines) -> None:
    seen = grant(held)

    def claim(index: int) -> int | None:
        with write(held, "") as db:
            return grants.claim(db, seen, f"worker {index}", START)

    with ThreadPoolExecutor(8) as pool:
        fences = list(pool.map(claim, range(8)))
    assert [fence for fence in fences if fence is not None] == [2]


def test_a_pair_is_kept_only_under_the_fence_it_was_got_for(held: Engines) -> None:
    seen = grant(held)
    with write(held, "") as db:
        old = grants.claim(db, seen, "slow", START)
        new = grants.claim(db, grants.find(db, "g1") or seen, "fast", START)
        assert old is not None and new is not None
        until = START + timedelta(minutes=30)
        assert not grants.rotate(db, seen, old, NEXT, seen.refresh, until)
        assert not grants.end(db, seen, old, "grant-ended", "words", START)
        grants.release(db, seen, old)
    assert grant(held).refresher == "fast"
    with write(held, "") as db:
        assert grants.rotate(db, seen, new, NEXT, seen.refresh, until)
    found = grant(held)
    assert (found.refresh, found.previous, found.previous_until) == ("sealed refresh 2", "sealed refresh", until)
    assert found.refresher is None and found.refresh_started_at is None


def test_a_new_consent_wins_over_whoever_is_renewing(held: Engines) -> None:
    seen = grant(held)
    with write(held, "") as db:
        fence = grants.claim(db, seen, "worker", START)
        assert fence is not None
        grants.consent(db, "g1", NEXT)
        assert not grants.rotate(db, seen, fence, PAIR, seen.refresh, START)
    assert grant(held).token_id == "t2"


def test_the_installations_key_is_made_once(engines: Engines, vault: Vault) -> None:
    def make(_index: int) -> None:
        with write(engines, INSTALLATION) as db:
            grants.make_key(db, vault, START)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))
    with read(engines, INSTALLATION) as db:
        assert grants.has_key(db)
    with read(engines, "org-london") as db:
        assert not grants.has_key(db)


def test_one_set_of_books_has_one_live_connection_in_the_whole_installation(engines: Engines) -> None:
    with write(engines, "one") as db:
        connections.add(db, connection())
        with pytest.raises(BooksTaken):
            connections.add(db, connection("c2"))
        connections.add(db, connection("c3", "b2"))
    with write(engines, "two") as db, pytest.raises(BooksTaken):
        connections.add(db, connection("c4"))
    with write(engines, "one") as db:
        assert connections.end(db, "c1", START) and not connections.end(db, "c1", START)
    with write(engines, "two") as db:
        connections.add(db, connection("c4"))
        assert [each.id for each in connections.listed(db)] == ["c4"]
    with read(engines, "one") as db:
        assert [each.id for each in connections.listed(db)] == ["c3", "c1"], "live ones come first"
        known = connections.known_for(db, "platform", "b1")
        assert connections.find(db, "c4") is None
        assert known is not None and known.id == "c1", "the one that ended is found, so that what waited for it goes on"
    with read(engines, "") as db:
        assert connections.on_grant(db, "g1") == 2, "in both organisations"


def test_a_verdict_is_kept_once_and_never_raises_the_dead(engines: Engines) -> None:
    verdict = Verdict(ConnectionState.NEEDS_RECONNECT, "grant-ended", "invalid_grant")
    with write(engines, "one") as db:
        connections.add(db, connection())
        assert connections.judge(db, "c1", verdict, START) and not connections.judge(db, "c1", verdict, START)
        found = connections.find(db, "c1")
        assert found is not None and (found.state, found.cause, found.words) == (
            verdict.state,
            verdict.cause,
            verdict.words,
        )
        connections.end(db, "c1", START)
        assert not connections.judge(db, "c1", Verdict(ConnectionState.CONNECTED), START)
    with write(engines, "two") as db:
        assert not connections.judge(db, "c1", Verdict(ConnectionState.CONNECTED), START)


def test_a_grant_that_lives_again_mends_only_what_stood_still_for_it(engines: Engines) -> None:
    ended = Verdict(ConnectionState.NEEDS_RECONNECT, "grant-ended")
    with write(engines, "one") as db:
        for id, verdict in (("c1", ended), ("c2", Verdict(ConnectionState.NEEDS_RECONNECT, "scope-missing"))):
            connections.add(db, connection(id, f"books of {id}"))
            connections.judge(db, id, verdict, START)
        connections.add(db, replace(connection("c3", "b3"), grant="another"))
        connections.judge(db, "c3", ended, START)
    with write(engines, "") as db:
        connections.revive(db, "g1", "grant-ended", START)
    with read(engines, "one") as db:
        assert {each.id: each.may_post for each in connections.listed(db)} == {"c1": True, "c2": False, "c3": False}


def test_a_draft_is_used_by_exactly_one(engines: Engines) -> None:
    draft = Draft("d1", "platform", "olive", "Olive", "binding", "sealed", START, "", choices=(Choice("l", "b", "n"),))
    with write(engines, "one") as db:
        drafts.add(db, draft, START - timedelta(days=1))
        assert drafts.find(db, "d1") == draft

    def use(_index: int) -> bool:
        with write(engines, "one") as db:
            return drafts.use(db, "d1", START)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [False, False, False, True]
    with write(engines, "two") as db:
        assert drafts.find(db, "d1") is None and not drafts.use(db, "d1", START)
    with write(engines, "one") as db:
        drafts.add(db, replace(draft, id="d2", begun_at=START + timedelta(days=2)), START + timedelta(days=1))
        assert drafts.find(db, "d1") is None and drafts.find(db, "d2") is not None


def test_writes_are_told_from_reads_and_reads_of_a_month_are_counted_for_all(engines: Engines) -> None:
    with write(engines, "one") as db:
        budgets.locked_usage(db, "c1", START)
        budgets.take(db, "c1", "w1", "background", START)
        budgets.take(db, "c1", "r1", "background", START, is_write=False)
        assert budgets.usage(db, "c1", START).writing == (START,)
        assert budgets.give_back(db, "c1", "w1", START, Report()) is True
        assert budgets.give_back(db, "c1", "r1", START, Report()) is False
        used = budgets.usage(db, "c1", START)
        assert (used.writing, used.written, len(used.ended)) == ((), (START,), 2)
        budgets.count_read(db, "books", START)
    with write(engines, "two") as db:
        budgets.count_read(db, "books", START)
        assert budgets.reads_of_month(db, "books", START) == 2
        assert budgets.reads_of_month(db, "books", START + timedelta(days=31)) == 0
        assert budgets.reads_of_month(db, "others", START) == 0


def test_a_budget_counts_calls_by_the_day_and_keeps_the_later_order(engines: Engines) -> None:
    with write(engines, "one") as db:
        assert budgets.locked_usage(db, "c1", START).made_today == 0
        budgets.take(db, "c1", "s1", "background", START)
        budgets.take(db, "c1", "s2", "interactive", START)
        used = budgets.usage(db, "c1", START)
        assert (used.made_today, used.under_way, used.made_since) == (2, (START, START), 2)
        late, early = START + timedelta(minutes=5), START + timedelta(minutes=1)
        budgets.give_back(db, "c1", "s1", START, Report(900, late, "rate-limit-day"))
        budgets.give_back(db, "c1", "s2", START, Report(None, early, "rate-limit-minute"))
        used = budgets.usage(db, "c1", START)
        assert (used.blocked_until, used.blocked_code) == (late, "rate-limit-day")
        assert (used.day_left, used.made_since, len(used.ended), used.under_way) == (900, 0, 2, ())
        assert budgets.usage(db, "c1", START + timedelta(days=1)).made_today == 0
        budgets.take(db, "c1", "s3", "background", START + timedelta(minutes=10))
        assert len(budgets.usage(db, "c1", START).ended) == 0, "what counts no more is forgotten"


def test_a_chart_comes_back_exactly(engines: Engines) -> None:
    books = Books(
        id="b1",
        name="Books",
        country="GB",
        base_currency="GBP",
        period_lock_on=date(2026, 9, 30),
        currencies=("GBP", "USD"),
        allowed=(("Create", True), ("Delete", False)),
        accounts=(Account("a1", "200", "Sales", "REVENUE", "REVENUE", is_system=True),),
        tax_rates=(TaxRate("OUTPUT2", "20 %", Decimal("0.200000"), True, ("REVENUE",)),),
        barred=(DocumentKind.BILL,),
        passes_period_lock=True,
    )
    with write(engines, "one") as db:
        assert charts.find(db, "c1") is None
        charts.keep(db, "c1", replace(books, name="older"), START - timedelta(days=1))
        charts.keep(db, "c1", books, START)
        found = charts.find(db, "c1")
    assert found == (books, START) and str(found[0].tax_rates[0].rate) == "0.200000"
    with read(engines, "two") as db:
        assert charts.find(db, "c1") is None
    later = charts.to_record(books) | {"invented_later": 5}
    assert charts.from_record(later) == books
