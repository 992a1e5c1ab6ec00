"""The posting protocol, rule by rule, as stories of one document."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tieout.core.posting import (
    FULL,
    Adopt,
    Answered,
    Approved,
    Claimed,
    Decided,
    Decision,
    Effect,
    Event,
    Found,
    Hit,
    LeaseLost,
    Look,
    LookFailed,
    NotFound,
    OpenIssue,
    Outcome,
    Permit,
    Posting,
    Reason,
    RecordAttempt,
    Release,
    Send,
    Silent,
    State,
    TimeCame,
    TokenDied,
    WaitUntil,
    from_record,
    key_to_repeat,
    matures_at,
    may_send,
    step,
    to_record,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EQUAL = Hit("inv-1", is_equal=True)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def permit(now: datetime, key: str = "k1", life: int = 1800, may_repeat: bool = True) -> Permit:
    return Permit("books", key, f"token-{key}", now + seconds(life), may_repeat)


def approved(unique: bool = False) -> Posting:
    return step(Posting("TO-GB-7-1-v1", unique, "books"), Approved(), NOON, replace(FULL, looks_first=False))[0]


def claim(posting: Posting, now: datetime, key: str = "k1") -> tuple[Posting, tuple[Effect, ...]]:
    return step(posting, Claimed("worker-1", permit(now, key)), now)


def sending(unique: bool = False) -> Posting:
    return claim(approved(unique), NOON)[0]


def after(posting: Posting, *events: tuple[Event, datetime]) -> Posting:
    for event, now in events:
        posting, _ = step(posting, event, now)
    return posting


def unknown() -> Posting:
    return after(sending(), (Silent(), NOON + seconds(10)))


def names(effects: tuple[Effect, ...]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


def test_an_approved_document_is_recorded_then_sent_then_read_back() -> None:
    posting, effects = claim(approved(), NOON)
    assert posting.state is State.SENDING
    assert names(effects) == ["RecordAttempt", "Send"]
    assert posting.attempts[0].token_id == "token-k1"
    posting, effects = step(posting, Answered(Outcome.DONE, "inv-1"), NOON + seconds(2))
    assert (posting.state, effects) == (State.SENT, (Adopt("inv-1"), Look("TO-GB-7-1-v1")))
    posting, effects = step(posting, Found((EQUAL,)), NOON + seconds(3))
    assert (posting.state, posting.remote_id, posting.next_at) == (State.DONE, "inv-1", None)
    assert effects == (Adopt("inv-1"), Release())


def test_a_claim_raises_the_fence_and_makes_the_lease_the_next_time() -> None:
    posting = sending()
    assert posting.fence == 2  # one for the approval, one for the claim
    assert posting.lease_until == posting.next_at == NOON + seconds(300)
    assert posting.attempts[0].fence == 2


def test_a_claimed_document_cannot_be_claimed_again_before_its_lease_ends() -> None:
    assert claim(sending(), NOON + seconds(299)) == (sending(), ())


def test_a_lease_that_ends_while_sending_leads_to_a_look_never_to_a_send() -> None:
    posting, effects = claim(sending(), NOON + seconds(300), "k2")
    assert (posting.state, effects) == (State.UNKNOWN, (Look(posting.number),))
    posting, effects = step(sending(), LeaseLost(), NOON + seconds(300))
    assert (posting.state, posting.next_at, posting.fence) == (State.UNKNOWN, NOON + seconds(300), 3)
    assert step(sending(), TimeCame(permit(NOON)), NOON + seconds(301))[0].state is State.UNKNOWN


def test_a_running_lease_is_lost_only_by_proof() -> None:
    assert step(sending(), LeaseLost(), NOON + seconds(5)) == (sending(), ())
    assert step(sending(), LeaseLost(is_proven=True), NOON + seconds(5))[0].state is State.UNKNOWN


def test_no_attempt_is_recorded_with_a_token_about_to_die() -> None:
    posting, effects = step(approved(), Claimed("w", permit(NOON, life=299)), NOON)
    assert (posting.state, posting.attempts) == (State.READY, ())
    assert effects == (WaitUntil(NOON + seconds(5)), Release())


def test_a_document_never_goes_to_other_books() -> None:
    with pytest.raises(AssertionError, match="own books"):
        step(approved(), Claimed("w", replace(permit(NOON), books_id="others")), NOON)


def test_what_was_recorded_more_than_a_minute_ago_is_not_sent() -> None:
    posting = sending()
    assert may_send(posting, posting.attempts[0], NOON + seconds(60))
    assert not may_send(posting, posting.attempts[0], NOON + seconds(61))
    assert not may_send(unknown(), posting.attempts[0], NOON + seconds(11))


def test_a_bill_without_an_answer_is_looked_for_at_once() -> None:
    posting, effects = step(sending(), Silent(), NOON + seconds(10))
    assert (posting.state, effects) == (State.UNKNOWN, (Look(posting.number),))


def test_a_bill_not_found_waits_for_its_token_to_die_and_ten_minutes_more() -> None:
    assert matures_at(unknown()) == NOON + seconds(1800 + 600)
    early = step(unknown(), NotFound(NOON + seconds(2399)), NOON + seconds(2401))[0]
    assert early.state is State.UNKNOWN, "the look began before absence could count"
    late = step(unknown(), NotFound(NOON + seconds(2400)), NOON + seconds(2401))[0]
    assert (late.state, late.live_attempts, late.clear_at) == (State.READY, (), NOON + seconds(2400))
    again, effects = claim(late, NOON + seconds(2401), "k2")
    assert (again.attempts[-1].number, again.attempts[-1].key) == (2, "k2")
    assert isinstance(effects[1], Send) and not effects[1].is_repeat


def test_a_token_known_to_be_dead_shortens_the_wait() -> None:
    released = step(unknown(), NotFound(NOON + seconds(11)), NOON + seconds(11))[0]
    known = step(released, TokenDied("token-k1", NOON + seconds(60)), NOON + seconds(60))[0]
    assert matures_at(known) == NOON + seconds(660)
    assert matures_at(step(released, TokenDied("another", NOON), NOON)[0]) == matures_at(released)


def test_looks_come_again_ever_more_slowly_but_never_past_the_end_of_the_wait() -> None:
    posting, now, waits = unknown(), NOON + seconds(10), []
    for _ in range(7):
        posting, _ = step(posting, NotFound(now), now)
        assert posting.next_at is not None
        waits.append((posting.next_at - now) // seconds(1))
        now = posting.next_at
        posting, _ = claim(posting, now)
    assert waits == [30, 60, 120, 240, 480, 900, 560]
    assert step(posting, NotFound(now), now)[0].state is State.READY


def test_a_sales_invoice_is_sent_again_with_its_key_within_four_minutes() -> None:
    retry, effects = step(sending(unique=True), Silent(), NOON + seconds(10))
    assert (retry.state, retry.next_at) == (State.RETRY, NOON + seconds(15))
    assert effects == (WaitUntil(NOON + seconds(15)), Release())
    assert key_to_repeat(retry, NOON + seconds(15)) == "k1"
    again, effects = claim(retry, NOON + seconds(15), "k2")
    assert isinstance(effects[1], Send) and effects[1].is_repeat
    assert [attempt.key for attempt in again.attempts] == ["k1", "k1"]
    assert again.attempts[1].first_sent_at == NOON


def test_after_four_minutes_a_sales_invoice_is_looked_for() -> None:
    retry = step(sending(unique=True), Silent(), NOON + seconds(10))[0]
    assert key_to_repeat(retry, NOON + seconds(240)) is None
    assert claim(retry, NOON + seconds(240))[1] == (Look(retry.number),)
    posting = after(claim(retry, NOON + seconds(240))[0], (NotFound(NOON + seconds(610)), NOON + seconds(610)))
    assert posting.state is State.READY, "its number is unique: no token has to die"


def test_a_call_that_cannot_be_repeated_whole_is_looked_for() -> None:
    retry = step(sending(unique=True), Silent(), NOON + seconds(10))[0]
    refused_to = Claimed("w", permit(NOON + seconds(15), "k2", may_repeat=False))
    assert step(retry, refused_to, NOON + seconds(15))[1] == (Look(retry.number),)


def test_a_limit_on_the_repeat_says_nothing_about_the_first_send() -> None:
    retry = step(sending(unique=True), Silent(), NOON + seconds(10))[0]
    again = claim(retry, NOON + seconds(15))[0]
    limited = step(again, Answered(Outcome.LIMITED, retry_after=seconds(240)), NOON + seconds(16))[0]
    assert len(limited.live_attempts) == 1
    assert claim(limited, NOON + seconds(256))[1] == (Look(limited.number),)


def test_a_refusal_of_the_repeat_does_not_refuse_the_document() -> None:
    retry = step(sending(unique=True), Silent(), NOON + seconds(10))[0]
    again = claim(retry, NOON + seconds(15))[0]
    assert step(again, Answered(Outcome.REFUSED), NOON + seconds(16))[0].state is State.UNKNOWN


def test_a_number_that_is_taken_is_looked_for_and_adopted_if_equal() -> None:
    posting, effects = step(sending(unique=True), Answered(Outcome.NUMBER_TAKEN), NOON + seconds(1))
    assert (posting.state, effects) == (State.UNKNOWN, (Look(posting.number),))
    assert step(posting, Found((EQUAL,)), NOON)[0].state is State.DONE
    clash = step(posting, Found((replace(EQUAL, is_equal=False),)), NOON)[0]
    assert (clash.state, clash.reason, clash.evidence) == (State.ESCALATED, Reason.NUMBER_TAKEN, ("inv-1",))
    nowhere = step(posting, NotFound(NOON + seconds(601)), NOON + seconds(602))[0]
    assert (nowhere.state, nowhere.reason) == (State.ESCALATED, Reason.NUMBER_TAKEN)


def test_a_look_that_fails_is_still_owed() -> None:
    """The skeleton's third trap: lost answer, look refused as busy, and then a second send."""
    posting, effects = step(unknown(), LookFailed(), NOON + seconds(20))
    assert (posting.state, posting.next_at) == (State.UNKNOWN, NOON + seconds(80))
    assert effects == (WaitUntil(NOON + seconds(80)), Release())
    assert claim(posting, NOON + seconds(80))[1] == (Look(posting.number),)
    assert step(unknown(), LookFailed(retry_after=seconds(600)), NOON)[0].next_at == NOON + seconds(600)


