"""What a client sent, field by field: read-only and empty ones left out, unknown and ill-formed ones refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks.refusals import Findings, table

# Which rows of properties.csv a record's own fields come from, besides those of every record.
SHAPES = {
    "JournalEntry": ("Txn", "JournalEntry"),
    "Invoice": ("Txn", "Sales"),
    "SalesReceipt": ("Txn", "Sales"),
    "CreditMemo": ("Txn", "Sales"),
    "RefundReceipt": ("Txn", "Sales"),
    "Payment": ("Payment", "Txn"),
    "Bill": ("Txn", "Buying"),
    "VendorCredit": ("Txn", "Buying"),
    "Purchase": ("Txn", "Buying"),
    "BillPayment": ("BillPayment", "Txn"),
    "Deposit": ("Txn", "Deposit"),
    "Transfer": ("Txn", "Transfer"),
    "Customer": ("Name", "Customer"),
    "Vendor": ("Name", "Vendor"),
    "Employee": ("Name", "Employee"),
    "Class": ("List",),
    "Department": ("List",),
}
LARGEST = Decimal("99999999999.99")
CENT = Decimal("0.01")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_SITE = re.compile(r"(https?://)?[^\s/.]+(\.[^\s/.]+)+(/\S*)?", re.IGNORECASE)


def read(entity: str, body: Doc) -> Doc:
    """The writable fields of a record, each of its kind: amounts Decimal, ids text, days as text. Raises Fault with
    everything that is wrong."""
    findings = Findings()
    found = _shaped((*SHAPES.get(entity, (entity,)), "All"), body, findings)
    findings.check()
    return found


def is_given(value: object) -> bool:
    """Clients send back empty strings and nulls for what they do not mean."""
    return value is not None and value != ""


@cache
def _properties(shapes: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for shape in shapes:
        for row in table("properties.csv"):
            if row["shape"] == shape:
                for name in row["names"].split():
                    # What a record says of itself comes before what all of its family say.
                    found.setdefault(name, row["type"])
    return found


def _shaped(shapes: tuple[str, ...], body: Doc, findings: Findings) -> Doc:
    known = _properties(shapes)
    found: Doc = {}
    for name, value in body.items():
        kind = known.get(name)
        if kind is None and not name.startswith("_"):
            findings.add("property-unknown", name=name)
        if kind in {None, "ro"} or not is_given(value):
            continue
        read_one, _, limit = str(kind).partition(":")
        kept = _KINDS[read_one](name, value, limit, findings)
        if is_given(kept):
            found[name] = kept
    return found


def _text(name: str, value: Any, limit: str, findings: Findings) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        findings.add("property-unknown", name=name)
        return None
    said = str(value)
    if any(ord(sign) > 0xFFFF or (ord(sign) < 32 and sign not in "\t\r\n") for sign in said):
        findings.add("string-invalid", name=name)
    elif len(said) > int(limit):
        findings.add("string-length", name=name, least=0, most=limit, length=len(said))
    return said


def _ref(name: str, value: Any, limit: str, findings: Findings) -> Doc | None:
    if not isinstance(value, dict):
        findings.add("property-unknown", name=name)
        return None
    named = value.get("value")
    if not is_given(named):
        return None
    kept: Doc = {"value": str(named)}
    return kept | ({"type": value["type"]} if is_given(value.get("type")) else {})


def _bool(name: str, value: Any, limit: str, findings: Findings) -> bool | None:
    if not isinstance(value, bool):
        findings.add("boolean-invalid", name=name, value=value)
        return None
    return value


def decimal(name: str, value: Any, places: int, findings: Findings) -> Decimal | None:
    """A number as sent, its places kept; None and a finding when it is none or has too many places."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        findings.add("number-format", name=name, value=value)
        return None
    number = Decimal(value)
    if not number.is_finite() or abs(number) > LARGEST:
        findings.add("amount-invalid", name=name, value=value)
        return None
    if number != round(number, places):
        findings.add("decimal-invalid", name=name, value=value)
        return None
    return number


