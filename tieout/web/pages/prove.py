"""Prove that it is you: before something of weight, when the last proof is more than ten minutes old."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import accounts, passkeys, second_factor, sessions
from tieout.people.passkeys import PasskeyRefused
from tieout.people.roles import Right
from tieout.web import guard
from tieout.web.notes import say
from tieout.web.pages.sign_in import too_many
from tieout.web.render import page
from tieout.web.routes import get, post


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, back: str = "") -> Response:
    if sessions.is_proven(visitor.session, tools):
        return RedirectResponse(guard.own_path(back), 303)
    return _page(request, visitor, tools, 200, "", back)


def prove(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    credential: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """By password or passkey; by a code for somebody who has no password."""
    session = visitor.session
    try:
        if credential:
            passkeys.prove(tools, guard.party(request), session, guard.asked_of(request), credential)
        elif session.person.password_hash:
            accounts.prove(tools, session, password[:200])
        else:
            second_factor.prove(tools, session, code[:40])
    except PasskeyRefused as refused:
        return _page(request, visitor, tools, 401, str(refused), back)
    except sessions.WrongCredentials:
        return _page(request, visitor, tools, 401, "The password is not right.", back)
    except second_factor.WrongCode:
        return _page(request, visitor, tools, 401, "This code is not right, or was used before.", back)
    except sessions.TooManyTries as refused:
        return _page(request, visitor, tools, 429, too_many(refused), back)
    response = RedirectResponse(guard.own_path(back), 303)
    say(request, response, "Thank you. Go on: what you were about to do has not been done yet.")
    return response


def _page(
    request: Request, visitor: guard.Visitor, tools: guard.CallerTools, status: int, wrong: str, back: str
) -> Response:
    person, party = visitor.session.person, guard.party(request)
    found = second_factor.of_person(tools, person.id)
    has_keys = bool(found.passkeys) and party.is_usable
    return page(
        request,
        "prove.html",
        status,
        has_password=bool(person.password_hash),
        has_app=found.code_app is not None,
        asked=passkeys.request(tools, party, guard.asked_of(request), found.passkeys) if has_keys else "",
        wrong=wrong,
        back=guard.own_path(back),
    )


ROUTES = (get("/prove", show), post("/prove", prove, Right.VIEW))
