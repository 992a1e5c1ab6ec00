"""Settlements as the contract shows them: parts, lines, rows, what was tried, and what would be sent."""

from typing import Any, Literal

from tieout.api.shapes import Amount, Currency, Day, Moment, Shape, amount, amount_or_none
from tieout.core.plan import Document, PlannedLine
from tieout.core.proof import Proof as CoreProof
from tieout.core.settlement import Line as CoreLine
from tieout.store.attempts import Attempt as StoredAttempt
from tieout.sync.settlements import Preview as ExactPreview
from tieout.sync.settlements import SettlementView
from tieout.sync.settlements.showing import PostingView, SettlementCard

StatusWord = Literal[
    "unknown-rows",
    "mapping-needed",
    "review-needed",
    "source-changed",
    "nothing-to-post",
    "ready",
    "blocked",
    "queued",
    "sending",
    "outcome-unknown",
    "sent",
    "partially-sent",
    "out-of-sync",
]


class SettlementLinks(Shape):
    self: str
    preview: str
    labels: str
    send: str


class Settlement(Shape):
    """One payout. `ties_out`: everything was read back from the books and equals the deposit; null before."""

    id: str
    external_id: str
    channel: str
    marketplace: str
    currency: Currency
    total: Amount
    starts_on: Day
    ends_on: Day
    deposit_on: Day | None
    status: StatusWord
    status_text: str
    problem: str | None
    reason: str
    issue_id: str | None
    next_at: Moment | None
    changed_at: Moment | None
    version: int
    documents: list[str]
    attempts: int
    books_total: Amount | None
    ties_out: bool | None
    links: SettlementLinks


class PartLine(Shape):
    """One line of a document, in the document's own sign. A roll line sums no rows."""

    line: int
    description: str
    account_code: str
    account_name: str | None
    tax_code: str
    gross: Amount
    net: Amount
    vat: Amount
    rows: int
    rows_url: str | None


class Part(Shape):
    """One document: the settlement's share of one month."""

    part: int
    month: str
    kind: str
    number: str
    reference: str
    contact: str
    dated: Day
    due: Day
    currency: Currency
    total: Amount
    tax_total: Amount
    lines: list[PartLine]


class Plan(Shape):
    version: int
    mapping_version: int
    hash: str
    is_frozen: bool
    frozen_by: str | None
    frozen_at: Moment | None
    parts: list[Part]


class Gap(Shape):
    """One thing that is lacking, with the money that waits on it."""

    code: str
    message: str
    amount: Amount
    rows: int
    category: str | None
    label: str | None


class Proof(Shape):
    code: str
    holds: bool
    left: str
    right: str
    text: str


class Failure(Shape):
    """What the books said, in their own words."""

    kind: str
    code: str | None
    words: list[str]
    status: int | None
    correlation_id: str | None


class Attempt(Shape):
    number: int
    began_at: Moment
    ended_at: Moment | None
    outcome: str | None
    failure: Failure | None


class Posting(Shape):
    """One document on its way into the books."""

    part: int
    kind: str
    number: str
    state: str
    note: str
    next_at: Moment | None
    total: Amount
    books_total: Amount | None
    books_status: str | None
    remote_url: str | None
    verified_at: Moment | None
    attempts: list[Attempt]


class SourceWarning(Shape):
    code: str
    message: str
    row: int | None


class Change(Shape):
    """One figure that a newer file of the same settlement says otherwise."""

    label: str
    marketplace: str
    month: str
    before: Amount
    rows_before: int
    after: Amount
    rows_after: int


class StatementRef(Shape):
    name: str
    digest: str


class SettlementDetail(Settlement):
    zone: str
    months: list[str]
    rows: int
    plan: Plan | None
    gaps: list[Gap]
    proofs: list[Proof]
    neighbours: list[Proof]
    postings: list[Posting]
    warnings: list[SourceWarning]
    changes: list[Change]
    statement: StatementRef
    books_name: str | None


class AccountChange(Shape):
    """How the balance of one account changes, debit positive."""

    account: str
    amount: Amount
    currency: Currency


class Preview(Shape):
    """What would be sent now, to the byte; nothing was sent. Without books connected `requests` is empty."""

    dry_run: Literal[True]
    plan: Plan | None
    gaps: list[Gap]
    requests: list[str]
    accounts: list[AccountChange]


class Row(Shape):
    """One row of the statement; `row` counts from 1, which is the heading."""

    row: int
    label: list[str]
    category: str
    amount: Amount
    currency: Currency
    posted_at: Moment
    marketplace: str
    order_id: str | None
    sku: str | None


def settlement(card: SettlementCard, issue: str | None) -> Settlement:
    return Settlement(**_settlement(card, issue))


