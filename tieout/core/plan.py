"""Plan: what will be posted for one settlement, or every gap that keeps it from being planned.

A plan is a pure function of the settlement, the mapping and the terms: same input, same hash, on any machine.
"""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tieout.core.category import Category
from tieout.core.day import Month, local_day
from tieout.core.headings import heading_of
from tieout.core.mapping import Entry, Mapping
from tieout.core.money import Money, total
from tieout.core.number import number, reference, stem
from tieout.core.planned import (
    ENGINE,
    Document,
    Gap,
    Plan,
    PlannedLine,
    Terms,
    plan_from_record,
    plan_hash,
    to_record,
)
from tieout.core.proof import prove, rows_meet_payout
from tieout.core.records import DocumentKind, Form
from tieout.core.role import Role
from tieout.core.settlement import Settlement, Subtotal
from tieout.core.split import Part, split

__all__ = [
    "ENGINE",
    "Document",
    "Gap",
    "Plan",
    "PlannedLine",
    "Terms",
    "make_plan",
    "plan_from_record",
    "plan_hash",
    "to_record",
]

_RANK = {category: rank for rank, category in enumerate(Category)}


def make_plan(settlement: Settlement, mapping: Mapping, terms: Terms, version: int) -> Plan | tuple[Gap, ...]:
    """The plan, or all gaps at once. A settlement without any row makes a plan without documents.

    Raises AssertionError with a clear text when a proof does not hold: that settlement stops, nothing is posted.
    Raises ValueError when no document number can be made of country, id and prefix.
    """
    assert terms.zone == settlement.zone, (
        f"settlement {settlement.id}: its months are those of {settlement.zone}, the terms say {terms.zone}; "
        "read the statement again in that zone"
    )
    settlement = settlement.with_meanings(dict(mapping.meanings))
    balance = rows_meet_payout(settlement)
    assert balance.holds, f"settlement {settlement.id}, {balance.code}: {balance.text}"
    parts, home = split(settlement), _home(settlement, terms)
    if gaps := (
        *_unknown_labels(settlement),
        *_missing_entries(settlement, mapping, home),
        *_missing_roll(parts, mapping, home),
        *_missing_bank(settlement, mapping, terms),
    ):
        return gaps
    documents = tuple(_document(settlement, mapping, terms, version, part, part is parts[-1]) for part in parts)
    plan = Plan(settlement.id, version, mapping.version, terms.zone, documents, "")
    plan = replace(plan, hash=plan_hash(plan, settlement.statement))
    for proof in prove(settlement, plan):
        assert proof.holds, f"settlement {settlement.id}, {proof.code}: {proof.text}"
    return plan


def _unknown_labels(settlement: Settlement) -> tuple[Gap, ...]:
    """One gap a label, worth all its rows."""
    labels = dict.fromkeys(subtotal.label for subtotal in settlement.unknown)
    return tuple(
        _gap(
            settlement,
            "row-type-unknown",
            f"A kind of row has no meaning yet: {label}; say what it means",
            [subtotal for subtotal in settlement.unknown if subtotal.label == label],
            Category.UNKNOWN.value,
            str(label),
        )
        for label in labels
    )


def _missing_entries(settlement: Settlement, mapping: Mapping, home: str) -> tuple[Gap, ...]:
    """One gap a category, worth what has no account; parts of a category that do have one are not counted."""
    missing = [
        subtotal
        for subtotal in settlement.subtotals
        if subtotal.category is not Category.UNKNOWN and mapping.entry_for(subtotal, home) is None
    ]
    return tuple(
        _gap(
            settlement,
            "mapping-incomplete",
            f"{heading_of(category)} ({category}) has no account and tax rate yet; choose them in the mapping",
            [subtotal for subtotal in missing if subtotal.category is category],
            category.value,
        )
        for category in dict.fromkeys(subtotal.category for subtotal in missing)
    )


def _missing_roll(parts: tuple[Part, ...], mapping: Mapping, home: str) -> tuple[Gap, ...]:
    rolled = [abs(part.closing) for part in parts if part.closing]
    if not rolled or mapping.roll_entry(home):
        return ()
    message = "the month roll has no account yet; choose one in the mapping"
    return (Gap("mapping-incomplete", message, max(rolled), 0, Role.MONTH_ROLL.value),)


def _missing_bank(settlement: Settlement, mapping: Mapping, terms: Terms) -> tuple[Gap, ...]:
    """A journal balances against the account that the money reaches or leaves."""
    site, currency = _site(settlement, terms), settlement.currency
    if terms.form is not Form.JOURNALS or not settlement.total:
        return ()
    if mapping.bank_for(site, currency).side(settlement.total):
        return ()
    side = "deposit account" if settlement.total.minor > 0 else "charge account, which negative payouts are taken from,"
    message = f"{site} has no {side} for {currency} yet; choose one among the bank accounts"
    return (Gap("bank-account-not-selected", message, settlement.total, 0, label=f"{site} / {currency}"),)


