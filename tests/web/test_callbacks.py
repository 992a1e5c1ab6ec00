"""Every bad way back from a consent page, at each platform: what is refused, what is kept, and that no code is spent.

The rows are those of a table of bad inputs; the ids of the tests are its own.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import set_role
from tests.sync.ledgers import LEDGERS, QUICKBOOKS, XERO, Ledger
from tests.sync.test_connections_choice import allow_several
from tests.web.conftest import Site, words
from tieout.calls import Answer, Request, Transport
from tieout.cli._browser import allow
from tieout.people.organisations import Further, add_organisation
from tieout.platforms import named
from tieout.store import audit
from tieout.store.engine import read
from tieout.store.grants import GRANTS
from tieout.sync import connecting, connections, grants
from tieout.sync.connecting import ConnectOutcome


@dataclass
class Way:
    """One browser on its way, with short words for what happens to it."""

    site: Site
    make_site: Callable[..., Site]
    monkeypatch: pytest.MonkeyPatch

    @property
    def house(self) -> Any:
        return self.site.house

    @property
    def platform(self) -> str:
        return str(self.house.ledger.name)

    def leave(self, reconnects: str = "") -> str:
        form = {"platform": self.platform, "reconnects": reconnects}
        answer = self.site.post("/connection/connect", form, page="/connection/links")
        return str(answer.headers["refresh"].partition("url=")[2])

    def allowed(self) -> dict[str, str]:
        return allow(self.leave())

    def back(self, params: dict[str, str], site: Site | None = None, platform: str = "") -> str:
        """Where the answer leads: an empty 302 to a clean address, always."""
        answer = (site or self.site).get(f"/oauth/{platform or self.platform}/callback", params=params)
        assert answer.status_code == 302 and answer.content == b"", words(answer.text)[:300]
        assert answer.headers["referrer-policy"] == "no-referrer"
        to = str(answer.headers["location"])
        assert to.startswith("/") and not urlsplit(to).netloc and params.get("code", "?!") not in to
        return to

    def chosen(self) -> Any:
        """The page of the books, and the press on its first."""
        found = re.search(r'name="books" value="([^"]+)"', self.site.page("/connection/choose"))
        assert found
        return self.site.post("/connection/choose", {"books": found[1]}, page="/connection/choose")

    def exchanges(self) -> int:
        return len([call for call in self.house.world.calls if call.path.endswith(("/token", "/bearer"))])

    def cards(self) -> tuple[Any, ...]:
        return connections.card(self.house.tools, self.house.organisation)

    def grants(self) -> int:
        with read(self.house.tools.engines, "") as db:
            return len(tuple(db.execute(GRANTS.select())))

    def nothing_kept(self, exchanges: int = 0) -> None:
        assert (self.exchanges(), self.grants(), self.cards()) == (exchanges, 0, ())

    def acts(self) -> list[tuple[str, str]]:
        with read(self.house.tools.engines, self.house.organisation) as db:
            return [(each.event.act, str(dict(each.event.details).get("cause", ""))) for each in audit.newest(db)]

    def told(self, to: str) -> str:
        return words(self.site.page(to))

    def distort(self, change: Callable[[Answer], Answer]) -> None:
        """What the token endpoint answers is changed on the wire, from here on in this way alone."""
        transport = self.house.tools.transport

        def sending(request: Request, *more: Any) -> Answer:
            answer = Transport.send(transport, request, *more)
            return change(answer) if "/token" in request.url and request.method == "POST" else answer

        self.monkeypatch.setattr(transport, "send", sending)


@pytest.fixture
def way(site: Site, make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> Way:
    monkeypatch.setattr(connecting, "OTHER_TAB", timedelta())
    return Way(site, make_site, monkeypatch)


def c1(way: Way) -> None:
    """No state, a wrong one, from another browser, older than ten minutes, used before."""
    params = way.allowed()
    stranger = way.make_site()
    stranger.sign_in()
    for state in ("", "nonsense", f"{way.house.organisation}.guessed"):
        assert way.back(params | {"state": state}) == "/connection"
        assert "not an answer to a connection begun here" in way.told("/connection")
    assert ("consent-refused", "") in way.acts()
    assert way.back(params, stranger) == "/connection"
    assert ("consent-refused", "connect-not-signed-in") in way.acts()
    way.house.clock.skip(minutes=10, seconds=1)
    assert "More than 10 minutes" in way.told(way.back(params))
    assert ("consent-failed", "connect-never-completes") in way.acts()
    assert "Try again" in way.told(way.back(params))
    way.nothing_kept()


def c2(way: Way) -> None:
    """Cancelled, and errors nobody has heard of, with a description in HTML."""
    html = "<script>alert(1)</script>"
    state = allow(way.leave())["state"]
    page = way.site.page(way.back({"state": state, "error": "access_denied", "error_description": html}))
    assert html not in page and html in words(page.replace("&lt;", "&lt;")) and "Nothing has changed" in words(page)
    odd = way.told(way.back({"state": way.allowed()["state"], "error": "moon_phase"}))
    assert "moon_phase" in odd
    way.nothing_kept()


def c3(way: Way) -> None:
    """The same code twice: the first wins, the second is shown what came of it."""
    params = way.allowed()
    assert way.back(params) == way.back(params) == "/connection/choose"
    way.chosen()
    assert way.back(params) == "/connection" and "Connected." in way.told("/connection")
    assert way.exchanges() == 1 and len(way.cards()) == 1


def c4(way: Way) -> None:
    """An answer of one platform at the address of another, and one that names another sender."""
    other = next(each.name for each in LEDGERS if each.name != way.platform)
    assert way.back(way.allowed(), platform=other) == "/connection"
    mixed = way.told(way.back(way.allowed() | {"iss": "https://elsewhere.example"}))
    assert "names another sender" in mixed
    way.nothing_kept()


def c5(way: Way) -> None:
    """Token answers that are none, or make no sense."""
    way.distort(lambda answer: Answer(200, {"content-type": "text/html"}, b"<html>hello"))
    assert "not connected" in way.told(way.back(way.allowed()))
    way.nothing_kept(1)
    for number, told in enumerate((0, -1, "soon", 10**9, None)):
        way.distort(_altered(lambda found, told=told: found | {"expires_in": told}))
        way.house.clock.skip(seconds=1)
        to = way.back(way.allowed())
        if number == 0:
            assert to == "/connection/choose"
            way.chosen()
        (card,) = way.cards()
        left = card.access_expires_at - way.house.clock()
        assert timedelta(minutes=20) < left <= timedelta(hours=1), (told, left)


def c5_refresh(way: Way) -> None:
    """No refresh token."""
    way.distort(_altered(lambda found: {name: each for name, each in found.items() if name != "refresh_token"}))
    assert "not connected" in way.told(way.back(way.allowed()))
    way.nothing_kept(1)


def c5_scope(way: Way) -> None:
    """Fewer scopes than were asked for."""
    wanted = "accounting.invoices"
    way.distort(_altered(lambda found: found | {"scope": found["scope"].replace(f"{wanted} ", "")}))
    way.back(way.allowed())
    way.chosen()
    (card,) = way.cards()
    assert card.cause == "connect-permission-partial" and wanted in card.words and not card.connection.may_post


def c6(way: Way) -> None:
    """Another organisation than the one to be renewed: parked, nothing read or written, until somebody decides."""
    way.house.connect()
    (card,) = way.cards()
    way.house.clock.skip(seconds=1)
    way.house.world.arm("consent-other-tenant", tenant=way.house.ledger.second(way.house.world))
    calls = len(way.house.world.calls)
    to = way.back(allow(way.leave(card.connection.id)))
    assert to == f"/connection/{card.connection.id}/parked"
    shown = way.told(to)
    assert "These are other books than before" in shown and "Wattle Trading Pty Ltd" in shown
    (parked,) = way.cards()
    assert parked.connection.state == "parked" and not parked.connection.may_ask
    way.house.jobs.kinds["tend"]()
    asked = [call.path for call in list(way.house.world.calls)[calls:]]
    assert not [path for path in asked if "/Accounts" in path or "/query" in path or "/Invoices" in path], asked
    answer = way.site.post(to, {"choice": "new-book"}, page=to)
    assert answer.status_code == 303 and "as a new book" in way.told("/connection")
    live, ended = way.cards()
    assert live.connection.books_name == "Wattle Trading Pty Ltd" and live.connection.may_post
    assert ended.connection.id == card.connection.id and not ended.connection.is_live


def c7_none(way: Way) -> None:
    """No organisation at all."""
    params = way.allowed()
    way.house.world.hand("tenant-gone")
    assert "gave access to no organisation" in way.told(way.back(params))
    way.nothing_kept(1)


def c7_realm(way: Way) -> None:
    """No company in the answer of a platform that names it there alone."""
    params = way.allowed()
    del params["realmId"]
    assert "names no company" in way.told(way.back(params))
    way.nothing_kept()


def c7_three(way: Way) -> None:
    """Three organisations: the person says which, by name, country and currency."""
    stand_in = way.house.world.stand_in
    app = next(iter(stand_in.books.shelf.all("app")))
    stand_in.books.shelf.put("app", app["client_id"], app | {"tier": "advanced"})
    first = next(iter(stand_in.books.shelf.all("organisation")))["OrganisationID"]
    more = [way.house.ledger.second(way.house.world) for _ in range(2)]
    assert way.back(allow_several(way.leave(), first, *more)) == "/connection/choose"
    assert "Say which" in way.told("/connection"), "it can be left meanwhile"
    assert "which books are meant was not said yet" in way.told("/start")
    shown = way.told("/connection/choose")
    assert shown.count("Australia, AUD") == 2 and "United Kingdom, GBP" in shown and way.cards() == ()
    way.site.post("/connection/choose", {"books": more[1]}, page="/connection/choose")
    assert [card.connection.books_id for card in way.cards()] == [more[1]]


def c8(way: Way) -> None:
    """Books that another organisation of this installation has: not a word whose, but to who owns both."""
    way.house.connect()
    tools, owner = way.house.tools, way.house.actor.person
    second = add_organisation(tools, owner, Further("Ferry Lane Pottery Ltd", "GB", "Europe/London")).organisation
    way.site.post("/organisations/switch", {"organisation": second})
    way.house.clock.skip(seconds=1)
    way.back(way.allowed())
    assert "connected to Harbour & Finch Ltd, which you own too" in words(_followed(way))
    set_role(tools.engines, way.house.organisation, owner, "admin")
    way.house.clock.skip(seconds=1)
    way.back(way.allowed())
    shown = words(_followed(way))
    assert "connected elsewhere" in shown and "to Harbour & Finch" not in shown
    assert connections.card(tools, second) == () and len(way.cards()) == 1


def _followed(way: Way) -> str:
    answer = way.chosen()
    return str(way.site.page(answer.headers["location"]))


def c9(way: Way) -> None:
    """A person who may only read: connected for reading, and told before the first post."""
    params = way.allowed()
    way.house.world.hand("user-role", role="INVOICEONLY")
    way.back(params)
    way.chosen()
    (card,) = way.cards()
    assert card.connection.state == "read-only" and card.words
    assert "Connected, but" in way.told("/connection")


def c10_signed_out(way: Way) -> None:
    params = way.allowed()
    way.site.post("/sign-out")
    assert way.back(params) == "/connection/stopped?why=connect-not-signed-in"
    assert "was not used" in way.told("/connection/stopped?why=connect-not-signed-in")
    way.nothing_kept()


def c10_switched(way: Way) -> None:
    params = way.allowed()
    tools = way.house.tools
    second = add_organisation(tools, way.house.actor.person, Further("Other Ltd", "GB", "Europe/London")).organisation
    way.site.post("/organisations/switch", {"organisation": second})
    assert way.back(params) == "/connection" and "another organisation" in way.told("/connection")
    way.nothing_kept()
    way.site.post("/organisations/switch", {"organisation": way.house.organisation})
    assert way.back(way.allowed()) == "/connection/choose"
    form = {"books": re.findall(r'name="books" value="([^"]+)"', way.site.page("/connection/choose"))[0]}
    way.site.post("/organisations/switch", {"organisation": second})
    assert way.site.get("/connection/choose").headers["location"] == "/connection", "what is shown is of the other one"
    way.site.post("/connection/choose", form)
    assert way.cards() == ()


def c10_removed(way: Way) -> None:
    """A member whose right went meanwhile, and one who is no member any more."""
    params = way.allowed()
    house = way.house
    set_role(house.tools.engines, house.organisation, house.actor.person, "basic")
    result = connecting.finish_connect(house.tools, way.platform, params, _binding(way))
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-role-too-low")
    set_role(house.tools.engines, house.organisation, house.actor.person, "")
    assert way.back(params) == "/connection/stopped?why=connect-not-signed-in"
    way.nothing_kept()


def _binding(way: Way) -> str:
    from tieout.web import guard

    return guard.bound(way.site.client.cookies["tieout-session"], "connect")


def c11(way: Way) -> None:
    """A target of somebody else's in the answer is not even looked at."""
    elsewhere = "https://elsewhere.example/"
    to = way.back(way.allowed() | {"redirect": elsewhere, "back": elsewhere, "redirect_uri": elsewhere})
    assert to == "/connection/choose"


