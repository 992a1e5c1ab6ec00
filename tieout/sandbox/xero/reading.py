"""Reading lists and single records: If-Modified-Since, where, order, paging, and the list parameters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import fields, properties, refusals, shape, where, wire
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.state import Asked

PAGE, PAGE_MOST, TOO_MANY = 100, 1000, 100_000
# List parameters: name → how a row is asked for it.
LISTED: dict[str, Callable[[Doc, Kind], Any]] = {
    "ids": lambda row, kind: row.get(kind.id),
    "invoicenumbers": lambda row, kind: row.get("InvoiceNumber"),
    "contactids": lambda row, kind: (row.get("Contact") or {}).get("ContactID"),
    "statuses": lambda row, kind: row.get("Status"),
    "references": lambda row, kind: row.get("Reference"),
}
NAMED_BY_CODE = frozenset({"Code", "TaxType"})
HIDDEN_UNLESS_ASKED = {"Contacts": ("ContactStatus", "ARCHIVED"), "TrackingCategories": ("Status", "ARCHIVED")}


def many(asked: Asked, kind: Kind) -> Answer:
    """A list. Raises Refused 400 for a filter that cannot be read or that touches too much."""
    rows = _chosen(asked, kind)
    rows = _ordered(asked, kind, rows)
    page = asked.request.param("page")
    summary = asked.flag("summaryOnly", False)
    unpaged = (
        kind.key == "ManualJournals" and asked.request.param("order") and asked.books.switches["journals_order_unpaged"]
    )
    if kind.paged and (page is not None or summary or asked.request.param("pageSize")) and not unpaged:
        return _page(asked, kind, rows, _whole(page, 1), full=not summary)
    if len(rows) > TOO_MANY:
        raise Refused(refusals.high_volume(asked.request))
    full = not kind.paged or bool(unpaged)
    return shape.envelope(asked, kind.key, [shape.shown(asked, kind, row, full=full) for row in rows])


def one(asked: Asked, kind: Kind, named: str) -> Answer:
    """One record by its id, or by its number where Xero accepts that. Raises Refused 404."""
    row = find(asked, kind, named)
    if row is None:
        raise Refused(refusals.not_found())
    return shape.envelope(asked, kind.key, [shape.shown(asked, kind, row, full=True)])


def find(asked: Asked, kind: Kind, named: str) -> Doc | None:
    found_id = fields.guid(named)
    if found_id is not None:
        return asked.row(kind.key, found_id)
    if kind.id in NAMED_BY_CODE:
        return asked.row(kind.key, named)
    if not kind.number:
        return None
    found = [row for row in asked.find(kind.key, kind.number, named) if row.get("Status") != "DELETED"]
    return found[-1] if found else None


def _chosen(asked: Asked, kind: Kind) -> list[Doc]:
    rows = list(asked.rows(kind.key))
    since = asked.request.header("if-modified-since")
    if since and kind.modified:
        moment = _since(asked, since)
        rows = [row for row in rows if row[kind.modified].replace(microsecond=0) >= moment]
    rows = _listed(asked, kind, rows)
    hidden = HIDDEN_UNLESS_ASKED.get(kind.key)
    if hidden and not asked.flag("includeArchived", False) and asked.request.param("IDs") is None:
        rows = [row for row in rows if row.get(hidden[0]) != hidden[1]]
    if asked.flag("createdByMyApp", False):
        rows = [row for row in rows if row.get("_app") == asked.app["client_id"]]
    term = asked.request.param("searchTerm")
    if term:
        rows = [row for row in rows if term.lower() in _searched(row)]
    text = asked.request.param("where")
    return _filtered(asked, kind, rows, text) if text else rows


def _filtered(asked: Asked, kind: Kind, rows: list[Doc], text: str) -> list[Doc]:
    try:
        test = where.parse(text, lambda dotted: _type_of(asked, kind, dotted))
        return [row for row in rows if test(row)]
    except where.BadQuery as error:
        raise Refused(refusals.query_parse(asked.request, str(error))) from error


def _type_of(asked: Asked, kind: Kind, dotted: str) -> str:
    """The type of a property by the spec; blank for what a record has without it. Raises BadQuery for any other."""
    found = properties.type_of(kind.one, dotted)
    read = where.path(dotted)
    if found is None and (dotted[0] == "_" or all(read(row) is None for row in asked.rows(kind.key))):
        raise where.BadQuery(f"No property or field '{dotted}' exists in type '{kind.one}'")
    return found or ""


def _listed(asked: Asked, kind: Kind, rows: list[Doc]) -> list[Doc]:
    for name, read in LISTED.items():
        given = asked.request.param(name)
        if given:
            parts = [part.strip() for part in given.split(",") if part.strip()]
            if _is_guids(name, kind) and not all(map(fields.guid, parts)):
                raise Refused(refusals.query_parse(asked.request, refusals.NO_GUID))
            wanted = {(fields.guid(part) or part).lower() for part in parts}
            rows = [row for row in rows if str(read(row, kind)).lower() in wanted]
    return rows


def _is_guids(name: str, kind: Kind) -> bool:
    return name == "contactids" or (name == "ids" and kind.id not in NAMED_BY_CODE)


def _searched(row: Doc) -> str:
    contact = row.get("Contact") or {}
    names = "Name FirstName LastName EmailAddress ContactNumber CompanyNumber InvoiceNumber Reference CreditNoteNumber"
    return (
        " ".join(str(row.get(name, "")) for name in names.split()).lower() + " " + str(contact.get("Name", "")).lower()
    )


def _since(asked: Asked, text: str) -> datetime:
    """The header in every form that clients send; UTC, whole seconds."""
    bare = text.strip().strip('"')
    try:
        return wire.read_moment(bare).replace(microsecond=0)
    except ValueError:
        pass
    try:
        found = parsedate_to_datetime(bare)
    except ValueError as error:
        raise Refused(refusals.plain_400(asked.request, 14, "PostDataInvalidException", "Invalid date")) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _ordered(asked: Asked, kind: Kind, rows: list[Doc]) -> list[Doc]:
    order = asked.request.param("order")
    if not order:
        if kind.modified and kind.paged:
            rows.sort(key=lambda row: (row[kind.modified], row[kind.id]))
        return rows
    for part in reversed(order.split(",")):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].upper() not in {"ASC", "DESC"}):
            raise Refused(refusals.query_parse(asked.request, f"Syntax error in order '{part}'"))
        read = where.path(words[0])
        if (sort := _sort_type(asked, kind, words[0])) and sort not in properties.PLAIN:
            raise Refused(refusals.query_parse(asked.request, f"'{words[0]}' cannot be put in order"))
        rows.sort(key=lambda row, read=read: _sortable(read(row)), reverse=words[-1].upper() == "DESC")  # type: ignore[misc]
    return rows


def _sort_type(asked: Asked, kind: Kind, dotted: str) -> str:
    try:
        return _type_of(asked, kind, dotted)
    except where.BadQuery as error:
        raise Refused(refusals.query_parse(asked.request, str(error))) from error


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, date):
        return 1, wire.milliseconds(value)
    return (2, value.lower()) if isinstance(value, str) else (1, value)


def _page(asked: Asked, kind: Kind, rows: list[Doc], page: int, *, full: bool) -> Answer:
    size = min(max(_whole(asked.request.param("pageSize"), PAGE), 1), PAGE_MOST)
    begin = (max(page, 1) - 1) * size
    count = -(-len(rows) // size)
    paging = {"page": max(page, 1), "pageSize": size, "pageCount": count, "itemCount": len(rows)}
    shown = [shape.shown(asked, kind, row, full=full) for row in rows[begin : begin + size]]
    return shape.envelope(asked, kind.key, shown, {"pagination": paging})


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.strip().lstrip("-").isdigit() else otherwise
