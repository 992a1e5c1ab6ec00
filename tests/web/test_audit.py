"""The page of the audit log: who, when, what, in pages, chosen by person and act; and whether the chain holds."""

from dataclasses import replace

import pytest

from tests.conftest import add_member, set_role
from tests.store.test_audit import meddle
from tests.web.conftest import Site, words
from tieout.people import acting
from tieout.store.audit import AUDIT
from tieout.store.engine import Engines, write


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


def add(site: Site, count: int, name: str = "Bob", person: str = "bob") -> None:
    house = site.house
    actor = replace(house.actor, name=name, person=person)
    with write(house.tools.engines, house.organisation) as db:
        for number in range(count):
            acting.record(db, actor, "label-explained", f"label:{number}", house.clock(), {"to": f"<b>{number}</b>"})


def test_it_says_who_did_what_and_leads_there(site: Site) -> None:
    assert "Organisation created" in words(site.page("/audit"))
    id = site.settlement()
    site.house.connect()
    site.house.send(id)
    page = site.page("/audit")
    text = words(page)
    assert "Olive Finch" in text and "Settlement sent" in text and "The chain holds: all" in text
    assert f'href="/settlements/{id}">Settlement {site.house.card(id).number}</a>' in page
    assert 'href="/audit" aria-current="page"' in page, "it stands in the menu"


def test_a_person_is_told_by_name_and_not_by_an_id(site: Site) -> None:
    house = site.house
    add_member(house.tools.engines, house.organisation, "b0b00000-0000-0000", "Bob", "basic")
    site.post("/people/members/b0b00000-0000-0000/role", {"role": "accountant"})
    with write(house.tools.engines, house.organisation) as db:
        acting.record(
            db, house.actor, "invitation-accepted", "invitation:1", house.clock(), {"person": "b0b00000-0000-0000"}
        )
        acting.record(db, house.actor, "setup-begun", "setup:all", house.clock())
    text = words(site.page("/audit"))
    assert "Role changed Person Bob from: basic; to: accountant" in text and "person: Bob" in text
    assert "b0b00000" not in text and "Setup all" not in text


def test_pages_of_fifty_and_a_choice_by_person_and_act(site: Site) -> None:
    site.settlement()
    add(site, 60)
    first = site.page("/audit")
    assert first.count("Label explained</span>") == 50 and "&lt;b&gt;59&lt;/b&gt;" in first and "<b>59" not in first
    older = site.page(first.partition('class="btn" href="')[2].partition('"')[0].replace("&amp;", "&"))
    assert older.count("Label explained</span>") == 10 and "Statement received" in words(older)
    only = site.page("/audit?person=bob&act=label-explained&before=20")
    assert "Statement received</span>" not in only and "Older" not in only and '"bob" selected' in only
    assert "Nothing of that kind" in words(site.page("/audit?act=nothing"))
    assert site.get("/audit?before=x").status_code in (404, 422)


def test_a_broken_chain_is_told_with_its_place(site: Site) -> None:
    add(site, 5)
    organisation = site.house.organisation
    changed = AUDIT.update().where(AUDIT.c.organisation == organisation, AUDIT.c.number == 4).values(name="Nobody")
    meddle(site.house.tools.engines, organisation, changed)
    text = words(site.page("/audit"))
    assert "does not hold at entry 4" in text and "The chain holds" not in text


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("accountant", 200), ("basic", 403)])
def test_who_may_see_it(site: Site, role: str, status: int) -> None:
    set_role(site.house.tools.engines, site.house.organisation, site.house.actor.person, role)
    answer = site.get("/audit")
    assert answer.status_code == status
    assert ('href="/audit"' in site.page("/settlements")) == (status == 200)
