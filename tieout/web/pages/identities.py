"""Signing in by somebody who vouches for people; what to do about an identity nobody here has; one's own identities.

An answer of a provider is met with an empty body and a clean address, so that no code stays anywhere. The provider's
own words are shown beside ours, escaped as everything is.
"""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.failure import RemoteError
from tieout.core.openid import masked
from tieout.people import identities, invitations, sessions
from tieout.people.identities import LastWayIn, TakenElsewhere
from tieout.people.members import Impossible
from tieout.people.roles import Right
from tieout.people.sessions import FactorNeeded
from tieout.sync import vouched, vouchers
from tieout.sync.vouched import Outcome
from tieout.web import errors, guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

WAITS, REFUSED, OWN = "/sign-in/identity", "/sign-in/refused", "/account/identities"
INVITED = "/invitations/accept?token="
_SECONDS = int(identities.PENDING.total_seconds())
_LONGEST = 4096

# Why somebody was not let in, and what to do. Whatever is not here is a token that proved nothing.
REASONS = {
    "sign-in-unasked": "This is not an answer to a sign-in that was begun here.",
    "sign-in-other-browser": "The sign-in was begun in another browser, or this one keeps no cookies.",
    "sign-in-other-person": "You were signed out, or signed in as somebody else, while the other page was open.",
    "sign-in-mixed-up": "The answer came from somebody else than the sign-in had asked.",
    "sign-in-used": "This answer was used before; it works once.",
    "sign-in-too-late": "More than ten minutes have passed since the sign-in was begun.",
    "sign-in-denied": "You, or {label} for you, did not allow it. Nothing has changed.",
    "sign-in-error": "{label} ended the sign-in with an error.",
    "sign-in-unreachable": "{label} did not answer, or not in a form that can be read. It may work again in a minute.",
    "sign-in-code-refused": "{label} did not accept its own answer.",
    "sign-in-no-organisation": "You belong to no organisation here any more. Ask an owner to invite you again.",
    "identity-tied-elsewhere": "This identity signs in another account here. Unlink it there first.",
}
_UNTRUSTED = "What {label} sent proves nothing, so nobody was signed in."


def begin(request: Request, tools: guard.CallerTools, provider: str, back: Annotated[str, Form()] = "") -> Response:
    """Off to the provider, by a Refresh header: `form-action 'self'` would stop a redirect that a form began."""
    return _away_to(request, tools, provider, "", guard.own_path(back))


def begin_link(request: Request, visitor: guard.Proven, tools: guard.CallerTools, provider: str) -> Response:
    """One more way in for whoever is signed in."""
    return _away_to(request, tools, provider, visitor.session.person.id, OWN)


def callback(request: Request, tools: guard.CallerTools, provider: str) -> Response:
    if provider not in tools.vouching:
        raise Missing
    visitor = guard.find_visitor(request)
    params = {name: value[:_LONGEST] for name, value in request.query_params.items()}
    person = visitor.session.person.id if visitor else ""
    result = vouched.finish(tools, provider, params, _browser(request), guard.visit(request), person)
    match result.outcome:
        case Outcome.SIGNED_IN:
            response = _clean(_back(request))
            guard.begin_session(request, response, result.session)
        case Outcome.FACTOR:
            response = errors.second_step(request, FactorNeeded(result.session), _back(request))
        case Outcome.LINKED:
            response = _clean(OWN)
            say(request, response, f"{vouchers.label(provider)} is linked: it signs you in from now on.")
        case Outcome.UNKNOWN:
            response = _clean(WAITS)
            guard.set_cookie(request, response, "identity", result.draft, _SECONDS)
            guard.set_cookie(request, response, "waiting-back", _back(request), _SECONDS)
        case Outcome.REFUSED:
            is_again = result.code == "sign-in-used" and visitor is not None
            response = _clean(_back(request) if is_again else f"{REFUSED}?why={result.code}")
            guard.set_cookie(request, response, "refused", result.draft, _SECONDS)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def show_refused(request: Request, tools: guard.CallerTools, why: str = "") -> Response:
    """What was in the way, with the provider's own words where it said any."""
    found = vouched.refusal(tools, guard.cookie(request, "refused"), _browser(request))
    label = vouchers.label(found.provider) if found else "the other side"
    code = found.code if found and found.code == why else why
    text = REASONS.get(code) or (_UNTRUSTED if code else REASONS["sign-in-unasked"])
    words = found.words if found and found.code == code else ""
    text = text.format(label=label)
    why = f"{text[:1].upper()}{text[1:]}"
    return page(request, "identity_refused.html", 400, why=why, words=words, back=_back(request))


