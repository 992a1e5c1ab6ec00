"""One-time links: made by a member, opened by somebody who has the rights in the books and needs nothing here."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout import problems
from tieout.core.consent import LIVES
from tieout.people.roles import Right
from tieout.sync import connecting, consent_links, own_apps
from tieout.sync.connecting import ConnectOutcome
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import Fields
from tieout.web.notes import clear, leave, left, say
from tieout.web.pages.consent import STATE, asked, browser_of, leaving
from tieout.web.render import page
from tieout.web.routes import get, post

_SHOWN_SECONDS = 600


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """The links of the last weeks; a new one stands on top, to be copied, once."""
    fresh = left(request, "link", _SHOWN_SECONDS)
    response = page(
        request,
        "consent_links.html",
        links=consent_links.listing(tools, visitor.organisation),
        fresh=f"{guard.settings_of(request).origin}{fresh}" if fresh else "",
        platforms=own_apps.offered(tools, visitor.organisation),
    )
    if fresh:
        clear(request, response, "link")
    return response


def make(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    platform: Annotated[str, Form()] = "",
    connection: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
) -> Response:
    if platform not in dict(own_apps.offered(tools, visitor.organisation)):
        raise Missing
    response = RedirectResponse("/connection/links", 303)
    fields = Fields({"email": email})
    to = fields.email("email") if email.strip() else ""
    if fields.mistakes:
        say(request, response, f"{fields.mistakes['email']} No link was made.", "danger")
        return response
    made = consent_links.make(tools, visitor.actor, platform, connection, to)
    leave(request, response, "link", made.path, _SHOWN_SECONDS)
    if to:
        say(request, response, f"The link is on its way to {to}. It is shown here too, to be copied.")
    return response


def withdraw(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    response = RedirectResponse("/connection/links", 303)
    if consent_links.withdraw(tools, visitor.actor, id):
        say(request, response, "The link is withdrawn: nobody can begin with it any more.")
    else:
        say(request, response, "The link was used or withdrawn before.", "warning")
    return response


def open_link(request: Request, tools: guard.CallerTools, token: str) -> Response:
    """Who asks, and for what. Looking does not use the link up: mail scanners and previews look too."""
    link = consent_links.look(tools, token)
    is_good = link is not None and link.is_good
    response = page(request, "consent_link.html", 200 if is_good else 410, link=link, token_text=token, visitor=None)
    guard.keep_device(request, response)
    return response


def begin(request: Request, tools: guard.CallerTools, token: str) -> Response:
    link = consent_links.look(tools, token)
    url = consent_links.begin(tools, token, guard.bound(guard.device(request), "connect")) if link else ""
    if link is None or not url:
        return page(request, "consent_link.html", 410, link=link, token_text=token, is_elsewhere=True, visitor=None)
    return leaving(request, url, link.label, visitor=None)


def show_choice(request: Request, tools: guard.CallerTools) -> Response:
    result = connecting.choices(tools, guard.cookie(request, STATE), browser_of(request))
    if result is None:
        return RedirectResponse("/connect/ended?how=refused", 303)
    return page(
        request,
        "choose_books.html",
        **asked(result),
        action="/connect/books",
        back="/connect/ended?how=refused",
        visitor=None,
    )


def choose(request: Request, tools: guard.CallerTools, books: Annotated[str, Form()] = "") -> Response:
    result = connecting.choose_books(tools, guard.cookie(request, STATE), books, browser_of(request))
    response = RedirectResponse(f"/connect/ended?how={result.outcome}&why={result.code}", 303)
    guard.set_cookie(request, response, STATE, "", 0)
    return response


def ended(request: Request, how: str = "", why: str = "") -> Response:
    """What came of it, for somebody who has no account here."""
    outcome = how if how in [each.value for each in ConnectOutcome] else ConnectOutcome.REFUSED.value
    return page(request, "consent_ended.html", how=outcome, problem=problems.named(why), lives=LIVES, visitor=None)


ROUTES = (
    get("/connection/links", show, Right.CONNECT),
    post("/connection/links", make, Right.CONNECT),
    post("/connection/links/{id}/withdraw", withdraw, Right.CONNECT),
    get("/connect/books", show_choice, None),
    post("/connect/books", choose, None),
    get("/connect/ended", ended, None),
    get("/connect/{token}", open_link, None),
    post("/connect/{token}", begin, None),
)
