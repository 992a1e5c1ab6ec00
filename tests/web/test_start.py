"""The set-up on pages without scripts, and the ways round closed doors: frames, old pages, a missing right, pop-ups."""

import re
from collections.abc import Callable

import pytest

from tests.problems.doors import account, invalidate, member
from tests.web.conftest import Site, words
from tieout import __version__
from tieout.people import sessions
from tieout.store import channel_claims
from tieout.store.engine import write
from tieout.sync import channel_accounts, issues, onboarding
from tieout.web.versioned import static_url


def token(site: Site, path: str = "/start") -> str:
    return str(re.search(r'name="csrf" value="(\w+)"', site.get(path).text)[1])  # type: ignore[index]


@pytest.fixture
def basil(make_site: Callable[..., Site], site: Site) -> Site:
    """A member with the basic role, in a browser of their own."""
    made, person = make_site(), member(site.house, "Basil", "basic")
    made.client.cookies.set("tieout-session", sessions.begin(site.house.tools, person.person, sessions.Visit("1", "")))
    return made


class TestTheSetUp:
    def test_a_new_owner_lands_on_it_and_is_told_what_to_do(self, site: Site) -> None:
        assert site.get("/").headers["location"] == "/start"
        shown = words(site.page("/start"))
        assert "Set-up: step 1 of 5" in shown and "Upload files" in shown and "Connect Amazon" in shown
        assert "Set-up: step 1 of 5" in words(site.page("/settlements")), "the bar stays until it is done"

    def test_a_choice_is_kept_and_the_next_visit_resumes_there(self, site: Site) -> None:
        answer = site.post("/start/channel", {"choice": "amazon"}, page="/start")
        assert answer.headers["location"] == "/channels/connect/amazon"
        assert "Go on with Amazon" in words(site.page("/start"))
        assert site.post("/start/channel", {"choice": "nowhere"}, page="/start").status_code == 404

    def test_files_need_no_approval(self, site: Site) -> None:
        site.post("/start/channel", {"choice": "files"}, page="/start")
        assert 'action="/settlements/upload"' in site.page("/start")

    def test_starting_over_says_first_what_is_thrown_away(self, site: Site) -> None:
        site.post("/start/channel", {"choice": "amazon"}, page="/start")
        shown = words(site.page("/start/over?step=channel"))
        assert "choice: amazon" in shown and "This stays: everything that is connected" in shown
        site.post("/start/over", {"step": "channel"}, page="/start")
        assert "Go on with Amazon" not in words(site.page("/start"))
        assert site.get("/start/over?step=nothing").status_code == 404

    def test_put_aside_it_leads_nobody_there_any_more(self, site: Site) -> None:
        site.post("/start/aside", page="/start")
        assert site.get("/").headers["location"] == "/settlements"
        assert "Set-up: step" not in words(site.page("/settlements"))

    def test_with_a_draft_in_every_step_every_page_of_settings_answers(self, site: Site) -> None:
        for step in ("channel", "books", "accounts", "banks", "first"):
            onboarding.save(site.house.tools, site.house.actor, step, {"choice": "half"})
        for path in ("/start", "/channels", "/connection", "/mapping", "/bank-accounts", "/settlements", "/issues"):
            assert site.get(path).status_code == 200, path


class TestTheChannelPage:
    def test_shows_the_link_checks_it_and_reconnects_it(self, site: Site) -> None:
        site.house.connect()
        id = account(site.house, "amazon")
        assert "Link works" in words(site.page("/channels")) and "Link works" in words(site.page(f"/channels/{id}"))
        invalidate(site.house, id, "other-books")
        shown = words(site.page(f"/channels/{id}"))
        assert "Link points at other books" in shown and "Reconnect this channel" in shown
        assert "The first check that fails: Ledger link" in words(site.page(f"/channels/{id}/look"))
        answer = site.post(f"/channels/{id}/relink", page="/channels")
        assert answer.headers["location"] == f"/channels/{id}"
        assert "posts to Harbour &amp; Finch Ltd now" in site.page(f"/channels/{id}")

    def test_an_account_held_elsewhere_is_asked_for_and_decided_in_the_product(self, site: Site) -> None:
        id = account(site.house, "amazon")
        _claimed(site, id)
        shown = words(site.page("/channels"))
        assert "Bea of Organisation other asks for Amazon: Harbour & Finch" in shown
        site.post("/channels/claims/claim/decide", {"answer": "release"}, page="/channels")
        assert "No channel is connected" in words(site.page("/channels"))
        again = site.post("/channels/claims/claim/decide", {"answer": "release"}, page="/channels")
        assert again.status_code == 303 and "Nobody asks for this" in words(site.page("/channels"))


