"""What happens at Amazon itself: settlements held back, published late, changed; an authorisation withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.amazon import settlements, sheets
from tieout.sandbox.amazon.state import Sellers
from tieout.sandbox.statements import DECIMALS


def act(sellers: Sellers, name: str, told: Doc) -> Any:
    """Carries the act out at once. Raises LookupError for a hand or record that is not there."""
    hand = HANDS.get(name)
    if hand is None:
        raise LookupError(f"no hand is called {name}; there are {', '.join(sorted(HANDS))}")
    settlements.publish(sellers)
    return hand(sellers, told)


def _reports(sellers: Sellers, told: Doc) -> list[Doc]:
    """Every report of the settlement named, or of the newest one."""
    rows = sorted(sellers.shelf.all("report"), key=lambda row: row["created"])
    wanted = told.get("settlement") or next((row["settlement"] for row in reversed(rows) if not row["hidden"]), "")
    found = [row for row in rows if row["settlement"] == str(wanted)]
    if not found:
        raise LookupError(f"no settlement {wanted}")
    return found


def _missing(sellers: Sellers, told: Doc) -> Any:
    """Leaves a settlement out of every list; `settlement`, or the newest."""
    rows = _reports(sellers, told)
    for row in rows:
        sellers.shelf.put("report", row["id"], row | {"hidden": True})
    return {"settlement": rows[0]["settlement"]}


def _late(sellers: Sellers, told: Doc) -> Any:
    """Publishes now: the hidden `settlement`, or a new one of a period that ended `days_ago` (20)."""
    if told.get("settlement"):
        rows = _reports(sellers, told)
        for row in rows:
            sellers.shelf.put("report", row["id"], row | {"hidden": False, "created": sellers.now()})
        return {"settlement": rows[0]["settlement"]}
    end = sellers.now() - timedelta(days=float(str(told.get("days_ago", 20))))
    return _extra(sellers, told, end - timedelta(days=14), {}, 120)


def _shape(sellers: Sellers, told: Doc) -> Any:
    """Publishes a settlement of a `shape`: months, negative, zero, fees-only or marketplaces."""
    shape, now = str(told.get("shape", "negative")), sellers.now()
    start = now - timedelta(days=15)
    match shape:
        case "months":
            return _extra(sellers, told, now.replace(day=1) - timedelta(days=7), {}, 120)
        case "negative":
            return _extra(sellers, told, start, {"cost_percent": 6000}, 40)
        case "fees-only":
            return _extra(sellers, told, start, {}, 0)
        case "zero":
            return _zero(sellers, told, start)
        case "marketplaces":
            sites = [["Amazon.de", 60], ["Amazon.fr", 30], ["Amazon.nl", 10]]
            return _extra(sellers, told, start, {}, 120, sites=sites)
    raise LookupError(f"payout-shape knows no shape {shape}; there are months, negative, zero, fees-only, marketplaces")


def _zero(sellers: Sellers, told: Doc, start: datetime) -> Any:
    first = _extra(sellers, told, start, {}, 40)
    rows = _reports(sellers, first)
    # What is left over goes into the reserve, to the last unit.
    total = int(Decimal(first["total"]).scaleb(DECIMALS.get(rows[0]["made"]["currency"], 2)))
    spec = rows[0]["made"] | {"shape": {"reserve_out": total}}
    for row in rows:
        sellers.shelf.put("report", row["id"], row | {"made": spec})
    return {"settlement": first["settlement"], "total": settlements.made(spec)[1]["total"]}


def _extra(sellers: Sellers, told: Doc, start: datetime, shape: Doc, lines: int, **more: Any) -> Doc:
    """One more settlement, listed now, in the first series or that of `seller`."""
    series = next(
        (one for one in sellers.shelf.all("series") if told.get("seller") in {None, one["seller"]}),
        None,
    )
    if series is None:
        raise LookupError(f"no series of settlements of {told.get('seller') or 'anybody'}")
    number = sellers.next_number("extra", 1)
    settlement = f"99{series['digits']:03d}9{number:05d}"
    spec: Doc = {"settlement": settlement, "start": start, "days": 14, "currency": series["currency"]}
    spec |= {"sites": series["sites"], "form": series["form"], "lines": lines, "seed": number, "shape": shape} | more
    period: Doc = {"settlement": settlement, "start": start, "end": start + timedelta(days=14), "made": spec}
    settlements.list_report(sellers, series, period | {"created": sellers.now()}, list(series["marketplaces"]))
    return {"settlement": settlement, "total": settlements.made(spec)[1]["total"]}


def _edited(sellers: Sellers, told: Doc) -> Any:
    """One row of a published settlement is `by` (1.00) more, and so is its total."""
    row, by = _reports(sellers, told)[0], _by(told)

    def change(lines: sheets.Lines) -> sheets.Lines:
        lines[1][sheets.TOTAL] = sheets.add(row, lines[1][sheets.TOTAL], by)
        lines[sheets.FIRST_ROW][sheets.AMOUNT] = sheets.add(row, lines[sheets.FIRST_ROW][sheets.AMOUNT], by)
        return lines

    sheets.change(sellers, row, change)
    return {"settlement": row["settlement"]}


def _total(sellers: Sellers, told: Doc) -> Any:
    """The total that is stated is `by` (1.00) more than the rows add up to."""
    row, by = _reports(sellers, told)[0], _by(told)

    def change(lines: sheets.Lines) -> sheets.Lines:
        lines[1][sheets.TOTAL] = sheets.add(row, lines[1][sheets.TOTAL], by)
        return lines

    sheets.change(sellers, row, change)
    return {"settlement": row["settlement"]}


def _rows(sellers: Sellers, told: Doc) -> Any:
    """Rows of a settlement: `act` drop, repeat, malformed, or type (a label nobody knows, `label`)."""
    row, what = _reports(sellers, told)[0], str(told.get("act", "drop"))
    label = str(told.get("label", "Moonlight Surcharge"))

    def change(lines: sheets.Lines) -> sheets.Lines:
        first = lines[sheets.FIRST_ROW]
        match what:
            case "drop":
                return lines[: sheets.FIRST_ROW] + lines[sheets.FIRST_ROW + 1 :]
            case "repeat":
                return [*lines, list(first)]
            case "malformed":
                lines[sheets.FIRST_ROW] = [*first[:3], "cut off"]
                return lines
            case "type":
                for place in (sheets.KIND, sheets.AMOUNT_TYPE, sheets.DESCRIPTION):
                    first[place] = label
                return lines
        raise LookupError(f"payout-rows knows no act {what}; there are drop, repeat, malformed, type")

    sheets.change(sellers, row, change)
    return {"settlement": row["settlement"]}


def _by(told: Doc) -> Decimal:
    return Decimal(str(told.get("by", "1.00")))


def _token_dead(sellers: Sellers, told: Doc) -> Any:
    """The seller withdraws the authorisation (`seller`, or everybody): tokens are refused until `reauthorise`."""
    return _grants(sellers, told, {"revoked": True})


def _reauthorise(sellers: Sellers, told: Doc) -> Any:
    return _grants(sellers, told, {"revoked": False, "expires": sellers.now() + timedelta(days=365)})


def _roles(sellers: Sellers, told: Doc) -> Any:
    """The `roles` an app was given change; without Finance and Accounting no report is shown."""
    return _grants(sellers, told, {"roles": list(told.get("roles") or [])})


def _grants(sellers: Sellers, told: Doc, change: Doc) -> Any:
    rows = [row for row in sellers.shelf.all("grant") if told.get("seller") in {None, row["seller"]}]
    if not rows:
        raise LookupError(f"nobody of the seller {told.get('seller')} has authorised anything")
    return [sellers.shelf.put("grant", row["refresh_token"], row | change)["seller"] for row in rows]


def _status(sellers: Sellers, told: Doc) -> Any:
    """The reports of a settlement are `status`: FATAL, CANCELLED, IN_PROGRESS, IN_QUEUE or DONE."""
    rows = _reports(sellers, told)
    for row in rows:
        sellers.shelf.put("report", row["id"], row | {"status": str(told.get("status", "FATAL"))})
    return {"settlement": rows[0]["settlement"]}


HANDS: dict[str, Callable[[Sellers, Doc], Any]] = {
    "payout-missing": _missing,
    "payout-late": _late,
    "payout-edited": _edited,
    "payout-total": _total,
    "payout-rows": _rows,
    "payout-shape": _shape,
    "channel-token-dead": _token_dead,
    "reauthorise": _reauthorise,
    "roles": _roles,
    "report-status": _status,
}
