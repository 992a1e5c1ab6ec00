"""Consent finished after a time-out, by another person through a link, parked, started over, or by an own app."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import add_member, add_organisation, set_role
from tests.sync.ledgers import LEDGERS, XERO, Ledger
from tests.web.conftest import Site, words
from tests.web.test_callbacks import Way
from tieout.cli._browser import NoConsent, allow, consent
from tieout.core.actor import Actor
from tieout.core.secret import Secret
from tieout.people import sessions
from tieout.platforms import named
from tieout.sandbox.xero import consent as xero_consent
from tieout.sandbox.xero import scenarios
from tieout.store import audit, postings
from tieout.store import own_apps as own_app_rows
from tieout.store.engine import read, write
from tieout.sync import clean_reconnect, connecting, connections, consent_links, grants, own_apps, parked, settlements
from tieout.sync.connecting import Browser
from tieout.sync.parked import Decision
from tieout.web.guard import bound

both = pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.name)


@pytest.fixture
def way(site: Site, make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> Way:
    return Way(site, make_site, monkeypatch)


# --- A session that ends meanwhile ------------------------------------------------------------------------------------


def timed_out(way: Way) -> None:
    """The person approves, and the session has ended by the time the browser comes back."""
    way.monkeypatch.setattr(sessions, "LONGEST", timedelta(minutes=5))
    way.house.clock.skip(minutes=4, seconds=30)
    params = way.allowed()
    way.house.clock.skip(seconds=40)
    assert way.back(params) == "/sign-in?back=/connection/continue"
    way.nothing_kept()
    assert way.site.client.cookies["tieout-consent"]


@both
def test_an_answer_waits_four_minutes_for_the_sign_in_of_the_same_person(ledger: Ledger, way: Way) -> None:
    timed_out(way)
    way.house.clock.skip(minutes=3)
    way.site.sign_in()
    assert way.site.get("/connection/continue").headers["location"] == "/connection/choose"
    way.chosen()
    assert len(way.cards()) == 1 and way.exchanges() == 1


def test_an_answer_that_waited_longer_is_not_used(way: Way) -> None:
    timed_out(way)
    way.house.clock.skip(minutes=4, seconds=1)
    way.site.sign_in()
    shown = way.told(way.site.get("/connection/continue").headers["location"])
    assert "more than four minutes" in shown and "Start my own connection" in shown
    way.nothing_kept()


def test_another_person_who_signs_in_there_is_refused(way: Way) -> None:
    timed_out(way)
    tools = way.house.tools
    basil = add_member(tools.engines, way.house.organisation, "basil", "Basil", "admin")
    token = sessions.begin(tools, basil, sessions.Visit("192.0.2.1", ""))
    way.site.client.cookies.set("tieout-session", token)
    assert way.site.get("/connection/continue").headers["location"] == "/connection"
    assert "Somebody else began this connection" in way.told("/connection")
    way.nothing_kept()


def test_an_attempt_that_never_comes_back_shows_where_it_stopped_and_both_ways_on(way: Way) -> None:
    way.house.world.arm("consent-stuck")
    with pytest.raises(NoConsent):
        allow(way.leave())
    (open_one,) = connecting.attempts(way.house.tools, way.house.organisation)
    assert open_one.is_open and "nothing came back" in open_one.where
    assert "is under way" in way.told(f"/connection/attempts/{open_one.id}")
    way.house.clock.skip(minutes=10, seconds=1)
    way.house.sweep()
    (closed,) = connecting.attempts(way.house.tools, way.house.organisation)
    assert not closed.is_open and closed.code == "connect-never-completes"
    shown = way.told(f"/connection/attempts/{closed.id}")
    assert "Where it stopped" in shown and "Try again" in shown and "Copy link" in shown


# --- One-time links ---------------------------------------------------------------------------------------------------


def made(way: Way, **form: str) -> str:
    """The path of a new link, as it is shown once to be copied."""
    way.site.post("/connection/links", {"platform": way.platform, **form}, page="/connection/links")
    found = re.search(r'value="http://localhost:8080(/connect/[^"]+)"', way.site.page("/connection/links"))
    assert found
    assert found[1] not in way.site.page("/connection/links"), "it is shown once"
    return found[1]


def begins(site: Site, path: str) -> Any:
    return site.post(path, page=path)


@both
def test_a_stranger_connects_by_a_link_and_whoever_asked_sees_it(ledger: Ledger, way: Way, stranger: Site) -> None:
    path = made(way, email="accountant@example.com")
    shown = words(stranger.page(path))
    assert "Olive Finch asks you to connect" in shown and "Harbour & Finch Ltd" in shown and "Settlements" not in shown
    url = begins(stranger, path).headers["refresh"].partition("url=")[2]
    assert way.back(allow(url), stranger) == "/connect/books"
    books = re.search(r'name="books" value="([^"]+)"', stranger.page("/connect/books"))
    assert books
    answer = stranger.post("/connect/books", {"books": books[1]}, page="/connect/books")
    assert answer.headers["location"].startswith("/connect/ended?how=connected")
    assert "the books are connected" in words(stranger.page(answer.headers["location"]))
    (card,) = way.cards()
    assert card.connection.may_post and card.connection.connected_by_name == "Olive Finch"
    assert "Used by" in way.told("/connection/links") and "accountant@example.com" in way.told("/connection/links")
    assert stranger.get(path).status_code == 410, "it works once"
    assert {"consent-link-made", "connection-connected"} <= {act for act, _ in way.acts()}


def test_a_link_is_of_the_browser_that_began_with_it_and_of_seven_days(way: Way) -> None:
    path, house = made(way), way.house
    mine, other = way.make_site(), way.make_site()
    assert "refresh" in begins(mine, path).headers and "refresh" in begins(mine, path).headers
    assert "refresh" not in begins(other, path).headers and other.get(f"{path}x").status_code == 410
    house.clock.skip(days=7, seconds=1)
    assert "seven days" in words(mine.get(path).text) and "refresh" not in mine.client.post(path).headers
    way.site.sign_in()
    withdrawn = made(way)
    (newest, *_) = consent_links.listing(house.tools, house.organisation)
    way.site.post(f"/connection/links/{newest.id}/withdraw", page="/connection/links")
    assert mine.get(withdrawn).status_code == 410
    gone = made(way)
    set_role(house.tools.engines, house.organisation, house.actor.person, "basic")
    assert mine.get(gone).status_code == 410, "whoever asked may not connect any more"


def test_a_link_to_reconnect_that_reaches_other_books_parks_them(way: Way, stranger: Site) -> None:
    way.house.connect()
    (card,) = way.cards()
    path = made(way, connection=card.connection.id)
    assert "renew the connection to Harbour & Finch Ltd" in words(stranger.page(path))
    way.house.world.arm("consent-other-tenant", tenant=way.house.ledger.second(way.house.world))
    way.house.clock.skip(seconds=1)
    url = begins(stranger, path).headers["refresh"].partition("url=")[2]
    ended = way.back(allow(url), stranger)
    assert "how=parked" in ended and "Whoever asked you decides" in words(stranger.page(ended))
    assert way.cards()[0].connection.state == "parked"


# --- Parked, and started over -----------------------------------------------------------------------------------------


def arrived(house: Any, settlement: str) -> None:
    """Sent, and read back, at whatever pace the books allow."""
    house.send(settlement)
    for _ in range(5):
        if house.card(settlement).status == "sent":
            return
        house.clock.skip(seconds=5)
        house.sweep()
    raise AssertionError(house.card(settlement))


@both
def test_the_same_books_that_lost_our_documents_are_parked_until_somebody_says_that_they_are_right(
    ledger: Ledger, way: Way
) -> None:
    house = way.house
    house.connect()
    sent = house.receive_sample("amazon_v2_uk.txt")
    arrived(house, sent)
    with write(house.tools.engines, house.organisation) as db:
        db.execute(postings.POSTINGS.update().values(number="ANOTHER"))  # nothing of this number is there
    house.clock.skip(seconds=1)
    to = way.back(way.allowed())
    assert to.endswith("/parked") and "holds none of the documents" in way.told(to)
    assert "They are the right books" in way.told(to)
    way.site.post(to, {"choice": "same"}, page=to)
    (card,) = way.cards()
    assert card.connection.may_post and parked.view(house.tools, house.organisation, card.connection.id) is None


@both
def test_books_in_another_currency_under_the_same_id_are_parked(ledger: Ledger, way: Way) -> None:
    house = way.house
    house.connect()
    way.monkeypatch.setattr(
        "tieout.sync.guarding.charts.find", _in_dollars(__import__("tieout.store.charts", fromlist=["find"]).find)
    )
    house.clock.skip(seconds=1)
    to = way.back(way.allowed())
    assert to.endswith("/parked") and "USD" in way.told(to)


def _in_dollars(find: Callable[..., Any]) -> Callable[..., Any]:
    from dataclasses import replace

    def found(*arguments: Any) -> Any:
        chart, at = find(*arguments)
        return replace(chart, base_currency="USD", country="US"), at

    return found


@both
def test_starting_over_ends_this_one_connection_there_and_its_siblings_stand(ledger: Ledger, way: Way) -> None:
    house = way.house
    house.connect()
    (first,) = way.cards()
    sibling = house.ledger.second(house.world)
    house.world.arm("consent-other-tenant", tenant=sibling)
    house.clock.skip(seconds=1)
    way.back(way.allowed())
    way.chosen()
    assert len([card for card in way.cards() if card.connection.may_post]) == 2
    to = f"/connection/{first.connection.id}/start-over"
    assert "Other organisations are not touched" in way.told(to)
    url = way.site.post(to, page=to).headers["refresh"].partition("url=")[2]
    states = {card.connection.books_id: card.connection.state for card in way.cards()}
    assert states == {first.connection.books_id: "needs-reconnect", sibling: "connected"}
    other = next(card.connection for card in way.cards() if card.connection.books_id == sibling)
    grants.renew(house.tools, house.organisation, other.id)
    assert connections.check(house.tools, house.actor, other.id).may_post
    house.clock.skip(seconds=1)
    result = consent(house.tools, way.platform, url, _bound(way))
    assert (result.outcome, result.connection, result.code) == ("connected", first.connection.id, "")
    assert ("connection-started-over", "") in way.acts()
    assert clean_reconnect.start_over(house.tools, house.actor, "none", "b") is None


def _bound(way: Way) -> str:
    from tieout.web import guard

    return guard.bound(way.site.client.cookies["tieout-session"], "connect")


def test_a_decision_that_nobody_awaits_changes_nothing(way: Way) -> None:
    way.house.connect()
    (card,) = way.cards()
    for decision in Decision:
        result = parked.decide_parked(way.house.tools, way.house.actor, card.connection.id, decision)
        assert result.outcome == "refused"
    assert way.site.get(f"/connection/{card.connection.id}/parked").status_code == 303
    assert way.cards()[0].connection.may_post


# --- An app of their own ----------------------------------------------------------------------------------------------


def own(way: Way, client_id: str, secret: str, **more: str) -> Any:
    page = f"/connection/apps/{way.platform}"
    return way.site.post(page, {"client_id": client_id, "secret": secret, **more}, page=page)


def second_app(way: Way) -> tuple[str, str]:
    books = way.house.world.stand_in.books
    (ours, *_) = (each for each in books.shelf.all("app"))
    made = ours | {"client_id": "their-own", "secret": "their-secret"}
    books.shelf.put("app", "their-own", made)
    return "their-own", "their-secret"


@both
def test_an_own_app_connects_and_renews_and_its_secret_is_never_shown(ledger: Ledger, way: Way) -> None:
    house = way.house
    house.connect()
    (before,) = way.cards()
    id, secret = second_app(way)
    own(way, id, "wrong")
    assert "refuses the client id or its secret" in way.told(f"/connection/apps/{way.platform}")
    own(way, id, secret)
    page = way.site.page(f"/connection/apps/{way.platform}")
    assert "knows the client id" in words(page) and id in page and secret not in page
    (card,) = way.cards()
    assert card.connection.state == "needs-reconnect" and "chose another app" in card.words
    house.clock.skip(seconds=1)
    url = way.leave(before.connection.id)
    assert "their-own" in url
    way.back(allow(url))
    (after,) = way.cards()
    assert after.connection.id == before.connection.id and after.connection.may_post
    house.clock.skip(hours=2)
    grants.renew(house.tools, house.organisation, after.connection.id)
    with read(house.tools.engines, house.organisation) as db:
        acts = [each.event.act for each in audit.newest(db)]
        kept = own_app_rows.find(db, way.platform)
    assert {"own-app-changed", "own-app-used"} <= set(acts) and kept is not None and secret not in kept.secret
    way.site.sign_in()  # the last proof is hours old
    way.site.post(f"/connection/apps/{way.platform}/remove", page=f"/connection/apps/{way.platform}")
    assert way.cards()[0].connection.state == "needs-reconnect"


@pytest.mark.parametrize("ledger", [XERO], ids=["xero"])
def test_a_custom_connection_needs_no_consent_page_and_is_renewed_by_asking_again(ledger: Ledger, way: Way) -> None:
    house = way.house
    books = house.world.stand_in.books
    (tenant,) = (each["OrganisationID"] for each in books.shelf.all("organisation"))
    (user,) = (each["id"] for each in books.shelf.all("user"))
    wanted = [each for each in named(XERO.name).SCOPES if each.startswith("accounting.")]
    made = scenarios.app(books, "custom", "word", kind="custom", scopes=wanted, tenant=tenant)
    books.shelf.put("app", "custom", made | {"user": user})
    xero_consent.connect(books, "custom", user, tenant, "made in the app's own page")
    own(way, "custom", "word", kind="custom")
    answer = way.site.post("/connection/connect", {"platform": way.platform}, page="/connection/links")
    assert answer.headers["location"] == "/connection/choose", way.told(answer.headers["location"])
    way.chosen()
    (card,) = way.cards()
    assert card.connection.may_post, card
    house.clock.skip(hours=2)
    sent = house.receive_sample("amazon_v2_uk.txt")
    arrived(house, sent)
    assert way.exchanges() >= 3
    writes = [call for call in house.world.calls if call.method == "PUT"]
    assert writes and settlements.card(house.tools, house.organisation, sent).ties_out


def test_a_form_without_id_or_secret_saves_nothing(way: Way) -> None:
    answer = own(way, "", "")
    assert answer.status_code == 422 and "The client id is missing" in words(answer.text)
    assert way.site.get("/connection/apps/unheard").status_code == 404
    with read(way.house.tools.engines, way.house.organisation) as db:
        assert own_app_rows.listed(db) == ()


@pytest.mark.parametrize("ledger", [XERO], ids=["xero"])
def test_a_client_id_of_others_is_neither_used_nor_spoilt_by_whoever_enters_it(ledger: Ledger, way: Way) -> None:
    """It is no secret; what it opens is for the organisation that entered its secret too."""
    house, books = way.house, way.house.world.stand_in.books
    (tenant,) = (each["OrganisationID"] for each in books.shelf.all("organisation"))
    (user,) = (each["id"] for each in books.shelf.all("user"))
    wanted = [each for each in named(XERO.name).SCOPES if each.startswith("accounting.")]
    made = scenarios.app(books, "custom", "word", kind="custom", scopes=wanted, tenant=tenant)
    books.shelf.put("app", "custom", made | {"user": user})
    xero_consent.connect(books, "custom", user, tenant, "made in the app's own page")
    other = Actor(add_organisation(house.tools.engines, house.tools.vault, "org-eve"), "", "Eve")
    own_apps.put(house.tools, other, way.platform, "custom", Secret("guessed"), is_custom=True)
    house.clock.skip(seconds=1)
    own(way, "custom", "word", kind="custom")
    _, theirs = connecting.connect_custom(house.tools, other, way.platform, "eve's browser")
    assert theirs.outcome == "refused" and way.grants() == 0, theirs
    way.site.post("/connection/connect", {"platform": way.platform}, page="/connection/links")
    way.chosen()
    house.clock.skip(hours=2)
    own_apps.put(house.tools, other, way.platform, "custom", Secret("guessed again"), is_custom=True)
    (card,) = way.cards()
    assert grants.renew(house.tools, house.organisation, card.connection.id).expires_at > house.clock()


@pytest.mark.parametrize("ledger", [XERO], ids=["xero"])
def test_a_link_that_was_withdrawn_or_used_meanwhile_connects_nothing(ledger: Ledger, way: Way, stranger: Site) -> None:
    house, path = way.house, made(way)
    (link,) = consent_links.listing(house.tools, house.organisation)
    urls = [begins(stranger, path).headers["refresh"].partition("url=")[2] for _ in range(2)]
    withdrawn, used = allow(urls[0]), allow(urls[1])
    way.site.post(f"/connection/links/{link.id}/withdraw", page="/connection/links")
    assert "how=refused" in way.back(withdrawn, stranger) and way.exchanges() == 0
    path = made(way)
    urls = [begins(stranger, path).headers["refresh"].partition("url=")[2] for _ in range(2)]
    states = []
    for url in urls:
        used = allow(url)
        states.append(used["state"])
        assert way.back(used, stranger) == "/connect/books"
    browser = Browser(device=bound(stranger.client.cookies["tieout-device"], "connect"))
    picked = [connecting.choices(house.tools, state, browser) for state in states]
    first = connecting.choose_books(house.tools, states[0], picked[0].choices[0].books, browser)
    second = connecting.choose_books(house.tools, states[1], picked[1].choices[0].books, browser)
    assert (first.outcome, second.outcome) == ("connected", "refused") and "works once" in second.words
    assert len(way.cards()) == 1