def test_two_documents_of_one_number_are_shown_to_a_person() -> None:
    posting, effects = step(unknown(), Found((EQUAL, Hit("inv-2", is_equal=True))), NOON)
    assert (posting.state, posting.reason) == (State.ESCALATED, Reason.DUPLICATE)
    assert effects[0] == OpenIssue(Reason.DUPLICATE, ("inv-1", "inv-2"))


def test_a_void_copy_does_not_count_and_a_lone_void_one_is_never_replaced() -> None:
    void = Hit("inv-2", is_equal=True, is_void=True)
    assert step(unknown(), Found((EQUAL, void)), NOON)[0].state is State.DONE
    assert step(unknown(), Found((void,)), NOON)[0].reason is Reason.VOIDED


def test_a_document_that_somebody_edited_is_not_adopted() -> None:
    assert step(unknown(), Found((replace(EQUAL, is_equal=False),)), NOON)[0].reason is Reason.EDITED


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Outcome.MISMATCH, State.ESCALATED, Reason.MISMATCH),
        (Outcome.REFUSED, State.REFUSED, Reason.REFUSED),
        (Outcome.KEY_REUSED, State.ESCALATED, Reason.KEY_REUSED),
    ],
)
def test_answers_that_stop_a_document_open_an_issue(outcome: Outcome, state: State, reason: Reason) -> None:
    posting, effects = step(sending(), Answered(outcome, "inv-1", words="because"), NOON)
    assert (posting.state, posting.reason, posting.next_at) == (state, reason, None)
    assert isinstance(effects[0], OpenIssue) and effects[0].words == "because"


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [
        (Outcome.LIMITED, 60),
        (Outcome.UNSENT, 5),
        (Outcome.UNAUTHORISED, 5),
        (Outcome.NOT_PERMITTED, 3600),
        (Outcome.NOT_FOUND, 3600),
    ],
)
def test_answers_that_prove_nothing_was_executed_allow_a_new_attempt(outcome: Outcome, wait: int) -> None:
    posting, _ = step(sending(), Answered(outcome), NOON)
    assert (posting.state, posting.live_attempts) == (State.RETRY, ())
    assert posting.next_at == NOON + seconds(wait)
    again = claim(posting, NOON + seconds(wait), "k2")[0]
    assert (again.state, again.attempts[-1].key) == (State.SENDING, "k2")


