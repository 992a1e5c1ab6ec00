"""Setting up the second factor: an app that makes codes, passkeys, recovery codes. Each asks for a recent proof."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import passkeys, second_factor, sessions
from tieout.people.identities import LastWayIn
from tieout.people.passkeys import PasskeyRefused
from tieout.people.roles import Right
from tieout.web import guard
from tieout.web.notes import say
from tieout.web.pages.sign_in import too_many
from tieout.web.render import page
from tieout.web.routes import get, post

HOME = "/account/second-factor"
APP = f"{HOME}/app"


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    return _page(request, visitor, tools, 200)


# --- An app that makes codes ------------------------------------------------------------------------------------------


def begin_app(request: Request, visitor: guard.Proven, tools: guard.CallerTools) -> Response:
    return _app(request, visitor, tools, 200, "")


def confirm_app(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, code: Annotated[str, Form()] = ""
) -> Response:
    """The answer itself shows the recovery codes: they are kept nowhere, so no later page could."""
    try:
        codes = second_factor.confirm_code_app(tools, visitor.session.person, code[:40])
    except second_factor.WrongCode:
        wrong = "This code is not right. Wait for the next one in the app; its clock must be right, too."
        return _app(request, visitor, tools, 422, wrong)
    except sessions.TooManyTries as refused:
        return _app(request, visitor, tools, 429, too_many(refused))
    return _done(request, visitor, tools, codes, "From now on a sign-in asks for a code of your app.")


def remove_app(request: Request, visitor: guard.Proven, tools: guard.CallerTools) -> Response:
    is_gone = second_factor.remove_code_app(tools, visitor.session.person)
    return _back(request, "The app is removed: its codes open nothing any more." if is_gone else "There was no app.")


def _app(request: Request, visitor: guard.Visitor, tools: guard.CallerTools, status: int, wrong: str) -> Response:
    offer = second_factor.offer(tools, visitor.session.person)
    if offer is None:
        return _back(request, "Your app makes codes already. Remove it first to set up another.", "warning")
    secret = " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4))
    return page(request, "code_app.html", status, secret=secret, picture=offer.picture, wrong=wrong)


# --- Passkeys and recovery codes --------------------------------------------------------------------------------------


def add_passkey(
    request: Request,
    visitor: guard.Proven,
    tools: guard.CallerTools,
    credential: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    person, party = visitor.session.person, guard.party(request)
    try:
        codes = passkeys.add(tools, party, person, guard.asked_of(request), credential, name)
    except PasskeyRefused as refused:
        return _page(request, visitor, tools, 422, wrong=str(refused))
    return _done(request, visitor, tools, codes, "The passkey is added. It signs you in without a password.")


def remove_passkey(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, key: Annotated[str, Form()] = ""
) -> Response:
    try:
        is_gone = passkeys.remove(tools, visitor.session.person, key)
    except LastWayIn as error:
        return _back(request, str(error), "warning")
    return _back(request, "The passkey is removed: it opens nothing any more." if is_gone else "It was gone already.")


def new_codes(request: Request, visitor: guard.Proven, tools: guard.CallerTools) -> Response:
    codes = second_factor.new_recovery_codes(tools, visitor.session.person)
    if not codes:
        return _back(request, "Set up an app or a passkey first: recovery codes stand in for them.", "warning")
    return _page(request, visitor, tools, 201, codes=codes)


def _done(
    request: Request, visitor: guard.Visitor, tools: guard.CallerTools, codes: tuple[str, ...], words: str
) -> Response:
    return _page(request, visitor, tools, 201, codes=codes, done=words) if codes else _back(request, words)


def _page(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int,
    codes: tuple[str, ...] = (),
    done: str = "",
    wrong: str = "",
) -> Response:
    person, party = visitor.session.person, guard.party(request)
    can_add = party.is_usable and sessions.is_proven(visitor.session, tools)
    return page(
        request,
        "factors.html",
        status,
        factors=second_factor.of_person(tools, person.id),
        host=party.id,
        is_usable=party.is_usable,
        asked=passkeys.creation(tools, party, person, guard.asked_of(request)) if can_add else "",
        codes=codes,
        done=done,
        wrong=wrong,
    )


def _back(request: Request, words: str, kind: str = "success") -> Response:
    response = RedirectResponse(HOME, 303)
    say(request, response, words, kind)
    return response


ROUTES = (
    get(HOME, show),
    post(APP, begin_app, Right.VIEW),
    post(f"{APP}/confirm", confirm_app, Right.VIEW),
    post(f"{APP}/remove", remove_app, Right.VIEW),
    post(f"{HOME}/passkeys", add_passkey, Right.VIEW),
    post(f"{HOME}/passkeys/remove", remove_passkey, Right.VIEW),
    post(f"{HOME}/recovery-codes", new_codes, Right.VIEW),
)
