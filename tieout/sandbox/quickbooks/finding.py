"""Which records a query finds: conditions, order, window and columns, on the ledger's records as they stand."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import gate, ledger, wire
from tieout.sandbox.quickbooks.fields import SHAPES
from tieout.sandbox.quickbooks.query import Condition, Query, parse
from tieout.sandbox.quickbooks.refusals import fault, table
from tieout.sandbox.quickbooks.state import PACIFIC, Asked

COMMON = frozenset({"Id", "SyncToken", "MetaData.CreateTime", "MetaData.LastUpdatedTime", "Active", "sparse", "domain"})
# Documented: a Payment cannot be looked for by its number. Lines and free objects can be looked for nowhere.
BARRED = {("Payment", "DocNumber")}
# Looked up instead of gone through; what else a statement asks is asked of what was found.
INDEXED = frozenset({"Id", "DocNumber", "DisplayName", "Name"})
SAMPLE = 20
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def answer(asked: Asked, statement: str) -> Doc:
    """The `QueryResponse` of a statement. Raises Fault 4000 to 4002, or 5020 for who may not read."""
    gate.may_read(asked)
    wanted = parse(statement)
    entity = entity_named(wanted.entity)
    rows = _found(asked, entity, wanted)
    if wanted.is_count:
        return {"QueryResponse": {"totalCount": len(rows)}}
    shown = rows[wanted.start - 1 : wanted.start - 1 + wanted.most]
    if not shown:
        return {"QueryResponse": {}}
    listed = [_columns(row, wanted.columns) for row in shown]
    return {"QueryResponse": {entity: listed, "startPosition": wanted.start, "maxResults": len(listed)}}


def entity_named(name: str) -> str:
    """The entity of that name in any case. Raises Fault 4001."""
    known = {entity.lower(): entity for entity in ledger.ENTITIES if entity != "TaxService"}
    if name.lower() not in known:
        raise fault("query-invalid", reason=f"Metadata not found for Entity: {name}")
    return known[name.lower()]


def moment(text: str) -> datetime:
    """A moment as clients write it; without an offset it is the vendor's own time. Raises ValueError."""
    # A plus sign that was not escaped in an address arrives as a space.
    found = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip()))
    return found.replace(tzinfo=PACIFIC) if found.tzinfo is None else found


def _found(asked: Asked, entity: str, wanted: Query) -> list[Doc]:
    rows = _candidates(asked, entity, wanted)
    known = _named(entity) | {name for row in rows[:SAMPLE] for name, value in row.items() if _is_plain(value)}
    for field in (*(one.field for one in wanted.conditions), *(name for name, _ in wanted.orders), *wanted.columns):
        _check_known(asked, entity, field, known)
    if all(one.field != "Active" for one in wanted.conditions):
        rows = [row for row in rows if row.get("Active") is not False]
    rows = [row for row in rows if any(_meets_all(view, wanted) for view in _views(row, wanted))]
    ordered = sorted(rows, key=_usual_order)
    for name, descending in reversed(wanted.orders):
        ordered.sort(key=lambda row, name=name: _sortable(_value(row, name)), reverse=descending)  # type: ignore[misc]
    return ordered


def _candidates(asked: Asked, entity: str, wanted: Query) -> list[Doc]:
    """Every record, or, where one of a few fields has to be equal to something, those that have it."""
    for one in wanted.conditions:
        if one.operator in {"=", "in"} and one.field in INDEXED and entity not in ledger.SINGLE:
            found = [row for value in one.values for row in asked.company.find(entity, one.field, value)]
            ids = dict.fromkeys(row["Id"] for row in found if row.get("status") != "Deleted")
            return [ledger.read(asked, entity, row_id) for row_id in ids]
    return ledger.visible(asked, entity)


@cache
def _named(entity: str) -> frozenset[str]:
    shapes = (*SHAPES.get(entity, (entity,)), "All")
    listed = (row["names"].split() for row in table("properties.csv") if row["shape"] in shapes)
    return (frozenset(name for names in listed for name in names) | COMMON) - {"Line", "MetaData"}


def _is_plain(value: object) -> bool:
    return not isinstance(value, list)


