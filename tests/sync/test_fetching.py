"""Payouts come in by themselves: bytes first, once each, whatever breaks off; limits are kept; people see how far."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import add_member
from tests.sync.conftest import House
from tests.sync.market import Market, selling_at_amazon
from tieout.calls import Answer, Request
from tieout.core.actor import Actor
from tieout.core.channel_account import AccountState, ItemState
from tieout.sandbox import amazon
from tieout.sandbox.amazon import settlements as outside_settlements
from tieout.store import channel_accounts, statements
from tieout.store.engine import read, write
from tieout.store.organisations import Organisation, create
from tieout.sync import channel_accounts as verbs
from tieout.sync import fetching, fixes, issues, operations, settlements


class Killed(BaseException):
    """The process is gone: no `except Exception` sees it."""


@pytest.fixture
def market(house: House) -> Iterator[Market]:
    with selling_at_amazon(house) as made:
        yield made


def settled(market: Market) -> dict[str, str]:
    """Number and total of every settlement here, as people read it."""
    found = settlements.listing(market.house.tools, market.house.organisation, "", "", "", "", 200)
    return {card.number: str(card.total) for card in found.cards}


def outside(market: Market) -> dict[str, str]:
    """The same by the channel's own evidence, of what it still gives."""
    return {
        each["id"]: f"{each['total']} {each['currency']}"
        for each in market.world.evidence("settlements")
        if each["is_listed"]
    }


def open_codes(market: Market) -> list[str]:
    return [each.code for each in issues.listing(market.house.tools, market.house.organisation)]


def test_all_that_a_channel_still_gives_comes_in_once_and_ties(market: Market) -> None:
    account = market.connect()
    found = market.until_done(account)
    assert settled(market) == outside(market) and len(settled(market)) > 10
    items = market.items(account)
    assert {item.state for item in items} == {ItemState.KEPT}
    assert len(items) > len(market.statements()) == len(settled(market)), "some are listed twice, none is kept twice"
    assert found.cursor == max(item.at for item in items) and found.fetched_at is not None
    assert open_codes(market) == []
    before = len(market.world.calls)
    market.house.clock.skip(hours=7)
    market.until_done(account)
    assert len(market.world.calls) > before and not documents_asked(market, before), "nothing is fetched twice"
    assert len(market.statements()) == len(settled(market))


def documents_asked(market: Market, since: int = 0) -> int:
    return sum("/documents/" in call.path for call in list(market.world.calls)[since:])


def test_the_limits_of_the_channel_are_never_exceeded_and_used_at_once(market: Market) -> None:
    account = market.connect()
    began = market.house.clock()
    market.until_done(account)
    reports = [call for call in market.world.calls if "/reports/" in call.path]
    assert Counter(call.status for call in reports) == {200: len(reports)}
    minutes = (market.house.clock() - began) / timedelta(minutes=1)
    assert documents_asked(market) - 15 <= minutes < documents_asked(market) - 15 + 3


