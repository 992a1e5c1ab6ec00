"""A client authorises channels by a link of their accountant: once, for a day, and reaching nothing else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import add_organisation
from tests.sync.conftest import House
from tests.sync.market import Market, selling_at_amazon
from tieout.core.actor import Actor
from tieout.people import members, organisations, practices
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Role
from tieout.store import audit, letters, memberships, people
from tieout.store.engine import read, write
from tieout.sync import channel_accounts, channel_transfers, clients, starting_for_client
from tieout.sync.starting_for_client import Sent


@pytest.fixture
def market(house: House) -> Iterator[Market]:
    with selling_at_amazon(house) as made:
        yield made


def join(house: House, name: str, role: str = "", organisation: str = "") -> Actor:
    tools, person, where = house.tools, name.lower(), organisation or house.organisation
    with write(tools.engines, where) as db:
        if people.person(db, person) is None:
            email = f"{person}@example.com"
            people.add_person(db, people.Person(person, email, name, "", tools.now(), tools.now()))
        if role:
            memberships.add(db, person, role, tools.now())
    return Actor(where, person, name)


def token(sent: Sent) -> str:
    return sent.path.partition("token=")[2]


def acts(house: House, organisation: str) -> list[str]:
    with read(house.tools.engines, organisation) as db:
        return [entry.event.act for entry in reversed(audit.newest(db))]


def test_the_client_authorises_the_accountant_is_told_and_it_can_be_sent_again(house: House, market: Market) -> None:
    tools, fay = house.tools, join(house, "Fay", "accountant")
    sent = starting_for_client.send(tools, fay, "Client@Example.com", "with your main login, please")
    seen = starting_for_client.look(tools, token(sent))
    assert seen and (seen.name, seen.link.words) == ("Harbour & Finch Ltd", "with your main login, please")
    secret = starting_for_client.open_once(tools, token(sent))
    assert starting_for_client.look(tools, token(sent)) is None
    joined = starting_for_client.connect(tools, secret, "amazon", market.given)
    account = market.account(joined.account)
    assert account.is_live and account.connected_by_name == "client@example.com, by a link of Fay"
    starting_for_client.done(tools, secret)
    with pytest.raises(Impossible):
        starting_for_client.connect(tools, secret, "amazon", market.given)
    with read(tools.engines, "") as db:
        told = [(each.to, each.subject) for each in letters.listed(db)]
    assert ("fay@example.com", "Harbour & Finch Ltd: your client is done") in told
    [link] = starting_for_client.listed(tools, house.organisation)
    assert (link.state, link.accounts) == ("done", (account.name,))
    later = starting_for_client.send(tools, fay, "client@example.com", reconnects=account.id)
    task = starting_for_client.look(tools, token(later))
    assert task and task.reconnects == account.name and task.channel == "amazon"
    again = starting_for_client.open_once(tools, token(starting_for_client.send_again(tools, fay, later.link.id)))
    assert starting_for_client.connect(tools, again, "amazon", market.given).account == account.id
    log = acts(house, house.organisation)
    opened = ["completion-link-sent", "completion-link-opened"]
    assert [act for act in log if act.startswith("completion")] == [
        *opened,
        "completion-link-done",
        "completion-link-sent",
        *opened,
    ]


def test_a_link_ends_by_time_withdrawal_and_when_its_sender_may_connect_no_more(house: House) -> None:
    tools, fay = house.tools, join(house, "Fay", "accountant")
    old = starting_for_client.send(tools, fay, "a@example.com")
    house.clock.skip(days=7)
    withdrawn = starting_for_client.send(tools, fay, "b@example.com")
    secret = starting_for_client.open_once(tools, token(withdrawn))
    starting_for_client.withdraw(tools, fay, withdrawn.link.id)
    day = starting_for_client.open_once(tools, token(starting_for_client.send(tools, fay, "c@example.com")))
    house.clock.skip(hours=24)
    kept = starting_for_client.send(tools, fay, "d@example.com")
    open_one = starting_for_client.open_once(tools, token(starting_for_client.send(tools, fay, "e@example.com")))
    assert starting_for_client.task_of(tools, open_one)
    members.change_role(tools, house.actor, "fay", Role.BASIC)
    for over in (secret, day, open_one, "", "x.y", f"{house.organisation}.guess"):
        assert starting_for_client.task_of(tools, over) is None
        with pytest.raises(Impossible):
            starting_for_client.connect(tools, over, "amazon", {})
    for dead in (token(old), token(withdrawn), token(kept)):
        assert starting_for_client.look(tools, dead) is None
        with pytest.raises(Impossible):
            starting_for_client.open_once(tools, dead)
    with pytest.raises(NotPermitted):
        starting_for_client.send(tools, fay, "f@example.com")


def test_of_two_browsers_that_open_a_link_one_is_the_clients(house: House) -> None:
    sent = starting_for_client.send(house.tools, house.actor, "client@example.com")

    def opened(_: int) -> bool:
        try:
            starting_for_client.open_once(house.tools, token(sent))
        except Impossible:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(opened, range(3))) == [False, False, True]


def test_an_accountant_makes_the_clients_organisation_and_the_client_becomes_its_owner(house: House) -> None:
    tools, other = house.tools, add_organisation(house.tools.engines, house.tools.vault, "org-firm")
    fay, gus = join(house, "Fay", "accountant", other), join(house, "Gus", "basic", other)
    wanted = organisations.Further("Mill Lane Ltd", "GB", "Europe/London")
    with pytest.raises(NotPermitted):
        organisations.add_organisation(tools, "fay", wanted)
    firm = practices.found(tools, "fay", "Ledger & Co")
    practices.join(tools, practices.invite(tools, firm.id, "fay", "gus@example.com").partition("token=")[2], "gus")
    made = organisations.add_organisation(tools, "fay", wanted, firm.id)
    assert {each.name: each.role for each in members.listed(tools, made.organisation)} == {
        "Fay": "owner",
        "Gus": "accountant",
    }
    actor = Actor(made.organisation, "fay", fay.name)
    with pytest.raises(NotPermitted):
        starting_for_client.send(tools, Actor(made.organisation, "gus", gus.name), "c@x.example", offers_ownership=True)
    sent = starting_for_client.send(tools, actor, "mia@mill.example", offers_ownership=True)
    secret = starting_for_client.open_once(tools, token(sent))
    with pytest.raises(Impossible, match="own the organisation already"):
        starting_for_client.take_ownership(tools, secret, "fay")
    members.suspend(tools, actor, "gus")
    with pytest.raises(Impossible, match="not offered any more"):
        starting_for_client.take_ownership(tools, secret, "gus")
    members.let_in_again(tools, actor, "gus")
    mia = starting_for_client.take_ownership_as_new(tools, secret, "Mia", "correct horse battery staple")
    roles = {each.name: each.role for each in members.listed(tools, made.organisation)}
    assert roles == {"Fay": "admin", "Gus": "accountant", "Mia": "owner"}
    with pytest.raises(Impossible, match="not offered any more"):
        starting_for_client.take_ownership(tools, secret, mia)
    assert clients.overview(tools, made.organisation).attention == ("No books are connected.",)
    assert "ownership-accepted" in acts(house, made.organisation)


def test_an_account_passes_to_another_organisation_with_its_access_and_nothing_comes_twice(
    house: House, market: Market
) -> None:
    tools, account = house.tools, market.connect()
    market.fetch(account)
    market.until_done(account)
    before = channel_accounts.card(tools, house.organisation, account)
    assert before and before.kept
    theirs = add_organisation(tools.engines, tools.vault, "org-theirs")
    join(house, "Tess", "owner", theirs)
    ada = join(house, "Ada", "admin")
    with pytest.raises(NotPermitted):
        channel_transfers.offer(tools, ada, account, "tess@example.com")
    made = channel_transfers.offer(tools, house.actor, account, "Tess@example.com")
    with pytest.raises(Impossible, match="offered to somebody already"):
        channel_transfers.offer(tools, house.actor, account, "ada@example.com")
    for person, where, words in (
        ("ada", house.organisation, "was answered"),
        ("tess", house.organisation, "another organisation"),
        ("tess", "org-nowhere", "that you own"),
    ):
        with pytest.raises(Impossible, match=words):
            channel_transfers.accept(tools, made.id, person, where)
    moved = channel_transfers.accept(tools, made.id, "tess", theirs)
    with pytest.raises(Impossible, match="was answered"):
        channel_transfers.accept(tools, made.id, "tess", theirs)
    here, there = (channel_accounts.card(tools, *each) for each in ((house.organisation, account), (theirs, moved)))
    assert here and there and not here.account.is_live and there.account.may_ask
    assert there.kept == before.kept, "what was brought in before counts as here"
    checked = channel_accounts.check(tools, Actor(theirs, "tess", "Tess"), moved)
    assert checked and checked.waiting == before.waiting, "the access works under the new key"
    assert "channel-given" in acts(house, house.organisation) and "channel-taken-over" in acts(house, theirs)
