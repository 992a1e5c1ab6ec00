"""The answers of Shopify's API as a file: who was asked for which payout or period, then one raw answer a line.

Objects are known by their ids (gid://shopify/Order/…), wherever a query has put them, so that a page of nodes, of edges
or a single node means the same. An answer with errors is not believed: what it lacks would be missing silently.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tieout.channels._encoding import Text, head, opened
from tieout.channels._refused import Findings, Refused
from tieout.channels._table import heading_line
from tieout.channels.shopify import queries
from tieout.core.settlement import Content, Refusal

FORMAT = "shopify-api"
_VERSION = 1
_PAYOUT, _ROW, _ORDER = "ShopifyPaymentsPayout", "ShopifyPaymentsBalanceTransaction", "Order"
_ADDRESSES, _OF_ADDRESS = ("shippingAddress", "billingAddress"), ("countryCodeV2", "provinceCode")
_ASKED = " ".join((queries.PAYOUTS, queries.PAYOUT, queries.TRANSACTIONS, queries.PERIOD, queries.SIGHT))
# What is kept of an answer: what is asked for, its frame, and what other queries name the same thing by.
KEYS = frozenset(re.findall(r"[A-Za-z]\w*", _ASKED)) | frozenset(
    "tieout version shop payout period data errors message extensions edges node cursor __typename path code "
    "billingAddress ianaTimezone parentTransaction discountAllocations allocatedAmountSet orderAdjustments".split()
)
_WHOLE = ("extensions", "errors")  # Shopify's own words about the call


@dataclass(slots=True)
class Answers:
    """What the answers hold: balance transactions in their order, orders by their id."""

    shop: str
    payout_id: str
    period: str
    zone: str = ""  # the shop's own
    encoding: str = "utf-8"
    payouts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)  # orders of which a page is missing
    is_whole: bool = False  # the last page of the transactions is here


def is_statement(content: Content) -> bool:
    """By the first line alone."""
    if content[:64].lstrip(b"\xef\xbb\xbf \r\n")[:1] != b"{":
        return False
    try:
        first = json.loads(heading_line(head(content)))
    except (ValueError, Refused):
        return False
    return isinstance(first, dict) and first.get("tieout") == FORMAT


def read(content: Content) -> Answers:
    """Everything in the file. Raises Refused with every line that is no whole answer."""
    text, findings = opened(content), Findings()
    found: Answers | None = None
    for row, told in _lines(text, findings):
        if found is None:
            found = _begun(told, row, text.encoding)
        elif told.get("errors"):
            words = "; ".join(str(each.get("message", each)) for each in _listed(told["errors"]))[:500]
            findings.refuse("answer-with-errors", f"Line {row}: Shopify answered with an error: {words}", row)
        elif not isinstance(told.get("data"), dict):
            findings.refuse("answer-damaged", f"Line {row} holds no answer of Shopify's API.", row)
        else:
            _gather(told["data"], found, "")
    if findings.refusals:
        raise Refused(*findings.refusals)
    assert found is not None, "a file that was recognised has a first line"
    return found


def blanked(content: Content) -> Iterator[bytes]:
    """The file without what nobody asked for. A line that is no JSON loses all it says; reading refuses it anyway."""
    for _, _, lines in opened(content).blocks():
        for line in lines:
            try:
                told = json.loads(line, parse_float=Decimal) if line.strip() else None
            except ValueError:
                yield b"{\n"
                continue
            kept = _kept(told)
            same = line if kept == told else json.dumps(kept, default=str, ensure_ascii=False)
            yield same.encode() + b"\n"


def money(told: Any, name: str) -> tuple[Decimal, str]:
    """Amount and currency of a money field or of the shop's side of a pair; zero where there is none."""
    found = told.get(name) if isinstance(told, dict) else None
    found = found.get("shopMoney", found) if isinstance(found, dict) else None
    if not isinstance(found, dict) or found.get("amount") is None:
        return Decimal(0), ""
    return number(found["amount"]), str(found.get("currencyCode") or "")