def test_retry_after_is_obeyed_and_clamped_to_a_day() -> None:
    for asked, waits in ((7, 7), (86_400 * 9, 86_400)):
        posting = step(sending(), Answered(Outcome.LIMITED, retry_after=seconds(asked)), NOON)[0]
        assert posting.next_at == NOON + seconds(waits)


def test_two_refused_tokens_in_a_row_call_a_person() -> None:
    once = step(sending(), Answered(Outcome.UNAUTHORISED), NOON)[0]
    again = claim(once, NOON + seconds(5), "k2")[0]
    posting, effects = step(again, Answered(Outcome.UNAUTHORISED), NOON + seconds(6))
    assert effects[0] == OpenIssue(Reason.UNAUTHORISED)
    assert posting.next_at == NOON + seconds(3606)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.MISMATCH])
def test_an_acceptance_without_an_id_is_unclear(outcome: Outcome) -> None:
    assert step(sending(), Answered(outcome), NOON)[0].state is State.UNKNOWN


def test_an_answer_is_heard_only_while_it_is_awaited() -> None:
    assert step(unknown(), Answered(Outcome.REFUSED), NOON) == (unknown(), ())


def test_the_tenth_try_calls_a_person_and_goes_on_hourly() -> None:
    posting, now, issues = approved(), NOON, []
    for _ in range(12):
        posting, _ = claim(posting, now)
        posting, effects = step(posting, Answered(Outcome.UNSENT), now)
        issues += [effect.reason for effect in effects if isinstance(effect, OpenIssue)]
        assert posting.next_at is not None and posting.next_at - now <= timedelta(hours=1)
        now = posting.next_at
    assert issues == [Reason.MANY_TRIES]


