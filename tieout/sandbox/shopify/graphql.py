"""The GraphQL address: read, check, weigh, carry out; the body of every answer as Shopify shapes it."""

from __future__ import annotations

import json
from typing import Any

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.bent import to_json
from tieout.sandbox.shopify import checking, cost, refusals, schema, syntax
from tieout.sandbox.shopify.asking import Asked
from tieout.sandbox.shopify.checking import NotCovered
from tieout.sandbox.shopify.refusals import Refused
from tieout.sandbox.shopify.resolving import RESOLVERS, follow
from tieout.sandbox.shopify.running import Run, coerced, run
from tieout.sandbox.shopify.syntax import Document, Operation, Unreadable

LIMITS = "https://shopify.dev/api/usage/rate-limits"


def answer(asked: Asked, request: Request) -> Answer:
    """Raises Refused for a body that holds no query."""
    text, variables, name = _told(request)
    try:
        document = syntax.read(text)
    except Unreadable as unreadable:
        where = [{"line": unreadable.at.line, "column": unreadable.at.column}]
        return _errors([{"message": str(unreadable), "locations": where, "extensions": {"code": "PARSE_ERROR"}}])
    operation = _chosen(document, name)
    if isinstance(operation, str):
        return _errors([{"message": operation, "extensions": {"code": "custom"}}])
    try:
        mistakes = checking.check(document, operation, asked.version)
    except NotCovered as left_out:
        told = f"The Shopify stand-in does not cover {left_out}"
        return Answer(501, told.encode(), "text/plain; charset=utf-8")
    if mistakes:
        return _errors(mistakes)
    given, wrong = coerced(operation, variables)
    return _errors(wrong) if wrong else _weighed(asked, document, operation, given)


def _weighed(asked: Asked, document: Document, operation: Operation, variables: Doc) -> Answer:
    """Takes the most it can cost from the bucket, runs it, and gives back what it did not need."""
    root = schema.ROOTS[operation.kind]
    most = cost.requested(document, operation.selections, root, variables)
    if most > cost.MOST_AT_ONCE:
        return _errors([_too_dear(most)])
    bucket = asked.shops.bucket(f"{asked.app}/{asked.books.domain}")
    if asked.shops.switches["throttles"] and not bucket.take(most, asked.now):
        return throttled(asked, most)
    running = Run(document, operation, variables, asked, RESOLVERS, follow)
    found = run(running, root)
    spent = min(most, max(cost.actual(document, operation.selections, root, found), 1 if running.errors else 0))
    if asked.shops.switches["throttles"]:
        bucket.give(most - spent)
    body: Doc = {"errors": running.errors} if running.errors else {}
    extensions: Doc = {"cost": _cost(asked, most, spent)}
    if asked.searches:
        extensions["search"] = asked.searches
    return _body(body | {"data": found, "extensions": extensions})


def throttled(asked: Asked, most: int, left: int | None = None) -> Answer:
    """Status 200: the refusal stands in the body. `left` is told in the place of what the bucket holds."""
    told = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": LIMITS}}
    cost_told = _cost(asked, most, None)
    if left is not None:
        cost_told["throttleStatus"]["currentlyAvailable"] = left
    body = {"errors": [told], "extensions": {"cost": cost_told}}
    return _body(body, int(asked.shops.switches["throttle_status"]))


def _too_dear(most: int) -> Doc:
    told = (
        f"Query cost is {most}, which exceeds the single query max cost limit ({cost.MOST_AT_ONCE}).\n\nSee"
        " https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\ncost of a query is"
        " calculated.\n\nTo query larger amounts of data with fewer limits, bulk operations should be used instead."
    )
    more = {"code": "MAX_COST_EXCEEDED", "cost": most, "maxCost": cost.MOST_AT_ONCE}
    return {"message": told, "extensions": more | {"documentation": "https://shopify.dev/api/usage/limits#rate-limits"}}


def _cost(asked: Asked, most: int, spent: int | None) -> Doc:
    bucket = asked.shops.bucket(f"{asked.app}/{asked.books.domain}")
    status = {"maximumAvailable": bucket.most, "currentlyAvailable": int(bucket.left(asked.now))}
    status |= {"restoreRate": bucket.back_per_second}
    return {"requestedQueryCost": most, "actualQueryCost": spent, "throttleStatus": status}


def _chosen(document: Document, name: str) -> Operation | str:
    """The operation that is meant, or why none is."""
    if name:
        found = next((one for one in document.operations if one.name == name), None)
        return found or f'No operation named "{name}"'
    if len(document.operations) == 1:
        return document.operations[0]
    return "An operation name is required" if document.operations else "No operation was given"


def _told(request: Request) -> tuple[str, Doc, str]:
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind == "application/graphql":
        return request.body.decode("utf-8", "replace"), {}, ""
    if kind != "application/json":
        raise Refused(refusals.errors(415, "Unsupported Media Type"))
    try:
        found: Any = json.loads(request.body)
    except ValueError:
        raise Refused(refusals.errors(400, "Bad Request")) from None
    if not isinstance(found, dict) or not isinstance(found.get("query"), str) or not found["query"].strip():
        raise Refused(refusals.errors(400, {"query": "Required parameter missing or invalid"}))
    variables = found.get("variables") or {}
    if not isinstance(variables, dict):
        raise Refused(refusals.errors(400, {"variables": "Required parameter missing or invalid"}))
    return found["query"], variables, str(found.get("operationName") or "")


def _errors(errors: list[Doc]) -> Answer:
    return _body({"errors": errors})


def _body(body: Doc, status: int = 200) -> Answer:
    return Answer(status, to_json(body), "application/json; charset=utf-8")
