"""From one organisation to another in the same sign-in; nobody reaches one that is not theirs."""

import re
from typing import Any

import pytest

from tests.web.conftest import Site, words
from tieout.people import organisations
from tieout.people.organisations import Further
from tieout.people.roles import NotPermitted, Role
from tieout.store import people
from tieout.store.engine import write
from tieout.store.organisations import Organisation, create

NEW = {"organisation": "Brook & Vale Inc", "country": "US", "zone": "America/New_York"}


@pytest.fixture
def site(site: Site) -> Site:
    site.settlement()
    return site


def add(site: Site, **changes: str) -> Any:
    return site.post("/organisations/new", NEW | changes, page="/organisations/new")


def test_an_owner_adds_an_organisation_and_is_in_it(site: Site) -> None:
    assert add(site).headers["location"] == "/connection"
    shown = words(site.page("/connection"))
    assert "Brook & Vale Inc is there, and you own it" in shown and "No books are connected" in shown
    assert "26100000101" not in site.page("/settlements"), "what belongs to the other organisation is not shown"


def test_the_switcher_goes_back_and_forth(site: Site) -> None:
    add(site)
    found = organisations.of_person(site.house.tools, site.house.actor.person)
    assert [each.name for each in found] == ["Brook & Vale Inc", "Harbour & Finch Ltd"]
    assert site.post("/organisations/switch", {"organisation": site.house.organisation}).headers["location"] == "/"
    assert "26100000101" in site.page("/settlements")
    assert site.post("/organisations/switch", {"organisation": found[0].id}).status_code == 303
    assert "26100000101" not in site.page("/settlements")


def test_the_top_has_the_work_of_every_day_and_the_rest_stands_behind_the_organisation(site: Site) -> None:
    top, _, rest = site.page("/people").partition("</nav>")
    daily = ["/settlements", "/channels", "/mapping", "/bank-accounts", "/connection", "/issues"]
    assert re.findall(r'class="nav-link" href="([^"]+)"', top) == daily
    menu = rest.partition("</details>")[0]
    behind = ["/organisations/new", "/people", "/audit", "/tokens", "/start", "/practice", "/account"]
    assert re.findall(r'<a class="btn [^>]+href="([^"]+)"', menu) == behind
    assert 'href="/people" aria-current="page"' in menu and 'class="visitor-names active"' in menu


def test_an_organisation_of_others_is_not_there(site: Site) -> None:
    tools = site.house.tools
    with write(tools.engines, "theirs") as db:
        create(db, tools.vault, Organisation("theirs", "Others Ltd", "GB", "Europe/London", tools.now()))
    for organisation in ("theirs", "nowhere", ""):
        assert site.post("/organisations/switch", {"organisation": organisation}).status_code == 404
    assert "26100000101" in site.page("/settlements")


@pytest.mark.parametrize("changes", [{"organisation": " "}, {"country": "XX"}, {"zone": "Mars/Base"}])
def test_what_is_missing_or_wrong_is_marked_and_nothing_is_made(site: Site, changes: dict[str, str]) -> None:
    assert add(site, **changes).status_code == 422
    assert len(organisations.of_person(site.house.tools, site.house.actor.person)) == 1


def test_only_an_owner_makes_organisations(site: Site) -> None:
    tools = site.house.tools
    with write(tools.engines, site.house.organisation) as db:
        people.add_person(db, people.Person("p2", "bob@example.com", "Bob", "", tools.now()))
        people.add_member(db, "p2", Role.ADMIN, tools.now())
    with pytest.raises(NotPermitted):
        organisations.add_organisation(tools, "p2", Further("Bob Ltd", "GB", "Europe/London"))


def test_a_page_left_open_does_nothing_to_the_organisation_that_was_gone_to_since(site: Site) -> None:
    stale = site.token("/people")
    add(site)
    form = {"csrf": stale, "email": "eve@example.com", "role": "admin"}
    answer = site.client.post("/people/invitations", data=form)
    assert answer.status_code == 403 and "went to another organisation" in words(answer.text)
    assert "eve@example.com" not in site.page("/people")
