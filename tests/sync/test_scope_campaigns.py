"""The campaign over all organisations: who is left, one link each, mailed once, in their audit log, and no figures."""

import re
from collections.abc import Callable

import pytest

from tests.conftest import add_member
from tests.sync.conftest import House
from tests.sync.test_scope_campaign import connected_long_ago
from tests.web.conftest import Site, cheap_hashes, make_site, site, words
from tieout.people import sessions, support
from tieout.people.members import Impossible
from tieout.store import audit, memberships
from tieout.store import consent_links as links
from tieout.store.engine import Engines, read, write
from tieout.store.organisations import Organisation, create
from tieout.sync import consent_links, mailing, scope_campaigns

__all__ = ["cheap_hashes", "make_site", "site"]
PAGE, BUTTON = "/platform/permissions", "/platform/permissions/ask"


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


@pytest.fixture
def pat(house: House, make_site: Callable[..., Site]) -> Site:
    """Who runs the installation, owns an organisation without books, and belongs to no other."""
    tools, made = house.tools, make_site()
    with write(tools.engines, "org-pat") as db:
        create(db, tools.vault, Organisation("org-pat", "Pat Ltd", "GB", "Europe/London", tools.now()))
    add_member(tools.engines, "org-pat", "pat", "Pat")
    support.make_admin(tools, "pat@example.com", "the command line")
    token = sessions.begin(tools, "pat", sessions.Visit("192.0.2.7", ""))
    made.client.cookies.set("tieout-session", token)
    return made


def states(house: House) -> list[str]:
    return [each.state for each in scope_campaigns.everywhere(house.tools)]


def letters(house: House) -> list[str]:
    return sorted(each.to for each in mailing.outgoing(house.tools, house.organisation) if "Approve" in each.subject)


def test_each_connection_is_asked_once_until_its_link_has_ended(house: House, pat: Site) -> None:
    id = connected_long_ago(house)
    for name, role in (("ada", "admin"), ("abel", "accountant"), ("sue", "admin")):
        add_member(house.tools.engines, house.organisation, name, role=role)
    with write(house.tools.engines, house.organisation) as db:
        memberships.suspend(db, "sue", house.clock())
    assert states(house) == ["left"]
    assert scope_campaigns.ask_all(house.tools, "pat") == scope_campaigns.Sent(1, 2)
    assert states(house) == ["asked"] and letters(house) == ["ada@example.com", "olive@example.com"]
    assert scope_campaigns.ask_all(house.tools, "pat") == scope_campaigns.Sent(0, 0)
    with read(house.tools.engines, house.organisation) as db:
        (link,) = links.of_connection(db, id)
        event = audit.newest(db, act="approval-asked-again")[0].event
    assert (link.made_by_name, event.name, event.subject) == ("Tieout", "Pat", f"connection:{id}")
    assert event.details["letters"] == "2" and event.details["withdrawn"] == "accounting.transactions"
    house.clock.skip(days=7, seconds=1)
    assert states(house) == ["left"], "a link that nobody used has ended"
    assert scope_campaigns.ask_all(house.tools, "pat").links == 1
    with write(house.tools.engines, house.organisation) as db:
        assert links.open_in(db, links.of_connection(db, id)[0].id, "a browser", house.clock())
    assert states(house) == ["opened"] and scope_campaigns.ask_all(house.tools, "pat").links == 0
    house.sweep()
    house.connect()
    assert states(house) == ["done"] and scope_campaigns.ask_all(house.tools, "pat").links == 0


def test_a_link_that_the_organisation_made_itself_is_enough(house: House, pat: Site) -> None:
    consent_links.make(house.tools, house.actor, house.ledger.name, connected_long_ago(house))
    assert states(house) == ["asked"] and scope_campaigns.ask_all(house.tools, "pat").links == 0


def test_only_an_administrator_of_the_installation_asks_and_what_nobody_holds_is_left_alone(
    house: House, site: Site
) -> None:
    connected_long_ago(house)
    for person in (house.actor.person, "nobody", ""):
        with pytest.raises(Impossible):
            scope_campaigns.ask_all(house.tools, person)
    assert letters(house) == []
    assert site.get(PAGE).status_code == 404 and site.post(BUTTON).status_code == 404
    assert letters(house) == [] and states(house) == ["left"]


def test_the_page_shows_names_days_and_states_and_asks_all_with_one_button(house: House, pat: Site) -> None:
    assert "Nothing ends" in words(pat.page(PAGE)) and PAGE in pat.page("/platform")
    connected_long_ago(house)
    house.receive_sample("amazon_v2_uk.txt")
    shown = words(pat.page(PAGE))
    assert "0 of 1 connection done , 1 left: 1 not asked" in shown
    assert "Harbour & Finch Ltd" in shown and "13 Sept 2027" in shown
    assert not re.search(r"£|\d+\.\d\d|2610", shown), "no figures and no records"
    assert pat.post(BUTTON, page=PAGE).headers["location"] == PAGE
    shown = words(pat.page(PAGE))
    assert "1 link made, 1 letter on the way." in shown and "Asked" in shown
    assert "Send to all" not in shown and "has a link that is open" in shown
    assert "/connect/" not in pat.page(PAGE), "the link is for those who can act"
    house.sweep()
    house.clock.skip(seconds=1)
    house.connect()
    house.sweep()
    shown = words(pat.page(PAGE))
    assert "1 of 1 connection done" in shown and "Approved again, seen" in shown and "nothing left to do" in shown
