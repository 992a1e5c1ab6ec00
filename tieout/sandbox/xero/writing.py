"""Writing a list of elements: all or none, or each by itself when `summarizeErrors=false` asks for that."""

from __future__ import annotations

from collections.abc import Callable

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import fields, refusals, shape
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Invalid
from tieout.sandbox.xero.state import Asked

Save = Callable[[Asked, Doc, bool, str | None], Doc]


def write(asked: Asked, kind: Kind, save: Save, row_id: str | None = None, *, lenient: bool = True) -> Answer:
    """Raises Refused. The real default of summarizeErrors is true, whatever the spec says."""
    sent = fields.elements(asked.request, kind)
    summarize = asked.flag("summarizeErrors", True) or not lenient
    creating = asked.request.method == "PUT" and row_id is None
    done: list[Doc] = []
    failed: list[Doc] = []
    for element in sent:
        try:
            with asked.books.shelf.change():
                row = save(asked, element, creating, row_id)
                _note(asked, kind, row)
        except Invalid as invalid:
            failed.append(invalid.echo)
            done.append(_failed(invalid.echo))
        else:
            done.append(_saved(asked, kind, row, not summarize))
    if failed and summarize:
        # Raised, so that what the other elements wrote is undone with them.
        raise Refused(refusals.validation(asked.request, failed, kind.one))
    return shape.envelope(asked, kind.key, done)


def _saved(asked: Asked, kind: Kind, row: Doc, single: bool) -> Doc:
    shown = shape.shown(asked, kind, row, full=True)
    if single:
        shown["StatusAttributeString"] = "WARNING" if row.get("Warnings") else "OK"
    return shown


def _failed(echo: Doc) -> Doc:
    failed = {key: value for key, value in echo.items() if key != "HasValidationErrors"}
    return {"StatusAttributeString": "ERROR", "HasErrors": True} | failed


def _note(asked: Asked, kind: Kind, row: Doc) -> None:
    number = str(row.get(kind.number, "")) if kind.number else ""
    key = asked.request.header("idempotency-key")
    asked.books.note_write(asked.tenant, kind.key, str(row[kind.id]), number, key, asked.request.method)
