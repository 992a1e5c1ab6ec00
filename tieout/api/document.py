"""The OpenAPI document: made from the routes and codes, so that whatever is served is in it, errors included."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tieout.api.codes import CODES, FIELD_CODES
from tieout.api.envelope import VERSION
from tieout.api.errors import PROBLEM_JSON
from tieout.api.raw import FILE_TYPES
from tieout.api.routes import Route
from tieout.api.shapes import Problem
from tieout.people.tokens import Scope

_ABOUT = """Settlements of sales channels, and how they reach the books: each document once, equal to the deposit.

Amounts are decimal strings with the currency beside them, moments RFC 3339 in UTC, ids opaque texts. Lists come in
pages with cursors that live 24 hours. New fields, values and addresses may come at any time; what breaks a client gets
a new `Tieout-Version`. A token may make 600 requests a minute."""

_EVERYWHERE = ("token_in_query", "malformed_request", "method_not_allowed", "not_acceptable", "validation_failed")
_EVERYWHERE_ELSE = ("internal_error", "unavailable")
_WITH_TOKEN = (
    "organization_required",
    "unauthenticated",
    "invalid_token",
    "insufficient_scope",
    "organization_not_found",
    "too_many_requests",
)
_CHANGING = ("idempotency_key_invalid", "request_in_progress", "idempotency_key_reused")
_WITH_JSON = ("malformed_json", "body_too_large", "unsupported_media_type")
_WITH_FILE = ("body_too_large", "unsupported_media_type")

_HEADERS = {
    "Tieout-Version": ("The version to speak; without it the newest.", VERSION),
    "Tieout-Organization": ("The organisation to work on, when the token covers several.", None),
    "Idempotency-Key": ("1 to 128 visible characters: the same key gets the same answer for 30 days.", "import-0007"),
    "If-Match": ("The ETag of what was read: refused when it has changed since.", '"3"'),
    "Prefer": ("`wait=10`: answer when the operation is final, 30 seconds at most.", "wait=10"),
}


def everywhere(route: Route) -> frozenset[str]:
    """The codes that an address shares with all that need a token, or with all that need none."""
    return frozenset((*_EVERYWHERE, *_EVERYWHERE_ELSE, *(_WITH_TOKEN if route.scope else ())))


def codes_of(route: Route) -> tuple[str, ...]:
    """Every code an address can answer with, in the order of their status."""
    found = {*everywhere(route), *route.refuses}
    found |= {route.missing} if route.names_a_record else set()
    found |= set(_CHANGING) if route.changes else set()
    found |= set(_WITH_JSON) if route.body else set()
    found |= set(_WITH_FILE) if route.takes_file else set()
    return tuple(code for code in CODES if code in found)


def headers_of(route: Route) -> tuple[str, ...]:
    own = ("Tieout-Version", *(("Tieout-Organization",) if route.scope else ()))
    return (*own, *(("Idempotency-Key",) if route.changes else ()), *route.headers)


def make(app: FastAPI, routes: Iterable[Route]) -> dict[str, Any]:
    document = get_openapi(title="Tieout", version=VERSION, description=_ABOUT, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _add_schema(schemas, Problem)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for route in routes:
        _complete(document["paths"][route.path][route.method.lower()], route, schemas)
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`tieout_<id>_<secret>`, made by `tieout tokens`."}
    }
    document["x-error-codes"] = {code: known.when for code, known in CODES.items()}
    document["x-field-codes"] = FIELD_CODES
    document["x-scopes"] = [scope.value for scope in Scope]
    return document


def _complete(operation: dict[str, Any], route: Route, schemas: dict[str, Any]) -> None:
    operation["security"] = [{"token": []}] if route.scope else []
    if route.scope:
        operation["x-scope"] = route.scope.value
    operation.setdefault("parameters", []).extend(map(_header, headers_of(route)))
    for status in route.answers:
        operation["responses"][str(status)]["headers"] = _answer_headers(route, status)
    by_status: dict[int, list[str]] = {}
    for code in codes_of(route):
        by_status.setdefault(CODES[code].status, []).append(code)
    operation["responses"] |= {str(status): _refusal(codes) for status, codes in by_status.items()}
    if route.body is not None:
        _add_schema(schemas, route.body)
        named = {"schema": {"$ref": f"#/components/schemas/{route.body.__name__}"}}
        operation["requestBody"] = {"required": True, "content": {"application/json": named}}
    if route.takes_file:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(FILE_TYPES, binary)}


def _refusal(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"summary": CODES[code].when, "value": example(code)} for code in codes}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {"description": ", ".join(codes), "content": {PROBLEM_JSON: content}}


def example(code: str) -> dict[str, Any]:
    """A body as this code has it."""
    known = CODES[code]
    return {
        "type": f"/errors/{code}",
        "title": known.title,
        "status": known.status,
        "detail": known.when,
        "code": code,
        "request_id": "req_8f0c1d2e3a4b5c6d7e8f",
        "fields": [],
        "problem": None,
        "issue_id": None,
        "operation_id": None,
        "retry": {"class": known.retry, "after_seconds": known.after_seconds},
        "actions": [],
    }


def _header(name: str) -> dict[str, Any]:
    about, sample = _HEADERS[name]
    found: dict[str, Any] = {"name": name, "in": "header", "required": False, "description": about}
    schema: dict[str, Any] = {"type": "string"}
    if name == "Tieout-Version":
        schema["enum"] = [VERSION]
    if name == "Idempotency-Key":
        schema |= {"minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"}
    return found | {"schema": schema} | ({"example": sample} if sample else {})


def _answer_headers(route: Route, status: int) -> dict[str, Any]:
    named = {"X-Request-Id": "Names this answer in our log.", "Tieout-Version": "The version that was spoken."}
    if status == 202:
        named["Location"] = "Where the operation is followed."
    if route.changes:
        named["Idempotent-Replayed"] = "`true` on an answer from memory."
    return {name: {"description": about, "schema": {"type": "string"}} for name, about in named.items()}


def _add_schema(schemas: dict[str, Any], model: Any) -> None:
    made = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="validation")
    schemas |= made.pop("$defs", {})
    schemas[model.__name__] = made
