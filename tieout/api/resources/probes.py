"""Whether this server lives, and whether it can do its work; for whatever starts and watches it."""

from typing import Literal

from starlette.responses import Response

from tieout import __version__
from tieout.api.auth import Open
from tieout.api.envelope import VERSION
from tieout.api.routes import Route
from tieout.api.shapes import Shape, answered
from tieout.store import across


class Health(Shape):
    status: Literal["ok"]
    version: str
    api_version: str


def health() -> Response:
    """It answers at all. No database is asked."""
    return answered(Health(status="ok", version=__version__, api_version=VERSION))


def ready(tools: Open) -> Response:
    """The database answers too; otherwise 503."""
    across.organisations(tools.engines)
    return answered(Health(status="ok", version=__version__, api_version=VERSION))


ROUTES = (
    Route("GET", "/api/health", health, None, "getHealth", "Whether this server lives", {200: Health}),
    Route(
        "GET", "/api/ready", ready, None, "getReadiness", "Whether it can do its work", {200: Health}, ("unavailable",)
    ),
)
