"""Claims: taking the lease of what is due, in the transaction that records the attempt before it is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tieout.core.failure import Failure, FailureKind, Rejected
from tieout.core.plan import Document
from tieout.core.posting import Attempt as Intent
from tieout.core.posting import Claimed, Decided, Decision, Look, Permit, State, key_to_repeat, step
from tieout.core.posting import Send as SendEffect
from tieout.core.problem import STUCK
from tieout.core.records import DocumentKind
from tieout.platforms import Access, Known
from tieout.store import attempts, plans, postings
from tieout.store.attempts import Attempt, Send
from tieout.store.engine import Db, read, write
from tieout.store.postings import Posting
from tieout.sync.posting.known import known_to
from tieout.sync.posting.work import Work
from tieout.sync.statuses import refresh

TOO_LARGE = "document-too-large"
_MOST_DUE = 400
_MOST_COLLISIONS = 8
_TO_SEND = (State.READY, State.RETRY)
_TO_LOOK_FOR = (State.SENDING, State.RETRY, State.UNKNOWN, State.SENT)


@dataclass(frozen=True, slots=True)
class Claim:
    """A posting that this worker holds, as stored now, with its planned document, and its intent if it is to go."""

    posting: Posting
    document: Document
    since: datetime
    intent: Intent | None = None
    is_repeat: bool = False
    wants_look: bool = False

    @property
    def is_doubtful(self) -> bool:
        return self.posting.protocol.state is State.UNKNOWN


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents of one kind that go in one call: its kept bytes and key, and the token that binds its attempts."""

    kind: DocumentKind
    send: Send
    access: Access
    claims: tuple[Claim, ...]


class _NotWhole(Exception):
    """Somebody was faster with one document of a call that was to be repeated: the claims are rolled back."""


def has_sends(work: Work) -> bool:
    """Whether a call may go now; nothing is claimed. One that is not full waits for the first looks that are due."""
    going = sum(_may_go(work, posting) for posting in _due(work, _TO_SEND))
    if going >= work.platform.MOST_DOCUMENTS or not going:
        return bool(going)
    return not any(posting.protocol.is_untried for posting in _due(work, (State.UNKNOWN,)))


def take_sends(work: Work) -> Batch | None:
    """Claim documents that may go in one call, their attempts committed. None: nothing is left to be claimed."""
    for _ in range(_MOST_COLLISIONS):
        candidates = [posting for posting in _due(work, _TO_SEND) if _may_go(work, posting)]
        if not candidates:
            return None
        # Others may have been faster with all of them; then there may be more behind those.
        if batch := _take(work, candidates):
            return batch
    return None


def _take(work: Work, candidates: Sequence[Posting]) -> Batch | None:
    repeated = _key(work, candidates[0])
    if repeated:
        return _take_again(work, [posting for posting in candidates if _key(work, posting) == repeated], repeated)
    kind = candidates[0].kind
    return _take_first(work, [p for p in candidates if p.kind is kind and not p.protocol.live_attempts])


def take_looks(work: Work, most: int) -> list[Claim]:
    """Claim documents that may have landed, or whose acceptance was not read back yet."""
    for _ in range(_MOST_COLLISIONS):
        due = [posting for posting in _due(work, _TO_LOOK_FOR) if not _may_go(work, posting)][:most]
        if not due:
            return []
        permit = _permit(work.access(), work.tools.new_id(), may_repeat=False)
        with write(work.tools.engines, work.organisation) as db:
            documents = documents_of(db, due)
            claims = _claim_all(work, db, due, documents, permit)
        if held := [claim for claim in claims if claim.wants_look]:
            return held
    return []


def documents_of(db: Db, claimed: Sequence[Posting]) -> dict[str, Document]:
    """The planned document behind each posting, by the posting's id."""
    frozen = plans.of(db, {posting.plan for posting in claimed})
    return {posting.id: frozen[posting.plan].plan.documents[posting.part - 1] for posting in claimed}


def _due(work: Work, states: Collection[State]) -> Sequence[Posting]:
    with read(work.tools.engines, work.organisation) as db:
        return postings.due(db, work.connection.id, work.tools.now(), _MOST_DUE, states)


def _may_go(work: Work, posting: Posting) -> bool:
    """READY, or RETRY that either owes no look or may repeat its call to the byte."""
    protocol = posting.protocol
    if protocol.state not in (State.READY, State.RETRY):
        return False
    return not protocol.live_attempts or _repeat_is_whole(work, posting)


def _key(work: Work, posting: Posting) -> str | None:
    return key_to_repeat(posting.protocol, work.tools.now(), work.design)


def _repeat_is_whole(work: Work, posting: Posting) -> bool:
    """A call may be repeated only with all of its documents still waiting for it; else each of them is looked for."""
    key = _key(work, posting)
    if key is None:
        return False
    with read(work.tools.engines, work.organisation) as db:
        send = attempts.send(db, key)
        waiting = postings.of_numbers(db, work.connection.id, posting.kind, send.numbers if send else ())
    now = work.tools.now()
    is_due = all(p.protocol.next_at is not None and p.protocol.next_at <= now for p in waiting)
    return is_due and bool(waiting) and all(_key(work, p) == key for p in waiting)


