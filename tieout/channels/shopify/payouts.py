"""The payouts export: what Shopify says it paid on each day, without the rows behind it.

Its figures prove those of the transactions export (AC1), whichever of the two comes first. The money columns before
Total add up to it on every row; a negative Total was taken from the bank.
"""

from datetime import datetime

from tieout.channels._table import Block
from tieout.channels.shopify.export import Export, Progress
from tieout.channels.shopify.layout import MONEY
from tieout.channels.shopify.tally import SETTLED, WAITING
from tieout.core.money import Money
from tieout.core.settlement import Payout

_COLUMNS = ("payout date", "status", "currency", "total", *MONEY)


def read(export: Export, progress: Progress | None = None) -> tuple[Payout, ...]:
    """Every payout of the file that is final. Raises Refused with everything that is wrong."""
    found: list[Payout] = []
    for block in export.blocks(progress):
        found += _of_block(export, block)
    return tuple(found)


def _of_block(export: Export, block: Block) -> list[Payout]:
    made = []
    findings = export.findings
    for row, paid, state, currency, total, *money in zip(block.rows, *map(block.column, _COLUMNS), strict=True):
        cents, day = export.cents(currency), export.when(paid)
        if cents is None:
            what = f"{currency!r} is not a currency" if currency.strip() else "the currency is missing"
            findings.refuse("currency_unknown", f"Line {row}: {what}: the line is incomplete. Export it again.", row)
            continue
        if day is None:
            code, reason = export.bad_dates[paid]
            findings.refuse(code, f"Line {row}, Payout Date: {reason}. Export the file again.", row)
            continue
        texts = [text for text in money if text.strip()]
        minor, parts = cents[total], sum(cents[text] for text in texts)
        export.tell(row, cents, (total, *texts))
        code = currency.strip().upper()
        if parts != minor and not cents.bad.keys() & {total, *texts}:
            said, added = Money(minor, code), Money(parts, code)
            findings.refuse(
                "row-sum-mismatch",
                f"Line {row}: the payout of {paid} says {said}, its columns add up to {added}:"
                f" {abs(added - said).amount:f} apart. Export the file again.",
                row,
            )
            continue
        word = state.strip().casefold()
        if word not in SETTLED:
            known = "" if word in WAITING else ", a word that Tieout does not know"
            findings.warn(
                "payout-not-final",
                f"Line {row}: the payout of {Money(minor, code)} on {paid} is not final yet ({state}{known}); it waits"
                " for a later export.",
                row,
            )
            continue
        made.append(Payout(day.date() if isinstance(day, datetime) else day, Money(minor, code), word, row))
    return made
