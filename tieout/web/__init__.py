"""The pages. A page is a module in `pages/` with ROUTES; the menu is what the modules say of themselves."""

import pkgutil
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import ModuleType

from fastapi import Depends, FastAPI, Request, Response
from fastapi.params import Depends as Dependency
from starlette.middleware.gzip import GZipMiddleware

from tieout.people.roles import NotPermitted
from tieout.sync.tools import Tools
from tieout.web import doors, errors, guard, pages
from tieout.web.routes import Entry, Route
from tieout.web.settings import WebSettings
from tieout.web.versioned import Versioned

__all__ = ["WebSettings", "make_app"]

_FORM_BYTES = 1024 * 1024


def make_app(tools: Tools, settings: WebSettings) -> FastAPI:
    """Everything a browser sees. No documents of its own are served: the contract for programs stands in `api`."""
    settings.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = FastAPI(title="Tieout", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.tools, app.state.settings = tools, settings
    modules = page_modules()
    app.state.menu = menu_of(modules)
    routes = [route for module in modules for route in module.ROUTES]
    for route in routes:
        add(app, route)
    static = Versioned(directory=Path(str(files("tieout.web"))) / "static")
    kept = guard.Headers(GZipMiddleware(static), settings, "public, max-age=31536000, immutable")
    app.mount("/static", kept, name="static")
    errors.register(app)
    app.add_exception_handler(doors.Framed, doors.in_frame)
    app.add_exception_handler(doors.Stale, doors.too_old)
    app.add_exception_handler(NotPermitted, _may_not)
    unlimited = frozenset(route.path for route in routes if route.checks_form)
    app.add_middleware(guard.FormLimit, most_bytes=_FORM_BYTES, unlimited=unlimited)
    app.add_middleware(guard.Headers, settings=settings, cache_control="no-store")
    return app


def _may_not(request: Request, error: Exception) -> Response:
    return doors.may_not(request, error) or errors.answer(request, error)


def page_modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(found.name) for found in pkgutil.iter_modules(pages.__path__, "tieout.web.pages."))


def menu_of(modules: tuple[ModuleType, ...]) -> tuple[Entry, ...]:
    entries = [module.MENU for module in modules if hasattr(module, "MENU")]
    return tuple(sorted(entries, key=lambda entry: entry.order))


def add(app: FastAPI, route: Route) -> None:
    """One address with its guards, in the order in which they are asked."""
    asked: list[Dependency] = [Depends(doors.unframed), Depends(guard.same_origin)]
    if route.right is not None:
        asked.append(Depends(guard.needs(route.right)))
    if route.method != "GET" and not route.checks_form:
        asked += [Depends(guard.not_forged), Depends(doors.current)]
    app.add_api_route(
        route.path,
        route.function,
        methods=["GET", "HEAD"] if route.method == "GET" else [route.method],
        dependencies=asked,
        response_model=None,
        name=route.path,
    )
