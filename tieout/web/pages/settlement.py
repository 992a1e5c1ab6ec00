"""One settlement: what to do next, whether it meets the deposit, its documents down to their rows, and its history."""

from dataclasses import dataclass
from datetime import date

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.failure import RemoteError
from tieout.core.headings import title_of
from tieout.core.money import Money, total
from tieout.core.plan import Document, PlannedLine
from tieout.core.records import DocumentKind
from tieout.core.status import MOVING, Status
from tieout.people.roles import Right
from tieout.store import settlements as rows_of_settlements
from tieout.store.engine import read
from tieout.sync import issues, settlements
from tieout.sync.settlements import SettlementView
from tieout.sync.settlements.showing import PostingView
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.pages.settlements import SENDABLE
from tieout.web.remedies import REMEDIES
from tieout.web.render import count, day, month_name, page
from tieout.web.routes import get, post

NEXT_STEPS = {
    Status.UNKNOWN_ROWS: "Say what each label means; it then becomes ready by itself.",
    Status.MAPPING_NEEDED: "Give what is missing an account and a tax rate; it then becomes ready by itself.",
    Status.REVIEW_NEEDED: "Look at what the file says, and ask the channel for a new file if it is wrong.",
    Status.SOURCE_CHANGED: (
        "What is in the books stays as it is. Compare the two versions below. To post this one instead, void or "
        "delete the older document in the books, then press 'Use this file'; else leave both as they are."
    ),
    Status.REPLACED: "Open the newer version from the list.",
    Status.NOTHING_TO_POST: "There is nothing to do.",
    Status.READY: "Look it over and send it.",
    Status.BLOCKED: "Remove the cause, then send it again: nothing of it is in the books.",
    Status.QUEUED: "It goes on by itself; you may leave this page.",
    Status.SENDING: "It goes on by itself; you may leave this page.",
    Status.OUTCOME_UNKNOWN: "Do not enter it by hand. Tieout finds out by itself whether it arrived.",
    Status.SENT: "Match the document with the deposit in your bank feed.",
    Status.PARTIALLY_SENT: "Remove the cause, then send what is missing; what is in the books is not sent again.",
    Status.OUT_OF_SYNC: "Open the document in the books and compare; Tieout changes nothing there by itself.",
}

PROOF_NAMES = {
    "AC1": "The rows of the file add up to the payout",
    "AC2": "Every row is in exactly one line",
    "AC3": "The documents add up to the payout, the last one alone",
    "AC4": "What one month carries over, the next takes in",
    "AC5": "Money in is an invoice, money out is a bill",
    "AC6": "Debits equal credits",
    "AC7": "Net and tax make the amount on every line",
    "AC8": "The reserve held before is the one released here",
    "AC9": "No days are missing since the settlement before",
    "AC11": "The plan is the one this file gives, bit for bit",
}
_OF_JOURNALS = {"AC5": "Money in is a debit of the bank account, money out a credit"}
_KINDS = {DocumentKind.INVOICE: "Invoice", DocumentKind.BILL: "Bill", DocumentKind.JOURNAL: "Journal"}

_STATES = {
    "planned": "Waits for the part before it",
    "ready": "Waits for its turn",
    "sending": "Being sent",
    "retry": "Refused for now, tried again by itself",
    "unknown": "Being looked for in the books",
    "sent": "In the books, being read back",
    "done": "In the books, read back and equal",
    "refused": "Refused, nothing of it is in the books",
    "escalated": "Needs a decision of yours",
}


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One of the sums that must be equal; `kind`: equal, differs or open."""

    name: str
    amount: Money | None
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document in words. `said`: where it stands on its way to the books, empty before it is approved.

    `told`: what the way there or the reading back brought to light. `against` is the account that balances a journal,
    whose positive lines are credits.
    """

    part: int
    month: str
    kind: str
    note: str
    number: str
    contact: str
    reference: str
    dated: date
    due: date
    is_deposit: bool
    said: str
    told: str
    link: str
    lines: tuple[PlannedLine, ...]
    total: Money
    net: Money
    vat: Money
    against: str = ""

    @property
    def is_journal(self) -> bool:
        return self.kind == _KINDS[DocumentKind.JOURNAL]

    @property
    def debits(self) -> Money:
        """Of a journal, its balancing line included; its credits are as much."""
        sides = (*(line.gross for line in self.lines), -self.total)
        return total((-each for each in sides if each.minor < 0), self.total.currency)

    @property
    def rows(self) -> int:
        return sum(line.rows for line in self.lines)


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    view = found_view(tools, visitor, id)
    if "hx-request" in request.headers and view.card.status not in MOVING:
        return Response(headers={"HX-Refresh": "true"})  # it has come to rest, and with it all of the page
    with read(tools.engines, visitor.organisation) as db:
        kept = rows_of_settlements.get(db, id)
    assert kept is not None, "the view found it a moment ago"
    links = [posting for posting in view.postings if posting.link]
    return page(
        request,
        "settlement.html",
        view=view,
        card=view.card,
        chain=chain_of(view, kept.settlement.lines_sum),
        documents=[shown_document(view, document) for document in view.documents],
        attempts=[(posting.number, attempt) for posting in view.postings for attempt in posting.attempts],
        links=links,
        issues=issues.of_settlement(tools, visitor.organisation, id),
        is_moving=view.card.status in MOVING,
        can_send=view.card.status in SENDABLE and visitor.may("send"),
        is_the_connections_fault=view.card.status == Status.BLOCKED and view.card.code in REMEDIES,
        can_preview=bool(view.documents),
        send_words=send_words(view),
        next_step=NEXT_STEPS[Status(view.card.status)],
        gap_title=lambda gap: title_of(gap.category),
        proof_names=PROOF_NAMES | (_OF_JOURNALS if any(map(_is_journal, view.documents)) else {}),
        proof_texts={"AC11": f"plan {view.plan.hash[:12]}" if view.plan else ""},
        proven=f"{sum(proof.holds for proof in view.proofs)} of {len(view.proofs)} hold" if view.proofs else "",
    )


