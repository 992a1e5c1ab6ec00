"""The client's side of a completion link: authorising each channel with their own login, without an account here.

The link is used up by its first opening, which makes this browser the client's for a day by a cookie of its own.
"""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from tieout.people import passwords, sessions
from tieout.people.members import Impossible
from tieout.sync import channel_accounts, starting_for_client
from tieout.sync.channel_accounts import Joined, Offer
from tieout.sync.starting_for_client import Task
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import Fields
from tieout.web.render import page
from tieout.web.routes import get, post

_COOKIE, _SAID = "client", "client-said"
_LONGEST = 2000
Words = Annotated[str, Form(max_length=300)]
Several = Annotated[list[str] | None, Form()]


def show(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    """Looking does not use the link up: mail scanners and previews look too."""
    if not token and _task(request, tools):
        return RedirectResponse("/completion/channels", 303)
    task = starting_for_client.look(tools, token)
    return page(request, "completion.html", 200 if task else 410, task=task, token_text=token)


def begin(request: Request, tools: guard.CallerTools, token: Annotated[str, Form(max_length=200)] = "") -> Response:
    try:
        secret = starting_for_client.open_once(tools, token)
    except Impossible:
        return page(request, "completion.html", 410, task=None, token_text="")
    response = RedirectResponse("/completion/channels", 303)
    guard.set_cookie(request, response, _COOKIE, secret, int(starting_for_client.AT_IT.total_seconds()))
    return response


def show_channels(request: Request, tools: guard.CallerTools) -> Response:
    task = _task(request, tools)
    if task is None:
        return page(request, "completion.html", 410, task=None, token_text="")
    return _channels(request, tools, task, 200, "", {}, "")


def show_connect(request: Request, tools: guard.CallerTools, channel: str) -> Response:
    _at_it(request, tools)
    return _form(request, _offer(tools, channel), Joined(), {}, 200)


def connect(
    request: Request, tools: guard.CallerTools, channel: str, field: Several = None, value: Several = None
) -> Response:
    offer = _offer(tools, channel)
    given = {name: text[:_LONGEST] for name, text in zip(field or (), value or (), strict=False)}
    joined = starting_for_client.connect(tools, guard.cookie(request, _COOKIE), channel, given)
    if not joined.account:
        shown = {need.name: given.get(need.name, "") for need in offer.needs if not need.is_secret}
        return _form(request, offer, joined, shown, 422)
    return _to_channels(request, f"{offer.label} is authorised. Authorise the next one, or say that you are done.")


def install(request: Request, tools: guard.CallerTools, channel: str, shop: Words = "") -> Response:
    """Off to the channel by a Refresh header: `form-action 'self'` would stop a redirect that a form began."""
    offer = _offer(tools, channel)
    url, refused = starting_for_client.begin_install(tools, guard.cookie(request, _COOKIE), channel, shop[:200])
    if not url:
        return _form(request, offer, refused, {"shop": shop[:200]}, 422)
    response = page(request, "channel_leaving.html", url=url, label=offer.label)
    response.headers["Refresh"] = f"0; url={url}"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def came_back(request: Request, tools: guard.CallerTools, channel: str, params: dict[str, str]) -> Response | None:
    """The answer to a client's install; None where the browser did not begin it as a client."""
    secret = guard.cookie(request, _COOKIE)
    if not secret or not starting_for_client.is_answer_to(tools, secret, params):
        return None
    try:
        joined = starting_for_client.finish_install(tools, secret, channel, params)
    except Impossible as error:
        joined = Joined(words=str(error))
    words = "Authorised. Authorise the next one, or say that you are done."
    response = _to_channels(request, words if joined.account else f"Not connected. {joined.words}", 302)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def own(request: Request, tools: guard.CallerTools) -> Response:
    """Whoever is signed in becomes the owner."""
    visitor = guard.signed_in(request)
    task = _at_it(request, tools)
    try:
        starting_for_client.take_ownership(tools, guard.cookie(request, _COOKIE), visitor.session.person.id)
    except Impossible as error:
        return _channels(request, tools, task, 409, str(error), {}, "")
    sessions.switch(tools, visitor.session, task.organisation)
    return _to_channels(request, f"{task.name} is yours. You are signed in to it, in this browser.")


def own_as_new(
    request: Request, tools: guard.CallerTools, name: Words = "", password: Annotated[str, Form()] = ""
) -> Response:
    """With a new account, for the address that the link was sent to."""
    task = _at_it(request, tools)
    fields = Fields({"name": name})
    chosen = fields.text("name", "Your name")
    if refusal := passwords.refusal(password, chosen, task.link.email, task.name):
        fields.mistakes["password"] = refusal
    if fields.mistakes:
        return _channels(request, tools, task, 422, "", fields.mistakes, name)
    secret = guard.cookie(request, _COOKIE)
    try:
        person = starting_for_client.take_ownership_as_new(tools, secret, chosen, password)
    except Impossible as error:
        return _channels(request, tools, task, 409, str(error), {}, name)
    response = _to_channels(request, f"{task.name} is yours, and you are signed in. Go on with the channels.")
    guard.begin_session(request, response, sessions.begin(tools, person, guard.visit(request)))
    return response


def done(request: Request, tools: guard.CallerTools) -> Response:
    try:
        task = starting_for_client.done(tools, guard.cookie(request, _COOKIE))
    except Impossible:
        return page(request, "completion.html", 410, task=None, token_text="")
    response = page(request, "completion_done.html", task=task)
    guard.set_cookie(request, response, _COOKIE, "", 0)
    return response


def _task(request: Request, tools: guard.CallerTools) -> Task | None:
    return starting_for_client.task_of(tools, guard.cookie(request, _COOKIE))


def _at_it(request: Request, tools: guard.CallerTools) -> Task:
    task = _task(request, tools)
    if task is None:
        raise Impossible(starting_for_client.OVER)
    return task


def _offer(tools: guard.CallerTools, channel: str) -> Offer:
    found = channel_accounts.offer(tools, channel)
    if found is None:
        raise Missing
    return found


def _channels(
    request: Request,
    tools: guard.CallerTools,
    task: Task,
    status: int,
    mistake: str,
    mistakes: dict[str, str],
    name: str,
) -> Response:
    offers = [each for each in channel_accounts.offers(tools) if not each.app_lacks]
    response = page(
        request,
        "completion_channels.html",
        status,
        task=task,
        offers=[each for each in offers if not task.channel or each.channel == task.channel],
        note=_said(request),
        mistake=mistake,
        mistakes=mistakes,
        name=name,
    )
    guard.set_cookie(request, response, _SAID, "", 0)
    return response


def _form(request: Request, offer: Offer, told: Joined, given: dict[str, str], status: int) -> Response:
    return page(
        request,
        "completion_connect.html",
        status,
        offer=offer,
        mistakes={told.field: told.words} if told.field else {},
        wrong="" if told.field else told.words,
        given=given,
    )


def _to_channels(request: Request, words: str, status: int = 303) -> Response:
    """With a sentence for the next page, signed with what only this browser has."""
    response = RedirectResponse("/completion/channels", status)
    sealed = URLSafeTimedSerializer(guard.cookie(request, _COOKIE), salt=_SAID).dumps(words[:800])
    guard.set_cookie(request, response, _SAID, str(sealed), 60)
    return response


def _said(request: Request) -> str:
    try:
        found = URLSafeTimedSerializer(guard.cookie(request, _COOKIE), salt=_SAID).loads(
            guard.cookie(request, _SAID), max_age=60
        )
    except BadData:
        return ""
    return str(found)


ROUTES = (
    get("/completion", show, None),
    post("/completion/open", begin, None),
    get("/completion/channels", show_channels, None),
    get("/completion/connect/{channel}", show_connect, None),
    post("/completion/connect/{channel}", connect, None),
    post("/completion/install/{channel}", install, None),
    post("/completion/own", own, None),
    post("/completion/own/new", own_as_new, None),
    post("/completion/done", done, None),
)
