"""The catalogue: everything that can be wrong, what it means, and who can end it. No token is needed to read it."""

from starlette.responses import Response

from tieout import problems
from tieout.api.errors import Declined
from tieout.api.routes import Route
from tieout.api.shapes import OwnerWord, Page, RetryWord, Shape, answered, page_of


class CatalogueEntry(Shape):
    """One problem. Words of the title in braces are filled in when it occurs."""

    code: str
    family: str
    title: str
    cause: str
    seen_as: str
    tieout_does: str
    owner: OwnerWord
    retry_class: RetryWord


def listing() -> Response:
    """Every problem, in the order in which causes win."""
    found = [_shown(each) for each in problems.problems()]
    return answered(page_of(found, len(found), None))


def show(code: str) -> Response:
    """One problem by its code."""
    found = problems.named(code)
    if found is None:
        raise Declined("problem_not_found")
    return answered(_shown(found))


def _shown(problem: problems.Problem) -> CatalogueEntry:
    return CatalogueEntry(
        code=problem.code,
        family=problem.family,
        title=problem.title,
        cause=problem.cause,
        seen_as=problem.seen_as,
        tieout_does=problem.does,
        owner=problem.owner.value,
        retry_class=problem.retry.value,
    )


ROUTES = (
    Route("GET", "/api/problems", listing, None, "listProblems", "The catalogue", {200: Page[CatalogueEntry]}),
    Route(
        "GET",
        "/api/problems/{code}",
        show,
        None,
        "getProblem",
        "One problem of the catalogue",
        {200: CatalogueEntry},
        missing="problem_not_found",
    ),
)
