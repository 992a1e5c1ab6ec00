"""Your account: address, password, second factor, and where you are signed in."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import accounts, organisations, second_factor, sessions
from tieout.people.accounts import AddressTaken
from tieout.people.roles import Right
from tieout.web import guard
from tieout.web.devices import words_of
from tieout.web.forms import Fields
from tieout.web.notes import say
from tieout.web.pages.sign_in import too_many
from tieout.web.render import count, page
from tieout.web.routes import get, post

HOME = "/account"


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    return _page(request, visitor, tools, 200, {})


def change_password(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
) -> Response:
    """Who has no password yet is asked for another proof instead of the current one."""
    if not visitor.session.person.password_hash:
        guard.recently_proven(request, visitor, tools)
    names = (each.name for each in organisations.of_person(tools, visitor.session.person.id))
    if refusal := accounts.password_refusal(new, visitor.session.person, *names):
        return _page(request, visitor, tools, 422, {"new": refusal})
    try:
        accounts.change_password(tools, visitor.session, current[:200], new, guard.visit(request))
    except sessions.WrongCredentials:
        return _page(request, visitor, tools, 422, {"current": "This is not your password."})
    except sessions.TooManyTries as refused:
        return _page(request, visitor, tools, 429, {"current": too_many(refused)})
    return _back(request, "Your password is changed. Everywhere else you were signed in, you are signed out.")


# --- The address ------------------------------------------------------------------------------------------------------


def ask_proof(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    try:
        accounts.ask_proof(tools, visitor.session.person)
    except sessions.TooManyTries as refused:
        return _back(request, too_many(refused), "warning")
    return _back(request, f"A letter is on its way to {visitor.session.person.email}. Open the link in it.")


def ask_new_email(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, email: Annotated[str, Form()] = ""
) -> Response:
    """The same answer whether somebody here has that address or not."""
    fields = Fields({"email": email})
    wanted = fields.email("email")
    if not fields.mistakes and wanted == visitor.session.person.email:
        fields.mistakes["email"] = "This is your address already."
    if fields.mistakes:
        return _page(request, visitor, tools, 422, fields.mistakes)
    try:
        accounts.ask_new_email(tools, visitor.session, wanted)
    except sessions.TooManyTries as refused:
        return _page(request, visitor, tools, 429, {"email": too_many(refused)})
    words = f"A letter is on its way to {wanted}, unless somebody here has that address. Open the link in it."
    return _back(request, f"{words} Until then you sign in with {visitor.session.person.email}.")


def show_confirm(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    """Open to everybody: the letter may be read on another device. Looking does not use the link up."""
    email = accounts.link_email(tools, token)
    return page(request, "email_confirm.html", 200 if email else 410, email=email, token_text=token, is_done=False)


def confirm(request: Request, tools: guard.CallerTools, token: Annotated[str, Form()] = "") -> Response:
    try:
        person = accounts.confirm_email(tools, token)
    except (sessions.LinkUsed, AddressTaken):
        return page(request, "email_confirm.html", 410, email="", token_text="", is_done=False)
    return page(request, "email_confirm.html", email=person.email, token_text="", is_done=True)


# --- Sessions ---------------------------------------------------------------------------------------------------------


def end_one(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, session: Annotated[str, Form()] = ""
) -> Response:
    if session == visitor.session.digest:
        return _back(request, "This is the browser you are using. To leave it, sign out at the top.", "warning")
    is_ended = sessions.end_own(tools, visitor.session.person, session[:64])
    words = "Signed out there." if is_ended else "That session was over already."
    return _back(request, words, "success" if is_ended else "warning")


def end_others(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    ended = sessions.end_others(tools, visitor.session)
    return _back(request, f"Signed out in {count(ended, 'other place')}." if ended else "There was no other session.")


def _page(
    request: Request, visitor: guard.Visitor, tools: guard.CallerTools, status: int, mistakes: dict[str, str]
) -> Response:
    person = visitor.session.person
    return page(
        request,
        "account.html",
        status,
        person=person,
        factors=second_factor.of_person(tools, person.id),
        sessions=[
            (each, words_of(each.agent), each.digest == visitor.session.digest)
            for each in sessions.own(tools, person.id)
        ],
        mistakes=mistakes,
    )


def _back(request: Request, words: str, kind: str = "success") -> Response:
    response = RedirectResponse(HOME, 303)
    say(request, response, words, kind)
    return response


ROUTES = (
    get(HOME, show),
    post("/account/password", change_password, Right.VIEW),
    post("/account/email", ask_new_email, Right.VIEW),
    post("/account/email/proof", ask_proof, Right.VIEW),
    get(accounts.CONFIRM, show_confirm, None),
    post(accounts.CONFIRM, confirm, None),
    post("/account/sessions/end", end_one, Right.VIEW),
    post("/account/sessions/end-others", end_others, Right.VIEW),
)
