"""Issues over time: one a cause, re-opened within a day, kept quiet, worked off by themselves, closed by a check."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Clock
from tests.sync.conftest import SAMPLES, House, house, ledger
from tieout import problems
from tieout.core.connection import Connection, ConnectionState
from tieout.core.failure import Failure, FailureKind
from tieout.core.problem import Case, IssueState
from tieout.store import issues as rows
from tieout.store.engine import Engines, read, write
from tieout.store.issues import Block, Issue, Seen
from tieout.sync import fixes, issues

__all__ = ["house", "ledger"]

SEEN = Seen("period-locked", "document", "period:books", "Closed.", "org-admin", "decision", ("a line",), ("words",))
UK, OTHER = "amazon_v2_uk.txt", "amazon_v2_zero_reserved.txt"


# --- The rows ---------------------------------------------------------------------------------------------------------


def met(engines: Engines, organisation: str, clock: Clock, subject: str = "one", mark: str = "") -> Issue:
    with write(engines, organisation) as db:
        found = rows.get(db, rows.see(db, SEEN, Block("settlement", subject, mark), clock()))
    assert found is not None
    return found


def gone(engines: Engines, organisation: str, clock: Clock, subject: str = "one") -> tuple[str, ...]:
    with write(engines, organisation) as db:
        return rows.release(db, "settlement", subject, clock())


def test_one_cause_is_one_issue_with_all_it_holds_up(engines: Engines, organisation: str, clock: Clock) -> None:
    first = met(engines, organisation, clock)
    clock.advance(minutes=5)
    second = met(engines, organisation, clock, "two")
    assert (second.id, second.count, second.first_seen) == (first.id, 2, first.first_seen)
    assert second.last_seen == clock()
    with read(engines, organisation) as db:
        assert [block.subject for block in rows.blocks(db, first.id)] == ["one", "two"]


def test_looking_twice_at_the_same_thing_counts_once(engines: Engines, organisation: str, clock: Clock) -> None:
    assert met(engines, organisation, clock, mark="a").count == 1
    assert met(engines, organisation, clock, mark="a").count == 1
    assert met(engines, organisation, clock, mark="b").count == 2


def test_it_is_resolved_when_the_last_thing_it_holds_up_goes_on(
    engines: Engines, organisation: str, clock: Clock
) -> None:
    issue = met(engines, organisation, clock)
    met(engines, organisation, clock, "two")
    assert gone(engines, organisation, clock) == ()
    assert gone(engines, organisation, clock, "two") == (issue.id,)
    with read(engines, organisation) as db:
        ended = rows.get(db, issue.id)
        assert ended is not None and ended.state == IssueState.RESOLVED and ended.resolved_at == clock()
        assert [line["what"].partition(":")[0] for line in ended.history] == ["opened", "resolved"]


def test_the_same_cause_within_a_day_opens_it_again_and_later_is_a_new_one(
    engines: Engines, organisation: str, clock: Clock
) -> None:
    first = met(engines, organisation, clock)
    gone(engines, organisation, clock)
    clock.advance(hours=23)
    again = met(engines, organisation, clock)
    assert (again.id, again.state, again.resolved_at) == (first.id, IssueState.OPEN, None)
    assert "re-opened" in again.history[-1]["what"]
    gone(engines, organisation, clock)
    clock.advance(hours=25)
    assert met(engines, organisation, clock).id != first.id


def test_another_organisation_sees_nothing_of_it(
    engines: Engines, organisation: str, other_organisation: str, clock: Clock
) -> None:
    issue = met(engines, organisation, clock)
    with read(engines, other_organisation) as db:
        assert rows.get(db, issue.id) is None and rows.listed(db, issues.OPEN) == ()
        assert rows.of_subject(db, "settlement", "one") == () and rows.blocks(db, issue.id) == ()


# --- Which cause wins -------------------------------------------------------------------------------------------------


def connection(clock: Clock, **more: Any) -> Connection:
    known = Connection("c", "there", "b", "Harbour", "l", "g", "p", "Olive", clock())
    return Connection(**{name: getattr(known, name) for name in known.__slots__} | more)


def test_an_ended_authorisation_wins_over_the_refusal_that_it_causes(clock: Clock) -> None:
    ended = connection(clock, state=ConnectionState.NEEDS_RECONNECT, cause="grant-ended")
    refused = Failure(FailureKind.NOT_ALLOWED, "user-not-permitted", ("no",), 403)
    found = problems.diagnose(Case(clock(), connection=ended, failure=refused))
    assert (found.code, found.others) == ("grant-ended", ("user-not-permitted",))


def test_one_failed_call_is_no_outage_and_several_are(clock: Clock) -> None:
    lost = Failure(FailureKind.UNREACHABLE, "provider-outage", ("HTTP 503",), 503)
    since = clock() - timedelta(minutes=5)
    for calls, books, code in (
        (1, 1, "transient-network-error"),
        (3, 1, "provider-outage"),
        (1, 2, "provider-outage"),
    ):
        ill = connection(clock, failing_since=since, failing_calls=calls, failing_books=books)
        assert problems.diagnose(Case(clock(), connection=ill, failure=lost)).code == code, (calls, books)


def test_our_own_pacing_is_no_problem(clock: Clock) -> None:
    pacing = Failure(FailureKind.BUSY, "rate-limit-minute", ("this call would exceed what the books allow",))
    assert problems.diagnose(Case(clock(), connection=connection(clock), failure=pacing)).code == problems.LAST


def test_every_place_in_the_order_is_of_a_family_or_a_problem() -> None:
    known = {problem.family for problem in problems.problems()}
    own = {f"{problem.family}/{problem.code}" for problem in problems.problems()}
    assert {entry for entry in problems.ORDER if "/" in entry} <= own
    assert known <= set(problems.ORDER)


# --- Over time --------------------------------------------------------------------------------------------------------


def only(house: House) -> issues.IssueView:
    (found,) = issues.listing(house.tools, house.organisation)
    return found


def sent(house: House, id: str) -> bool:
    for _ in range(30):
        card = house.card(id)
        if card.status == "sent":
            return True
        wait = (card.next_at - house.clock()).total_seconds() if card.next_at else 1
        house.clock.skip(seconds=max(wait, 0) + 1)
        house.sweep()
    return False


def test_one_closed_period_holds_two_settlements_and_one_look_a_day_lets_both_go(house: House) -> None:
    house.connect()
    first, second = house.receive_sample(UK), house.receive_sample(OTHER)
    house.world.hand("lock-date", year="2026-12-31")
    house.send(first, second)
    issue = only(house)
    assert {held.id for held in issue.holds} == {first, second}
    house.world.hand("lock-date", year=None)
    house.sweep()
    assert only(house).id == issue.id, "nobody looked yet"
    house.clock.skip(hours=24, seconds=1)
    house.sweep()
    assert sent(house, first) and sent(house, second)
    assert issues.listing(house.tools, house.organisation) == ()
    assert set(house.documents().values()) == {1}


def test_a_check_that_does_not_pass_changes_nothing_but_the_history(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.hand("lock-date", year="2026-12-31")
    house.send(id)
    issue = only(house)
    done = fixes.carry_out(house.tools, house.actor, issue.id, "check-again")
    house.jobs.run_all()
    assert done.is_done and only(house).id == issue.id and only(house).is_open
    assert only(house).history[-1] | {"at": ""} == {"at": "", "what": "check-again", "by": "Olive Finch"}
    assert house.card(id).status == "blocked" and house.documents() == {}


def test_another_plan_than_the_one_asked_for_waits_for_a_look(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    account = house.view(id).documents[0].lines[0].account
    house.world.hand("chart-edit", code=account, act="archive")
    house.send(id)
    issue = only(house)
    press = {"account": "200", "tax": house.view(id).documents[0].lines[0].tax}
    assert fixes.carry_out(house.tools, house.actor, issue.id, "choose-account", press).is_done
    house.sweep()
    assert (house.card(id).status, house.documents()) == ("ready", {})
    assert issues.listing(house.tools, house.organisation) == ()


def test_a_quiet_issue_is_still_there_and_is_open_again_after_a_week(house: House) -> None:
    house.connect()
    house.receive_sample("amazon_v2_unknown_type.txt")
    issue = only(house)
    assert fixes.carry_out(house.tools, house.actor, issue.id, "mute").is_done
    assert only(house).state == IssueState.MUTED
    house.clock.skip(days=8)
    assert only(house).state == IssueState.OPEN
    assert fixes.carry_out(house.tools, house.actor, issue.id, "unmute").is_done
    assert only(house).state == IssueState.OPEN


def test_a_file_that_is_set_aside_is_waited_for_no_longer(house: House) -> None:
    house.receive("broken.txt", (SAMPLES / "amazon_v2_broken_total.txt").read_bytes())
    issue = only(house)
    assert issue.code == "source-total-mismatch" and "0.03" in issue.title
    assert fixes.carry_out(house.tools, house.actor, issue.id, "set-aside").is_done
    assert issues.listing(house.tools, house.organisation) == ()


def test_a_document_of_somebody_else_is_taken_as_it_stands_when_a_person_says_so(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    (number,) = [document.number for document in house.view(id).documents]
    house.world.hand("number-taken", number=number, status="AUTHORISED")
    house.send(id)
    issue = only(house)
    assert fixes.carry_out(house.tools, house.actor, issue.id, "adopt").is_done
    assert issues.listing(house.tools, house.organisation) == ()
    assert house.card(id).status == "sent" and house.documents() == {number: 1}


@pytest.mark.parametrize("action", ["reconnect", "adopt", "renumber", "send-again", "nonsense"])
def test_what_an_issue_does_not_offer_is_not_done(house: House, action: str) -> None:
    house.connect()
    house.receive_sample("amazon_v2_unknown_type.txt")
    with pytest.raises(fixes.NoSuchFix):
        fixes.carry_out(house.tools, house.actor, only(house).id, action)


def test_the_access_is_not_taken_for_revoked_when_one_token_is_refused(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("token-expired", method="GET", path="*/Contacts*")
    house.send(id)
    assert house.card(id).status == "sent"


def test_a_newer_file_takes_the_place_of_what_waited(house: House) -> None:
    house.connect()
    content = (SAMPLES / "amazon_v2_unknown_type.txt").read_bytes()
    house.receive("first.txt", content)
    first = only(house)
    changed = content.replace(b"\t-7.45\t", b"\t-7.46\t", 1).replace(b"\t85.23\t", b"\t85.22\t", 1)
    assert house.receive("second.txt", changed).state == "done"
    assert only(house).id == first.id
    assert [held.id for held in only(house).holds] != [held.id for held in first.holds]
