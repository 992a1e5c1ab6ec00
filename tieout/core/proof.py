"""The accounting proofs, one function each: evidence that a plan is right, or what is wrong with it; and what changed.

AC1 to AC7 and AC11 stop a settlement when they do not hold. AC8 and AC9 look at neighbours, which may not be imported
yet, so they are only told. AC12 compares a document with what the books show after posting.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import chain

from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import Money, total
from tieout.core.planned import Document, Plan, plan_hash
from tieout.core.records import BooksDocument, DocumentKind
from tieout.core.settlement import Label, Settlement

RECEIVABLE, PAYABLE, TAX_CONTROL = "Accounts receivable", "Accounts payable", "VAT control"
_BALANCING = {DocumentKind.INVOICE: RECEIVABLE, DocumentKind.BILL: PAYABLE, DocumentKind.JOURNAL: ""}


@dataclass(frozen=True, slots=True)
class Proof:
    """One invariant: both sides as they were found, and a sentence that names them."""

    code: str
    holds: bool
    left: str
    right: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of a settlement in an older and a newer file."""

    label: Label
    marketplace: str
    month: Month
    before: Money
    rows_before: int
    after: Money
    rows_after: int

    @property
    def delta(self) -> Money:
        return self.after - self.before


def prove(settlement: Settlement, plan: Plan) -> tuple[Proof, ...]:
    """Every proof one settlement and its plan can give, in order of their numbers."""
    return (
        rows_meet_payout(settlement),
        every_row_is_planned_once(settlement, plan),
        parts_meet_payout(settlement, plan),
        rolls_cancel(settlement, plan),
        kind_follows_sign(plan),
        debits_equal_credits(settlement, plan),
        net_and_tax_make_gross(plan),
        same_input_same_plan(settlement, plan),
    )


def rows_meet_payout(settlement: Settlement) -> Proof:
    """AC1."""
    rows, payout = settlement.lines_sum, settlement.total
    return _equal("AC1", rows, payout, "the rows", "the channel's own payout")


def every_row_is_planned_once(settlement: Settlement, plan: Plan) -> Proof:
    """AC2, from both ends: each subtotal stands in one line, and each line sums its subtotals and their rows."""
    lines = [(document, line) for document in plan.documents for line in document.lines if line.subtotals]
    found = Counter(chain.from_iterable(line.subtotals for _, line in lines))
    once = found == Counter(range(len(settlement.subtotals)))
    exact = once and all(
        document.as_paid(line.gross)
        == total((settlement.subtotals[i].amount for i in line.subtotals), settlement.currency)
        and line.rows == sum(settlement.subtotals[i].rows for i in line.subtotals)
        for document, line in lines
    )
    planned = sum(line.rows for _, line in lines)
    text = f"{planned} rows in {len(lines)} lines, of {settlement.rows} rows in the settlement"
    return Proof("AC2", exact, str(planned), str(settlement.rows), text)


def parts_meet_payout(settlement: Settlement, plan: Plan) -> Proof:
    """AC3: the parts add up to the payout, and every part but the last is zero."""
    totals = [document.as_paid(document.total) for document in plan.documents]
    sum_of_parts = total(totals, settlement.currency)
    early = [str(part) for part in totals[:-1] if part]
    text = f"the parts total {sum_of_parts}, the payout is {settlement.total}"
    if early:
        text += f"; parts before the last that are not zero: {', '.join(early)}"
    return Proof("AC3", sum_of_parts == settlement.total and not early, str(sum_of_parts), str(settlement.total), text)


def rolls_cancel(settlement: Settlement, plan: Plan) -> Proof:
    """AC4: what leaves one part enters the next."""
    rolls = total(
        (document.as_paid(line.gross) for document in plan.documents for line in document.lines if not line.subtotals),
        settlement.currency,
    )
    return _equal("AC4", rolls, Money.zero(settlement.currency), "the roll lines", "the empty roll account")


