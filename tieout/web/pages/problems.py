"""The problems that Tieout knows: what each is, how it is seen, what Tieout does by itself, and who can end it."""

from fastapi import Request
from fastapi.responses import Response

from tieout import problems
from tieout.sync import issues
from tieout.sync.issues import OWNERS
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.pages.issues import RETRIES
from tieout.web.render import page
from tieout.web.routes import get


def show_all(request: Request, visitor: guard.SignedIn) -> Response:
    known = problems.problems()
    families = problems.families()
    return page(
        request,
        "problems.html",
        groups=[(families[name], [each for each in known if each.family == name]) for name in families],
    )


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, code: str) -> Response:
    """The explanation, and where it is met now."""
    problem = problems.named(code)
    if problem is None:
        raise Missing
    met = [issue for issue in issues.listing(tools, visitor.organisation) if issue.code == code]
    return page(
        request,
        "problem.html",
        problem=problem,
        title=problems.spoken(problem),
        owner=OWNERS[problem.owner],
        retry=RETRIES[problem.retry],
        met=met,
    )


ROUTES = (get("/problems", show_all), get("/problems/{code}", show))