def _take_first(work: Work, group: Sequence[Posting]) -> Batch | None:
    """A new call: its bytes and key are stored with the attempts, before anything is sent."""
    with read(work.tools.engines, work.organisation) as db:
        documents = documents_of(db, group[: work.platform.MOST_DOCUMENTS])
    try:
        known = known_to(work, tuple(documents.values()))
    except Rejected as error:
        give_back(work, [posting for posting in group if posting.id in documents], error.failure)
        return None
    fitting = work.platform.how_many_fit(tuple(documents.values()), known, work.status)
    if not fitting:  # the first is too large to go at all: it steps aside with a word, and the others go on past it
        give_back(work, group[:1], _too_large(work, documents[group[0].id]))
        return None
    access = work.access()
    with write(work.tools.engines, work.organisation) as db:
        permit = _permit(access, work.tools.new_id(), may_repeat=False)
        group = [posting for posting in group if posting.id in documents][:fitting]
        claims = _claim_all(work, db, group, documents, permit)
        going = tuple(claim for claim in claims if claim.intent)
        if not going:
            return None
        send = _new_send(work, permit.key, going, known)
        attempts.record_send(db, send)
        _record(work, db, send, going)
    return Batch(going[0].posting.kind, send, access, going)


def _too_large(work: Work, document: Document) -> Failure:
    words = f"with its {len(document.lines)} lines it is larger than one call to {work.platform.LABEL} may be"
    return Failure(FailureKind.REJECTED, TOO_LARGE, (words,))


def _take_again(work: Work, group: Sequence[Posting], key: str) -> Batch | None:
    """The same call once more: the stored bytes under the stored key. All of its documents go, or none."""
    access = work.access()
    permit = _permit(access, work.tools.new_id(), may_repeat=True)
    try:
        with write(work.tools.engines, work.organisation) as db:
            send, documents = attempts.send(db, key), documents_of(db, group)
            assert send is not None, "a key that is repeated was stored before its first send"
            claims = _claim_all(work, db, group, documents, permit)
            going = tuple(claim for claim in claims if claim.is_repeat)
            if {claim.posting.number for claim in going} != set(send.numbers):
                raise _NotWhole
            _record(work, db, send, going)
    except _NotWhole:
        return None
    return Batch(going[0].posting.kind, send, access, going)


def give_back(work: Work, group: Sequence[Posting], failure: Failure) -> None:
    """What a document needs was refused before it could go: a person mends that and sends it again."""
    with write(work.tools.engines, work.organisation) as db:
        for posting in group:
            protocol, _effects = step(posting.protocol, Decided(Decision.WITHDRAW), work.tools.now(), work.design)
            postings.save(db, posting, protocol, failure.sentence, failure.code)
        for settlement in dict.fromkeys(posting.settlement for posting in group):
            refresh(db, settlement, work.tools.now())


def _claim_all(
    work: Work, db: Db, due: Sequence[Posting], documents: Mapping[str, Document], permit: Permit
) -> list[Claim]:
    """Take the leases of those that are as they were read, in the caller's transaction.

    Others were faster with the rest, and what was to be looked for may now be to be sent, which is another claim.
    """
    fresh = postings.of(db, [posting.id for posting in due])
    same = [fresh[each.id] for each in due if fresh[each.id].protocol.fence == each.protocol.fence]
    claims = (_claim(work, db, posting, documents[posting.id], permit) for posting in same)
    return [claim for claim in claims if claim is not None]


def _claim(work: Work, db: Db, posting: Posting, document: Document, permit: Permit) -> Claim | None:
    """None if somebody was faster or nothing is to be done now."""
    now = work.tools.now()
    protocol, effects = step(posting.protocol, Claimed(work.tools.worker, permit), now, work.design)
    # Still "sending" with its lease run out: whoever sent it is gone, and a person should know why it is looked for.
    code = STUCK if posting.protocol.state is State.SENDING else posting.code
    if not effects or not postings.save(db, posting, protocol, posting.note, code):
        return None
    sending = next((effect for effect in effects if isinstance(effect, SendEffect)), None)
    return Claim(
        posting=replace(posting, protocol=protocol),
        document=document,
        since=now,
        intent=sending.attempt if sending else None,
        is_repeat=sending.is_repeat if sending else False,
        wants_look=any(isinstance(effect, Look) for effect in effects),
    )


def _permit(access: Access, key: str, may_repeat: bool) -> Permit:
    return Permit(access.books_id, key, access.token_id, access.expires_at, may_repeat)


def _new_send(work: Work, key: str, going: Sequence[Claim], known: Known) -> Send:
    documents = tuple(claim.document for claim in going)
    body = work.platform.to_wire(documents, known, work.status)
    numbers = tuple(document.number for document in documents)
    return Send(key, work.connection.id, going[0].posting.kind.value, body, numbers, work.tools.now())


def _record(work: Work, db: Db, send: Send, going: Sequence[Claim]) -> None:
    """R1: the intent of every document, in the transaction that claims it."""
    rows = []
    for claim in going:
        assert claim.intent is not None, "only documents with an intent go"
        rows.append(
            Attempt(
                id=work.tools.new_id(),
                posting=claim.posting.id,
                number=claim.intent.number,
                send=send.id,
                token_id=claim.intent.token_id,
                is_repeat=claim.is_repeat,
                began_at=claim.intent.sent_at,
            )
        )
    attempts.begin(db, rows)
