"""The mapping by forms alone: the tree, gaps with their money, one place, versions, undo, and two people at once."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import add_member
from tests.web.conftest import Site, words
from tieout.core.actor import Actor
from tieout.core.mapping import Node
from tieout.store import mappings
from tieout.store.engine import write
from tieout.sync import mapping, settlements


def say(site: Site, entries: Any) -> None:
    """Make the mapping say exactly this, by a version of its own."""
    tools, organisation = site.house.tools, site.house.organisation
    present = mapping.current(tools, organisation)
    renewed = replace(present, version=present.version + 1, entries=tuple(entries(dict(present.entries)).items()))
    with write(tools.engines, organisation) as db:
        mappings.add(db, renewed.to_record(), "The test", tools.now())
    settlements.prepare_all(tools, organisation)


def without(*scopes: str) -> Callable[[Any], Any]:
    return lambda entries: {node: entry for node, entry in entries.items() if node.scope not in scopes}


@pytest.fixture
def site(site: Site) -> Site:
    site.house.connect()
    return site


def version(site: Site) -> int:
    return mapping.current(site.house.tools, site.house.organisation).version


def save(site: Site, scope: str, account: str, tax: str, **more: Any) -> Any:
    form = {"scope": scope, "account": account, "tax": tax, "seen": str(version(site)), **more}
    return site.post("/mapping/place", form, page=f"/mapping/place?scope={scope}")


def test_before_the_first_settlement_it_says_how_it_begins(site: Site) -> None:
    assert "No mapping yet" in words(site.page("/mapping")) and "No mapping yet" in words(
        site.page("/mapping/versions")
    )


def test_the_tree_shows_what_is_set_and_what_follows(site: Site) -> None:
    site.settlement()
    shown = words(site.page("/mapping"))
    seller = shown.partition("Seller fees with ")[2].partition("Fulfilment fees")[0]
    assert "Referral fees" in seller and "TO-203 Amazon seller fees" in seller and "set here" in seller
    assert "more kinds, not met yet" in shown and "Tieout, by default" in shown
    assert "Refunded tax TO-201" in shown, "what books otherwise than its role has a line of its own"
    assert "Not met yet. Account TO-214 does not exist" in shown and "would refuse" not in shown


def test_a_place_offers_what_suits_and_saves_a_version(site: Site) -> None:
    site.settlement()
    form = site.page("/mapping/place?scope=advertising")
    offered = re.findall(r'<option value="([^"]+)" data-class="(\w+)"', form)
    assert offered and {kind for _, kind in offered} == {"EXPENSE"}
    assert "selected>TO-206" in form
    before = version(site)
    other = next(code for code, _ in offered if code != "TO-206")
    answer = save(site, "advertising", other, "INPUT2")
    assert answer.headers["location"] == "/mapping" and version(site) == before + 1
    shown = words(site.page("/mapping"))
    assert f"Advertising books to {other} now." in shown and "Change Advertising" in shown
    assert "not met yet" in shown and re.search(rf"Advertising with .*? {other} ", shown)


@pytest.mark.parametrize(
    ("account", "tax", "told"),
    [
        ("TO-200", "OUTPUT2", "another class"),
        ("090", "NONE", "bank"),
        ("no-such", "NONE", "does not exist"),
        ("TO-206", "OUTPUT2", "cannot be used with"),
        ("TO-206", "", "Choose an account and a tax rate."),
        ("", "", "Choose an account and a tax rate."),
    ],
)
def test_what_does_not_suit_is_refused_with_the_reason(site: Site, account: str, tax: str, told: str) -> None:
    site.settlement()
    before = version(site)
    answer = save(site, "advertising", account, tax)
    assert answer.status_code == 422 and told in words(answer.text) and version(site) == before


@pytest.mark.parametrize("scope", ["unknown", "nonsense", "fee.<b>"])
def test_what_is_no_place_leads_nowhere(site: Site, scope: str) -> None:
    site.settlement()
    assert site.get("/mapping/place", params={"scope": scope}).status_code == 404
    assert save(site, scope, "TO-206", "NONE").status_code == 404


def test_gaps_show_the_money_that_waits_and_are_filled_at_once(site: Site) -> None:
    settlement = site.settlement()
    say(site, without("fees", "fulfilment"))
    assert site.house.card(settlement).status == "mapping-needed"
    page = site.page("/mapping")
    shown = words(page)
    assert "kinds of amount have no account yet" in shown and re.search(r"Missing: −£[\d.,]+ waits", shown)
    fields = re.findall(r'name="scope" value="([^"]+)"', page)
    assert fields == ["fees", "fulfilment"] and "TO-203 was used before" in shown
    chosen = {"scope": fields, "account": ["TO-203"] * len(fields), "tax": ["INPUT2"] * len(fields)}
    before = version(site)
    chosen["account"][1], chosen["tax"][1] = "", ""
    site.post("/mapping/gaps", {**chosen, "seen": str(before)}, page="/mapping")
    before += 1
    shown = words(site.page("/mapping"))
    assert "1 kind of amount has no account yet" in shown, "one choice fills all that follow it"
    chosen = {"scope": ["fulfilment"], "account": ["TO-204"], "tax": ["INPUT2"]}
    answer = site.post("/mapping/gaps", {**chosen, "seen": str(before)}, page="/mapping")
    assert answer.status_code == 303 and version(site) == before + 1, words(answer.text)
    after = words(site.page("/mapping"))
    assert "1 settlement moved on" in after and "no account yet" not in after
    assert site.house.card(settlement).status == "ready"


def test_a_gap_filled_badly_keeps_what_was_chosen_and_saves_nothing(site: Site) -> None:
    site.settlement()
    say(site, without("fees"))
    fields = re.findall(r'name="scope" value="([^"]+)"', site.page("/mapping"))
    before = version(site)
    chosen = {"scope": fields, "account": ["TO-200"] * len(fields), "tax": ["OUTPUT2"] * len(fields)}
    answer = site.post("/mapping/gaps", {**chosen, "seen": str(before)}, page="/mapping")
    assert answer.status_code == 422 and "another class" in answer.text and version(site) == before
    empty = {"scope": fields, "account": [""] * len(fields), "tax": [""] * len(fields), "seen": str(before)}
    assert "at least one" in words(site.post("/mapping/gaps", empty, page="/mapping").text)


def test_two_people_at_once_do_not_overwrite_each_other(site: Site) -> None:
    site.settlement()
    seen = version(site)
    bob = Actor(site.house.organisation, add_member(site.house.tools.engines, site.house.organisation, "bob"), "Bob")
    entry = dict(mapping.current(site.house.tools, site.house.organisation).entries)[Node("fees")]
    mapping.set_entry(site.house.tools, bob, Node("fees"), entry)
    form = {"scope": "advertising", "account": "TO-206", "tax": "INPUT2", "seen": str(seen)}
    answer = site.post("/mapping/place", form, page="/mapping/place?scope=advertising")
    shown = words(answer.text)
    assert answer.status_code == 409 and "changed meanwhile" in shown and "Nothing was saved" in shown
    assert site.post("/mapping/inherit", {"scope": "fees", "seen": str(seen)}, page="/mapping").status_code == 409
    assert site.post(f"/mapping/versions/{seen}/restore", {"seen": str(seen)}, page="/mapping").status_code == 409


def test_an_override_follows_again_when_it_is_taken_away(site: Site) -> None:
    site.settlement()
    save(site, "fee.referral", "TO-204", "INPUT2")
    form = words(site.page("/mapping/place?scope=fees"))
    assert "Stay as they are" in form and "Referral fees" in form.partition("Stay as they are")[2]
    own = site.page("/mapping/place?scope=fee.referral")
    assert "Follow Seller fees again" in words(own)
    site.post("/mapping/inherit", {"scope": "fee.referral", "seen": str(version(site))}, page="/mapping")
    assert Node("fee.referral") not in dict(mapping.current(site.house.tools, site.house.organisation).entries)


def test_versions_say_who_changed_what_and_can_be_gone_back_to(site: Site) -> None:
    site.settlement()
    first = version(site)
    before = dict(mapping.current(site.house.tools, site.house.organisation).entries)
    save(site, "advertising", "TO-203", "INPUT2")
    shown = words(site.page("/mapping/versions"))
    assert "Olive Finch" in shown and "Advertising TO-206, INPUT2 TO-203, INPUT2" in shown
    site.post(f"/mapping/versions/{first}/restore", {"seen": str(version(site))}, page="/mapping/versions")
    assert version(site) == first + 2
    assert dict(mapping.current(site.house.tools, site.house.organisation).entries) == before
    missing = site.post("/mapping/versions/999/restore", {"seen": str(version(site))}, page="/mapping/versions")
    assert missing.status_code == 404


def test_a_removed_account_is_a_fault_until_another_is_chosen(site: Site) -> None:
    site.settlement()
    site.house.world.hand("chart-edit", code="TO-206", act="archive")
    site.post("/mapping/chart", {"back": "/mapping"}, page="/mapping")
    shown = words(site.page("/mapping"))
    assert "Read: " in shown and "that the books would refuse" in shown and "archived" in shown
    page = site.page("/mapping/place?scope=advertising")
    assert 'value="TO-206"' not in page
    answer = site.post("/mapping/chart", {"back": "//elsewhere.example"}, page="/mapping")
    assert answer.headers["location"] == "/"


def test_books_out_of_reach_are_told_and_the_last_reading_stays(site: Site) -> None:
    site.settlement()
    site.house.world.arm("reset", path="/api.xro/2.0/Accounts", count=9)
    site.house.world.arm("reset", path="/api.xro/2.0/Organisation", count=9)
    site.post("/mapping/chart", {"back": "/mapping"}, page="/mapping")
    assert "could not be read" in words(site.page("/mapping")) and "TO-206" in site.page("/mapping")


def test_without_books_there_is_nothing_to_choose_from(make_site: Callable[..., Site]) -> None:
    site = make_site()
    site.sign_in()
    site.settlement()
    shown = words(site.page("/mapping"))
    assert "No books have been read yet" in shown
    assert "Connect them" in words(site.page("/mapping/place?scope=fees"))


def test_a_marketplace_abroad_has_a_view_of_its_own(site: Site) -> None:
    site.settlement("amazon_v2_uk.txt")
    node = Node("fees", "Amazon.de")
    entry = dict(mapping.current(site.house.tools, site.house.organisation).entries)[Node("fees")]
    mapping.set_entry(site.house.tools, site.house.actor, node, entry)
    shown = words(site.page("/mapping?marketplace=Amazon.de"))
    assert "All marketplaces Amazon.co.uk Amazon.de" in shown and "Month roll" in shown
    assert "on Amazon.de alone" in words(site.page("/mapping/place?scope=fees&marketplace=Amazon.de"))
    answer = save(site, "fees", "TO-204", "INPUT2", marketplace="Amazon.de")
    assert answer.headers["location"] == "/mapping?marketplace=Amazon.de"
    site.page("/mapping")  # which says once what was saved
    everywhere = words(site.page("/mapping"))
    assert words(site.page("/mapping?marketplace=<b>")) == everywhere, "what is no marketplace shows all"
