"""A settlement into parts, one a calendar month, with rolls that leave the whole deposit to the last part."""

from dataclasses import dataclass
from itertools import pairwise

from tieout.core.day import Month
from tieout.core.money import Money, total
from tieout.core.settlement import Settlement


@dataclass(frozen=True, slots=True)
class Part:
    """One month's share, signed as the payout sees it.

    `subtotals` are positions in the settlement's; `opening` is what earlier months bring in, `closing` what leaves.
    """

    number: int
    month: Month
    subtotals: tuple[int, ...]
    activity: Money
    opening: Money
    closing: Money

    @property
    def total(self) -> Money:
        return self.opening + self.activity + self.closing


def split(settlement: Settlement) -> tuple[Part, ...]:
    """The parts in order of month: all but the last total zero, the last totals the sum of all rows.

    A month without rows is no part, even between two that have some; a settlement without rows has none.
    """
    months = settlement.months
    activity = [_activity(settlement, month) for month in months]
    carried = [total(activity[:i], settlement.currency) for i in range(len(months))]
    leaving = [-after for _, after in pairwise(carried)] + [Money.zero(settlement.currency)]
    return tuple(
        Part(i + 1, month, _positions(settlement, month), activity[i], carried[i], leaving[i])
        for i, month in enumerate(months)
    )


def _positions(settlement: Settlement, month: Month) -> tuple[int, ...]:
    return tuple(i for i, subtotal in enumerate(settlement.subtotals) if subtotal.month == month)


def _activity(settlement: Settlement, month: Month) -> Money:
    return total((settlement.subtotals[i].amount for i in _positions(settlement, month)), settlement.currency)