def _check_known(asked: Asked, entity: str, field: str, known: AbstractSet[str]) -> None:
    barred = (entity, field) in BARRED or (
        field == "PrivateNote" and not asked.company.switches["private_note_queryable"]
    )
    top = field if field in COMMON else field.partition(".")[0]
    if barred or top not in known or top.startswith("_"):
        raise fault("query-invalid", reason=f"Property {field} not found for Entity {entity}")


def _usual_order(row: Doc) -> tuple[Any, ...]:
    """Without an ORDERBY transactions come newest first and lists by name: nothing to page by."""
    if "TxnDate" in row:
        return (0, "", -_id(row))
    return (1, str(row.get("DisplayName") or row.get("FullyQualifiedName") or row.get("Name") or "").lower(), _id(row))


def _id(row: Doc) -> int:
    said = str(row.get("Id", ""))
    return int(said) if said.lstrip("-").isdigit() else 0


def _value(row: Doc, field: str) -> Any:
    found: Any = row
    for part in field.split("."):
        found = _part(found, part) if isinstance(found, dict) else None
    if isinstance(found, dict):
        # A reference is looked for by what it refers to, an address of mail by the address.
        return found.get("value", found.get("Address", found.get("FreeFormNumber")))
    return found


def _part(row: Doc, name: str) -> Any:
    """What references are of is `type` on the wire and `Type` in a statement."""
    return row.get(name, row.get("type") if name == "Type" else None)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, "")
    if isinstance(value, bool | int | Decimal):
        return (1, Decimal(value))
    said = str(value)
    return (1, Decimal(said)) if _NUMBER.fullmatch(said) else (2, _instant(said) or said.lower())


def _instant(said: str) -> str:
    """A moment in a form that sorts; empty for what is none."""
    try:
        return moment(said).astimezone(UTC).isoformat() if _is_moment(said) else ""
    except ValueError:
        return ""


def _is_moment(said: str) -> bool:
    return bool(re.match(r"\d{4}-\d{2}-\d{2}T", said))


def _views(row: Doc, wanted: Query) -> list[Doc]:
    """The record once for each element of a list that is asked about: all conditions are of the same element."""
    views = [row]
    for top in dict.fromkeys(one.field.partition(".")[0] for one in wanted.conditions):
        elements = row.get(top)
        if isinstance(elements, list):
            views = [view | {top: element} for view in views for element in elements]
    return views


def _meets_all(row: Doc, wanted: Query) -> bool:
    return all(_meets(row, one) for one in wanted.conditions)


def _meets(row: Doc, one: Condition) -> bool:
    value = _value(row, one.field)
    if value is None:
        return False
    if one.operator == "like":
        pattern = ".*".join(re.escape(part) for part in one.values[0].split("%"))
        return re.fullmatch(pattern, _said(value), re.IGNORECASE | re.DOTALL) is not None
    if one.operator in {"=", "in"}:
        return any(_compared(one, value, wanted) == 0 for wanted in one.values)
    order = _compared(one, value, one.values[0])
    return {"<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[one.operator]


def _compared(one: Condition, value: Any, wanted: str) -> int:
    """-1, 0 or 1 as the record's value comes before, with or after the wanted one. Raises Fault 4001."""
    try:
        left, right = _alike(value, wanted)
    except (ValueError, InvalidOperation) as error:
        raise fault("query-invalid", reason=f"Invalid value '{wanted}' for property {one.field}") from error
    return int(left > right) - int(left < right)


def _alike(value: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(value, bool):
        if wanted.lower() not in {"true", "false"}:
            raise ValueError(wanted)
        return value, wanted.lower() == "true"
    if isinstance(value, int | Decimal):
        return Decimal(value), Decimal(wanted)
    said = str(value)
    if _is_moment(said):
        return moment(said), moment(wanted)
    if said.isdigit() and wanted.isdigit():
        # Numbers written as text, such as ids, compare as numbers; but a leading zero is a difference.
        return (int(said), len(said)), (int(wanted), len(wanted))
    return said.lower(), wanted.lower()


def _said(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _columns(row: Doc, columns: tuple[str, ...]) -> Doc:
    if not columns:
        return wire.shown(row)
    wanted = {name.partition(".")[0] for name in columns}
    return wire.shown({key: value for key, value in row.items() if key in wanted}) | {"sparse": True}


def changed(row: Doc, since: datetime) -> bool:
    told = (row.get("MetaData") or {}).get("LastUpdatedTime")
    return bool(told) and (told if isinstance(told, datetime) else moment(str(told))) >= since
