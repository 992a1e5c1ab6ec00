"""Settlements as they come: every series of a seller gives one every fortnight, listed some hours after its end.

A series is an endless row of periods; those that have ended by the world's clock are reports. What a report holds is
made from its seed on demand, so that thousands of them cost nothing, unless a hand has written something else into it.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.amazon.marketplaces import FORMS
from tieout.sandbox.amazon.state import Sellers
from tieout.sandbox.statements import DECIMALS, Shape, amazon_v2

V2 = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
# The numbers by which Amazon's messages and document ids name them.
SETTLEMENT_TYPES = {
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE": 1117,
    V2: 1118,
    "GET_V2_SETTLEMENT_REPORT_DATA_XML": 1116,
}
RETAINED = timedelta(days=90)
ZONES = ("UTC", "Europe/London")
FIRST_REPORT = 50_000_020_700


def publish(sellers: Sellers) -> None:
    """Lists every settlement that is due by now and not yet listed."""
    now = sellers.now()
    for series in sellers.shelf.all("series"):
        while (period := _next_period(sellers, series)) is not None and period["created"] <= now:
            _list_period(sellers, series, period)
            series = sellers.shelf.put("series", series["id"], series | {"next": series["next"] + 1})


def listed(sellers: Sellers, seller_id: str, region: str) -> list[Doc]:
    """The reports of a seller in a region that are neither hidden nor archived, newest first."""
    publish(sellers)
    oldest = sellers.now() - RETAINED
    found = [
        row
        for row in sellers.shelf.find("report", "seller", seller_id)
        if row["region"] == region and not row["hidden"] and row["created"] >= oldest
    ]
    return sorted(found, key=lambda row: (row["created"], row["id"]), reverse=True)


def list_report(sellers: Sellers, series: Doc, period: Doc, marketplaces: list[str], **more: Any) -> Doc:
    """One report in the list. `period`: settlement, start, end, created, and `made`: what its content is made from."""
    number = sellers.next_number("report", FIRST_REPORT)
    guid = sellers.shelf.new_id()
    document = f"amzn1.spdoc.1.4.{series['region']}.{guid}.T{sellers.shelf.new_secret(13).upper()}.1118"
    row: Doc = {"id": str(number), "seller": series["seller"], "region": series["region"], "type": V2, "hidden": False}
    row |= {"document": document, "marketplaces": marketplaces, "status": "DONE"} | period | more
    sellers.shelf.put("document", document, {"report": row["id"]})
    return sellers.shelf.put("report", row["id"], row)


def content(sellers: Sellers, row: Doc) -> bytes:
    """The bytes of a report, before any compression."""
    written = sellers.shelf.get("content", row["settlement"])
    return bytes(written["body"]) if written is not None else made(row["made"])[0]


def encoding(row: Doc) -> str:
    return FORMS[row["made"]["form"]].encoding


def answers(sellers: Sellers, row: Doc) -> Doc:
    """The answer sheet of a settlement as it was made, before any hand changed it."""
    return made(row["made"])[1]


def made(spec: Doc) -> tuple[bytes, Doc]:
    """Content and answer sheet; the same spec gives the same."""
    shape = Shape(
        settlement_id=spec["settlement"],
        start=spec["start"],
        days=spec["days"],
        currency=spec["currency"],
        sites=tuple((site, weight) for site, weight in spec["sites"]),
        texts={"cp932": "japanese", "cp1252": "latin"}.get(FORMS[spec["form"]].encoding, "plain"),
        **spec.get("shape", {}),
    )
    out = io.BytesIO()
    sheet = amazon_v2(out, spec["seed"], spec["lines"], shape=shape, form=FORMS[spec["form"]], zones=ZONES)
    return out.getvalue(), sheet


def _next_period(sellers: Sellers, series: Doc) -> Doc | None:
    number = series["next"]
    if number >= series["periods"]:
        return None
    start = series["first"] + timedelta(days=series["days"] * number)
    end = start + timedelta(days=series["days"])
    settlement = f"99{series['digits']:03d}{number:06d}"
    spec: Doc = {"settlement": settlement, "start": start, "days": series["days"], "currency": series["currency"]}
    spec |= {"sites": series["sites"], "form": series["form"], "lines": series["lines"]}
    shape = _debt(sellers, series, number) | series["shapes"].get(str(number), {})
    spec |= {"seed": _seed(sellers.world.seed, settlement), "shape": shape}
    listed_at = end + timedelta(hours=float(sellers.switches["hours_until_listed"]))
    return {"settlement": settlement, "start": start, "end": end, "created": listed_at, "made": spec}


def _list_period(sellers: Sellers, series: Doc, period: Doc) -> None:
    marketplaces = list(series["marketplaces"])
    list_report(sellers, series, period, marketplaces)
    if len(marketplaces) > 1 and sellers.switches["listed_twice"]:
        again: datetime = period["created"] + timedelta(minutes=7)
        list_report(sellers, series, period | {"created": again}, marketplaces[1:])


def _debt(sellers: Sellers, series: Doc, number: int) -> Doc:
    """A settlement that ended below zero opens the next one as a debt, and Amazon charges the seller's card for it."""
    before = sellers.shelf.find("report", "settlement", f"99{series['digits']:03d}{number - 1:06d}")
    total = Decimal(made(before[0]["made"])[1]["total"]) if before else Decimal(0)
    minor = int(total.scaleb(DECIMALS.get(series["currency"], 2)))
    return {"opening": minor, "charge": -minor} if minor < 0 else {}


def _seed(seed: int, settlement: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{settlement}".encode()).digest()[:6], "big")
