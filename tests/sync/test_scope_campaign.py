"""Older connections with broad permissions: found, asked to approve again with a link each, reminded, never stopped."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import add_member, set_role
from tests.sync.conftest import House
from tests.web.conftest import Site, cheap_hashes, make_site, site, words
from tieout import platforms
from tieout.store.connections import listed
from tieout.store.engine import Engines, read, write
from tieout.store.grants import GRANTS
from tieout.sync import connection_card, connection_check, issues, mailing, scope_campaign

__all__ = ["cheap_hashes", "make_site", "site"]
OLD = "openid profile email offline_access accounting.transactions accounting.contacts accounting.settings.read"


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


def connected_long_ago(house: House) -> str:
    """As before the platform had narrower permissions."""
    house.connect()
    with write(house.tools.engines, "") as db:
        db.execute(GRANTS.update().values(scopes=f"{OLD} accounting.attachments"))
    with read(house.tools.engines, house.organisation) as db:
        return listed(db)[0].id


def until(house: House, days: int) -> None:
    """To so many days before the end."""
    house.clock.skipped += datetime(2027, 9, 13, 12, tzinfo=UTC) - timedelta(days=days) - house.clock()


def letters(house: House) -> list[str]:
    return [each.subject for each in mailing.outgoing(house.tools, house.organisation)]


def test_nothing_is_left_where_nothing_is_withdrawn(house: House, site: Site) -> None:
    house.connect()
    found = scope_campaign.progress(house.tools, house.organisation)
    assert (found.left, found.done) == ((), 1)
    assert "Nothing ends" in words(site.page("/connection/permissions"))


def test_an_older_connection_is_found_and_goes_on_working(house: House, site: Site) -> None:
    id = connected_long_ago(house)
    (left,) = scope_campaign.progress(house.tools, house.organisation).left
    assert (left.withdrawn, left.ends_on.isoformat()) == (("accounting.transactions",), "2027-09-13")
    card = connection_card.find(house.tools, house.organisation, id)
    assert card is not None and all(each.is_granted for each in card.permissions) and card.standing.is_healthy
    assert [each.ends_on for each in card.permissions if each.ends_on] == ["2027-09-13"]
    checked = connection_check.run(house.tools, house.actor, id)
    assert checked is not None and checked.is_good and checked.lines[2].problem == "scope-migration-due"
    shown = words(site.page("/connection/permissions"))
    assert "0 of 1 connection done" in shown and "13 Sept 2027" in shown and "Link for Lucy Harbour" in shown
    asked = site.post(f"/connection/{id}/approve-again", page="/connection/permissions")
    assert "/connect/" in site.page(asked.headers["location"])
    house.clock.skip(seconds=1)
    house.connect()
    found = scope_campaign.progress(house.tools, house.organisation)
    assert (found.left, found.done) == ((), 1), "approved again"


def test_reminders_go_out_once_each_and_never_afterwards(house: House) -> None:
    connected_long_ago(house)
    until(house, 91)
    assert scope_campaign.remind(house.tools, house.organisation) == 0 and letters(house) == []
    for days, total in ((90, 1), (60, 1), (30, 2), (7, 3), (1, 3)):
        until(house, days)
        scope_campaign.remind(house.tools, house.organisation)
        assert scope_campaign.remind(house.tools, house.organisation) == 0
        assert len(letters(house)) == total, days
    assert set(letters(house)) == {"Approve Tieout again for Harbour & Finch Ltd before 13 September 2027"}


def test_a_holder_who_left_gets_no_link_and_those_who_administer_do(house: House) -> None:
    connected_long_ago(house)
    add_member(house.tools.engines, house.organisation, "basil", "Basil", "admin")
    set_role(house.tools.engines, house.organisation, house.actor.person, "")
    until(house, 60)
    assert scope_campaign.remind(house.tools, house.organisation) == 1
    assert [each.to for each in mailing.outgoing(house.tools, house.organisation)] == ["basil@example.com"]


def test_a_broad_permission_beside_those_that_replace_it_is_nothing_to_ask_for() -> None:
    """Xero adds what is granted later to what was granted before."""
    broad, new = ("accounting.transactions",), ("accounting.invoices", "accounting.payments")
    for scopes, ending in (
        (broad, broad),
        ((*broad, *new), broad),
        ((*broad, *new, "accounting.banktransactions"), ()),
        (("accounting.reports.read", *new), ()),
        ((), ()),
    ):
        assert platforms.named("xero").outdated(scopes)[0] == ending, scopes


def test_the_warning_is_no_letter_and_stops_nothing(house: House, site: Site) -> None:
    id = connected_long_ago(house)
    house.sweep()
    house.sweep()
    (issue,) = issues.listing(house.tools, house.organisation)
    assert (issue.code, issue.count, letters(house)) == ("scope-migration-due", 1, [])
    assert "before 13 September 2027" in issue.title
    listed, shown = words(site.page("/issues")), words(site.page(f"/issues/{issue.id}"))
    assert "Warning" in listed and "nothing waits for it" in listed and "holds up" not in listed
    assert "Nothing waits for it" in shown and "What it holds up" not in shown
    assert issue.title in words(site.page("/problems/scope-migration-due"))
    house.send(house.receive_sample("amazon_v2_uk.txt"))
    assert sum(house.documents().values()) == 1
    card = connection_card.find(house.tools, house.organisation, id)
    assert card is not None and not any(each.is_blocking for each in card.standing.reasons)