def test_what_the_books_accepted_and_do_not_show_is_never_sent_again() -> None:
    sent = step(sending(), Answered(Outcome.DONE, "inv-1"), NOON)[0]
    waiting = step(sent, NotFound(NOON + seconds(1)), NOON + seconds(1))[0]
    assert (waiting.state, waiting.next_at) == (State.SENT, NOON + seconds(31))
    held = claim(waiting, NOON + seconds(601))[0]
    missing = step(held, NotFound(NOON + seconds(601)), NOON + seconds(601))[0]
    assert (missing.state, missing.reason, missing.evidence) == (State.ESCALATED, Reason.MISSING, ("inv-1",))


def test_what_the_books_accepted_is_not_sent_again_even_if_a_person_says_look_again() -> None:
    mismatch = step(sending(), Answered(Outcome.MISMATCH, "inv-1"), NOON)[0]
    held = claim(step(mismatch, Decided(Decision.TRY_NOW), NOON)[0], NOON + seconds(9000))[0]
    gone = step(held, NotFound(NOON + seconds(9000)), NOON + seconds(9000))[0]
    assert (gone.state, gone.reason, gone.evidence) == (State.ESCALATED, Reason.MISSING, ("inv-1",))


def test_a_read_back_with_another_total_is_a_mismatch() -> None:
    sent = step(sending(), Answered(Outcome.DONE, "inv-1"), NOON)[0]
    assert step(sent, Found((Hit("inv-1", is_equal=False),)), NOON)[0].reason is Reason.MISMATCH


def test_a_read_back_that_shows_another_id_than_the_answer_did_is_a_mismatch() -> None:
    sent = step(sending(), Answered(Outcome.DONE, "inv-9"), NOON)[0]
    posting = step(sent, Found((EQUAL,)), NOON)[0]
    assert (posting.reason, posting.evidence) == (Reason.MISMATCH, ("inv-9", "inv-1"))


