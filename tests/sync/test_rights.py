"""Rights are asked in every verb that changes something, again when the work runs, and what was done is on record."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.conftest import add_member, set_role
from tests.sync.conftest import SAMPLES, House
from tieout.core.actor import Actor
from tieout.core.chained import Entry
from tieout.core.mapping import Bank, BankPlace, Node
from tieout.people import tokens
from tieout.people.roles import NotPermitted
from tieout.store import audit, issues
from tieout.store.engine import Engines, read
from tieout.sync import banks, channel_accounts, fetching, fixes, mapping, settlements
from tieout.sync.issues import OPEN
from tieout.sync.settlements import accepting, again

UK = "amazon_v2_uk.txt"
CONTENT = (SAMPLES / UK).read_bytes()
KEYS = {"shop": "a-shop.myshopify.com", "token": "t"}


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


def somebody(house: House, role: str, id: str = "bob") -> Actor:
    add_member(house.tools.engines, house.organisation, id, role=role)
    return Actor(house.organisation, id, id.capitalize())


def entries(house: House, act: str = "") -> list[Entry]:
    """Oldest first; the chain must hold."""
    with read(house.tools.engines, house.organisation) as db:
        assert audit.first_break(db) is None
        return list(reversed(audit.newest(db, act=act, limit=200)))


def told(house: House, act: str = "") -> list[tuple[str, str, str]]:
    return [(each.event.act, each.event.name, each.event.subject) for each in entries(house, act)]


def test_every_verb_refuses_who_may_not_and_leaves_no_trace(house: House) -> None:
    house.connect()
    id, tools = house.receive_sample(UK), house.tools
    outsider, basic = replace(house.actor, person="nobody"), somebody(house, "basic")
    wanted = tokens.Wanted("Till", ("settlements:import",), (house.organisation,), 9)
    token, _ = tokens.create(tools, house.actor, wanted)
    table: dict[str, tuple[Callable[[Actor], object], bool]] = {  # and whether the role basic may
        "approve": (lambda who: settlements.approve(tools, who, [id]), True),
        "send all that is ready": (lambda who: settlements.send_ready(tools, who), True),
        "import": (lambda who: settlements.receive_bytes(tools, who, UK, CONTENT), False),
        "import what is no statement": (lambda who: settlements.receive_bytes(tools, who, "x", b"x"), False),
        "explain a label": (lambda who: mapping.explain(tools, who, ("x",), "sales.giftwrap"), False),
        "set entries": (lambda who: mapping.set_entries(tools, who, {Node("fees"): None}), False),
        "restore": (lambda who: mapping.restore(tools, who, 1), False),
        "read the chart": (lambda who: mapping.read_chart(tools, who), False),
        "bank accounts": (lambda who: banks.choose(tools, who, {BankPlace("", "GBP"): Bank("1")}, 1), False),
        "accept dates": (lambda who: accepting.accept_dates(tools, who, id), True),
        "use a newer file": (lambda who: settlements.use_new_file(tools, who, id), True),
        "number anew": (lambda who: again.renumber(tools, who, id), True),
        "connect a channel": (lambda who: channel_accounts.connect(tools, who, "shopify", KEYS), False),
        "begin an install": (lambda who: channel_accounts.begin_install(tools, who, "amazon", "x", "b"), False),
        "check a channel": (lambda who: channel_accounts.check(tools, who, "x"), True),
        "disconnect a channel": (lambda who: channel_accounts.disconnect(tools, who, "x"), False),
        "fetch": (lambda who: fetching.ask_now(tools, who, "x"), False),
        "make a token": (lambda who: tokens.create(tools, who, wanted), False),
        "revoke a token": (lambda who: tokens.revoke(tools, who, token.id), False),
    }
    before = entries(house)
    for name, (verb, basic_may) in table.items():
        for who in (outsider,) if basic_may else (outsider, basic):
            try:
                verb(who)
            except NotPermitted:
                continue
            raise AssertionError(f"{name}: {who.person} was let pass")
    assert entries(house) == before and house.documents() == {}


@pytest.mark.parametrize(("role", "why"), [("", "does not belong to the organisation"), ("accountant", "")])
def test_who_was_removed_between_the_click_and_the_job_sends_nothing(house: House, role: str, why: str) -> None:
    house.connect()
    id, bob = house.receive_sample(UK), somebody(house, "accountant")
    operation = settlements.approve(house.tools, bob, [id])
    set_role(house.tools.engines, house.organisation, "bob", role)
    house.jobs.run_all()
    ended = house.operation(operation)
    if why:
        assert ended.state == "failed" and why in ended.message and "nothing was done" in ended.message
        assert house.documents() == {} and house.card(id).status == "ready"
        assert told(house, "settlement-sent") == []
    else:
        assert ended.state == "done" and len(house.documents()) == len(house.card(id).documents)
        assert told(house, "settlement-sent") == [("settlement-sent", "Bob", f"settlement:{id}")]
    assert told(house, "send-asked") == [("send-asked", "Bob", f"operation:{operation}")]


def test_who_was_demoted_between_the_upload_and_the_job_brings_nothing_in(house: House) -> None:
    bob = somebody(house, "accountant")
    operation = settlements.receive_bytes(house.tools, bob, UK, CONTENT)
    set_role(house.tools.engines, house.organisation, "bob", "basic")
    house.jobs.run_all()
    ended = house.operation(operation)
    assert ended.state == "failed" and "whose role is basic now" in ended.message and "ask again" in ended.message
    assert settlements.listing(house.tools, house.organisation).cards == ()
    assert house.receive(UK, CONTENT).state == "done"


def test_what_was_held_does_not_go_by_itself_for_somebody_who_left(house: House) -> None:
    house.connect()
    id, bob = house.receive_sample(UK), somebody(house, "accountant")
    house.world.hand("lock-date", year="2026-12-31")
    settlements.approve(house.tools, bob, [id])
    house.jobs.run_all()
    assert house.card(id).status == "blocked"
    set_role(house.tools.engines, house.organisation, "bob", "")
    house.world.hand("lock-date", year=None)
    with read(house.tools.engines, house.organisation) as db:
        (issue,) = issues.of_subject(db, "settlement", id)
    assert again.recheck(house.tools, house.organisation, issue) == 0
    house.jobs.run_all()
    assert house.card(id).status == "ready" and house.documents() == {}


def test_each_change_is_on_record_once_with_who_and_what(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.send(id)
    mapping.set_entries(house.tools, house.actor, {Node("fees"): None})
    seen = told(house)
    version = mapping.current(house.tools, house.organisation).version
    assert ("settlement-sent", "Olive Finch", f"settlement:{id}") in seen
    assert seen[-1] == ("mapping-changed", "Olive Finch", f"mapping:{version}")
    assert ("mapping-changed", "Tieout, by default", "mapping:1") in seen
    assert [act for act, *_ in seen].count("statement-received") == 1
    sent = entries(house, "settlement-sent")[0].event.details
    assert sent["number"] == house.card(id).number


def test_a_fix_asks_for_its_own_right_and_is_on_record(house: House) -> None:
    house.receive("broken.txt", (SAMPLES / "amazon_v2_broken_total.txt").read_bytes())
    with read(house.tools.engines, house.organisation) as db:
        (issue,) = issues.listed(db, OPEN, 10)
    basic = somebody(house, "basic")
    with pytest.raises(NotPermitted):
        fixes.carry_out(house.tools, basic, issue.id, "set-aside")
    assert fixes.carry_out(house.tools, house.actor, issue.id, "set-aside").is_done
    assert told(house, "fix-carried-out") == [("fix-carried-out", "Olive Finch", f"issue:{issue.id}")]
    assert entries(house, "fix-carried-out")[0].event.details["action"] == "set-aside"
