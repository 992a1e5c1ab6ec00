"""Renewing tokens against the stand-in: one at a time, nothing spent twice, nobody disconnected without cause."""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import START, Clock
from tests.standing import Standing, connect, make_tools, standing
from tests.sync.conftest import House
from tieout.core.actor import Actor
from tieout.core.connection import ConnectionState
from tieout.core.failure import Busy, Disconnected, Unreachable
from tieout.core.secret import Secret
from tieout.platforms import TokenSet, named
from tieout.store import connections
from tieout.store import grants as rows
from tieout.store import renewals as renewals_kept
from tieout.store.drafts import DRAFTS
from tieout.store.engine import Engines, open_engines, read, write
from tieout.store.grants import GRANTS, Grant
from tieout.store.renewals import Reason, Result
from tieout.store.vault import Vault
from tieout.sync import grants, sweep
from tieout.sync.connections import disconnect
from tieout.sync.grants import access, bound, keep_alive
from tieout.sync.tools import Tools

LIFE = timedelta(seconds=1800)


@pytest.fixture(params=["other", "same", "newest"])
def grace(request: pytest.FixtureRequest, there: Standing) -> str:
    """Nobody has confirmed which pair a token presented again gets within the grace time, and which pair lives."""
    there.world.stand_in.switches["grace"] = request.param
    return str(request.param)


@pytest.fixture
def connection(tools: Tools, organisation: str) -> str:
    return connect(tools, organisation).connection


def grant_of(tools: Tools, connection: str, organisation: str = "org-london") -> Grant:
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
        assert found is not None
        grant = rows.find(db, found.grant)
    assert grant is not None
    return grant


def renewals(there: Standing) -> int:
    """Calls to the token endpoint after the one that exchanged the code."""
    return len(there.calls("POST", "/connect/token")) - 1