class Killed(BaseException):
    """The process is gone."""


def c12(way: Way) -> None:
    """Cut off between the token answer and its being kept: nothing is left over, and the next consent works."""

    def dying(*_arguments: Any) -> None:
        raise Killed

    with way.monkeypatch.context() as cut:
        cut.setattr(grants, "_sealed", dying)
        with pytest.raises(Killed):
            connecting.finish_connect(way.house.tools, way.platform, way.allowed(), _binding(way))
    ended = [call for call in way.house.world.calls if "revo" in call.path and call.method == "POST"]
    assert len(ended) == 1 and ended[0].status == 200, "what could not be kept is ended there"
    way.nothing_kept(1)
    way.house.clock.skip(minutes=10, seconds=1)
    way.house.sweep()
    (attempt,) = connecting.attempts(way.house.tools, way.house.organisation)
    assert attempt.code == "connect-never-completes" and "being worked on" in attempt.where
    way.back(way.allowed())
    way.chosen()
    assert len(way.cards()) == way.grants() == 1 and way.cards()[0].connection.may_post


def _altered(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Answer], Answer]:
    def altered(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        return replace(answer, body=json.dumps(change(found)).encode()) if answer.status == 200 else answer

    return altered


ROWS = (c1, c2, c3, c4, c5, c5_refresh, c6, c8, c10_signed_out, c10_switched, c10_removed, c11, c12)
OWN = ((XERO, c5_scope), (XERO, c7_none), (QUICKBOOKS, c7_realm), (XERO, c7_three), (XERO, c9))
CASES = [*((each, row) for each in LEDGERS for row in ROWS), *OWN]


@pytest.mark.parametrize(("ledger", "row"), CASES, ids=[f"{row.__name__}-{each.name}" for each, row in CASES])
def test_a_bad_way_back(ledger: Ledger, row: Callable[[Way], None], way: Way) -> None:
    assert ledger.name == named(ledger.name).NAME
    row(way)


def test_every_row_of_the_table_is_here() -> None:
    numbers = {int(found[1]) for _, row in CASES if (found := re.match(r"c(\d+)", row.__name__))}
    assert numbers == set(range(1, 13))


@pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=["quickbooks"])
def test_a_company_written_into_the_address_takes_the_place_of_nobodys_tokens(ledger: Ledger, way: Way) -> None:
    """The company stands in the callback alone, unsigned: who names another's must not overwrite that one's grant."""
    house = way.house
    house.connect()
    (card,) = way.cards()
    before = [token.reveal() for token in grants.tokens_of(house.tools, card.connection.grant)]
    second = ledger.second(house.world)
    house.clock.skip(seconds=1)
    house.world.arm("consent-other-tenant", tenant=second)
    way.back(way.allowed() | {"realmId": card.connection.books_id})
    assert way.acts()[0][0] == "consent-failed"
    assert [token.reveal() for token in grants.tokens_of(house.tools, card.connection.grant)] == before
    assert way.grants() == 1 and way.cards()[0].connection.state == "connected"
    house.world.arm("consent-other-tenant", tenant=second)
    way.back(way.allowed() | {"realmId": "9130000000009999"})
    assert way.grants() == 1, "of a company that nobody has here nothing is kept either"