def _amount(name: str, value: Any, limit: str, findings: Findings) -> Decimal | None:
    number = decimal(name, value, 2, findings)
    return None if number is None else number.quantize(CENT)


def _number(name: str, value: Any, limit: str, findings: Findings) -> Decimal | None:
    return decimal(name, value, 10, findings)


def _date(name: str, value: Any, limit: str, findings: Findings) -> str | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        findings.add("date-format", name=name, value=value)
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        findings.add("date-invalid", name=name, value=value)
        return None
    if not 1900 <= day.year <= 2200:
        findings.add("date-range", name=name, value=value)
    return value


def _enum(name: str, value: Any, limit: str, findings: Findings) -> str | None:
    if value not in limit.split("|"):
        findings.add("enumeration-invalid", name=name, value=value)
        return None
    return str(value)


def _inside(field: str, pattern: re.Pattern[str] | None, key: str) -> Callable[[str, Any, str, Findings], Doc | None]:
    """A small object that holds one text, such as an e-mail address or a telephone number."""

    def inside(name: str, value: Any, limit: str, findings: Findings) -> Doc | None:
        if not isinstance(value, dict):
            findings.add("property-unknown", name=name)
            return None
        said = value.get(field)
        if not is_given(said):
            return None
        kept = _text(field, said, limit or "1000", findings)
        if pattern is not None and kept and not all(pattern.fullmatch(one.strip()) for one in kept.split(",")):
            findings.add(key, name=field, value=kept)
        return {field: kept}

    return inside


def _doc(name: str, value: Any, limit: str, findings: Findings) -> Doc | None:
    if not isinstance(value, dict):
        findings.add("property-unknown", name=name)
        return None
    return {key: inner for key, inner in value.items() if is_given(inner)} or None


def _addr(name: str, value: Any, limit: str, findings: Findings) -> Doc | None:
    found = _doc(name, value, limit, findings) or {}
    for key, inner in found.items():
        if isinstance(inner, str):
            _text(key, inner, "500", findings)
    return {key: inner for key, inner in found.items() if key != "Id"} or None


def _list(name: str, value: Any, limit: str, findings: Findings) -> list[Any] | None:
    if not isinstance(value, list):
        findings.add("property-unknown", name=name)
        return None
    return value


def _lines(name: str, value: Any, limit: str, findings: Findings) -> list[Doc] | None:
    found: list[Doc] = []
    for line in _list(name, value, limit, findings) or []:
        if not isinstance(line, dict):
            findings.add("property-unknown", name=name)
            continue
        found.append(_shaped(("Line",), line, findings))
    return found


def _shape(name: str, value: Any, limit: str, findings: Findings) -> Doc | None:
    """An object of a shape of its own."""
    if not isinstance(value, dict):
        findings.add("property-unknown", name=name)
        return None
    return _shaped((limit,), value, findings) or None


def _shapes(name: str, value: Any, limit: str, findings: Findings) -> list[Doc] | None:
    """A list of objects of one shape."""
    found = [_shape(name, one, limit, findings) for one in _list(name, value, limit, findings) or []]
    return [one for one in found if one is not None] or None


def _detail(name: str, value: Any, limit: str, findings: Findings) -> Doc | None:
    if not isinstance(value, dict):
        findings.add("property-unknown", name=name)
        return None
    if name in {"GroupLineDetail", "TDSLineDetail"}:
        return value
    return _shaped(("SubTotalLineDetail" if name == "SubtotalLineDetail" else name,), value, findings) or {}


_KINDS: dict[str, Callable[[str, Any, str, Findings], Any]] = {
    "text": _text,
    "ref": _ref,
    "bool": _bool,
    "amount": _amount,
    "number": _number,
    "date": _date,
    "enum": _enum,
    "email": _inside("Address", _EMAIL, "email-invalid"),
    "web": _inside("URI", _SITE, "website-invalid"),
    "phone": _inside("FreeFormNumber", None, ""),
    "memo": _inside("value", None, ""),
    "addr": _addr,
    "doc": _doc,
    "list": _list,
    "lines": _lines,
    "shape": _shape,
    "shapes": _shapes,
    "detail": _detail,
}
