"""The explanation of each error code, at the address that `type` names."""

from starlette.responses import Response

from tieout.api.codes import CODES
from tieout.api.errors import Declined
from tieout.api.routes import Route
from tieout.api.shapes import Shape, answered


class Explanation(Shape):
    code: str
    status: int
    title: str
    when: str
    retry_class: str


def show(code: str) -> Response:
    """What a code means, and what to do; for whoever follows the `type` of an error."""
    known = CODES.get(code)
    if known is None:
        raise Declined("not_found")
    shown = Explanation(code=code, status=known.status, title=known.title, when=known.when, retry_class=known.retry)
    return answered(shown)


ROUTES = (Route("GET", "/errors/{code}", show, None, "getError", "What an error code means", {200: Explanation}),)