def detail(view: SettlementView, issue: str | None) -> SettlementDetail:
    return SettlementDetail(
        **_settlement(view.card, issue),
        zone=view.zone,
        months=list(view.months),
        rows=view.rows,
        plan=plan(view),
        gaps=gaps(view),
        proofs=[_proof(each) for each in view.proofs],
        neighbours=[_proof(each) for each in view.neighbours],
        postings=[_posting(each) for each in view.postings],
        warnings=[SourceWarning(code=w.code, message=w.message, row=w.row or None) for w in view.warnings],
        changes=[
            Change(
                label=str(each.label),
                marketplace=each.marketplace,
                month=str(each.month),
                before=amount(each.before),
                rows_before=each.rows_before,
                after=amount(each.after),
                rows_after=each.rows_after,
            )
            for each in view.changes
        ],
        statement=StatementRef(name=view.statement_name, digest=view.statement_digest),
        books_name=view.books_name or None,
    )


def preview(view: SettlementView, exact: ExactPreview) -> Preview:
    return Preview(
        dry_run=True,
        plan=plan(view),
        gaps=gaps(view),
        requests=list(exact.bodies),
        accounts=[
            AccountChange(account=account, amount=amount(change), currency=change.currency)
            for account, change in exact.accounts
        ],
    )


def row(line: CoreLine) -> Row:
    return Row(
        row=line.source.row,
        label=list(line.label.words),
        category=line.category.value,
        amount=amount(line.amount),
        currency=line.amount.currency,
        posted_at=line.posted_at,
        marketplace=line.marketplace,
        order_id=line.order_id or None,
        sku=line.sku or None,
    )


def plan(view: SettlementView) -> Plan | None:
    if view.plan is None:
        return None
    return Plan(
        version=view.plan.version,
        mapping_version=view.plan.mapping_version,
        hash=view.plan.hash,
        is_frozen=view.is_frozen,
        frozen_by=view.frozen_by or None,
        frozen_at=view.frozen_at,
        parts=[_part(view, document) for document in view.documents],
    )


def gaps(view: SettlementView) -> list[Gap]:
    return [
        Gap(
            code=each.code,
            message=each.message,
            amount=amount(each.amount),
            rows=each.rows,
            category=each.category or None,
            label=each.label or None,
        )
        for each in view.gaps
    ]


def _settlement(card: SettlementCard, issue: str | None) -> dict[str, Any]:
    at = f"/api/settlements/{card.id}"
    return {
        "id": card.id,
        "external_id": card.number,
        "channel": card.channel,
        "marketplace": card.marketplace,
        "currency": card.total.currency,
        "total": amount(card.total),
        "starts_on": card.start,
        "ends_on": card.end,
        "deposit_on": card.deposit_on,
        "status": card.status,
        "status_text": card.status_text,
        "problem": card.code or None,
        "reason": card.reason,
        "issue_id": issue,
        "next_at": card.next_at,
        "changed_at": card.changed_at,
        "version": card.version,
        "documents": list(card.documents),
        "attempts": card.attempts,
        "books_total": amount_or_none(card.books_total),
        "ties_out": card.ties_out,
        "links": SettlementLinks(self=at, preview=f"{at}/preview", labels=f"{at}/labels", send=f"{at}/send"),
    }


def _part(view: SettlementView, document: Document) -> Part:
    return Part(
        part=document.part,
        month=str(document.month),
        kind=document.kind.value,
        number=document.number,
        reference=document.reference,
        contact=document.contact,
        dated=document.dated,
        due=document.due,
        currency=document.currency,
        total=amount(document.total),
        tax_total=amount(document.tax_total),
        lines=[_line(view, document, number, line) for number, line in enumerate(document.lines)],
    )


def _line(view: SettlementView, document: Document, number: int, line: PlannedLine) -> PartLine:
    at = f"/api/settlements/{view.card.id}/parts/{document.part}/lines/{number}/rows"
    return PartLine(
        line=number,
        description=line.description,
        account_code=line.account,
        account_name=view.account_names.get(line.account),
        tax_code=line.tax,
        gross=amount(line.gross),
        net=amount(line.net),
        vat=amount(line.vat),
        rows=line.rows,
        rows_url=at if line.subtotals else None,
    )


def _posting(posting: PostingView) -> Posting:
    return Posting(
        part=posting.part,
        kind=posting.kind,
        number=posting.number,
        state=posting.state,
        note=posting.note,
        next_at=posting.next_at,
        total=amount(posting.total),
        books_total=amount_or_none(posting.books_total),
        books_status=posting.books_status or None,
        remote_url=posting.link or None,
        verified_at=posting.verified_at,
        attempts=[_attempt(each) for each in posting.attempts],
    )


def _attempt(attempt: StoredAttempt) -> Attempt:
    failure = attempt.failure
    return Attempt(
        number=attempt.number,
        began_at=attempt.began_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome or None,
        failure=Failure(
            kind=failure.kind.value,
            code=failure.code or None,
            words=list(failure.words),
            status=failure.status or None,
            correlation_id=failure.correlation_id or None,
        )
        if failure
        else None,
    )


def _proof(proof: CoreProof) -> Proof:
    return Proof(code=proof.code, holds=proof.holds, left=proof.left, right=proof.right, text=proof.text)