def test_a_person_may_send_a_refused_document_again_and_look_for_an_escalated_one() -> None:
    now_please = Decided(Decision.TRY_NOW)
    refused = step(sending(), Answered(Outcome.REFUSED), NOON)[0]
    assert step(refused, now_please, NOON)[0].state is State.READY
    escalated = step(unknown(), Found((EQUAL, Hit("inv-2", True))), NOON)[0]
    looking = claim(step(escalated, now_please, NOON)[0], NOON)
    assert looking[1] == (Look(escalated.number),)
    assert step(looking[0], Found((EQUAL, Hit("inv-2", True, is_void=True))), NOON)[0].state is State.DONE


def test_a_person_may_adopt_what_an_escalation_shows() -> None:
    edited = step(unknown(), Found((replace(EQUAL, is_equal=False),)), NOON)[0]
    posting, effects = step(edited, Decided(Decision.ADOPT, "inv-1"), NOON)
    assert (posting.state, posting.remote_id) == (State.DONE, "inv-1")
    assert effects[0] == Adopt("inv-1")


def test_a_document_can_be_withdrawn_only_while_nothing_can_land() -> None:
    withdraw = Decided(Decision.WITHDRAW)
    assert step(approved(), withdraw, NOON)[0].reason is Reason.WITHDRAWN
    released = step(unknown(), LookFailed(), NOON)[0]
    assert step(released, withdraw, NOON) == (released, ())
    retry = step(sending(unique=True), Silent(), NOON)[0]
    assert step(retry, withdraw, NOON) == (retry, ())


def test_a_posting_survives_being_written_down() -> None:
    for posting in (approved(), sending(), unknown(), step(unknown(), Found((EQUAL, EQUAL)), NOON)[0]):
        assert from_record(to_record(posting)) == posting


def test_a_recorded_attempt_is_the_one_that_is_sent() -> None:
    _, effects = claim(approved(), NOON)
    record, send = effects
    assert isinstance(record, RecordAttempt) and isinstance(send, Send)
    assert record.attempt == send.attempt


# --- The first look, where the books would take a second document of the number


def untried() -> Posting:
    approved, _ = step(Posting("TO-GB-7-1-v1", False, "books"), Approved(), NOON)
    looking, effects = step(approved, Claimed("w", permit(NOON)), NOON)
    assert approved.is_untried and effects == (Look("TO-GB-7-1-v1"),)
    return looking


def test_what_is_not_there_before_the_first_attempt_is_sent_at_once() -> None:
    posting, effects = step(untried(), NotFound(NOON), NOON)
    assert (posting.state, posting.next_at, posting.attempt_count) == (State.READY, NOON, 0) and Release() in effects
    assert step(posting, Claimed("w", permit(NOON)), NOON)[0].state is State.SENDING


def test_what_is_there_already_and_equal_is_adopted_and_never_sent() -> None:
    posting, effects = step(untried(), Found((Hit("77", is_equal=True),)), NOON)
    assert (posting.state, posting.remote_id, posting.attempt_count) == (State.DONE, "77", 0)
    assert Adopt("77") in effects


def test_somebody_elses_document_under_our_number_is_shown_before_anything_is_sent() -> None:
    posting, _ = step(untried(), Found((Hit("77", is_equal=False),)), NOON)
    assert (posting.state, posting.reason, posting.evidence) == (State.ESCALATED, Reason.NUMBER_TAKEN, ("77",))


def test_a_first_look_that_fails_is_owed_and_a_document_not_yet_tried_may_be_withdrawn() -> None:
    posting, _ = step(untried(), LookFailed(), NOON)
    assert posting.is_untried and posting.next_at == NOON + seconds(60)
    assert step(posting, Decided(Decision.WITHDRAW), NOON)[0].state is State.REFUSED


def test_a_number_that_the_books_keep_unique_needs_no_first_look() -> None:
    assert step(Posting("n", True, "books"), Approved(), NOON)[0].state is State.READY