def kind_follows_sign(plan: Plan) -> Proof:
    """AC5: money in is an invoice, money out a bill with flipped signs, none a zero one: no books take less than zero.

    A journal goes either way, and names the account that balances it unless its lines do so themselves.
    """
    wrong = [
        f"{document.number} is a {document.kind} of {document.total}"
        + (f" against {document.against or 'no account'}" if document.kind is DocumentKind.JOURNAL else "")
        for document in plan.documents
        if not _kind_is_right(document)
    ]
    text = "; ".join(wrong) or "every document's kind follows the sign of its total"
    return Proof("AC5", not wrong, str(len(wrong)), "0", text)


def _kind_is_right(document: Document) -> bool:
    if document.kind is DocumentKind.JOURNAL:
        return bool(document.against) == bool(document.total)
    least = 1 if document.kind is DocumentKind.BILL else 0
    return document.total.minor >= least and not document.against


def debits_equal_credits(settlement: Settlement, plan: Plan) -> Proof:
    """AC6: over all accounts the plan only moves money. One currency throughout, or Money raises CurrencyMixed."""
    changes = by_account(plan)
    debits = total((change for _, change in changes if change.minor > 0), settlement.currency)
    credits = -total((change for _, change in changes if change.minor < 0), settlement.currency)
    return _equal("AC6", debits, credits, "debits", "credits")


def net_and_tax_make_gross(plan: Plan) -> Proof:
    """AC7."""
    wrong = [
        f"{document.number}, {line.description}: {line.gross} is not {line.net} and {line.vat}"
        for document in plan.documents
        for line in document.lines
        if line.gross != line.net + line.vat
    ]
    return Proof("AC7", not wrong, str(len(wrong)), "0", "; ".join(wrong) or "gross is net and tax on every line")


def same_input_same_plan(settlement: Settlement, plan: Plan) -> Proof:
    """AC11: the hash is that of these documents and this statement."""
    again = plan_hash(plan, settlement.statement)
    return Proof(
        "AC11", plan.hash == again, plan.hash, again, f"the plan's hash is {plan.hash}, reckoned again {again}"
    )


def reserve_drift(previous: Settlement, current: Settlement) -> Proof:
    """AC8: what the settlement before held back is what this one releases. Both are of one marketplace and currency."""
    assert (previous.marketplace, previous.currency) == (current.marketplace, current.currency), "not neighbours"
    held = -_sum_of(previous, Category.RESERVE_CURRENT)
    released = _sum_of(current, Category.RESERVE_PREVIOUS)
    return _equal("AC8", held, released, f"{previous.id} held", f"what {current.id} released")


def settlement_gap(previous: Settlement, current: Settlement) -> Proof:
    """AC9: a settlement starts where the one before ended."""
    ended, started = previous.end.isoformat(), current.start.isoformat()
    text = f"{previous.id} ended {ended}, {current.id} started {started}"
    return Proof("AC9", previous.end == current.start, ended, started, text)


def as_paid_in_books(document: Document, found: BooksDocument) -> BooksDocument:
    """What the books show, with the total that our document has: of a journal, what moved on the account against it.

    A platform gives a journal's total as the sum of its debits, which says nothing of the money that was paid. Where a
    line of ours is on that account too, as where a clearing account serves both, it is not part of what was paid.
    """
    if document.kind is not DocumentKind.JOURNAL or found.kind is not DocumentKind.JOURNAL:
        return found
    moved = total((line.amount for line in found.lines if line.account == document.against), found.currency)
    if found.currency == document.currency:
        moved -= total((line.gross for line in document.lines if line.account == document.against), found.currency)
    return replace(found, total=-moved)


