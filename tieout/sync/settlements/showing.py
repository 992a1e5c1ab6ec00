"""What pages, API and command line show of settlements: plain records, money as Money, moments aware."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tieout import channels
from tieout.core.day import local_day
from tieout.core.money import Money
from tieout.core.plan import Document, Gap, Plan
from tieout.core.posting import State
from tieout.core.proof import Difference, Proof, by_account, difference, prove, reserve_drift, settlement_gap
from tieout.core.settlement import Warning
from tieout.core.status import TITLES, Status
from tieout.store import attempts, plans, postings, settlements, statements
from tieout.store.attempts import Attempt
from tieout.store.engine import Db, read
from tieout.store.postings import Posting
from tieout.store.settlements import Kept
from tieout.sync.charts import last_read
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements import finding
from tieout.sync.settlements.finding import EVERYTHING, Finer
from tieout.sync.settlements.preparing import meant, planned
from tieout.sync.settlements.wire import request_bodies
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class SettlementCard:
    """One row of the list. `ties_out`: every document was read back and their sum is the deposit; None before."""

    id: str
    number: str
    channel: str
    marketplace: str
    total: Money
    start: date
    end: date
    deposit_on: date | None
    status: str
    status_text: str
    code: str
    reason: str
    next_at: datetime | None
    changed_at: datetime | None
    version: int
    documents: tuple[str, ...]
    attempts: int
    books_total: Money | None
    ties_out: bool | None


@dataclass(frozen=True, slots=True)
class Listing:
    cards: tuple[SettlementCard, ...]
    next: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class PostingView:
    """One document on its way: where it stands, what comes next, every attempt with the books' own words."""

    part: int
    kind: str
    number: str
    state: str
    note: str
    next_at: datetime | None
    total: Money
    books_total: Money | None
    books_status: str
    link: str
    verified_at: datetime | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class SettlementView:
    """Everything the page shows. `plan` is the frozen one where there is one, else what would be posted now."""

    card: SettlementCard
    zone: str
    months: tuple[str, ...]
    rows: int
    plan: Plan | None
    is_frozen: bool
    frozen_by: str
    frozen_at: datetime | None
    gaps: tuple[Gap, ...]
    proofs: tuple[Proof, ...]
    neighbours: tuple[Proof, ...]
    postings: tuple[PostingView, ...]
    warnings: tuple[Warning, ...]
    changes: tuple[Difference, ...]
    statement_name: str
    statement_digest: str
    account_codes: dict[str, str]
    account_names: dict[str, str]
    tax_names: dict[str, str]
    books_name: str

    @property
    def documents(self) -> tuple[Document, ...]:
        return self.plan.documents if self.plan else ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The exact request of each document, and what it does to each account (signed as debit positive)."""

    plan: Plan | None
    gaps: tuple[Gap, ...]
    bodies: tuple[str, ...]
    accounts: tuple[tuple[str, Money], ...]


def listing(
    tools: Tools,
    organisation: str,
    search: str = "",
    status: str = "",
    channel: str = "",
    after: str = "",
    limit: int = 50,
    finer: Finer = EVERYTHING,
) -> Listing:
    """A page of current settlements, the newest end first. `after` is the `next` of the page before."""
    most = min(max(limit, 1), 200)
    with read(tools.engines, organisation) as db:
        wanted = replace(finding.wanted(db, search, status, finer, after), channel=channel, limit=most + 1)
        found = settlements.listed(db, wanted)
        shown = found[:most]
        cards = _cards(db, shown)
        counted = settlements.counts(db)
    return Listing(cards, finding.place(shown[-1], finer.order) if len(found) > len(shown) else "", counted)


def card(tools: Tools, organisation: str, id: str) -> SettlementCard | None:
    with read(tools.engines, organisation) as db:
        kept = settlements.get(db, id)
        return _cards(db, [kept])[0] if kept else None


def view(tools: Tools, organisation: str, id: str) -> SettlementView | None:
    """One settlement with its plan, proofs, postings and attempts; None if this organisation has no such one."""
    with read(tools.engines, organisation) as db:
        kept = settlements.get(db, id)
        if kept is None:
            return None
        frozen = plans.newest(db, id)
        result = frozen.plan if frozen else planned(db, kept)
        plan, gaps = (result, ()) if isinstance(result, Plan) else (None, result)
        before, neighbour = settlements.version_before(db, kept), settlements.neighbour_before(db, kept)
        connection, statement = books_in_use(db), statements.find(db, kept.settlement.statement)
        books = last_read(db, connection.id) if connection else None
        return SettlementView(
            card=_cards(db, [kept])[0],
            zone=kept.settlement.zone,
            months=tuple(str(month) for month in kept.settlement.months),
            rows=kept.settlement.rows,
            plan=plan,
            is_frozen=frozen is not None,
            frozen_by=frozen.frozen_by if frozen else "",
            frozen_at=frozen.frozen_at if frozen else None,
            gaps=gaps,
            proofs=prove(meant(db, kept.settlement), plan) if plan else (),
            neighbours=_neighbours(neighbour, kept),
            postings=_postings(db, id),
            warnings=kept.warnings,
            changes=difference(before.settlement, kept.settlement) if before else (),
            statement_name=statement.filename if statement else "",
            statement_digest=kept.settlement.statement,
            account_codes={each.code: each.shown_code for each in books.accounts} if books else {},
            account_names={each.code: each.name for each in books.accounts} if books else {},
            tax_names={each.code: each.name for each in books.tax_rates} if books else {},
            books_name=books.name if books else "",
        )


def preview(tools: Tools, organisation: str, id: str) -> Preview | None:
    """What would be sent, to the byte, without sending it."""
    shown = view(tools, organisation, id)
    if shown is None or shown.plan is None:
        return Preview(None, shown.gaps, (), ()) if shown else None
    bodies = request_bodies(tools, organisation, shown.plan)
    return Preview(shown.plan, (), bodies, by_account(shown.plan))


def _cards(db: Db, found: Sequence[Kept]) -> tuple[SettlementCard, ...]:
    by_settlement: dict[str, list[Posting]] = defaultdict(list)
    for posting in postings.of_settlements(db, [kept.id for kept in found]):
        by_settlement[posting.settlement].append(posting)
    return tuple(_card(kept, by_settlement[kept.id]) for kept in found)


def _card(kept: Kept, ever: Sequence[Posting]) -> SettlementCard:
    settlement, zone = kept.settlement, ZoneInfo(kept.settlement.zone)
    newest_plan = ever[-1].plan if ever else ""
    parts = [posting for posting in ever if posting.plan == newest_plan]
    in_books, ties_out = _tied(kept, parts)
    return SettlementCard(
        id=kept.id,
        number=settlement.id,
        channel=settlement.channel,
        marketplace=settlement.marketplace,
        total=settlement.total,
        start=local_day(settlement.start, zone),
        end=local_day(settlement.end, zone),
        deposit_on=settlement.deposit_on,
        status=kept.status,
        status_text=TITLES[Status(kept.status)],
        code=kept.code,
        reason=kept.reason,
        next_at=kept.next_at,
        changed_at=kept.changed_at,
        version=kept.version,
        documents=tuple(part.number for part in parts),
        attempts=sum(part.protocol.attempt_count for part in parts),
        books_total=in_books,
        ties_out=ties_out,
    )


def _tied(kept: Kept, parts: Sequence[Posting]) -> tuple[Money | None, bool | None]:
    """The sum that the books show, signed as the payout sees it, and whether it is the deposit, every part equal."""
    read_back = [part for part in parts if part.books_total is not None]
    if not read_back or len(read_back) < len(parts):
        return None, None
    in_books = Money.zero(kept.settlement.currency)
    for part in read_back:
        assert part.books_total is not None, "only parts that were read back"
        in_books += -part.books_total if part.kind == "bill" else part.books_total
    is_done = all(part.protocol.state is State.DONE for part in parts)
    return in_books, is_done and in_books == kept.settlement.total


def _postings(db: Db, settlement: str) -> tuple[PostingView, ...]:
    found = postings.of_settlement(db, settlement)
    tries: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts.of_postings(db, [posting.id for posting in found]):
        tries[attempt.posting].append(attempt)
    return tuple(
        PostingView(
            part=posting.part,
            kind=posting.kind.value,
            number=posting.number,
            state=posting.protocol.state.value,
            note=posting.note,
            next_at=posting.protocol.next_at,
            total=posting.total,
            books_total=posting.books_total,
            books_status=posting.books_status,
            link=posting.books_link,
            verified_at=posting.verified_at,
            attempts=tuple(tries[posting.id]),
        )
        for posting in found
    )


def _neighbours(before: Kept | None, kept: Kept) -> tuple[Proof, ...]:
    """AC8 and AC9: reported, never blocking, since the neighbour may not be imported yet.

    Only where each settlement begins as the one before ends: elsewhere days between two say nothing.
    """
    asked = channels.askable().get(kept.settlement.channel)
    if before is None or asked is None or not asked.IS_CONTINUOUS:
        return ()
    return reserve_drift(before.settlement, kept.settlement), settlement_gap(before.settlement, kept.settlement)
