"""People: who belongs to the organisation, with which role; invitations, requests, practices, ownership, support."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import asking_access, invitations, members, ownership, practices, support
from tieout.people.invitations import Invited
from tieout.people.members import Impossible
from tieout.people.roles import Right, Role
from tieout.store.memberships import Membership
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import Fields
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import Entry, get, post

MENU = Entry(35, "People", "/people", "users", aside=True)

ROLE_WORDS = {
    Role.BASIC: "views and sends settlements",
    Role.ACCOUNTANT: "everything but managing people and ownership",
    Role.ADMIN: "everything but ownership; manages people",
    Role.OWNER: "everything",
}
RIGHT_WORDS = {
    Right.VIEW: "look at the organisation",
    Right.SEND: "send settlements",
    Right.IMPORT: "upload statements",
    Right.MAP: "say where things are booked",
    Right.CONNECT: "connect books and channels",
    Right.PEOPLE: "manage people",
    Right.OWN: "do what only the owner does",
}
Words = Annotated[str, Form(max_length=300)]


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    return _page(request, visitor, tools)


def invite(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, email: Words = "", role: Words = ""
) -> Response:
    """The answer itself shows the link: it is kept nowhere, so no later page could."""
    fields = Fields({"email": email})
    address, wanted = fields.email("email"), _role(role)
    if fields.mistakes:
        return _page(request, visitor, tools, 422, mistake=fields.mistakes["email"], email=email)
    try:
        invited = invitations.invite(tools, visitor.actor, address, wanted)
    except Impossible as error:
        return _page(request, visitor, tools, 422, mistake=str(error), email=email)
    return _page(request, visitor, tools, 201, invited=invited)


def invite_again(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str) -> Response:
    try:
        invited = invitations.send_again(tools, visitor.actor, id)
    except Impossible as error:
        return _back(request, str(error), "danger")
    return _page(request, visitor, tools, 201, invited=invited)


def withdraw(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    return _tried(
        request,
        lambda: invitations.withdraw(tools, visitor.actor, id),
        "The invitation is withdrawn: its link is dead.",
    )


def change_role(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, person: str, role: Words = ""
) -> Response:
    wanted, name = _role(role), _name(tools, visitor, person)
    return _tried(
        request, lambda: members.change_role(tools, visitor.actor, person, wanted), f"{name} is now {wanted}."
    )


def suspend(request: Request, visitor: guard.Proven, tools: guard.CallerTools, person: str) -> Response:
    name = _name(tools, visitor, person)
    return _tried(
        request,
        lambda: members.suspend(tools, visitor.actor, person),
        f"{name} is suspended: no session and no token of theirs opens anything here until you let them in again.",
    )


def let_in_again(request: Request, visitor: guard.Proven, tools: guard.CallerTools, person: str) -> Response:
    name = _name(tools, visitor, person)
    return _tried(request, lambda: members.let_in_again(tools, visitor.actor, person), f"{name} is in again.")


def show_remove(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, person: str) -> Response:
    return page(request, "people_remove.html", member=_member(tools, visitor, person))


def remove(request: Request, visitor: guard.Proven, tools: guard.CallerTools, person: str) -> Response:
    name = _name(tools, visitor, person)
    return _tried(
        request,
        lambda: members.remove(tools, visitor.actor, person),
        f"{name} does not belong to the organisation any more.",
    )


def leave(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """The session stood for the organisation that is left, so it is over too."""
    try:
        members.leave(tools, visitor.actor)
    except Impossible as error:
        return _back(request, str(error), "danger")
    return RedirectResponse("/sign-in", 303)


def grant(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str, role: Words = "") -> Response:
    return _tried(
        request,
        lambda: asking_access.grant(tools, visitor.actor, id, _role(role)),
        "Granted. They have it at once, and a letter says so.",
    )


def decline(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    return _tried(request, lambda: asking_access.decline(tools, visitor.actor, id), "Declined. A letter tells them so.")


def let_practice_in(
    request: Request,
    visitor: guard.Proven,
    tools: guard.CallerTools,
    practice: Words = "",
    code: Words = "",
    role: Words = "",
) -> Response:
    """By the practice's code, or with one switch where a member belongs to it."""
    named = practices.by_code(tools, code) if code else None
    if code and named is None:
        return _back(request, f"No practice has the code {code[:20]}. It stands on the practice's own page.", "danger")
    return _tried(
        request,
        lambda: practices.grant(tools, visitor.actor, named.id if named else practice, _role(role)),
        "The practice is in: all its members, those who join it later too, for all channels present and future.",
    )


