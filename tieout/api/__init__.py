"""The REST contract. A resource is a module in `resources/` with ROUTES; the OpenAPI document is made from them."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from tieout.api import document, errors, guard, resources
from tieout.api.auth import Meter
from tieout.api.codes import CODES, FIELD_CODES
from tieout.api.document import codes_of, everywhere, headers_of
from tieout.api.envelope import VERSION, Envelope, Fork
from tieout.api.routes import Route
from tieout.api.settings import ApiSettings
from tieout.sync.tools import Tools

__all__ = [
    "CODES",
    "FIELD_CODES",
    "VERSION",
    "ApiSettings",
    "all_routes",
    "codes_of",
    "everywhere",
    "headers_of",
    "make_api",
    "mount",
    "openapi",
]

DOCUMENT = "/api/openapi.json"


def mount(app: FastAPI, tools: Tools, settings: ApiSettings) -> None:
    """Puts the API beside the pages of `app`: one server, but nothing that guards a page stands before the API."""
    app.add_middleware(Fork, api=make_api(tools, settings))


def make_api(tools: Tools, settings: ApiSettings) -> ASGIApp:
    """Everything another program sees, with the headers of the contract on every answer."""
    return Envelope(make_app(tools, settings), settings.is_https)


def make_app(tools: Tools, settings: ApiSettings) -> FastAPI:
    settings.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = _bare_app()
    app.state.tools, app.state.settings, app.state.meter = tools, settings, Meter()
    app.state.cursor_key = tools.vault.derived("cursors of the API")
    errors.register(app)
    described = openapi(app)

    def show_document() -> Response:
        return JSONResponse(described)

    app.add_api_route(DOCUMENT, show_document, methods=["GET"], include_in_schema=False)
    return app


def openapi(app: FastAPI | None = None) -> dict[str, Any]:
    """The OpenAPI document. It needs no installation: the same code makes the same document."""
    return document.make(app or _bare_app(), all_routes())


def all_routes() -> tuple[Route, ...]:
    return tuple(route for module in resource_modules() for route in module.ROUTES)


def resource_modules() -> tuple[ModuleType, ...]:
    found = pkgutil.iter_modules(resources.__path__, "tieout.api.resources.")
    return tuple(import_module(each.name) for each in found)


def _bare_app() -> FastAPI:
    """The routes alone."""
    app = FastAPI(
        title="Tieout", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    for route in sorted(all_routes(), key=lambda each: each.names_a_record):
        _add(app, route)
    return app


def _add(app: FastAPI, route: Route) -> None:
    """One address with its guards, in the order in which they are asked."""
    answers: dict[int | str, dict[str, Any]] = {status: {"model": model} for status, model in route.answers.items()}
    answers[422] = {}  # else the framework would describe its own
    app.add_api_route(
        route.path,
        route.function,
        methods=[route.method],
        dependencies=guard.asked_of(route),
        response_model=None,
        responses=answers,
        status_code=min(route.answers),
        operation_id=route.name,
        name=route.name,
        summary=route.summary,
        description=route.function.__doc__,
        tags=[route.path.removeprefix("/api").split("/")[1]],
    )