def number(told: Any) -> Decimal:
    """A decimal, printed as a text or as a number. Raises ValueError."""
    try:
        found = Decimal(str(told))
    except InvalidOperation as error:
        raise ValueError(f"{told!r} is no amount") from error
    if not found.is_finite():
        raise ValueError(f"{told!r} is no amount")
    return found


def nodes(told: Any) -> list[dict[str, Any]]:
    """The entries of a list, of a connection's nodes, or of its edges."""
    if isinstance(told, dict):
        told = told["nodes"] if "nodes" in told else [each.get("node") for each in told.get("edges") or ()]
    return [each for each in told or () if isinstance(each, dict)]


def kind_of(id: Any) -> str:
    """gid://shopify/Order/1 is an Order."""
    return id.rpartition("/")[0].rpartition("/")[2] if isinstance(id, str) and id.startswith("gid://shopify/") else ""


def _lines(text: Text, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    for first, _, lines in text.blocks():
        for row, line in enumerate(lines, first):
            if not line.strip():
                continue
            try:
                told = json.loads(line, parse_float=Decimal)
            except (ValueError, RecursionError):
                told = None
            if isinstance(told, dict):
                yield row, told
            else:
                findings.refuse(
                    "answer-damaged", f"Line {row} is no whole JSON object: the file was cut off or changed.", row
                )


def _begun(told: dict[str, Any], row: int, encoding: str) -> Answers:
    payout, period = str(told.get("payout") or ""), str(told.get("period") or "")
    if told.get("tieout") != FORMAT or told.get("version") != _VERSION or not (payout or period):
        raise Refused(
            Refusal("format_unknown", f"Line {row}: answers of Shopify's API of a form that is not known here.", row)
        )
    return Answers(str(told.get("shop") or ""), payout, period, encoding=encoding)


def _listed(told: Any) -> list[dict[str, Any]]:
    return [
        each if isinstance(each, dict) else {"message": each} for each in (told if isinstance(told, list) else [told])
    ]


def _gather(told: Any, found: Answers, name: str) -> None:
    """Walks an answer; an object with the id of one of our kinds is taken, and nothing inside it looked at twice."""
    if isinstance(told, list):
        for each in told:
            _gather(each, found, name)
        return
    if not isinstance(told, dict):
        return
    kind = kind_of(told.get("id"))
    if kind == _PAYOUT and "net" in told:
        found.payouts[told["id"]] = told
    elif kind == _ROW and "net" in told:
        found.rows.setdefault(told["id"], told)
    elif kind == _ORDER and "totalPriceSet" in told:
        found.orders.setdefault(told["id"], told)
        found.incomplete |= {told["id"]} if _has_more(told) else set()
    elif kind == _ORDER and "lineItems" in told and told["id"] in found.orders:
        _lengthen(found, told)
    else:
        found.zone = str(told.get("ianaTimezone") or found.zone)
        if name == "balanceTransactions":
            found.is_whole = not (told.get("pageInfo") or {}).get("hasNextPage", True)
        for key, value in told.items():
            _gather(value, found, key)


def _lengthen(found: Answers, told: dict[str, Any]) -> None:
    """A further page of the lines of an order; a line that is known is not taken twice."""
    order = found.orders[told["id"]]
    lines = {each.get("id"): each for each in (*nodes(told["lineItems"]), *nodes(order.get("lineItems")))}
    order["lineItems"] = {"nodes": list(lines.values()), "pageInfo": (told["lineItems"] or {}).get("pageInfo")}
    if not _has_more(order):
        found.incomplete.discard(told["id"])


def _has_more(told: Any) -> bool:
    """Whether some list inside goes on behind what was asked for."""
    if isinstance(told, list):
        return any(map(_has_more, told))
    if not isinstance(told, dict):
        return False
    return bool((told.get("pageInfo") or {}).get("hasNextPage")) or any(map(_has_more, told.values()))


def _kept(told: Any, name: str = "") -> Any:
    if isinstance(told, list):
        return [_kept(each, name) for each in told]
    if not isinstance(told, dict) or name in _WHOLE:
        return told
    known = _OF_ADDRESS if name in _ADDRESSES else KEYS
    return {key: _kept(value, key) for key, value in told.items() if key in known}