def test_a_token_with_life_left_is_used_as_it_is(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    first = access(tools, organisation, connection)
    clock.advance(seconds=1499)
    assert access(tools, organisation, connection) == first and renewals(there) == 0
    clock.advance(seconds=2)
    second = access(tools, organisation, connection)
    assert second.token_id != first.token_id and second.expires_at == clock() + LIFE and renewals(there) == 1


def test_many_who_ask_at_once_cause_one_renewal(
    tools: Tools, engines: Engines, vault: Vault, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    clock.advance(minutes=40)
    there.arm("latency", seconds=0.3, path="*/connect/token")
    url = engines.writing.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(8) as pool:
        # Each with engines of its own, as in eight processes.
        mine = [make_tools(open_engines(url), vault, there, clock) for _ in range(8)]
        got = list(pool.map(lambda each: access(each, organisation, connection).token_id, mine))
    for each in mine:
        each.engines.dispose()
    assert len(set(got)) == 1 and renewals(there) == 1


def test_no_transaction_is_open_during_the_call(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    clock.advance(minutes=40)
    there.arm("latency", seconds=1.5, path="*/connect/token")
    asking = threading.Thread(target=access, args=(tools, organisation, connection))
    asking.start()
    time.sleep(0.5)
    began = time.monotonic()
    with write(tools.engines, organisation) as db:
        connections.checked(db, connection, clock(), is_good=True)
    assert time.monotonic() - began < 0.8 and asking.is_alive()
    asking.join()


def test_an_answer_that_was_lost_is_asked_for_again_within_the_grace_time(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock, grace: str
) -> None:
    clock.advance(minutes=40)
    there.arm("refresh-lost")
    got = access(tools, organisation, connection)
    assert got.expires_at == clock() + LIFE and renewals(there) == 2
    clock.advance(minutes=40)
    assert access(tools, organisation, connection).token_id != got.token_id


def test_one_refusal_proves_nothing(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    clock.advance(minutes=40)
    there.arm("grant-dead", count=1)
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


def test_a_grant_that_has_ended_asks_for_a_person_and_says_why(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    clock.advance(minutes=40)
    there.arm("grant-dead", count=None)
    for _ in range(2):
        with pytest.raises(Disconnected) as ended:
            access(tools, organisation, connection)
        assert ended.value.failure.code == "grant-ended" and "invalid_grant" in ended.value.failure.sentence
    assert renewals(there) == 2  # a grant that is known to have ended is not presented again
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    assert found is not None and (found.state, found.cause) == (ConnectionState.NEEDS_RECONNECT, "grant-ended")
    there.world.faults.clear()
    assert connect(tools, organisation).connection == connection
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


@pytest.mark.parametrize("fault", [("http-error", {"status": 503}), ("reset", {"when": "before"}), ("bad-html", {})])
def test_a_token_endpoint_in_trouble_ends_nothing(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock, fault: tuple[str, dict[str, Any]]
) -> None:
    clock.advance(minutes=40)
    name, how = fault
    if name == "bad-html":
        name, how = "http-error", {"status": 200, "form": "html"}
    there.arm(name, count=None, path="*/connect/token", **how)
    with pytest.raises((Unreachable, Busy)):
        access(tools, organisation, connection)
    grant = grant_of(tools, connection)
    assert grant.ended_at is None and grant.refresher is None
    there.world.faults.clear()
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


def test_a_dead_refresher_is_taken_over_when_its_call_must_be_over_and_not_before(
    tools: Tools,
    organisation: str,
    connection: str,
    there: Standing,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.advance(minutes=40)
    with write(tools.engines, "") as db:
        assert rows.claim(db, grant_of(tools, connection), "a worker that died", clock()) is not None
    monkeypatch.setattr(grants, "LONGEST_WAIT", timedelta(seconds=0.2))
    clock.advance(seconds=grants.TAKE_OVER_SECONDS - 1)
    with pytest.raises(Busy):
        access(tools, organisation, connection)
    assert renewals(there) == 0
    clock.advance(seconds=1)
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


def test_who_waits_goes_on_as_soon_as_the_row_changes(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    clock.advance(minutes=40)
    grant = grant_of(tools, connection)
    with write(tools.engines, "") as db:
        fence = rows.claim(db, grant, "another worker", clock())
    assert fence is not None
    got: list[str] = []
    waiting = threading.Thread(target=lambda: got.append(access(tools, organisation, connection).token_id))
    waiting.start()
    time.sleep(0.3)
    assert not got
    tokens = TokenSet(Secret("new access"), Secret("new refresh"), 1800)
    pair = grants._sealed(tools, grant.id, tokens)
    with write(tools.engines, "") as db:
        assert rows.rotate(db, grant, fence, pair, grant.refresh, clock() + timedelta(minutes=30))
    waiting.join(timeout=5)
    assert got == [pair.token_id] and renewals(there) == 0


def claimed_by_a_slow_worker(tools: Tools, connection: str, clock: Clock) -> tuple[Grant, int]:
    """A grant that is due, and the claim of somebody who has been at it for so long that others may take over."""
    clock.advance(minutes=40)
    grant = grant_of(tools, connection)
    with write(tools.engines, "") as db:
        slow = rows.claim(db, grant, "a slow worker", clock())
    assert slow is not None
    clock.advance(seconds=grants.TAKE_OVER_SECONDS)
    return grant, slow


def test_a_pair_that_comes_too_late_is_kept_and_tried_before_anybody_is_asked(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock, grace: str
) -> None:
    grant, slow = claimed_by_a_slow_worker(tools, connection, clock)
    access(tools, organisation, connection)  # takes over while the slow one still waits for its answer
    grants._renew(tools, grant, slow)  # and now the slow one gets one, too
    late = grant_of(tools, connection)
    assert late.candidate and late.token_id != grant.token_id
    # The platform goes by the late pair: what we hold is refused, the candidate is not.
    spoilt = tools.vault.seal(rows.INSTALLATION, "grants", "refresh", late.id, Secret("not known there"))
    with write(tools.engines, "") as db:
        db.execute(GRANTS.update().values(refresh=spoilt))
    clock.advance(minutes=40)
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


def test_a_grant_given_up_by_one_lives_on_by_the_late_answer_of_another(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    grant, slow = claimed_by_a_slow_worker(tools, connection, clock)
    there.arm("grant-dead", count=2)  # the slow one's call has spent the token: the taker only sees a refusal
    with pytest.raises(Disconnected):
        access(tools, organisation, connection)
    grants._renew(tools, grant, slow)
    assert access(tools, organisation, connection).expires_at == clock() + LIFE
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    assert found is not None and found.may_post


def test_the_token_before_is_tried_while_its_grace_lasts(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    clock.advance(minutes=26)
    access(tools, organisation, connection)
    grant = grant_of(tools, connection)
    assert grant.previous and grant.previous_until == clock() + timedelta(minutes=30)
    spoilt = tools.vault.seal(rows.INSTALLATION, "grants", "refresh", grant.id, Secret("never reached us"))
    with write(tools.engines, "") as db:
        db.execute(GRANTS.update().values(refresh=spoilt))
    clock.advance(minutes=29)
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


def test_one_person_with_two_sets_of_books_has_one_grant(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str, clock: Clock
) -> None:
    with standing(clock, "four") as four:
        tools = make_tools(engines, vault, four, clock)
        first = connect(tools, organisation)
        four.arm("consent-other-tenant", tenant=four.told["organisations"]["AU"])
        second = connect(tools, other_organisation)
        assert first.connection and second.connection, (first, second)
        clock.advance(minutes=40)
        mine = access(tools, organisation, first.connection)
        theirs = access(tools, other_organisation, second.connection)
        assert mine.token_id == theirs.token_id and mine.books_id != theirs.books_id
        assert len(four.calls("POST", "/connect/token")) == 3  # two codes, one renewal


def test_a_new_consent_mends_every_connection_whose_grant_had_ended(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str, clock: Clock
) -> None:
    with standing(clock, "four") as four:
        tools = make_tools(engines, vault, four, clock)
        mine = connect(tools, organisation).connection
        four.arm("consent-other-tenant", tenant=four.told["organisations"]["AU"])
        theirs = connect(tools, other_organisation).connection
        clock.advance(minutes=40)
        four.arm("grant-dead", count=None)
        for whose, which in ((organisation, mine), (other_organisation, theirs)):
            with pytest.raises(Disconnected):
                access(tools, whose, which)
        four.world.faults.clear()
        connect(tools, organisation, reconnects=mine)
        with read(engines, other_organisation) as db:
            found = connections.find(db, theirs)
        assert found is not None and found.may_post
        assert access(tools, other_organisation, theirs).expires_at == clock() + LIFE


def test_an_attempt_gets_the_token_it_is_bound_to_or_none(
    tools: Tools, organisation: str, connection: str, clock: Clock
) -> None:
    first = access(tools, organisation, connection)
    assert bound(tools, organisation, connection, first.token_id) == first
    clock.advance(minutes=31)
    assert bound(tools, organisation, connection, first.token_id) == first  # dead, and still the one
    access(tools, organisation, connection)
    assert bound(tools, organisation, connection, first.token_id) is None


def told_of(tools: Tools, connection: str) -> list[tuple[str, str]]:
    return [(each.reason, each.result) for each in grants.renewals(tools, "org-london", connection)]


def test_every_renewal_is_on_record_with_its_reason_and_its_end(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    first = access(tools, organisation, connection)
    access(tools, organisation, connection, refused=first.token_id)
    clock.advance(minutes=40)
    there.arm("http-error", status=503, count=2, path="*/connect/token")
    with pytest.raises((Unreachable, Busy)):
        access(tools, organisation, connection)
    access(tools, organisation, connection)
    assert grants.renew(tools, organisation, connection).expires_at == clock() + LIFE
    clock.advance(hours=24)
    keep_alive(tools, organisation, connection)
    there.arm("grant-dead", count=None)
    clock.advance(minutes=40)
    with pytest.raises(Disconnected):
        access(tools, organisation, connection)
    newest, *_, consent = grants.renewals(tools, organisation, connection)
    assert told_of(tools, connection) == [
        ("due", "ended"),
        ("keep-alive", "renewed"),
        ("asked", "renewed"),
        ("due", "renewed"),
        ("due", "failed"),
        ("refused", "renewed"),
        ("consent", "consented"),
    ]
    assert newest.ended_at == clock() and "invalid_grant" in newest.words and newest.who == "the test"
    assert consent.fence == 1 and newest.fence > consent.fence
    assert grants.renewals(tools, "org-other", connection) == ()
    there.world.faults.clear()
    connect(tools, organisation)
    assert told_of(tools, connection)[:2] == [("consent", "consented"), ("due", "ended")]


def test_old_renewals_are_trimmed_and_what_a_person_had_to_do_stays_ninety_days(
    tools: Tools, connection: str, clock: Clock
) -> None:
    grant = grant_of(tools, connection).id
    for fence in range(2, 202):
        clock.advance(hours=12)
        with write(tools.engines, "") as db:
            renewals_kept.begin(db, grant, fence, Reason.DUE, "worker", clock())
            renewals_kept.finish(db, grant, fence, Result.ENDED if fence == 100 else Result.RENEWED, "", clock())
    with read(tools.engines, "") as db:
        kept = [each.fence for each in renewals_kept.newest(db, grant, 1000)]
        assert [each.fence for each in renewals_kept.since(db, grant, START, [Result.ENDED])] == [100]
    assert kept == [*range(201, 150, -1), 100], "the consent of more than ninety days ago has gone"
    assert len(grants.renewals(tools, "org-london", connection)) == 10


def test_the_record_goes_with_the_grant(tools: Tools, organisation: str, connection: str) -> None:
    grant = grant_of(tools, connection).id
    assert disconnect(tools, Actor(organisation, "", "Olive Finch"), connection) is not None
    with read(tools.engines, "") as db:
        assert renewals_kept.newest(db, grant) == () and rows.find(db, grant) is None


def test_a_slow_endpoint_that_refuses_once_ends_nothing(
    tools: Tools, organisation: str, connection: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too late for a second presentation: one refusal is no proof, so nothing is told to be over."""

    def slow(*_: object) -> TokenSet:
        clock.advance(seconds=grants.LAST_PRESENTATION_SECONDS + 1)
        raise Disconnected("invalid_grant", code="grant-ended")

    clock.advance(minutes=40)
    with monkeypatch.context() as patch:
        patch.setattr(named("xero"), "refresh", slow)
        with pytest.raises(Unreachable):
            access(tools, organisation, connection)
    assert grant_of(tools, connection).ended_at is None and told_of(tools, connection)[0] == ("due", "failed")
    assert access(tools, organisation, connection).expires_at == clock() + LIFE


def test_a_refusal_that_comes_while_the_row_moves_is_not_believed(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody consents anew in the very moment in which the last token is refused."""
    clock.advance(minutes=40)
    given_up = grants._given_up

    def beaten(*given: Any) -> bool:
        there.world.faults.clear()
        connect(tools, organisation)
        return given_up(*given)

    there.arm("grant-dead", count=2)
    with monkeypatch.context() as patch:
        patch.setattr(grants, "_given_up", beaten)
        got = access(tools, organisation, connection)
    assert got.expires_at == clock() + LIFE and ("due", "overtaken") in told_of(tools, connection)
    assert grant_of(tools, connection).ended_at is None


def test_who_starts_alone_on_a_database_takes_every_claim_over_at_once(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    """The lock on the data folder was free, so whoever was renewing is dead: nobody waits for its call to be over."""
    clock.advance(minutes=40)
    with write(tools.engines, "") as db:
        assert rows.claim(db, grant_of(tools, connection), "a worker that died", clock()) is not None
    assert sweep.recover(tools) == 1
    assert access(tools, organisation, connection).expires_at == clock() + LIFE and renewals(there) == 1


def test_ending_one_of_two_connections_leaves_the_grant_to_the_other(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str, clock: Clock
) -> None:
    with standing(clock, "four") as four:
        tools = make_tools(engines, vault, four, clock)
        mine = connect(tools, organisation).connection
        four.arm("consent-other-tenant", tenant=four.told["organisations"]["AU"])
        theirs = connect(tools, other_organisation).connection
        assert disconnect(tools, Actor(organisation, "", "Olive Finch"), mine) is not None
        assert not four.calls("POST", "/connect/revocation") and len(four.calls("DELETE", "/connections/")) == 1
        clock.advance(minutes=40)
        assert access(tools, other_organisation, theirs).expires_at == clock() + LIFE


def test_a_grant_whose_books_somebody_is_choosing_is_not_ended_under_them(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    grant = grant_of(tools, connection)
    with write(tools.engines, organisation) as db:
        db.execute(DRAFTS.update().values(grant=grant.id, connection="", step="choosing"))
    assert disconnect(tools, Actor(organisation, "", "Olive Finch"), connection) is not None
    assert not there.calls("POST", "/connect/revocation") and grant_of(tools, connection).ended_at is None
    clock.advance(hours=25)
    assert grants.let_go_unused(tools) == 1 and there.calls("POST", "/connect/revocation")


def test_a_document_waits_for_somebody_elses_renewal_and_is_sent_once(house: House) -> None:
    house.connect()
    id = house.receive_sample("amazon_v2_uk.txt")
    house.clock.skip(minutes=40)
    with read(house.tools.engines, house.organisation) as db:
        (found,) = connections.listed(db)
        grant = rows.find(db, found.grant)
    assert grant is not None
    with write(house.tools.engines, "") as db:
        assert rows.claim(db, grant, "another worker", house.clock()) is not None
    began = house.clock()
    house.send(id)
    for _ in range(10):
        if house.card(id).status == "sent":
            break
        house.clock.skip(seconds=10)
        house.sweep()
    card = house.card(id)
    assert (card.status, card.attempts) == ("sent", 1) and set(house.documents().values()) == {1}
    assert house.clock() - began >= timedelta(seconds=grants.TAKE_OVER_SECONDS), "it waited, and did not fail"


def test_a_quiet_grant_is_renewed_once_a_day(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock
) -> None:
    assert not keep_alive(tools, organisation, connection)
    clock.advance(hours=24)
    assert keep_alive(tools, organisation, connection) and not keep_alive(tools, organisation, connection)
    assert renewals(there) == 1


def test_tokens_that_die_young_do_not_go_round_for_ever(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    xero = named("xero")
    whole = xero.refresh
    monkeypatch.setattr(xero, "refresh", lambda *given: replace(whole(*given), expires_in_seconds=60))
    clock.advance(minutes=40)
    assert access(tools, organisation, connection).expires_at == clock() + timedelta(seconds=60)
    assert renewals(there) == 1


def test_no_token_can_be_read_in_the_database(tools: Tools, connection: str, organisation: str) -> None:
    got = access(tools, organisation, connection)
    _, refresh = grants.tokens_of(tools, grant_of(tools, connection).id)
    with tools.engines.reading.connect() as db:
        everything = repr(
            [
                tuple(row)
                for table in sa.inspect(db).get_table_names()
                for row in db.exec_driver_sql(f'select * from "{table}"')
            ]
        )
    assert got.token.reveal() not in everything and refresh.reveal() not in everything
    assert got.token.reveal() not in repr(got)


class Killed(BaseException):
    """Stands for a process that is gone: nothing catches it."""


def killing_at(line: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that kills at the n-th line of the files that renew."""
    left = [line]

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.endswith(("sync/grants.py", "store/grants.py")):
            return None
        if event == "line":
            left[0] -= 1
            if left[0] == 0:
                raise Killed
        return trace

    return trace


def test_killed_at_any_line_of_a_renewal_nobody_has_to_reconnect(
    tools: Tools, organisation: str, connection: str, there: Standing, clock: Clock, grace: str
) -> None:
    line, was_killed = 0, True
    while was_killed:
        line += 1
        clock.advance(minutes=31)
        sys.settrace(killing_at(line))
        try:
            access(tools, organisation, connection)
            was_killed = False
        except Killed:
            pass
        finally:
            sys.settrace(None)
        # Another worker comes once the dead one's call must be over, well within the grace time.
        clock.advance(seconds=grants.TAKE_OVER_SECONDS)
        got = access(tools, organisation, connection)
        assert got.expires_at > clock() + timedelta(seconds=300), f"line {line}"
        assert grant_of(tools, connection).ended_at is None
    assert line > 60, "the renewal has more lines than that"