def _site(settlement: Settlement, terms: Terms) -> str:
    """Whose payout it is, in the words of the bank accounts."""
    return terms.contact or settlement.marketplace or settlement.channel


def _home(settlement: Settlement, terms: Terms) -> str:
    """Whose accounts rows book to that name no site; without any sale the name of the channel stands in."""
    return settlement.marketplace or terms.contact or ""


def _gap(
    settlement: Settlement, code: str, message: str, subtotals: list[Subtotal], category: str, label: str = ""
) -> Gap:
    amount = total((subtotal.amount for subtotal in subtotals), settlement.currency)
    return Gap(code, message, amount, sum(subtotal.rows for subtotal in subtotals), category, label)


def _document(
    settlement: Settlement, mapping: Mapping, terms: Terms, version: int, part: Part, is_last: bool
) -> Document:
    key = stem(terms.country, settlement.id, part.number, terms.prefix)
    dated = _dated(settlement, part.month, terms.zone, is_last)
    kind, site = _kind(part.total, terms.form), _site(settlement, terms)
    is_bill, is_journal = kind is DocumentKind.BILL, kind is DocumentKind.JOURNAL
    home = _home(settlement, terms)
    lines = _lines(settlement, mapping, part, home) + _roll_lines(mapping.roll_entry(home), part, terms.zone)
    return Document(
        part=part.number,
        month=part.month,
        kind=kind,
        number=number(key, version, terms.longest),
        reference=reference(key, str(part.month), terms.zone),
        contact="" if is_journal else site,
        dated=dated,
        due=dated + timedelta(days=terms.due_days),
        currency=settlement.currency,
        lines=tuple(_flipped(line) for line in lines) if is_bill else lines,
        against=mapping.bank_for(site, settlement.currency).side(part.total) if is_journal and part.total else "",
    )


def _kind(total: Money, form: Form) -> DocumentKind:
    """AC5: by sign, since no books take an invoice below zero; a journal goes either way."""
    if form is Form.JOURNALS:
        return DocumentKind.JOURNAL
    return DocumentKind.BILL if total.minor < 0 else DocumentKind.INVOICE


def _dated(settlement: Settlement, month: Month, zone: str, is_last: bool) -> date:
    """The last day of the part: in the last one the day the settlement ended, if it ended in that month."""
    ended = local_day(settlement.end, ZoneInfo(zone))
    return ended if is_last and Month(ended.year, ended.month) == month else month.last_day


def _lines(settlement: Settlement, mapping: Mapping, part: Part, home: str) -> tuple[PlannedLine, ...]:
    """One line for all that shares heading, account, tax and, where there are several, marketplace.

    In the order of the categories, so that the order of rows in a file changes nothing that people see. A line whose
    rows cancel stays, at zero: each row has its line.
    """
    has_sites = len(settlement.marketplaces) > 1
    groups: dict[tuple[str, Entry, str], list[int]] = {}
    for i in part.subtotals:
        subtotal = settlement.subtotals[i]
        entry = mapping.entry_for(subtotal, home)
        assert entry is not None, "gaps were looked for before"
        heading = entry.name or heading_of(subtotal.category)
        groups.setdefault((heading, replace(entry, name=""), subtotal.marketplace if has_sites else ""), []).append(i)
    in_order = sorted(groups.items(), key=lambda group: _place(settlement, group[0], group[1]))
    return tuple(_line(settlement, key, tuple(positions)) for key, positions in in_order)


def _place(settlement: Settlement, key: tuple[str, Entry, str], positions: list[int]) -> tuple[object, ...]:
    heading, entry, marketplace = key
    rank = min(_RANK[settlement.subtotals[i].category] for i in positions)
    return rank, heading, marketplace, entry.account, entry.tax, entry.rate


def _line(settlement: Settlement, key: tuple[str, Entry, str], positions: tuple[int, ...]) -> PlannedLine:
    heading, entry, marketplace = key
    gross = total((settlement.subtotals[i].amount for i in positions), settlement.currency)
    rows = sum(settlement.subtotals[i].rows for i in positions)
    return _planned(f"{heading}, {marketplace}" if marketplace else heading, entry, gross, positions, rows)


def _roll_lines(entry: Entry | None, part: Part, zone: str) -> tuple[PlannedLine, ...]:
    """What comes in from earlier months and what leaves for later ones. They say in whose midnight the month ended."""
    lines = (("Rolled from previous part", part.opening), ("Roll forward to next part", part.closing))
    return tuple(
        _planned(f"{words} (months end at midnight, {zone})", entry, amount, (), 0)
        for words, amount in lines
        if amount and entry
    )


def _planned(description: str, entry: Entry, gross: Money, positions: tuple[int, ...], rows: int) -> PlannedLine:
    net = gross.without_tax(entry.rate)
    return PlannedLine(description, entry.account, entry.tax, gross, net, gross - net, positions, rows)


def _flipped(line: PlannedLine) -> PlannedLine:
    return replace(line, gross=-line.gross, net=-line.net, vat=-line.vat)
