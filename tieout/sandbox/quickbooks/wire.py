"""QuickBooks' wire: exact numbers in JSON or XML as was asked, the envelope with its time, nothing private."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.quickbooks.state import PACIFIC, Fault, stamp

JSON_TYPE, XML_TYPE = "application/json;charset=UTF-8", "application/xml;charset=UTF-8"
NAMESPACE = "http://schema.intuit.com/finance/v3"
_ATTRIBUTES = frozenset("domain sparse startPosition maxResults totalCount time type code element status bId".split())


def wants_json(request: Request) -> bool:
    """XML is what QuickBooks sends unless JSON is asked for by name, in the header or as `format=json`."""
    return "json" in request.header("accept").lower() or (request.param("format") or "").lower() == "json"


def render(request: Request, status: int, doc: Doc, now: datetime) -> Answer:
    """The document in its envelope, in the format the request asks for."""
    if wants_json(request):
        return Answer(status, to_json(doc | {"time": envelope_time(now)}).encode(), JSON_TYPE)
    return Answer(status, to_xml(doc, envelope_time(now)), XML_TYPE)


def envelope_time(moment: datetime) -> str:
    """Milliseconds and the vendor's own offset."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def shown(doc: Doc) -> Doc:
    """A record as it is sent: marked as QuickBooks', without what is private to the stand-in."""
    public: Doc = _public(doc)
    return {"domain": "QBO", "sparse": False} | public


def to_json(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
        case datetime() | date():
            return f'"{_moment(value)}"'
        case dict():
            return "{" + ",".join(f"{json.dumps(k)}:{to_json(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(to_json(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place on QuickBooks' wire")


def to_xml(doc: Doc, time: str) -> bytes:
    root = ElementTree.Element("IntuitResponse", {"xmlns": NAMESPACE, "time": time})
    for name, value in doc.items():
        _add(root, name, value)
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + ElementTree.tostring(root)


def read_json(request: Request) -> Doc:
    """The body as one object, decimals exact. Raises Fault 500 for what is no UTF-8 and 2010 for what is no JSON."""
    if "xml" in request.header("content-type").lower():
        raise Fault(400, 500, "Unsupported Operation", "The stand-in reads no XML bodies: send application/json.")
    try:
        found = json.loads(request.body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Fault(400, 500, "Unsupported Operation", "Operation not supported: the body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise unreadable(str(error) or "the body nests too deeply") from error
    if not isinstance(found, dict):
        raise unreadable("the body is not one object")
    return found


def unreadable(why: str) -> Fault:
    return Fault(
        400,
        2010,
        "Request has invalid or unsupported property",
        f"Property Name:Can not parse the request: {why} specified is unsupported or invalid",
    )


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _public(value: Any) -> Any:
    match value:
        case dict():
            return {key: _public(inner) for key, inner in value.items() if not str(key).startswith("_")}
        case list() | tuple():
            return [_public(inner) for inner in value]
    return value


def _moment(value: date | datetime) -> str:
    return stamp(value) if isinstance(value, datetime) else value.isoformat()


def _add(parent: ElementTree.Element, name: str, value: Any) -> None:
    match value:
        case None:
            return
        case list() | tuple():
            for inner in value:
                _add(parent, name, inner)
        case dict():
            child = ElementTree.SubElement(parent, name)
            for key, inner in value.items():
                if key == "value" and not isinstance(inner, dict | list):
                    child.text = _plain(inner)
                elif key in _ATTRIBUTES or (key == "name" and "value" in value):
                    child.set(key, _plain(inner))
                else:
                    _add(child, key, inner)
        case _:
            ElementTree.SubElement(parent, name).text = _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return _moment(value) if isinstance(value, date) else "" if value is None else str(value)
