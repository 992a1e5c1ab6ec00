"""Single records of QuickBooks as they are: made, changed, voided, read, listed, and what changed since a moment.

Records are plain dicts with Intuit's names; amounts are exact Decimals both ways and fields that nobody here names pass
through. Every write goes once, under a key. Sources: Intuit's pages on create, sparse update, void, query, change feed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.calls import Call
from tieout.core.failure import Rejected, Unreachable
from tieout.platforms import Access
from tieout.platforms._exact import Unreadable, encode
from tieout.platforms.quickbooks import wire
from tieout.platforms.quickbooks._asking import Condition, ask, held, named, opened, read, reading, rows
from tieout.platforms.quickbooks.errors import fault_in, read_error

Record = dict[str, Any]

ENTITIES = ("Customer", "Vendor", "Invoice", "CreditMemo", "Payment", "Bill", wire.JOURNAL)
FEED_DAYS = 30  # the change feed reaches no further back
FEED_MOST = 1000  # objects that one answer of it holds
_SHORTEST = timedelta(minutes=1)
_VOIDS = {"Invoice": {"operation": "void"}, "Payment": {"operation": "update", "include": "void"}}


@dataclass(frozen=True, slots=True)
class Change:
    """One record that changed; of a deleted one little more than its id is left."""

    entity: str
    record: Record
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """`deleted_since`: deletions before it may be missing, so where it lies after the moment asked for, who needs them
    reads everything and compares."""

    changes: tuple[Change, ...]
    deleted_since: datetime


def create_record(call: Call, access: Access, entity: str, fields: Mapping[str, Any], key: str) -> Record:
    """Raises OutcomeUnknown when it may or may not have been made: look for it before trying again."""
    return _written(call, access, entity, {}, fields, key)


def update_record(
    call: Call, access: Access, entity: str, record_id: str, sync_token: str, changes: Mapping[str, Any], key: str
) -> Record:
    """Change these fields and no other.

    Raises Stale when the record changed since `sync_token` was read: read again, compare with what was known, decide.
    """
    fixed = {"Id": record_id, "SyncToken": sync_token, "sparse": True}
    return _written(call, access, entity, {}, {**changes, **fixed}, key)


def void_record(call: Call, access: Access, entity: str, record_id: str, sync_token: str, key: str) -> Record:
    """Raises Stale as `update_record`, Rejected for an entity that QuickBooks voids by hand only."""
    if entity not in _VOIDS:
        raise Rejected(f"QuickBooks voids no {entity} for us; do it there by hand", code="rollback-blocked")
    fields = {"Id": record_id, "SyncToken": sync_token, "sparse": True}
    return _written(call, access, entity, _VOIDS[entity], fields, key)


def read_record(call: Call, access: Access, entity: str, record_id: str) -> Record:
    """Raises Rejected (not-found) when there is none."""
    return read(call, access, f"{_path(entity)}/{named('id', record_id)}", entity)


def query_records(call: Call, access: Access, entity: str, *conditions: Condition, order: str = "") -> Iterator[Record]:
    """Those that meet all conditions, a thousand a call. Inactive names are hidden unless a condition asks for them."""
    assert entity in ENTITIES, f"{entity} is none of {ENTITIES}"
    return rows(call, access, entity, *conditions, order=order)


def changed_records(
    call: Call, access: Access, entities: Sequence[str], since: datetime, now: datetime
) -> tuple[Changes, ...]:
    """What changed since a moment, an answer for each entity in their order; usually by one call for all.

    Where the feed reaches less far back, or holds more than it can tell, what still exists is listed by a query and the
    feed is asked about a shorter time, for what was deleted.
    """
    earliest = now - timedelta(days=FEED_DAYS) + timedelta(minutes=5)
    if since >= earliest and len(found := _fed(call, access, entities, since)) < FEED_MOST:
        by_entity = (tuple(each for each in found if each.entity == entity) for entity in entities)
        return tuple(Changes(changes, since) for changes in by_entity)
    return tuple(_changed(call, access, entity, since, max(since, earliest), now) for entity in entities)


def _changed(call: Call, access: Access, entity: str, since: datetime, feed_since: datetime, now: datetime) -> Changes:
    while len(found := _fed(call, access, [entity], feed_since)) >= FEED_MOST:
        if now - feed_since < _SHORTEST:
            raise Unreachable(f"{FEED_MOST} {entity} changed within a minute", code="answer-too-large")
        feed_since += (now - feed_since) / 2
    if feed_since == since:
        return Changes(tuple(found), since)
    moment: Condition = ("MetaData.LastUpdatedTime", ">=", _stamp(since))
    hidden: tuple[Condition, ...] = (("Active", "IN", (True, False)),) if entity in ("Customer", "Vendor") else ()
    living = query_records(call, access, entity, moment, *hidden, order="MetaData.LastUpdatedTime")
    once = {str(each.get("Id", "")): Change(entity, each, False) for each in living}
    return Changes((*once.values(), *(each for each in found if each.is_deleted)), feed_since)


def _fed(call: Call, access: Access, entities: Sequence[str], since: datetime) -> list[Change]:
    assert entities and set(entities) <= set(ENTITIES), f"{entities} are not all among {ENTITIES}"
    request = ask(access, "GET", "cdc", {"entities": ",".join(entities), "changedSince": _stamp(since)})
    answer = call(request)
    found = opened(request, answer)
    with reading(request, answer):
        answered = wire.items(found, "CDCResponse")
        if faults := [fault for each in answered if (fault := fault_in(each))]:
            raise read_error(request, answer, faults[0])
        lists = [each for one in answered for each in wire.items(one, "QueryResponse") if isinstance(each, dict)]
        some = [(entity, each) for one in lists for entity in entities for each in one.get(entity, [])]
        if not all(isinstance(each, dict) for _, each in some):
            raise Unreadable("the change feed lists something that is no record")
    return [Change(entity, each, each.get("status") == "Deleted") for entity, each in some]


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _written(
    call: Call, access: Access, entity: str, query: Mapping[str, str], fields: Mapping[str, Any], key: str
) -> Record:
    assert _is_exact(fields), "amounts are Decimals or whole numbers"
    request = ask(access, "POST", _path(entity), query, encode(fields), key)
    return held(request, call(request), entity)


def _path(entity: str) -> str:
    assert entity in ENTITIES, f"{entity} is none of {ENTITIES}"
    return entity.lower()


def _is_exact(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_exact(each) for each in value.values())
    if isinstance(value, list | tuple):
        return all(_is_exact(each) for each in value)
    return value is None or isinstance(value, str | bool | int | Decimal)
