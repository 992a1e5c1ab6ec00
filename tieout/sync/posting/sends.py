"""Sending a batch: one call, judged document by document, each verdict stored under the fence of its claim."""

from collections.abc import Mapping
from datetime import timedelta

from tieout.calls import Call
from tieout.core.failure import Failure, FailureKind, RemoteError
from tieout.core.posting import Answered, Outcome, Reason, Silent, judge, may_send
from tieout.core.posting import Element as Judged
from tieout.core.proof import as_paid_in_books
from tieout.platforms import KEY_REUSED, NOT_FOUND, NUMBER_TAKEN, Element
from tieout.sync.posting.claims import Batch, Claim
from tieout.sync.posting.settling import Learnt, settle
from tieout.sync.posting.work import Work

_BY_CODE = {NUMBER_TAKEN: Outcome.NUMBER_TAKEN, KEY_REUSED: Outcome.KEY_REUSED, NOT_FOUND: Outcome.NOT_FOUND}
_BY_KIND = {
    FailureKind.UNREACHABLE: Outcome.UNSENT,
    FailureKind.OUTCOME_UNKNOWN: Outcome.UNCLEAR,
    FailureKind.BUSY: Outcome.LIMITED,
    FailureKind.DISCONNECTED: Outcome.UNAUTHORISED,
    FailureKind.NOT_ALLOWED: Outcome.NOT_PERMITTED,
    FailureKind.REJECTED: Outcome.REFUSED,
    FailureKind.STALE: Outcome.NUMBER_TAKEN,
}


def carry_out(work: Work, batch: Batch, call: Call) -> list[Claim]:
    """Send once. What comes back is still held and wants a look: the read-back of what was accepted, or a search."""
    now = work.tools.now()
    if not all(
        claim.intent and may_send(claim.posting.protocol, claim.intent, now, work.design) for claim in batch.claims
    ):
        return settle(work, [(claim, Learnt(Silent())) for claim in batch.claims])
    learnt = _answers(work, batch, call)
    return settle(work, [(claim, learnt[claim.posting.number]) for claim in batch.claims])


def _answers(work: Work, batch: Batch, call: Call) -> Mapping[str, Learnt]:
    expected = {claim.posting.number: claim for claim in batch.claims}
    try:
        elements = work.platform.send(call, batch.access, batch.kind, batch.send.body, batch.send.id)
    except RemoteError as error:
        # Refused again although it had been renewed: then it is not the token.
        is_second = any(claim.posting.protocol.reason is Reason.UNAUTHORISED for claim in batch.claims)
        work.heard(error.failure, None if is_second else batch.access)
        answer = answer_of(error.failure)
        return {number: Learnt(answer, error.failure) for number in expected}
    judged = judge(expected, (Judged(element.number, _answered(expected, element)) for element in elements))
    failures = {element.number: element.failure for element in elements}
    return {number: Learnt(answer, failures.get(number)) for number, answer in judged.items()}


def _answered(expected: Mapping[str, Claim], element: Element) -> Answered:
    """What one element says. Success is the number and total of the plan, never the status of the call."""
    if element.failure is not None:
        return answer_of(element.failure)
    claim, document = expected.get(element.number or ""), element.document
    if claim is None or document is None:
        return Answered(Outcome.UNCLEAR, words="the answer names a document that was not sent")
    document = as_paid_in_books(claim.document, document)
    if element.is_altered or document.total != claim.posting.total:
        words = "; ".join(element.warnings) or f"the books show {document.total}, not {claim.posting.total}"
        return Answered(Outcome.MISMATCH, document.id, words=words)
    return Answered(Outcome.DONE, document.id)


def answer_of(failure: Failure) -> Answered:
    """The platform's failure in the protocol's words; what fits nothing else is unclear."""
    outcome = _BY_CODE.get(failure.code) or _BY_KIND[failure.kind]
    seconds = failure.retry_after_seconds
    after = None if seconds is None else timedelta(seconds=seconds)
    return Answered(outcome, retry_after=after, words=failure.sentence)
