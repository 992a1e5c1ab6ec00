"""Confirming: the total of a payout proven by what the channel states elsewhere, whichever of the two comes first.

AC1: a file of rows without a total proves nothing by itself, since rows may have been left out. Until a list of payouts
states the same total the settlement is held; where it states another one, the difference is shown, nothing is posted.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from tieout.core.settlement import CONTRADICTED, UNCONFIRMED, UNTOLD, Label, Refusal, Settlement, Warning, day_id
from tieout.core.status import UNSENT
from tieout.store import payouts, settlements
from tieout.store.engine import Db
from tieout.store.settlements import Kept
from tieout.sync import diagnosis
from tieout.sync.settlements.preparing import prepared
from tieout.sync.tools import Tools

_OPEN = (UNCONFIRMED, CONTRADICTED, UNTOLD)


def proven(db: Db, settlement: Settlement, warnings: tuple[Warning, ...]) -> tuple[Settlement, tuple[Warning, ...]]:
    """The settlement with the total that was stated for it, and what is left to be said of it."""
    asked = next((warning for warning in warnings if warning.code in _OPEN), None)
    if asked is None or settlement.deposit_on is None:
        return settlement, warnings
    rest = tuple(warning for warning in warnings if warning.code not in _OPEN)
    rows = settlement.lines_sum
    stated = payouts.on(db, settlement.channel, settlement.deposit_on, settlement.currency)
    totals = [each.payout.total for each in stated]
    if not totals:
        told = asked if asked.code == UNCONFIRMED else replace(asked, code=UNCONFIRMED)
        return replace(settlement, total=rows), (*rest, told)
    if rows in totals:
        return replace(settlement, total=rows), rest
    if len(totals) == 1:
        text = (
            f"Payout {settlement.id} of {settlement.deposit_on}: the channel states {totals[0]}, its rows add up to"
            f" {rows}: {abs(rows - totals[0]).amount:f} apart. Export its rows once more, over a longer period, and"
            " import that file."
        )
        return replace(settlement, total=totals[0]), (*rest, Warning(CONTRADICTED, text, asked.row))
    text = (
        f"The channel states {len(totals)} payouts for {settlement.deposit_on} in {settlement.currency}"
        f" ({', '.join(map(str, totals))}), and none of them is the {rows} of these rows: they cannot be told apart."
        " Import a file that names the payout of each row."
    )
    return replace(settlement, total=rows), (*rest, Warning(UNTOLD, text, asked.row))


def confirm(tools: Tools, db: Db, channel: str, days: Collection[date]) -> int:
    """After a list of payouts: every settlement of its days looked at anew; how many are proven by it now."""
    proved = 0
    for kept in payouts.settled_on(db, channel, days):
        if not any(warning.code in _OPEN for warning in kept.warnings):
            continue
        settlement, warnings = proven(db, kept.settlement, kept.warnings)
        if (settlement, warnings) != (kept.settlement, kept.warnings):
            renew(tools, db, replace(kept, settlement=settlement, warnings=warnings))
            proved += not any(warning.code in _OPEN for warning in warnings)
    return proved


def renew(tools: Tools, db: Db, kept: Kept) -> None:
    """Stores what is known beside the rows, and what follows from it while nothing was sent."""
    payouts.restate(db, kept)
    if kept.status in UNSENT:
        told = diagnosis.of_settlement(db, prepared(db, kept), tools.now(), kept.code)
        settlements.mark(db, replace(told, changed_at=tools.now()))


def says_less(settlement: Settlement, known: Settlement) -> bool:
    """Whether these are the rows that are here already, from another source that divides each of them less far."""
    money = [(each.lines_sum, each.total, each.rows, each.start, each.end, each.zone) for each in (settlement, known)]
    labels, more = ({part.label for part in each.subtotals} for each in (settlement, known))
    return settlement.statement != known.statement and money[0] == money[1] and _whole(labels) < _whole(more)


def _whole(labels: Collection[Label]) -> int:
    """How many words tell the rows apart: a label of more words divides further."""
    return max((len(label.words) for label in labels), default=0)


def untold(db: Db, found: Iterable[Settlement]) -> tuple[Refusal, ...]:
    """Payouts that are known by their day alone, where another one of that day is here under the same id.

    Both are stated by the channel, so neither is a newer form of the other, as of two shops, or of two exports.
    """
    refusals = []
    for each in found:
        known = settlements.current(db, each.channel, each.id)
        if known is None or each.deposit_on is None or each.id != day_id(each.deposit_on, each.currency):
            continue
        stated = {one.payout.total for one in payouts.on(db, each.channel, each.deposit_on, each.currency)}
        if known.settlement.lines_sum != each.lines_sum and {known.settlement.lines_sum, each.lines_sum} <= stated:
            text = (
                f"The channel made more than one payout in {each.currency} on {each.deposit_on}: {each.lines_sum} of"
                f" this file is another than the {known.settlement.lines_sum} that is here, and without ids they cannot"
                " be told apart. Import a file that names the payout of each row."
            )
            refusals.append(Refusal(UNTOLD, text, 0, each.id))
    return tuple(refusals)


def twin(db: Db, settlement: Settlement) -> Kept | None:
    """The same payout under another id: one file names it, another knows it by its day alone."""
    if settlement.deposit_on is None:
        return None
    by_day, paid_on = day_id(settlement.deposit_on, settlement.currency), settlement.deposit_on
    if settlement.id == by_day:
        others = payouts.settled_on(db, settlement.channel, (paid_on,))
    else:  # of all that were paid out on that day, only the one that is known by it can be the same
        known = settlements.current(db, settlement.channel, by_day)
        others = (known,) if known is not None and known.settlement.deposit_on == paid_on else ()
    for kept in others:
        same = kept.settlement
        is_other = same.id != settlement.id and same.currency == settlement.currency
        if is_other and same.lines_sum == settlement.lines_sum:
            return kept
    return None