def differences(document: Document, found: BooksDocument, statuses: Collection[str] = ()) -> tuple[str, ...]:
    """AC12: what the books show otherwise than we sent it; empty when they agree.

    `statuses` are those allowed, in the platform's words; none given, none asked. Lines count where they were read;
    those of a journal are compared account by account. `found` is `as_paid_in_books`.
    """
    pairs: list[tuple[str, object, object]] = [
        ("kind", document.kind.value, found.kind.value),
        ("number", document.number, found.number),
        ("currency", document.currency, found.currency),
        ("total", document.total, found.total),
        ("contact", document.contact, found.contact_name),
        ("date", document.dated, found.dated),
    ]
    if document.kind is DocumentKind.JOURNAL:
        pairs += _journal_pairs(document, found)
    elif found.lines:
        pairs.append(("number of lines", len(document.lines), len(found.lines)))
    if statuses:
        pairs.append(("status", True, found.status in statuses))
    wrong = [(name, ours, theirs) for name, ours, theirs in pairs if ours != theirs]
    return tuple(
        f"status: {found.status} is none of {', '.join(sorted(statuses))}"
        if name == "status"
        else f"{name}: sent {ours}, the books have {theirs}"
        for name, ours, theirs in wrong
    )


def _journal_pairs(document: Document, found: BooksDocument) -> list[tuple[str, object, object]]:
    """What each account is credited, tax included, ours beside theirs."""
    nothing = Money.zero(document.currency)
    ours: dict[str, Money] = {document.against: -document.total} if document.against else {}
    for line in document.lines:
        ours[line.account] = ours.get(line.account, nothing) + line.gross
    theirs: dict[str, Money] = {}
    for shown in found.lines:  # in another currency where somebody else made it
        theirs[shown.account] = theirs.get(shown.account, Money.zero(found.currency)) + shown.amount
    names = sorted(ours.keys() | theirs.keys())
    return [(f"account {name}", ours.get(name, nothing), theirs.get(name, nothing)) for name in names]


def tax_differences(document: Document, found: BooksDocument) -> tuple[str, ...]:
    """The tax the books reckoned, if not ours: the rate there is not the mapping's. The total is right even then."""
    ours, theirs = document.tax_total, found.tax_total
    return (
        ()
        if ours == theirs
        else (f"the books reckon {theirs} of tax in it, not {ours} as planned; the total is the same",)
    )


def difference(old: Settlement, new: Settlement) -> tuple[Difference, ...]:
    """What another file of the same settlement changes, by label, marketplace and month; empty when it changes nothing.

    A figure whose rows became more or fewer counts as changed even where its amount stayed.
    """
    before, after = _figures(old), _figures(new)
    nothing = Money.zero(new.currency), 0
    return tuple(
        Difference(*key, *before.get(key, nothing), *after.get(key, nothing))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )


def _figures(settlement: Settlement) -> dict[tuple[Label, str, Month], tuple[Money, int]]:
    figures: dict[tuple[Label, str, Month], tuple[Money, int]] = {}
    for subtotal in settlement.subtotals:
        key = subtotal.label, subtotal.marketplace, subtotal.month
        amount, rows = figures.get(key, (Money.zero(settlement.currency), 0))
        figures[key] = amount + subtotal.amount, rows + subtotal.rows
    return figures


def by_account(plan: Plan) -> tuple[tuple[str, Money], ...]:
    """How each account's balance changes, debit positive, in order of account; the changes sum to zero."""
    changes: dict[str, Money] = {}

    def book(account: str, debit: Money) -> None:
        changes[account] = changes.get(account, Money.zero(debit.currency)) + debit

    for document in plan.documents:
        book(_BALANCING[document.kind] or document.against, document.as_paid(document.total))
        for line in document.lines:
            book(line.account, -document.as_paid(line.net))
            book(TAX_CONTROL, -document.as_paid(line.vat))
    return tuple(sorted((account, change) for account, change in changes.items() if change))


def _equal(code: str, left: Money, right: Money, left_name: str, right_name: str) -> Proof:
    text = f"{left_name}: {left}, {right_name}: {right}"
    return Proof(code, left == right, str(left), str(right), text if left == right else f"{text}, {left - right} apart")


def _sum_of(settlement: Settlement, category: Category) -> Money:
    amounts = (subtotal.amount for subtotal in settlement.subtotals if subtotal.category is category)
    return total(amounts, settlement.currency)
