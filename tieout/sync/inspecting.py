"""Inspecting: what a file says, without keeping anything."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tieout import channels
from tieout.core.category import Category
from tieout.core.money import Money, total
from tieout.core.settlement import Payout, Reading, Settlement, Statement, Subtotal

Progress = Callable[[int, int], None]


def inspect(path: Path, zone: ZoneInfo | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """One file as scripts may rely on it: money as decimal texts, `difference` is lines less total.

    `months` are those of `zone`, or of the marketplace. A refused file has `refused` with code, message and row.
    Raises OSError when the file cannot be read.
    """
    content = path.read_bytes()
    result: dict[str, Any] = {"file": str(path), "channel": None, "settlements": []}
    try:
        channel = channels.recognise(path.name, content)
    except channels.Unrecognised as refused:
        return result | {"refused": {"code": refused.code, "message": refused.message, "row": refused.row}}
    statement = Statement(path.name, content, sha256(content).hexdigest())
    reading = channels.read(statement, zone, progress)
    result |= {"channel": channel, "encoding": reading.encoding, "sha256": statement.digest}
    if reading.refusals:
        first = reading.refusals[0]
        told = {"code": first.code, "message": first.message, "row": first.row, "candidates": list(first.candidates)}
        return result | {"refused": told}
    found = {"settlements": [_settlement(each) for each in reading.settlements], "warnings": _warnings(reading)}
    return result | found | ({"payouts": [_payout(each) for each in reading.payouts]} if reading.payouts else {})


def _payout(payout: Payout) -> dict[str, Any]:
    """A payout that is stated without rows."""
    currency, total = payout.total.currency, _text(payout.total)
    return {"on": payout.paid_on.isoformat(), "currency": currency, "total": total, "state": payout.state}


def _settlement(settlement: Settlement) -> dict[str, Any]:
    return {
        "id": settlement.id,
        "currency": settlement.currency,
        "start": settlement.start.isoformat(),
        "end": settlement.end.isoformat(),
        "deposit": settlement.deposit_on.isoformat() if settlement.deposit_on else None,
        "marketplaces": list(settlement.marketplaces),
        "zone": settlement.zone,
        "total": _text(settlement.total),
        "lines_sum": _text(settlement.lines_sum),
        "difference": _text(settlement.imbalance),
        "rows": settlement.rows,
        "months": {
            str(month): _text(_sum(settlement, [s for s in settlement.subtotals if s.month == month]))
            for month in settlement.months
        },
        "categories": [
            {
                "category": category.value,
                **_figures(settlement, [s for s in settlement.subtotals if s.category is category]),
            }
            for category in sorted({s.category for s in settlement.subtotals}, key=list(Category).index)
        ],
        "unknown_labels": [
            {
                "label": str(label),
                "words": list(label.words),
                **_figures(settlement, [s for s in settlement.unknown if s.label == label]),
            }
            for label in dict.fromkeys(s.label for s in settlement.unknown)
        ],
    }


def _figures(settlement: Settlement, subtotals: list[Subtotal]) -> dict[str, Any]:
    return {"amount": _text(_sum(settlement, subtotals)), "rows": sum(subtotal.rows for subtotal in subtotals)}


def _sum(settlement: Settlement, subtotals: list[Subtotal]) -> Money:
    return total((subtotal.amount for subtotal in subtotals), settlement.currency)


def _text(money: Money) -> str:
    return f"{money.amount:f}"


def _warnings(reading: Reading) -> list[dict[str, Any]]:
    return [{"code": each.code, "message": each.message, "row": each.row} for each in reading.warnings]
