"""Batches: each item by itself, done or refused, in an order nobody promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import denials, finding, ledger, limits, wire, writing
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked, Fault

ID_LONGEST, ID_LONGEST_WITH_REQUEST_ID = 36, 10
_OWN_KEYS = frozenset({"bId", "operation", "optionsData"})


def answer(asked: Asked) -> Doc:
    """Raises Fault 1040, 2020 or 2130 for the batch as a whole; what is wrong with an item stands in its answer."""
    items = wire.read_json(asked.request).get("BatchItemRequest")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise fault("param-missing", name="BatchItemRequest")
    if len(items) > int(asked.company.switches["batch_most"]):
        raise fault("batch-size", most=asked.company.switches["batch_most"])
    _check_ids(asked, items)
    found = [_item(asked, item) for item in items]
    if asked.company.switches["shuffle_batch"]:
        asked.books.world.random.shuffle(found)
    return {"BatchItemResponse": found}


def _check_ids(asked: Asked, items: list[Doc]) -> None:
    longest = ID_LONGEST_WITH_REQUEST_ID if asked.query.get("requestid") else ID_LONGEST
    ids = [item.get("bId") for item in items]
    if not all(isinstance(one, str) and one for one in ids):
        raise fault("param-missing", name="bId")
    if len(set(ids)) < len(ids) or any(len(str(one)) > longest for one in ids):
        raise fault("request-id-format")


def _item(asked: Asked, item: Doc) -> Doc:
    books = asked.books
    try:
        with books.shelf.change():
            return _carried_out(asked, item) | {"bId": item["bId"]}
    except Fault as refused:
        return denials.fault_doc(books, refused) | {"bId": item["bId"]}


def _carried_out(asked: Asked, item: Doc) -> Doc:
    rest: dict[str, Any] = {key: value for key, value in item.items() if key not in _OWN_KEYS}
    if "Query" in rest:
        return _queried(asked, rest["Query"])
    if len(rest) != 1:
        raise fault("param-missing", name="BatchItemRequest entity")
    entity, body = next(iter(rest.items()))
    if entity not in ledger.ENTITIES or not isinstance(body, dict):
        raise fault("property-unknown", name=entity)
    request_id = asked.query.get("requestid", "")
    key = f"{request_id}/{item['bId']}" if request_id else ""
    single = replace(asked, query={**asked.query, "include": str(item.get("optionsData") or "")})
    return writing.write(single, entity, body, str(item.get("operation") or ""), key)


def _queried(asked: Asked, statement: Any) -> Doc:
    if not isinstance(statement, str):
        raise fault("query-parse", reason="the query is no text")
    if limits.read_refused(asked.books, asked.app, asked.company.realm):
        raise Fault(429, 3001, "message=ThrottleExceeded; errorCode=003001; statusCode=429", "The month is used up")
    found = finding.answer(asked, statement)
    limits.count_reads(asked.books, asked.app, 1)
    return found