def show_waiting(request: Request, tools: guard.CallerTools) -> Response:
    """An identity that nobody here has: the ways in of its address, or, for who has proven theirs, the link."""
    found = identities.pending(tools, guard.cookie(request, "identity"), _browser(request))
    if found is None:
        return RedirectResponse(OWN if guard.find_visitor(request) else "/sign-in", 303)
    token = _invitation(request)
    own = [name for name, _ in found.kinds if name in (identities.PASSWORD, identities.PASSKEY)]
    kinds = [(name, vouchers.label(name), shown) for name, shown in found.kinds if name not in own]
    return page(
        request,
        "identity_waiting.html",
        label=vouchers.label(found.provider),
        waits=found,
        kinds=kinds,
        ways=" or ".join([*(f"a {name}" for name in own), *(f"{label} ({shown})" for _, label, shown in kinds)]),
        own=" or ".join(own) or ("" if found.has_account else "password"),
        invitation=invitations.look(tools, token) if token else None,
        others=[each for each in vouched.offered(tools) if each[0] != found.provider],
        back=WAITS,
    )


def link_waiting(request: Request, visitor: guard.Proven, tools: guard.CallerTools) -> Response:
    draft, browser = guard.cookie(request, "identity"), _browser(request)
    target = _back(request, "waiting-back")
    response = RedirectResponse(target if target not in ("/", WAITS) else OWN, 303)
    try:
        name = vouched.link_pending(tools, visitor.actor, draft, browser)
    except TakenElsewhere as error:
        say(request, response, str(error), "danger")
        return response
    if name is None:
        say(request, response, "Nothing waits to be linked any more. Begin again below.", "warning")
    else:
        say(request, response, f"{vouchers.label(name)} is linked: it signs you in from now on.")
    return response


def join(request: Request, tools: guard.CallerTools) -> Response:
    """An invitation is accepted with the identity itself: its account is made, and no password is needed."""
    draft, browser = guard.cookie(request, "identity"), _browser(request)
    try:
        person = identities.join(tools, _invitation(request), draft, browser)
    except Impossible as error:
        return page(request, "identity_refused.html", 409, why=str(error), words="", back="/")
    response = RedirectResponse("/", 303)
    guard.begin_session(request, response, sessions.begin(tools, person, guard.visit(request)))
    return response


def show_own(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    mine = identities.of_person(tools, visitor.session.person.id)
    waits = identities.pending(tools, guard.cookie(request, "identity"), _browser(request))
    return page(
        request,
        "identities.html",
        mine=[(each, vouchers.label(each.provider), masked(each.email)) for each in mine],
        waits=waits,
        label=vouchers.label(waits.provider) if waits else "",
        can_lose_one=identities.can_lose_one(tools, visitor.session.person.id),
        providers=vouched.offered(tools),
    )


def unlink(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str) -> Response:
    response = RedirectResponse(OWN, 303)
    try:
        if not identities.unlink(tools, visitor.actor, id):
            raise Missing
    except LastWayIn as error:
        say(request, response, str(error), "warning")
        return response
    say(request, response, "Unlinked: it does not sign you in any more.")
    return response


def _away_to(request: Request, tools: guard.CallerTools, name: str, person: str, back: str) -> Response:
    if name not in tools.vouching:
        raise Missing
    browser = guard.bound(guard.device(request), "identity")
    label = vouchers.label(name)
    try:
        url = vouched.begin(tools, name, browser, person, guard.address(request))
    except RemoteError as error:
        why = REASONS["sign-in-unreachable"].format(label=label)
        return page(request, "identity_refused.html", 502, why=why, words=str(error), back=back)
    response = page(request, "identity_leaving.html", url=url, label=label, back=OWN if person else "/sign-in")
    response.headers["Refresh"] = f"0; url={url}"
    response.headers["Referrer-Policy"] = "no-referrer"
    guard.keep_device(request, response)
    guard.set_cookie(request, response, "back", back, _SECONDS)
    return response


def _back(request: Request, name: str = "back") -> str:
    """Where to go on. It stays in the browser, since the address may hold the secret of an invitation."""
    return guard.own_path(guard.cookie(request, name))


def _invitation(request: Request) -> str:
    """The token of an invitation that was on the way when the identity was proven."""
    back = _back(request, "waiting-back")
    return back.removeprefix(INVITED) if back.startswith(INVITED) else ""


def _browser(request: Request) -> str:
    """The secret of this browser; blank where it keeps no cookie of ours."""
    device = guard.cookie(request, "device")
    return guard.bound(device, "identity") if device else ""


def _clean(target: str) -> Response:
    return Response(status_code=302, headers={"Location": target})


ROUTES = (
    post("/sign-in/with/{provider}", begin, None),
    get("/sign-in/{provider}/callback", callback, None),
    get(REFUSED, show_refused, None),
    get(WAITS, show_waiting, None),
    post("/sign-in/identity/link", link_waiting, Right.VIEW),
    post("/sign-in/identity/join", join, None),
    get(OWN, show_own),
    post("/account/identities/{provider}/link", begin_link, Right.VIEW),
    post("/account/identities/{id}/unlink", unlink, Right.VIEW),
)
