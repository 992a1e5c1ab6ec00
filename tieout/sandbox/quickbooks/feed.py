"""The change feed: what changed since a moment, by entity, deleted records as such; 30 days back, 1,000 at most."""

from __future__ import annotations

from datetime import datetime, timedelta

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import finding, gate, ledger, wire
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked

BACK, MOST = timedelta(days=30), 1_000


def answer(asked: Asked) -> Doc:
    """Raises Fault 2020, 2060, 2190 or 4001, or 5020 for who may not read."""
    gate.may_read(asked)
    named = [name.strip() for name in asked.query.get("entities", "").split(",") if name.strip()]
    if not named:
        raise fault("param-missing", name="entities")
    since, left, found = _since(asked), MOST, []
    for name in named:
        entity = finding.entity_named(name)
        rows = _changed(asked, entity, since)[:left]
        left -= len(rows)
        found.append({entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return {"CDCResponse": [{"QueryResponse": found}]}


def _since(asked: Asked) -> datetime:
    told = asked.query.get("changedsince", "")
    if not told:
        raise fault("param-missing", name="changedSince")
    try:
        since = finding.moment(told)
    except ValueError as error:
        raise fault("date-format", name="changedSince", value=told) from error
    if since < asked.now - BACK:
        raise fault("date-range", name="changedSince", value=told)
    return since


def _changed(asked: Asked, entity: str, since: datetime) -> list[Doc]:
    rows = [*ledger.visible(asked, entity), *ledger.deleted(asked, entity)]
    rows = [row for row in rows if finding.changed(row, since)]
    return [_removed(row) if row.get("status") == "Deleted" else wire.shown(row) for row in rows]


def _removed(row: Doc) -> Doc:
    times = {"LastUpdatedTime": row["MetaData"]["LastUpdatedTime"]}
    return {"domain": "QBO", "status": "Deleted", "Id": row["Id"], "MetaData": times}