def end_practice(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, practice: str) -> Response:
    return _tried(
        request,
        lambda: practices.end(tools, visitor.actor, practice),
        "Ended. Who came with the practice gets in no more.",
    )


def offer_ownership(request: Request, visitor: guard.Proven, tools: guard.CallerTools, person: Words = "") -> Response:
    return _tried(
        request,
        lambda: ownership.offer(tools, visitor.actor, person),
        "Offered. Nothing changes until they accept; you can withdraw the offer here.",
    )


def withdraw_offer(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    return _tried(request, lambda: ownership.withdraw(tools, visitor.actor, id), "The offer is withdrawn.")


def end_support(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    return _tried(
        request, lambda: support.end(tools, visitor.actor, id), "Ended. They see nothing of the organisation any more."
    )


def _page(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int = 200,
    invited: Invited | None = None,
    mistake: str = "",
    email: str = "",
) -> Response:
    organisation, now = visitor.organisation, tools.now()
    return page(
        request,
        "people.html",
        status,
        members=members.listed(tools, organisation),
        requests=[
            (asked, member, RIGHT_WORDS[Right(asked.right)], asking_access.roles_that_grant(Right(asked.right)))
            for asked, member in asking_access.open_requests(tools, organisation)
        ],
        invitations=[(each, each.is_open(now)) for each in invitations.listed(tools, organisation)],
        practices=practices.granted(tools, organisation),
        known_practices=practices.of_members(tools, organisation),
        offers=ownership.open_offers(tools, organisation),
        support=[(each, each.is_open(now)) for each in support.of_organisation(tools, organisation)],
        roles={role.value: words for role, words in ROLE_WORDS.items()},
        invited=invited,
        address=guard.settings_of(request).public_url,
        mistake=mistake,
        email=email,
    )


def _tried(request: Request, change: Callable[[], object], done: str) -> Response:
    """Back to the page, with what happened or why not."""
    try:
        change()
    except Impossible as error:
        return _back(request, str(error), "danger")
    return _back(request, done)


def _back(request: Request, words: str, kind: str = "success") -> Response:
    response = RedirectResponse("/people", 303)
    say(request, response, words, kind)
    return response


def _role(role: str) -> Role:
    """Raises Missing for what no form of ours offers."""
    if role not in set(Role):
        raise Missing
    return Role(role)


def _member(tools: guard.CallerTools, visitor: guard.Visitor, person: str) -> Membership:
    found = next((each for each in members.listed(tools, visitor.organisation) if each.person == person), None)
    if found is None:
        raise Missing
    return found


def _name(tools: guard.CallerTools, visitor: guard.Visitor, person: str) -> str:
    return _member(tools, visitor, person).name


ROUTES = (
    get("/people", show),
    post("/people/invitations", invite, Right.PEOPLE),
    post("/people/invitations/{id}/again", invite_again, Right.PEOPLE),
    post("/people/invitations/{id}/withdraw", withdraw, Right.PEOPLE),
    post("/people/members/{person}/role", change_role, Right.PEOPLE),
    post("/people/members/{person}/suspend", suspend, Right.PEOPLE),
    post("/people/members/{person}/let-in", let_in_again, Right.PEOPLE),
    get("/people/members/{person}/remove", show_remove, Right.PEOPLE),
    post("/people/members/{person}/remove", remove, Right.PEOPLE),
    post("/people/leave", leave, Right.VIEW),
    post("/people/requests/{id}/grant", grant, Right.PEOPLE),
    post("/people/requests/{id}/decline", decline, Right.PEOPLE),
    post("/people/practices", let_practice_in, Right.OWN),
    post("/people/practices/{practice}/end", end_practice, Right.OWN),
    post("/people/ownership", offer_ownership, Right.OWN),
    post("/people/offers/{id}/withdraw", withdraw_offer, Right.OWN),
    post("/people/support/{id}/end", end_support, Right.VIEW),
)
