"""Signing in with somebody who vouches for people, as a browser without scripts does it; linking and unlinking."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.openid import Vouching, vouching
from tests.sync.conftest import House
from tests.web.conftest import Site, words
from tieout.people import identities, invitations
from tieout.people.passwords import make_hash
from tieout.people.roles import Role
from tieout.store import people, second_factors
from tieout.store.engine import Engines, read, write
from tieout.store.grants import GRANTS
from tieout.store.identities import DRAFTS
from tieout.store.second_factors import Passkey
from tieout.sync import issues

OLIVE, PASSWORD = "olive@example.com", "correct horse battery staple"


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


@pytest.fixture
def trip(house: House) -> Iterator[Vouching]:
    """Before any site is made: its tools know the three providers."""
    made = vouching(house.tools, house.clock)
    house.tools = made.tools
    yield made
    made.tools.transport.close()


@pytest.fixture
def browser(trip: Vouching, make_site: Callable[..., Site]) -> Site:
    """Somebody who is not signed in."""
    return make_site()


def to(site: Site, provider: str = "google", back: str = "", page: str = "/sign-in") -> str:
    """The press on the button; the address it leads to."""
    leaving = site.post(f"/sign-in/with/{provider}", {"back": back}, page=page)
    assert leaving.status_code == 200, words(leaving.text)
    url = str(leaving.headers["refresh"]).partition("url=")[2]
    assert url.startswith("http://localhost:1/") and leaving.headers["referrer-policy"] == "no-referrer"
    return url


def come_back(site: Site, came: dict[str, str], provider: str = "google") -> str:
    """Where the answer leads: always an empty body and a clean address."""
    answer = site.get(f"/sign-in/{provider}/callback", params=came)
    assert answer.status_code == 302 and answer.content == b"", answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    target = str(answer.headers["location"])
    assert not any(value in target for value in came.values() if len(value) > 8)
    return target


def whole(
    site: Site, trip: Vouching, provider: str = "google", account: str = "olive@example.com", back: str = ""
) -> str:
    return come_back(site, trip.go(to(site, provider, back), account), provider)


def set_password(house: House) -> None:
    with write(house.tools.engines, "") as db:
        people.set_password_hash(db, house.actor.person, make_hash(PASSWORD))


def link(site: Site, trip: Vouching, provider: str = "google", account: str = OLIVE) -> None:
    leaving = site.post(f"/account/identities/{provider}/link", page="/account/identities")
    url = str(leaving.headers["refresh"]).partition("url=")[2]
    assert come_back(site, trip.go(url, account), provider) == "/account/identities"


def test_the_sign_in_page_offers_everybody_who_vouches_and_a_known_identity_comes_in(
    trip: Vouching, site: Site, browser: Site
) -> None:
    link(site, trip)
    assert "Google is linked: it signs you in from now on." in words(site.page("/account/identities"))
    assert whole(browser, trip, back="/issues") == "/issues"
    assert "Olive Finch" in browser.page("/issues")
    assert "last used" in words(browser.page("/account/identities"))


def test_nobody_is_led_elsewhere_afterwards(trip: Vouching, site: Site, browser: Site) -> None:
    link(site, trip)
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert whole(browser, trip, back=back) == "/", back
        browser.client.cookies.delete("tieout-session")


def test_another_login_for_the_same_address_makes_no_account_and_is_linked_after_the_password(
    trip: Vouching, house: House, browser: Site
) -> None:
    set_password(house)
    assert whole(browser, trip) == "/sign-in/identity"
    shown = words(browser.page("/sign-in/identity"))
    assert "Your account has another login" in shown and "Sign in with your password" in shown
    assert "Sign in with Intuit" not in shown, "only what this account has"
    (issue,) = issues.listing(house.tools, house.organisation)
    assert issue.code == "login-identity-differs" and issue.fixes[1].words == "Link this identity"
    form = {"email": "olive@example.com", "password": PASSWORD, "back": "/sign-in/identity"}
    page = "/sign-in?back=/sign-in/identity"
    assert browser.post("/sign-in", form, page=page).headers["location"] == "/sign-in/identity"
    assert "Link Google to your account?" in words(browser.page("/sign-in/identity"))
    linked = browser.post("/sign-in/identity/link", page="/sign-in/identity")
    assert linked.headers["location"] == "/account/identities"
    assert "Google is linked" in words(browser.page("/account/identities"))
    assert issues.listing(house.tools, house.organisation) == ()
    browser.client.cookies.clear()
    assert whole(browser, trip) == "/"


def test_or_after_another_identity(trip: Vouching, house: House, site: Site, browser: Site) -> None:
    link(site, trip, "quickbooks")
    assert whole(browser, trip) == "/sign-in/identity"
    page = browser.page("/sign-in/identity")
    assert "Sign in with Intuit, o•••@example.com" in words(page) and "your password" not in words(page)
    url = to(browser, "quickbooks", "/sign-in/identity", page="/sign-in/identity")
    target = come_back(browser, trip.go(url), "quickbooks")
    assert target == "/sign-in/identity"
    assert "Link Google to your account?" in words(browser.page(target))
    browser.post("/sign-in/identity/link", page=target)
    mine = identities.of_person(house.tools, house.actor.person)
    assert sorted(each.provider for each in mine) == ["google", "quickbooks"]


def test_an_unproven_address_tells_nothing_of_any_account(trip: Vouching, house: House, browser: Site) -> None:
    set_password(house)
    assert whole(browser, trip, "xero") == "/sign-in/identity"
    shown = words(browser.page("/sign-in/identity"))
    assert "No account has this login" in shown and "does not say that the address was proven" in shown
    assert "another login" not in shown and issues.listing(house.tools, house.organisation) == ()


def test_the_login_that_connected_the_books_is_known_by_them(trip: Vouching, house: House, browser: Site) -> None:
    """Where a provider proves no address, its own id of the person is what both sides know."""
    set_password(house)
    house.connect()
    with read(house.tools.engines, "") as db:
        user = db.execute(sa.select(GRANTS.c.person)).scalar_one()
    trip.world.hand("person", flavour="xero", email="olive@example.com", user=user)
    assert whole(browser, trip, "xero") == "/sign-in/identity"
    shown = words(browser.page("/sign-in/identity"))
    assert "An account connected its books with this very login" in shown and "Sign in with your password" in shown
    (issue,) = issues.listing(house.tools, house.organisation)
    assert "the login that connected the books of an account" in issue.evidence[0]


def test_what_was_refused_is_told_with_their_words_escaped_and_the_way_on(trip: Vouching, browser: Site) -> None:
    target = come_back(browser, trip.go(to(browser), decision="deny"))
    assert target == "/sign-in/refused?why=sign-in-denied"
    page = browser.get(target)
    assert page.status_code == 400 and "<b>did not</b>" not in page.text and "&lt;b&gt;did not" in page.text
    assert "did not allow it" in words(page.text) and "Start again" in words(page.text)
    trip.world.stand_in.switches["id_token"] = "signature"
    target = come_back(browser, trip.go(to(browser)))
    assert "proves nothing" in words(browser.get(target).text)
    assert browser.get("/sign-in/refused?why=<script>").status_code == 400
    trip.world.arm("outage")
    assert browser.post("/sign-in/with/google", page="/sign-in").status_code == 502
    assert browser.post("/sign-in/with/facebook", page="/sign-in").status_code == 404
    assert browser.get("/sign-in/facebook/callback").status_code == 404


def test_an_answer_in_another_browser_or_at_another_address_is_refused(
    trip: Vouching, site: Site, browser: Site, make_site: Callable[..., Site]
) -> None:
    link(site, trip)
    calls = trip.token_calls()
    mallory = make_site()
    mallory.page("/sign-in")
    came = trip.go(to(browser))
    assert come_back(mallory, came) == "/sign-in/refused?why=sign-in-other-browser"
    assert come_back(browser, came, "xero") == "/sign-in/refused?why=sign-in-mixed-up"
    assert trip.token_calls() == calls
    assert mallory.get("/settlements").status_code == 303 and browser.get("/settlements").status_code == 303


def test_a_press_needs_the_form_of_this_very_browser(trip: Vouching, browser: Site) -> None:
    browser.page("/sign-in")
    assert browser.client.post("/sign-in/with/google", data={"csrf": "x"}).status_code == 403
    assert browser.get("/sign-in/identity").headers["location"] == "/sign-in"
    assert browser.client.post("/sign-in/identity/join", data={"csrf": "x"}).status_code == 403


def test_a_second_press_of_back_shows_where_the_first_led(trip: Vouching, site: Site, browser: Site) -> None:
    link(site, trip)
    came = trip.go(to(browser, back="/issues"))
    assert come_back(browser, came) == "/issues"
    assert come_back(browser, came) == "/issues"


def test_an_answer_that_comes_after_signing_out_links_nothing(trip: Vouching, house: House, site: Site) -> None:
    leaving = site.post("/account/identities/google/link", page="/account/identities")
    came = trip.go(str(leaving.headers["refresh"]).partition("url=")[2])
    site.post("/sign-out")
    assert come_back(site, came) == "/sign-in/refused?why=sign-in-other-person"
    assert identities.of_person(house.tools, house.actor.person) == ()


def test_a_second_factor_is_asked_for_before_anybody_is_in(
    trip: Vouching, house: House, site: Site, browser: Site
) -> None:
    link(site, trip)
    with write(house.tools.engines, "") as db:
        key = Passkey("key", house.actor.person, "Phone", "public", 0, house.clock(), None)
        assert second_factors.add_passkey(db, key)
    answer = browser.get("/sign-in/google/callback", params=trip.go(to(browser, back="/issues")))
    assert answer.headers["location"] == "/sign-in/second-factor?back=%2Fissues"
    assert browser.get("/issues").status_code == 303
    assert browser.get(answer.headers["location"]).status_code == 200


def test_linking_and_unlinking_need_a_recent_proof(trip: Vouching, house: House, site: Site) -> None:
    link(site, trip)
    house.clock.skip(minutes=11)
    (mine,) = identities.of_person(house.tools, house.actor.person)
    for path in ("/account/identities/xero/link", f"/account/identities/{mine.id}/unlink", "/sign-in/identity/link"):
        asked = site.post(path, page="/account/identities", headers={"referer": "http://x/account/identities"})
        assert asked.headers["location"] == "/prove?back=%2Faccount%2Fidentities", path
    assert "Continue with Google" in words(site.page("/prove?back=/account/identities")), "another sign-in is a proof"


def test_unlinking_leaves_one_way_in(trip: Vouching, house: House, site: Site) -> None:
    link(site, trip)
    assert "Your only way in" in words(site.page("/account/identities"))
    link(site, trip, "xero")
    (google, xero) = identities.of_person(house.tools, house.actor.person)
    page = site.page("/account/identities")
    assert f"/account/identities/{google.id}/unlink" in page
    site.post(f"/account/identities/{google.id}/unlink", page="/account/identities")
    assert "Unlinked" in words(site.page("/account/identities"))
    site.post(f"/account/identities/{xero.id}/unlink", page="/account/identities")
    assert "your only way in" in words(site.page("/account/identities")).lower()
    assert [each.provider for each in identities.of_person(house.tools, house.actor.person)] == ["xero"]
    assert site.post(f"/account/identities/{google.id}/unlink", page="/account/identities").status_code == 404


@pytest.mark.parametrize("account", ["wanda@example.com", "peter@example.com"])
def test_an_invitation_is_accepted_with_an_identity_of_any_address(
    trip: Vouching, house: House, browser: Site, account: str
) -> None:
    invited = invitations.invite(house.tools, house.actor, "wanda@example.com", Role.ACCOUNTANT)
    assert "Continue with Google" in words(browser.page(invited.link))
    url = to(browser, "google", invited.link, page=invited.link)
    assert come_back(browser, trip.go(url, account)) == "/sign-in/identity"
    shown = words(browser.page("/sign-in/identity"))
    assert "Join Harbour & Finch Ltd" in shown and "as accountant" in shown
    with read(house.tools.engines, "") as db:
        kept = " ".join(str(row) for row in db.execute(sa.select(DRAFTS)))
    assert invited.link.partition(".")[2] not in kept, "the invitation's secret stays in the browser"
    joined = browser.post("/sign-in/identity/join", page="/sign-in/identity")
    assert joined.headers["location"] == "/", words(joined.text)
    with read(house.tools.engines, "") as db:
        wanda = people.person_by_email(db, "wanda@example.com")
    assert wanda is not None and wanda.password_hash == ""
    assert (wanda.email_proven_at is not None) is (account == "wanda@example.com")
    assert "accountant" in browser.page("/settlements")
    browser.client.cookies.clear()
    assert whole(browser, trip, account=account) == "/"
    assert invitations.look(house.tools, invited.link.partition("token=")[2]) is None


def test_no_button_where_nobody_vouches(house: House, stranger: Site, site: Site) -> None:
    assert "Continue with" not in words(stranger.page("/sign-in"))
    assert "Nobody vouches for people on this installation" in words(site.page("/account/identities"))


def test_the_buttons_stand_on_the_sign_in_page(trip: Vouching, browser: Site) -> None:
    shown = words(browser.page("/sign-in"))
    assert "Continue with Google" in shown and "Continue with Intuit" in shown and "Continue with Xero" in shown