@pytest.mark.parametrize("at", [1, 2, 4, 6, 14])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_it_goes_on_where_it_stopped(
    market: Market, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    account = market.connect()
    send, calls = market.house.tools.transport.send, list[str]()

    def dying(request: Request, *more: Any) -> Answer:
        calls.append(request.url)
        if len(calls) != at:
            return send(request, *more)
        if when == "after":
            send(request, *more)
        raise Killed

    monkeypatch.setattr(market.house.tools.transport, "send", dying)
    with pytest.raises(Killed):
        market.timetable()
    kept = len(market.statements())
    market.house.jobs.waiting.clear()
    market.house.clock.skip(seconds=fetching.HELD.total_seconds() + 31)
    market.until_done(account)
    market.house.clock.skip(seconds=60)
    market.house.sweep()
    assert len(market.statements()) > kept and settled(market) == outside(market)


@pytest.mark.parametrize("at", [1, 2, 5])
def test_killed_between_keeping_and_the_nudge_to_read_it_is_read_all_the_same(
    market: Market, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    account = market.connect()
    enqueue, asked = market.house.jobs.enqueue, list[str]()

    def dying(kind: str, *more: Any) -> None:
        if kind == "import":
            asked.append(kind)
            if len(asked) == at:
                raise Killed
        enqueue(kind, *more)

    monkeypatch.setattr(market.house.jobs, "enqueue", dying)
    with pytest.raises(Killed):
        market.timetable()
    market.house.clock.skip(seconds=fetching.HELD.total_seconds() + 31)
    market.until_done(account)
    market.house.clock.skip(seconds=60)
    market.house.sweep()
    assert settled(market) == outside(market)


def test_bytes_are_kept_before_anything_reads_them(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    account = market.connect()
    tools, organisation, seen = market.house.tools, market.house.organisation, list[str]()
    reading = market.house.jobs.kinds["import"]

    def looking(**arguments: Any) -> None:
        asked = operations.view(tools, organisation, arguments["operation"])
        assert asked is not None
        with read(tools.engines, organisation) as db:
            assert statements.find(db, asked.arguments["statement"]) is not None
        seen.append(asked.id)
        reading(**arguments)

    monkeypatch.setitem(market.house.jobs.kinds, "import", looking)
    market.until_done(account)
    assert len(seen) == len(settled(market)) > 10


def test_the_cursor_moves_only_behind_what_is_kept(market: Market) -> None:
    account = market.connect()
    market.until_done(account)
    reached = market.account(account).cursor
    market.world.arm("http-error", status=500, path="*/documents/*", count=None)
    market.world.hand("payout-late", days_ago=2)
    market.house.clock.skip(hours=7)
    market.world.hand("payout-late", days_ago=1)
    ended = market.fetch(account)
    found = market.account(account)
    assert "2 could not be fetched and will be tried again" in ended.message
    waiting = [item for item in market.items(account) if item.state is ItemState.LISTED]
    assert len(waiting) == 2 and reached <= found.cursor <= min(item.at for item in waiting)
    assert open_codes(market) == ["payout-not-imported"]
    market.world.faults.clear()
    market.house.clock.skip(minutes=5)
    market.until_done(account)
    assert market.account(account).cursor > found.cursor and open_codes(market) == []
    assert settled(market) == outside(market)


def test_an_access_that_ended_is_renewed_by_itself(market: Market) -> None:
    account = market.connect()
    market.until_done(account)
    market.house.clock.skip(hours=7)
    assert market.fetch(account).state == "done"
    market.world.arm("token-expired", count=1)
    market.house.clock.skip(hours=7)
    assert market.fetch(account).state == "done"
    assert market.account(account).state is AccountState.CONNECTED


def test_a_withdrawn_access_stops_everything_until_somebody_reconnects_and_nothing_is_lost(market: Market) -> None:
    account = market.connect()
    market.until_done(account)
    market.world.hand("channel-token-dead")
    market.house.clock.skip(hours=7)
    ended = market.fetch(account)
    found = market.account(account)
    assert ended.state == "failed" and "Connect it again" in ended.message
    assert found.state is AccountState.NEEDS_RECONNECT and found.next_at is None and found.cursor is not None
    assert open_codes(market) == ["channel-disconnected"]
    before = len(market.world.calls)
    market.house.clock.skip(hours=24)
    assert market.timetable() == 0 and len(market.world.calls) == before
    assert fetching.ask_now(market.house.tools, market.house.actor, account) is None
    market.world.hand("payout-late", days_ago=1)
    market.world.hand("reauthorise")
    assert market.connect(reconnects=account) == account, "the same account goes on"
    market.until_done(account)
    assert open_codes(market) == [] and settled(market) == outside(market)


def test_a_person_asks_and_joins_the_fetch_that_is_under_way(market: Market) -> None:
    account = market.connect()
    tools, actor = market.house.tools, market.house.actor
    first = fetching.ask_now(tools, actor, account)
    assert first is not None and fetching.ask_now(tools, actor, account) == first
    market.until_done(account)
    ended = market.house.operation(first)
    assert ended.state == "done" and ended.by == "Olive Finch"
    assert f"New payouts: {len(settled(market))}." in ended.message and len(ended.result["imports"]) == len(
        settled(market)
    )


def test_two_workers_do_not_fetch_the_same_account(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    account = market.connect()
    house, send, inner = market.house, market.house.tools.transport.send, list[int]()

    def meddling(request: Request, *more: Any) -> Answer:
        if not inner:
            inner.append(len(market.world.calls))
            fetching.fetch(house.tools, house.organisation, account)
            inner.append(len(market.world.calls))
        return send(request, *more)

    monkeypatch.setattr(house.tools.transport, "send", meddling)
    market.timetable()
    assert inner[0] == inner[1]


def test_only_from_a_chosen_day_on(market: Market) -> None:
    account = market.connect()
    since = market.house.clock() - timedelta(days=20)
    operation = fetching.ask_now(market.house.tools, market.house.actor, account, since)
    assert operation is not None
    market.house.jobs.run_all()
    assert market.items(account) and all(item.at >= since for item in market.items(account))


def test_a_payout_that_the_channel_does_not_give_is_set_aside_with_its_words(market: Market) -> None:
    account = market.connect()
    market.world.arm("http-error", status=404, path="*/documents/*", count=1)
    market.until_done(account)
    (gone,) = [item for item in market.items(account) if item.state is ItemState.GONE]
    assert gone.words and gone.tries == 1
    assert len(settled(market)) >= len(outside(market)) - 1


def test_what_was_set_aside_is_asked_for_again_from_a_day_on_or_with_a_new_access(market: Market) -> None:
    account = market.connect()
    market.world.arm("http-error", status=404, path="*/documents/*", count=2)
    market.until_done(account)
    first, second = sorted(item.at for item in market.items(account) if item.state is ItemState.GONE)
    market.house.clock.skip(minutes=5)
    fetching.ask_now(market.house.tools, market.house.actor, account, second)
    market.until_done(account)
    assert [item.at for item in market.items(account) if item.state is ItemState.GONE] == [first]
    market.house.clock.skip(minutes=1)
    market.connect()
    market.until_done(account)
    assert settled(market) == outside(market)


def test_a_refusal_that_may_end_leaves_a_payout_to_be_tried_again(market: Market) -> None:
    account = market.connect()
    market.world.arm("http-error", status=400, path="*/documents/*", count=1)
    market.until_done(account)
    market.house.clock.skip(minutes=5)
    market.until_done(account)
    assert [item.tries for item in market.items(account) if item.tries] == [1]
    assert settled(market) == outside(market)


def test_fetching_from_a_later_day_on_leaves_nothing_before_it_behind(market: Market) -> None:
    account = market.connect()
    fetching.ask_now(market.house.tools, market.house.actor, account, market.house.clock() - timedelta(days=5))
    market.house.jobs.run_all()
    found = market.account(account)
    assert (found.cursor, found.operation, found.tries) == (None, "", 0) and found.fetched_at
    market.house.clock.skip(hours=7)
    market.until_done(account)
    assert settled(market) == outside(market)


def test_a_channel_that_does_not_answer_is_asked_again_later_and_later(market: Market) -> None:
    account = market.connect()
    market.world.arm("outage", count=None)
    waits = []
    for _ in range(4):
        market.timetable()
        found = market.account(account)
        waits.append(found.next_at - market.house.clock())
        market.house.clock.skip(seconds=waits[-1].total_seconds() + 1)
    assert waits == sorted(waits) and waits[-1] > 4 * waits[0] and found.state is AccountState.CONNECTED
    newest = operations.newest(market.house.tools, market.house.organisation)[0]
    assert newest.state == "failed" and "Asked again at" in newest.message
    market.world.faults.clear()
    market.until_done(account)
    assert settled(market) == outside(market)


def test_disconnecting_erases_the_access_and_keeps_what_came_in(market: Market) -> None:
    account = market.connect()
    market.until_done(account)
    ended = verbs.disconnect(market.house.tools, market.house.actor, account)
    assert ended is not None and ended.account.state is AccountState.DISCONNECTED and ended.leaving
    with read(market.house.tools.engines, market.house.organisation) as db:
        keys = channel_accounts.keys(db, account)
    assert keys is not None and (keys.access, keys.refresh, keys.hook_secret) == ("", "", "")
    assert verbs.disconnect(market.house.tools, market.house.actor, account) is None
    market.house.clock.skip(days=2)
    assert market.timetable() == 0 and len(settled(market)) == len(outside(market))
    assert market.connect() == account, "connected again it is the same account"


def test_disconnecting_in_the_middle_of_a_fetch_ends_it(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    account, send, calls = market.connect(), market.house.tools.transport.send, list[str]()

    def ending(request: Request, *more: Any) -> Answer:
        calls.append(request.url)
        if len(calls) == 4:
            assert verbs.disconnect(market.house.tools, market.house.actor, account) is not None
        return send(request, *more)

    monkeypatch.setattr(market.house.tools.transport, "send", ending)
    operation = fetching.ask_now(market.house.tools, market.house.actor, account)
    market.house.jobs.run_all()
    assert operation is not None and market.house.operation(operation).state == "failed"
    found = market.account(account)
    assert found.state is AccountState.DISCONNECTED and found.next_at is None and found.operation == ""
    assert len(calls) <= 5, "nothing more is asked"


def test_what_is_announced_during_a_fetch_is_asked_for_after_it(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, send = market.connect(), market.house.tools.transport.send
    market.until_done(account)
    market.house.clock.skip(hours=7)
    told = list[str]()

    def announcing(request: Request, *more: Any) -> Answer:
        answer: Answer = send(request, *more)
        if not told and "/reports" in request.url:
            told.append(request.url)
            fetching.announced(market.house.tools, market.house.organisation, account)
            market.world.hand("payout-late", days_ago=1)
        return answer

    monkeypatch.setattr(market.house.tools.transport, "send", announcing)
    assert market.timetable() == 1
    assert settled(market) != outside(market), "it was published after the list was read"
    market.house.clock.skip(minutes=2)
    market.until_done(account)
    assert settled(market) == outside(market)


def test_a_seller_account_is_connected_once_in_the_whole_installation(market: Market) -> None:
    market.connect()
    house = market.house
    other = Organisation("org-other", "Other Ltd", "GB", "Europe/London", house.clock())
    with write(house.tools.engines, other.id) as db:
        create(db, house.tools.vault, other)
    otto = Actor(other.id, add_member(house.tools.engines, other.id, "otto"), "Otto")
    joined = verbs.connect(house.tools, otto, "amazon", market.given)
    assert not joined.account and "another organisation" in joined.words
    with read(house.tools.engines, other.id) as db:
        assert channel_accounts.listed(db) == ()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"region": ""}, "region", "Region is missing."),
        ({"refresh_token": ""}, "refresh_token", "Refresh token is missing."),
        ({"refresh_token": "Atzr|nobody"}, "", "invalid grant"),
        ({"region": "na"}, "", "denied"),
    ],
)
def test_what_cannot_be_connected_says_why_and_keeps_nothing(
    market: Market, change: dict[str, str], field: str, words: str
) -> None:
    joined = verbs.connect(market.house.tools, market.house.actor, "amazon", market.given | change)
    assert (joined.account, joined.field) == ("", field) and words in joined.words
    assert verbs.cards(market.house.tools, market.house.organisation) == ()


def test_no_secret_lies_open_in_the_database(market: Market) -> None:
    account = market.connect()
    with read(market.house.tools.engines, market.house.organisation) as db:
        row = db.execute(channel_accounts.CHANNEL_ACCOUNTS.select()).one()
    told = str(tuple(row)) + str(market.account(account))
    assert "Atzr" not in told and "Atza" not in told


def gap(market: Market) -> Any:
    """One settlement of a series is left out, and the fetch is done."""
    british = [each for each in market.world.evidence("settlements") if each["is_listed"] and each["currency"] == "GBP"]
    left = sorted(british, key=lambda each: str(each["start"]))[len(british) // 2]["id"]
    market.world.hand("payout-missing", settlement=left)
    account = market.connect()
    market.until_done(account)
    market.timetable()
    (issue,) = issues.listing(market.house.tools, market.house.organisation)
    assert issue.code == "settlement-gap"
    return account, left, issue


def test_a_settlement_that_was_archived_is_asked_of_a_person_with_the_exact_days(market: Market) -> None:
    account, _, issue = gap(market)
    assert [fix.action for fix in issue.fixes] == ["fetch-now", "retry-import", "no-payout"]
    market.house.clock.skip(days=60)
    market.until_done(account)
    market.timetable()
    (older,) = issues.listing(market.house.tools, market.house.organisation)
    assert older.id == issue.id and [fix.action for fix in older.fixes] == ["retry-import", "no-payout", ""]
    start, _, end = older.title.removeprefix("A settlement between ").partition(" is missing")[0].partition(" and ")
    assert f"from {start} to {end}" in older.fixes[-1].words and "archives" in older.fixes[-1].words


def test_a_person_may_say_that_there_was_none_and_is_not_asked_again(market: Market) -> None:
    account, _, issue = gap(market)
    tools, actor = market.house.tools, market.house.actor
    assert fixes.carry_out(tools, actor, issue.id, "no-payout").is_done
    assert open_codes(market) == []
    market.house.clock.skip(hours=7)
    market.until_done(account)
    market.timetable()
    assert open_codes(market) == []


def test_a_missing_settlement_that_is_uploaded_closes_the_gap(market: Market) -> None:
    _, left, _ = gap(market)
    sellers = amazon.of(market.world).sellers
    content = outside_settlements.content(sellers, sellers.shelf.find("report", "settlement", left)[0])
    assert market.house.receive("by-hand.txt", content).state == "done"
    market.house.clock.skip(seconds=fetching.EVERY_SECONDS)
    market.timetable()
    assert open_codes(market) == []
