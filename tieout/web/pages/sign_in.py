"""Signing in by password, by a passkey or by a one-use link; the second factor behind it; and signing out."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import organisations, passkeys, second_factor, sessions
from tieout.people.passkeys import PasskeyRefused
from tieout.web import guard
from tieout.web.errors import second_step
from tieout.web.render import count, page
from tieout.web.routes import get, post

_WRONG = "The e-mail address or the password is not right."
_NOWHERE = "You belong to no organisation here any more. Ask an owner of one to invite you again."


def show(request: Request, tools: guard.CallerTools, back: str = "") -> Response:
    if guard.find_visitor(request):
        return RedirectResponse(guard.own_path(back), 303)
    if organisations.is_empty(tools):
        return RedirectResponse("/first-run", 303)
    return _page(request, tools, 200, "", "", back)


def sign_in(
    request: Request,
    tools: guard.CallerTools,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    try:
        token = sessions.sign_in(tools, email[:254], password, guard.visit(request))
    except sessions.NoOrganisation:
        return _page(request, tools, 403, _NOWHERE, email, back)
    except sessions.WrongCredentials:
        return _page(request, tools, 401, _WRONG, email, back)
    except sessions.TooManyTries as refused:
        return _page(request, tools, 429, too_many(refused), email, back)
    except sessions.FactorNeeded as needed:
        return second_step(request, needed, guard.own_path(back))
    return _begun(request, token, guard.own_path(back))


def by_passkey(
    request: Request,
    tools: guard.CallerTools,
    credential: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """A passkey is a whole sign-in: the device asked for a finger, a face or a PIN itself."""
    try:
        token = passkeys.sign_in(tools, guard.party(request), guard.asked_of(request), credential, guard.visit(request))
    except PasskeyRefused as refused:
        return _page(request, tools, 401, str(refused), "", back)
    except sessions.TooManyTries as refused:
        return _page(request, tools, 429, too_many(refused), "", back)
    except sessions.NoOrganisation:
        return _page(request, tools, 403, _NOWHERE, "", back)
    return _begun(request, token, guard.own_path(back))


# --- The second factor ------------------------------------------------------------------------------------------------


def show_second(request: Request, tools: guard.CallerTools, back: str = "") -> Response:
    return _second(request, tools, 200, "", back)


def second(
    request: Request,
    tools: guard.CallerTools,
    code: Annotated[str, Form()] = "",
    credential: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    pending, visit = guard.cookie(request, "factor"), guard.visit(request)
    try:
        if credential:
            subject = guard.asked_of(request)
            token = passkeys.sign_in(tools, guard.party(request), subject, credential, visit, pending)
        else:
            token = second_factor.finish(tools, pending, code[:40], visit)
    except second_factor.WrongCode:
        return _second(request, tools, 401, "This code is not right, or was used before.", back)
    except PasskeyRefused as refused:
        return _second(request, tools, 401, str(refused), back)
    except sessions.TooManyTries as refused:
        return _second(request, tools, 429, too_many(refused), back)
    except sessions.NoOrganisation:
        return _page(request, tools, 403, _NOWHERE, "", back)
    except sessions.LinkUsed:
        return _second(request, tools, 410, "", back)
    response = _begun(request, token, guard.own_path(back))
    guard.set_cookie(request, response, "factor", "", 0)
    return response


def _second(request: Request, tools: guard.CallerTools, status: int, wrong: str, back: str) -> Response:
    """Which factors the person has is told only to whoever knew the password."""
    person = second_factor.waiting(tools, guard.cookie(request, "factor"))
    if person is None:
        return page(request, "second_factor_over.html", 410, back=guard.own_path(back))
    found, party = second_factor.of_person(tools, person.id), guard.party(request)
    has_keys = bool(found.passkeys) and party.is_usable
    asked = passkeys.request(tools, party, guard.asked_of(request), found.passkeys) if has_keys else ""
    return page(
        request,
        "second_factor.html",
        status,
        has_app=found.code_app is not None,
        asked=asked,
        wrong=wrong,
        back=guard.own_path(back),
    )


# --- Links and the way out --------------------------------------------------------------------------------------------


def show_link(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    """Looking does not use the link up: mail scanners and previews look too."""
    person = sessions.link_person(tools, token)
    return page(request, "sign_in_link.html", 200 if person else 410, person=person, token_text=token)


def use_link(request: Request, tools: guard.CallerTools, token: Annotated[str, Form()] = "") -> Response:
    try:
        began = sessions.sign_in_by_link(tools, token, guard.visit(request))
    except sessions.LinkUsed:
        return page(request, "sign_in_link.html", 410, person=None, token_text="")
    return _begun(request, began, "/")


def sign_out(request: Request, tools: guard.CallerTools) -> Response:
    sessions.sign_out(tools, guard.cookie(request, "session"))
    response = RedirectResponse("/sign-in", 303)
    guard.end_session(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _begun(request: Request, token: str, target: str) -> Response:
    response = RedirectResponse(target, 303)
    guard.begin_session(request, response, token)
    return response


def too_many(refused: sessions.TooManyTries) -> str:
    return f"Too many tries. Wait {count(refused.wait_seconds, 'second')}, then try again."


def _page(request: Request, tools: guard.CallerTools, status: int, wrong: str, email: str, back: str) -> Response:
    party = guard.party(request)
    asked = passkeys.request(tools, party, guard.asked_of(request)) if party.is_usable else ""
    return page(request, "sign_in.html", status, wrong=wrong, email=email, back=guard.own_path(back), asked=asked)


ROUTES = (
    get("/sign-in", show, None),
    post("/sign-in", sign_in, None),
    post("/sign-in/passkey", by_passkey, None),
    get("/sign-in/second-factor", show_second, None),
    post("/sign-in/second-factor", second, None),
    get("/sign-in/link", show_link, None),
    post("/sign-in/link", use_link, None),
    post("/sign-out", sign_out, None),
)
