"""Which document settles which: what is applied to an invoice, bill or credit, and what is left open of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks.posting import ZERO, cents, total
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.state import Asked, stamp

# What a balance is called on each document that can be settled.
OPEN = {"Invoice": "Balance", "Bill": "Balance", "CreditMemo": "RemainingCredit", "VendorCredit": "Balance"}


@dataclass(frozen=True, slots=True)
class Built:
    """A document ready to be kept, and what it settles: `Invoice/12` → how much."""

    row: Doc
    links: Mapping[str, Decimal]


def applied(row: Doc, besides: str = "") -> Decimal:
    """How much has been applied to a document, besides what the named one does."""
    return total(one["amount"] for source, one in row.get("_applied", {}).items() if source != besides)


def settled(entity: str, row: Doc) -> Doc:
    """The document with what is open of it and with its links, from what is applied to it."""
    left = row["TotalAmt"] - applied(row)
    shown: Doc = {OPEN[entity]: left}
    if entity == "CreditMemo":
        shown["Balance"] = left
    links = [
        {"TxnId": source.partition("/")[2], "TxnType": one["type"]} for source, one in row.get("_applied", {}).items()
    ]
    return row | shown | {"LinkedTxn": links}


def check_total(row: Doc, old: Doc | None, findings: Findings) -> Doc:
    """Carries over what is applied to the old version; a new total below it is refused."""
    done = applied(old or {})
    if done > row["TotalAmt"]:
        findings.add("applied-too-much", applied=done, amount=row["TotalAmt"])
    return {"_applied": (old or {}).get("_applied", {})}


def links_of(
    asked: Asked, body: Doc, source: str, name_field: str, kinds: tuple[str, ...], findings: Findings
) -> tuple[list[Doc], dict[str, Decimal]]:
    """The lines of a payment as kept, and what each settles. A document that is not there, closed or another name's
    cannot be linked (620)."""
    lines: list[Doc] = []
    links: dict[str, Decimal] = {}
    for line in body.get("Line") or []:
        amount = line.get("Amount")
        told = line.get("LinkedTxn") or []
        if amount is None or not told:
            findings.add("param-missing", name="Amount" if amount is None else "LinkedTxn")
            continue
        if amount < 0:
            findings.add("amount-negative")
            continue
        kind, row = str(told[0].get("TxnType", "")), None
        if kind in kinds:
            row = asked.company.get(kind, str(told[0].get("TxnId", "")))
        key = f"{kind}/{told[0].get('TxnId', '')}"
        if row is None or row.get("status") == "Deleted" or row[name_field]["value"] != body[name_field]["value"]:
            findings.add("cannot-link", id=told[0].get("TxnId", ""))
            continue
        left = row["TotalAmt"] - applied(row, source) - links.get(key, ZERO)
        if amount > left or left <= 0:
            findings.add("cannot-link", id=row["Id"])
            continue
        links[key] = links.get(key, ZERO) + amount
        lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": row["Id"], "TxnType": kind}]})
    return lines, links


def relink(asked: Asked, source: str, kind: str, old: Mapping[str, Decimal], new: Mapping[str, Decimal]) -> None:
    """Moves what `source` applies from the old documents to the new ones; each that changes is a new version."""
    for key in sorted(old.keys() | new.keys()):
        if old.get(key, ZERO) == new.get(key, ZERO):
            continue
        entity, _, row_id = key.partition("/")
        row = asked.company.get(entity, row_id)
        if row is None:
            continue
        held = {name: one for name, one in row.get("_applied", {}).items() if name != source}
        if key in new:
            held[source] = {"amount": cents(new[key]), "type": kind}
        asked.company.put(entity, touched(asked, settled(entity, row | {"_applied": held})))


def touched(asked: Asked, row: Doc) -> Doc:
    """The next version of a record."""
    meta = row["MetaData"] | {"LastUpdatedTime": stamp(asked.now)}
    return row | {"SyncToken": str(int(row["SyncToken"]) + 1), "MetaData": meta, "_by": known_as(asked)}


def known_as(asked: Asked) -> str:
    """The name of who is asking, as the refusal of a stale version tells it to the next."""
    email = str(asked.who.get("email", "")).lower()
    names = (user["name"] for user in asked.company.facts["users"] if str(user["email"]).lower() == email)
    return str(asked.who.get("name") or next(names, "another user"))