def _claimed(site: Site, id: str) -> None:
    """Bea, of another organisation, asks for the account."""
    from tests.conftest import add_organisation

    house = site.house
    add_organisation(house.tools.engines, house.tools.vault, "other")
    claim = channel_claims.Claim(
        *("claim", "amazon", "amazon-1", "Harbour & Finch", house.organisation, id, "O••••", "bea", "Bea"),
        house.clock(),
        state=channel_claims.ASKED,
    )
    with write(house.tools.engines, "other") as db:
        channel_claims.add(db, claim)


class TestClosedDoors:
    def test_inside_a_frame_stands_a_plain_page_with_the_direct_address(self, site: Site, stranger: Site) -> None:
        for visitor in (site, stranger):
            answer = visitor.get("/settlements", headers={"Sec-Fetch-Dest": "iframe"})
            assert answer.status_code == 403 and 'target="_blank"' in answer.text and "/settlements" in answer.text
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert "Olive" not in answer.text and "<script" not in answer.text
        assert site.get("/settlements", headers={"Sec-Fetch-Dest": "document"}).status_code == 200

    def test_a_page_of_an_older_release_is_told_to_reload_and_what_was_entered_is_kept(self, site: Site) -> None:
        form = {"csrf": token(site), "release": "0.0.1", "step": "books"}
        old = site.client.post("/start/go", data=form)
        assert old.status_code == 409 and 'name="step" value="books"' in old.text
        assert f'name="release" value="{__version__}"' in old.text
        found = onboarding.view(site.house.tools, site.house.organisation).current
        assert found is not None and found.name == "channel", "nothing was done"
        assert site.client.post("/start/go", data={**form, "release": __version__}).status_code == 303
        assert _codes(site) == []

    def test_a_secret_is_never_written_into_a_page_again(self, site: Site) -> None:
        form = {"csrf": token(site), "release": "0.0.1", "field": "refresh_token", "value": "Atzr-secret"}
        old = site.client.post("/channels/connect/amazon", data=form)
        assert old.status_code == 409 and "Atzr-secret" not in old.text and "enter it again" in old.text

    def test_without_the_right_a_page_names_who_can_give_it(self, site: Site, basil: Site) -> None:
        for path in ("/channels", "/channels/connect/amazon", "/start"):
            shown = words(basil.get(path).text)
            assert "Olive Finch" in shown and "Ask for access" in shown, path
        assert _codes(site) == ["connect-role-too-low"]
        assert basil.client.post("/start/ask", data={"csrf": token(basil)}).status_code == 303
        assert "Basil" in words(site.page("/people"))

    def test_the_way_to_a_provider_is_an_ordinary_link(self, site: Site) -> None:
        answer = site.post("/connection/connect", {"platform": "xero"}, page="/start")
        assert 'id="leaving-address"' in answer.text and "http-equiv" not in answer.text
        fragment = site.post("/start/not-opened", page="/start", headers={"HX-Request": "true"})
        assert "copy the address" in fragment.text and _codes(site) == ["connect-popup-blocked"]

    def test_another_version_of_a_file_is_not_served_under_its_name(self, site: Site) -> None:
        name = static_url("tieout.js")
        assert re.fullmatch(r"/static/tieout\.[0-9a-f]{12}\.js", name) and site.get(name).status_code == 200
        assert site.get("/static/tieout.000000000000.js").status_code == 404


def _codes(site: Site) -> list[str]:
    return [each.code for each in issues.listing(site.house.tools, site.house.organisation)]


def test_who_holds_an_account_is_masked(site: Site) -> None:
    """The organisation that asks sees initials, and nothing else of the other."""
    from tests.conftest import add_organisation
    from tieout.core.actor import Actor
    from tieout.sync import channel_claims as claims

    house = site.house
    account(house, "amazon")
    add_organisation(house.tools.engines, house.tools.vault, "other")
    claim = claims.met(house.tools, Actor("other", "", "Bea"), "amazon", "amazon-1", "A shop")
    assert claim is not None and claim.owner_masked == "O••••"
    assert channel_accounts.cards(house.tools, "other") == ()