def show_rows(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, part: int, line: int, after: int = 0
) -> Response:
    """The rows of the file that one line sums."""
    view = found_view(tools, visitor, id)
    found = settlements.rows(tools, visitor.organisation, id, part, line, max(after, 0))
    if found is None:
        raise Missing
    return page(request, "rows.html", view=view, card=view.card, found=found, after=after)


def download(visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """The statement as it is kept. Sent as a file and never shown: what it holds was written by strangers."""
    found = settlements.statement_file(tools, visitor.organisation, id)
    if found is None:
        raise Missing
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in found[0])
    headers = {"Content-Disposition": f'attachment; filename="{name[-100:]}"'}
    return Response(found[1], media_type="application/octet-stream", headers=headers)


def use(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """Post the newer file in the place of the older one, once nothing of that stands in the books."""
    found_view(tools, visitor, id)
    response = RedirectResponse(f"/settlements/{id}", 303)
    try:
        told = settlements.use_new_file(tools, visitor.actor, id)
    except RemoteError as error:
        told = f"The books could not be asked: {error}. Nothing has changed; try again."
    say(request, response, told or "Nothing of the older file is in the books: this one can be sent.", "info")
    return response


def found_view(tools: guard.CallerTools, visitor: guard.Visitor, id: str) -> SettlementView:
    """Raises Missing for what this organisation does not have."""
    view = settlements.view(tools, visitor.organisation, id)
    if view is None:
        raise Missing
    return view


def send_words(view: SettlementView) -> str:
    if view.card.status == Status.PARTIALLY_SENT:
        return "Send what is missing"
    return "Send again" if view.card.status == Status.BLOCKED else f"Send to {view.books_name or 'the books'}"


def chain_of(view: SettlementView, rows_sum: Money) -> tuple[ChainLink, ...]:
    """Rows = deposit = documents = books: the four sums, in the order in which they come about."""
    card = view.card
    planned = total((document.as_paid(document.total) for document in view.documents), card.total.currency)
    deposit = f"{'paid' if card.total.minor >= 0 else 'taken'} on {day(card.deposit_on)}" if card.deposit_on else ""
    in_books = f"read back from {view.books_name}" if view.books_name else "read back"
    return (
        ChainLink("Rows of the file", rows_sum, _kind(rows_sum, card.total), count(view.rows, "row")),
        ChainLink("Deposit", card.total, "equal", deposit or "as the channel reports it"),
        ChainLink("Documents", planned, _kind(planned, card.total), count(len(view.documents), "document"))
        if view.documents
        else ChainLink("Documents", None, "open", "not planned yet"),
        ChainLink("In the books", card.books_total, _kind(card.books_total, card.total), in_books)
        if card.books_total is not None
        else ChainLink("In the books", None, "open", "not sent yet" if not card.documents else "not read back yet"),
    )


def _kind(amount: Money, deposit: Money) -> str:
    return "equal" if amount == deposit else "differs"


def shown_document(view: SettlementView, document: Document) -> ShownDocument:
    posting = next((posting for posting in view.postings if posting.number == document.number), None)
    return ShownDocument(
        part=document.part,
        month=month_name(document.month),
        kind=_KINDS[document.kind],
        note=_note(document),
        number=document.number,
        contact=document.contact,
        reference=document.reference,
        dated=document.dated,
        due=document.due,
        is_deposit=len(view.documents) > 1 and document.part == len(view.documents),
        said=_said(posting) if posting else "",
        told=posting.note if posting else "",
        link=posting.link if posting and len(view.documents) > 1 else "",
        lines=document.lines,
        total=document.total,
        net=total((line.net for line in document.lines), document.currency),
        vat=document.tax_total,
        against=document.against,
    )


def _is_journal(document: Document) -> bool:
    return document.kind is DocumentKind.JOURNAL


def _note(document: Document) -> str:
    if document.kind is DocumentKind.BILL:
        return "More was taken than paid out, so this is a bill: costs are positive here, sales negative."
    if _is_journal(document) and document.total.minor < 0:
        return "More was taken than paid out, so the account it is taken from is credited."
    is_early_month = not document.total and any(not line.subtotals for line in document.lines)
    return (
        "This month's share is carried over to the next month, so the document itself is zero."
        if is_early_month
        else ""
    )


def _said(posting: PostingView) -> str:
    status = f" ({posting.books_status.lower()} there)" if posting.books_status else ""
    return f"{_STATES.get(posting.state, posting.state)}{status}"


ROUTES = (
    get("/settlements/{id}", show),
    get("/settlements/{id}/parts/{part}/lines/{line}", show_rows),
    get("/settlements/{id}/statement", download),
    post("/settlements/{id}/use", use, Right.SEND),
)
