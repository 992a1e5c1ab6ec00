"""The stand-in of OpenID providers in this process, and a browser that goes there and comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tieout import calls
from tieout.calls import Answer, Record, Transport, unrecorded
from tieout.core.failure import Unreachable
from tieout.core.openid import Client
from tieout.core.secret import Secret
from tieout.people import sessions
from tieout.sandbox import Request
from tieout.sandbox.openid import FLAVOURS, addresses, providers
from tieout.sandbox.world import World
from tieout.sync import vouched, vouchers
from tieout.sync.tools import Tools
from tieout.sync.vouched import Result

BASE, SITE = "http://localhost:1", "http://localhost:8080"
VISIT = sessions.Visit("192.0.2.1", "")


class Bridge(Transport):
    """Calls to the stand-in end in this process; a delay is not waited for, but told as what it would have led to."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def send(self, request: calls.Request, record: Record = unrecorded) -> Answer:
        if not request.url.startswith(BASE):
            return super().send(request, record)
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.removeprefix(BASE)
        answer = self.world.answer(Request.of(request.method, target, headers, request.body or b""))
        if answer.delay_seconds > request.timeout_seconds:
            if request.is_write:
                raise calls.lost_answer(request, "the answer took longer than the deadline", code="no-answer")
            raise Unreachable("ReadTimeout", code="no-answer")
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)


@dataclass
class Vouching:
    """The three providers, and tools that know them; `browser` is the secret of one browser."""

    world: World
    tools: Tools
    browser: str = "olive's browser"
    visit: sessions.Visit = field(default_factory=lambda: VISIT)

    def begin(self, name: str = "google", **how: Any) -> str:
        return vouched.begin(self.tools, name, how.pop("browser", self.browser), **how)

    def go(self, url: str, account: str = "olive@example.com", decision: str = "allow") -> dict[str, str]:
        """To the provider's page, with one account of theirs, and back: what the browser brings."""
        assert url.startswith(BASE), url
        flavour = urlsplit(url).path.split("/")[1]
        told = dict(parse_qsl(urlsplit(url).query)) | {"account": account, "decision": decision}
        assert self.world.answer(Request.of("GET", url.removeprefix(BASE))).status == 200
        answer = self.world.answer(Request.of("POST", f"/{flavour}/decide", body=urlencode(told)))
        return dict(parse_qsl(urlsplit(dict(answer.headers)["Location"]).query))

    def finish(self, came: dict[str, str], name: str = "google", **how: Any) -> Result:
        browser, person = how.get("browser", self.browser), how.get("person", "")
        return vouched.finish(self.tools, name, came, browser, self.visit, person)

    def round(self, name: str = "google", account: str = "olive@example.com", person: str = "") -> Result:
        """The whole way, by a person who allows."""
        came = self.go(self.begin(name, person=person), account)
        return self.finish(came, name, person=person)

    def token_calls(self) -> int:
        paths = tuple(f"/{flavour.name}/{flavour.token}" for flavour in FLAVOURS.values())
        return sum(call.path in paths for call in self.world.calls)


def vouching(tools: Tools, now: Callable[[], datetime]) -> Vouching:
    """The same tools, with the three providers of the stand-in beside whatever they reach already."""
    world = providers(now=now)
    world.base_url = BASE
    return Vouching(world, replace(tools, transport=Bridge(world), vouching=clients()))


def clients(site: str = SITE) -> dict[str, Client]:
    made = {}
    for flavour in FLAVOURS.values():
        name = flavour.sets.lower()
        issuer, discovery = addresses(flavour, BASE)
        provider = vouchers.known()[name].at({"issuer": issuer, "discovery": discovery})
        redirect = f"{site}/sign-in/{name}/callback"
        made[name] = Client(provider, flavour.client_id, Secret(flavour.secret), redirect)
    return made
