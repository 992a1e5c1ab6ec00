"""The OpenAPI document: complete, true of every answer, and a fuzzer that follows it finds no break."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi import checks

from tests.api.canary import Canary
from tests.api.conftest import BASE, Program
from tieout.api import CODES, ApiSettings, all_routes, codes_of, mount, openapi
from tieout.api.codes import FIELD_CODES
from tieout.people.tokens import Scope

DOCUMENT = openapi()
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
OPERATIONS = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def test_the_document_is_served_and_is_the_one_that_the_code_makes(program: Program) -> None:
    nobody = Program(program.house, program.client, program.spool)
    assert nobody.get("/api/openapi.json").json() == DOCUMENT


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    assert {(method.upper(), path) for method, path, _ in OPERATIONS} == {(r.method, r.path) for r in all_routes()}


def test_every_operation_is_named_told_and_grouped() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names) and all(name.isalpha() for name in names)
    for _, path, operation in OPERATIONS:
        assert operation["summary"] and operation.get("description"), path
        assert operation["tags"] and all("{" not in tag for tag in operation["tags"]), path


def test_every_operation_says_its_scope_and_every_scope_is_listed() -> None:
    for method, path, operation in OPERATIONS:
        route = next(r for r in all_routes() if (r.method, r.path) == (method.upper(), path))
        assert operation["security"] == ([{"token": []}] if route.scope else [])
        assert operation.get("x-scope") == (route.scope.value if route.scope else None)
    assert DOCUMENT["x-scopes"] == list(Scope)


def test_every_code_is_in_the_document_with_an_example_under_its_status() -> None:
    shown = set()
    for route in all_routes():
        responses = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]
        for code in codes_of(route):
            example = responses[str(CODES[code].status)]["content"]["application/problem+json"]["examples"][code]
            assert example["value"]["code"] == code
            shown.add(code)
    assert set(CODES) == shown
    assert set(DOCUMENT["x-error-codes"]) == set(CODES) and set(DOCUMENT["x-field-codes"]) == set(FIELD_CODES)


def test_no_schema_lets_an_amount_be_a_number() -> None:
    def numbers(schema: Any, at: str) -> Iterator[str]:
        if isinstance(schema, dict):
            if schema.get("type") == "number":
                yield at
            for name, inner in schema.items():
                yield from numbers(inner, f"{at}.{name}")
        elif isinstance(schema, list):
            for place, inner in enumerate(schema):
                yield from numbers(inner, f"{at}[{place}]")

    assert list(numbers(DOCUMENT, "")) == []


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from (part["$ref"],) if isinstance(part.get("$ref"), str) else ()
            for inner in part.values():
                yield from references(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from references(inner)

    schemas = DOCUMENT["components"]["schemas"]
    wanted = {reference.rpartition("/")[2] for reference in references(DOCUMENT)}
    assert wanted <= set(schemas)
    assert not [name for name in schemas if "Validation" in name]


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_explained_at_the_address_that_errors_name(doorstep: Program, code: str) -> None:
    nobody = Program(doorstep.house, doorstep.client, doorstep.spool)
    shown = nobody.get(f"/errors/{code}").json()
    assert (shown["code"], shown["status"], shown["when"]) == (code, CODES[code].status, CODES[code].when)


def fuzzed(program: Program, canary: Canary, examples: int) -> Iterator[tuple[Any, Any]]:
    """Cases that follow the document and cases that break it, with the answer to each."""
    app = FastAPI(openapi_url=None)
    mount(app, program.house.tools, ApiSettings(BASE, program.spool))
    for found in schemathesis.openapi.from_asgi("/api/openapi.json", app).get_all_operations():
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            for number, case in enumerate(drawn(found.ok(), mode, examples)):
                program.house.clock.skip(seconds=1)  # so that the fuzzer never meets the limit of a minute
                if number % 2:
                    at_home(case, canary)
                yield case, case.call(headers={"Authorization": f"Bearer {program.token}"})


def at_home(case: Any, canary: Canary) -> None:
    """With ids that lead somewhere, so that what lies behind the first question is met too."""
    ids = {"settlements": canary.settlement, "operations": canary.operation, "issues": canary.issue}
    ids["channels"] = canary.account
    if (case.path_parameters or {}).get("id"):
        case.path_parameters["id"] = ids[case.operation.path.split("/")[2]]
    for name in [name for name in case.headers or () if name.lower() in ("tieout-organization", "authorization")]:
        del case.headers[name]


def drawn(operation: Any, mode: Any, examples: int) -> list[Any]:
    """The same cases in every run."""
    cases: list[Any] = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        cases.append(case)

    try:
        collect()
    except Unsatisfiable:
        return []
    return cases


@pytest.fixture
def furnished(program: Program) -> Program:
    """With something to be found, and books to send to."""
    program.house.connect()
    program.settlement()
    return program


@pytest.mark.parametrize("examples", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_a_fuzzer_that_follows_and_breaks_the_document_finds_no_break(furnished: Program, examples: int) -> None:
    told: dict[int, int] = {}
    for case, answer in fuzzed(furnished, Canary(furnished), examples):
        told[answer.status_code] = told.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)
    assert all(told[status] > 5 * examples for status in (200, 404, 422)), told
