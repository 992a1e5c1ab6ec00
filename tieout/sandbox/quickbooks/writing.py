"""Writes: create, update whole or sparse, delete, both ways to void; which one a call means, and evidence of it."""

from __future__ import annotations

from collections.abc import Callable

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import ledger, wire
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked

ENTITIES = {name.lower(): name for name in ledger.ENTITIES}


def write(asked: Asked, entity: str, body: Doc, operation: str, key: str) -> Doc:
    """Carries the write out and returns it under the entity's name. `key` is what evidence counts it by.

    Raises Fault. An empty `operation` is an update when the body has an Id, else a creation.
    """
    for name in ("Id", "SyncToken"):
        if isinstance(body.get(name), list | dict):
            raise fault("property-unknown", name=name)
    told = operation.lower() or ("update" if _has_id(body) else "create")
    verb = _verb(asked, entity, told)
    done = _VERBS[verb](asked, entity, body)
    asked.books.note_write(asked.company.realm, entity, {"Id": body.get("Id", "")} | done, key, verb)
    if verb == "delete":
        return {entity: {"status": "Deleted", "domain": "QBO", "Id": str(body.get("Id", ""))}}
    if entity == "TaxService":  # it answers with what was asked, under no name
        return done
    return {entity: wire.shown(done)}


def _verb(asked: Asked, entity: str, told: str) -> str:
    form = str(asked.company.switches["void_form"])
    voids = "void" in asked.query.get("include", "").lower()
    if told == "void" or (told == "update" and voids):
        wanted = "include" if voids else "operation"
        if form not in {"both", wanted}:
            raise fault("unsupported-operation", operation="void")
        return "void"
    if told not in _VERBS:
        raise fault("unsupported-operation", operation=told)
    return told


def _has_id(body: Doc) -> bool:
    # A zero is what clients send for a record that has no id yet.
    return str(body.get("Id") or "0") != "0"


def _update(asked: Asked, entity: str, body: Doc) -> Doc:
    return ledger.update(asked, entity, body, str(body.get("sparse", "")).lower() == "true")


_VERBS: dict[str, Callable[[Asked, str, Doc], Doc]] = {
    "create": ledger.create,
    "update": _update,
    "delete": ledger.delete,
    "void": ledger.void,
}
