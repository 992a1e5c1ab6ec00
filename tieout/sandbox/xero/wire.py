"""Xero's JSON: exact numbers, its own dates, no null ever; and the choice between JSON and XML."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.xero import xml

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JSON_TYPE, XML_TYPE = "application/json; charset=utf-8", "text/xml; charset=utf-8"

_MS_DATE = re.compile(r"^\\?/Date\((-?\d+)([+-]\d{4})?\)\\?/$")
_DAY = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")


def wants_json(request: Request) -> bool:
    """XML is what Xero sends unless JSON is asked for by name."""
    return "json" in request.header("accept").lower()


def render(request: Request, status: int, doc: Doc, root: str = "Response") -> Answer:
    """The document in the format the request asks for."""
    if wants_json(request):
        return Answer(status, to_json(doc).encode(), JSON_TYPE)
    return Answer(status, xml.write(root, doc), XML_TYPE)


def to_json(value: Any) -> str:
    """JSON as Xero writes it. None is left out of objects; a None in a list is our own mistake."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("/", "\\/")
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
        case datetime() | date():
            return f'"\\/Date({milliseconds(value)}+0000)\\/"'
        case dict():
            return "{" + ",".join(f'"{k}":{to_json(v)}' for k, v in value.items() if v is not None) + "}"
        case list() | tuple():
            return "[" + ",".join(to_json(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place on Xero's wire")


def milliseconds(moment: date | datetime) -> int:
    """Milliseconds since 1970; a calendar day is midnight UTC of that day."""
    whole = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return (whole - EPOCH) // timedelta(milliseconds=1)


def with_companions(doc: Doc, stamped: bool) -> Doc:
    """Adds DateString, DueDateString and, where Xero has it, UpdatedDateUTCString, each beside its field."""
    wide: Doc = {}
    for key, value in doc.items():
        if key in {"Date", "DueDate", "ExpiryDate", "DeliveryDate"} and isinstance(value, date):
            wide[f"{key}String"] = f"{value.isoformat()}T00:00:00"
        wide[key] = value
        if stamped and key == "UpdatedDateUTC":
            wide["UpdatedDateUTCString"] = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return wide


def read_date(text: str) -> date:
    """A day in any form Xero takes: plain, with a time, with a zone, `/Date(ms)/`. Raises ValueError."""
    plain = _DAY.match(text.strip())
    if plain:
        return date(*(int(part) for part in plain.groups()))
    return read_moment(text).date()


def read_moment(text: str) -> datetime:
    """A moment in any of those forms, without a zone taken as UTC. Raises ValueError."""
    text = text.strip()
    stamp = _MS_DATE.match(text)
    if stamp:
        return EPOCH + timedelta(milliseconds=int(stamp[1]))
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
