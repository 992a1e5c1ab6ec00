"""Faults of our own door: a channel's link, a half-finished set-up, a lesser role, a browser, somebody else's account.

What a person does against each, where that is more than pressing the button, stands here too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.testclient import TestClient

from tests.sync.conftest import SAMPLES
from tests.sync.market import TOKEN, selling_at_amazon
from tieout import __version__
from tieout.core.actor import Actor
from tieout.core.channel_account import ChannelAccount
from tieout.people import asking_access, organisations, sessions
from tieout.people.organisations import Further
from tieout.people.roles import Role
from tieout.store import channel_accounts, issues, ledger_links, people, settlements
from tieout.store.channel_accounts import SealedKeys
from tieout.store.engine import read, write
from tieout.store.ledger_links import LedgerLink
from tieout.store.settlements import Wanted
from tieout.sync import channel_accounts as account_verbs
from tieout.sync import channel_claims, fixes, linked, onboarding
from tieout.sync import issues as views
from tieout.web import WebSettings, make_app

ORDERS = SAMPLES.parent / "shopify"


def account(house: Any, channel: str, name: str = "Harbour & Finch") -> str:
    """A seller account that was connected, without a stand-in behind it."""
    now = house.tools.now()
    made = ChannelAccount(f"a-{channel}", channel, f"{channel}-1", name, channel, house.actor.person, "Olive", now, now)
    with write(house.tools.engines, house.organisation) as db:
        assert channel_accounts.keep(db, made, SealedKeys("", "", "", "", None))
        linked.make_missing(db, now, "Olive Finch")
    return made.id


def link(house: Any, id: str) -> LedgerLink:
    with read(house.tools.engines, house.organisation) as db:
        found = ledger_links.find(db, id)
    assert found is not None
    return found


def invalidate(house: Any, id: str, to: str) -> None:
    """The link of one channel: to a connection that is gone, to none at all, or to other books."""
    with write(house.tools.engines, house.organisation) as db:
        found = ledger_links.find(db, id)
        assert found is not None, "it was linked when it was connected"
        if to == "nothing":
            ledger_links.drop(db, id)
        elif to == "older":
            ledger_links.put(db, replace(found, connection="gone"))
        else:
            ledger_links.put(db, replace(found, connection="gone", books_id="other", books_name="Old Harbour Ltd"))


@contextmanager
def browser(house: Any, person: str = "") -> Iterator[TestClient]:
    """A browser in which somebody is signed in."""
    with TemporaryDirectory() as folder:
        app = make_app(house.tools, WebSettings("http://localhost:8080", Path(folder), 1000))
        client = TestClient(app, base_url="http://localhost:8080", follow_redirects=False)
        visit = sessions.Visit("192.0.2.1", "")
        client.cookies.set("tieout-session", sessions.begin(house.tools, person or house.actor.person, visit))
        yield client
        client.close()


def member(house: Any, name: str, role: str) -> Actor:
    id = house.tools.new_id()
    with write(house.tools.engines, house.organisation) as db:
        people.add_person(db, people.Person(id, f"{name.lower()}@example.com", name, "", house.tools.now()))
        people.add_member(db, id, role, house.tools.now())
    return Actor(house.organisation, id, name)


# --- Faults ---------------------------------------------------------------------------------------------------------


def _own_channel_link(trouble: Any) -> None:
    house, how = trouble.house, trouble.fault.how
    house.connect()
    id = account(house, "amazon")
    if how.get("channels") == "two":
        _sibling(house)
    trouble.id = house.receive_sample("amazon_v2_uk.txt")
    invalidate(house, id, how["to"])
    house.send(trouble.id)


def _sibling(house: Any) -> None:
    """Another channel, whose settlements went into the books a while ago."""
    account(house, "shopify", "Harbour shop")
    name = "shopify_payments_transactions.csv"
    house.receive(name, (ORDERS / name).read_bytes())
    with write(house.tools.engines, house.organisation) as db:
        for kept in settlements.listed(db, Wanted(channel="shopify")):
            settlements.mark(db, replace(kept, status="sent", code="", reason="", changed_at=house.tools.now()))
            issues.release(db, "settlement", kept.id, house.tools.now())


def _mapping_of_one(trouble: Any) -> None:
    """One channel's mapping is incomplete, while its sibling posts."""
    from tests.problems.causing import OTHERS  # which leads here

    house = trouble.house
    house.connect()
    account(house, "amazon")
    _sibling(house)
    house.clock.skip(seconds=1)
    trouble.id = house.receive_sample("amazon_v2_uk.txt")
    trouble._look_round()
    OTHERS["own-mapping"](trouble)
    trouble.undo = lambda: None  # what is wrong in the mapping, a person chooses at the root


def _own_setup(trouble: Any) -> None:
    """The wizard is left with something entered in one step."""
    step = trouble.fault.how["step"]
    onboarding.save(trouble.house.tools, trouble.house.actor, step, {"choice": "nothing yet"})
    trouble.house.clock.skip(minutes=11)


def _own_role(trouble: Any) -> None:
    """A member without the right wants to connect a second channel."""
    house = trouble.house
    trouble.basil = member(house, "Basil", trouble.fault.how["role"])
    with browser(house, trouble.basil.person) as client:
        answer = client.get("/channels/connect/amazon")
    assert answer.status_code == 403 and "Olive Finch" in answer.text and "Ask for access" in answer.text


def _own_browser(trouble: Any) -> None:
    house, how = trouble.house, trouble.fault.how
    with browser(house) as client:
        if "framed" in how:
            framed = client.get("/settlements", headers={"Sec-Fetch-Dest": "iframe"})
            assert framed.status_code == 403 and "Open in a new tab" in framed.text
        elif "followed" in how:
            assert _post(client, "/start/not-opened", {"back": "/connection"}).status_code == 303
        else:
            old = _post(client, "/start/go", {"step": "books", "release": how["release"]})
            assert old.status_code == 409 and 'name="step" value="books"' in old.text


def _post(client: TestClient, path: str, form: dict[str, str]) -> Any:
    token = client.get("/start").text.partition('name="csrf" value="')[2].partition('"')[0]
    return client.post(path, data={"csrf": token, "release": __version__, **form})


def _channel_owner(trouble: Any) -> None:
    """Another organisation of the installation holds the seller account."""
    house = trouble.house
    market = trouble.outside.enter_context(selling_at_amazon(house))
    other = organisations.add_organisation(house.tools, house.actor.person, Further("Old Trial Ltd", "GB", "UTC"))
    trouble.owner = Actor(other.organisation, house.actor.person, "Olive Finch")
    given = {"region": "eu", "refresh_token": TOKEN}
    assert account_verbs.connect(house.tools, trouble.owner, "amazon", given).account
    refused = account_verbs.connect(house.tools, house.actor, "amazon", given)
    assert not refused.account and "O••••" in refused.words and "Old Trial" not in refused.words
    trouble.market, trouble.account = market, ""


FAULTS: dict[str, Callable[[Any], None]] = {
    "own-channel-link": _own_channel_link,
    "own-setup": _own_setup,
    "own-role": _own_role,
    "own-browser": _own_browser,
    "channel-owner": _channel_owner,
}


def cause_of(fault: Any) -> Callable[[Any], None] | None:
    if fault.name == "own-mapping" and fault.how.get("channels"):
        return _mapping_of_one
    return FAULTS.get(fault.name)


# --- What a person does ---------------------------------------------------------------------------------------------


def _at_the_root(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    """The link leads to the one root cause, which is mended there."""
    (id,) = [fix.link.rpartition("/")[2] for fix in issue.fixes if fix.action == "open-root"]
    root = views.view(trouble.house.tools, trouble.house.organisation, id)
    if root.code == "channel-link-dropped":
        press(trouble.house, root, "reconnect-channel-link")
    else:
        press(trouble.house, root, "choose-account", account=trouble.facts["account"], tax=trouble.facts["tax"])


def _discards(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    """The link leads back to the step; the button beside it throws the draft away."""
    with browser(trouble.house) as client:
        assert 'aria-current="step"' in client.get("/start").text
    press(trouble.house, issue, "discard-draft")


def _asks_for_access(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    """Who lacks the right asks for it by the button, and the owner grants it."""
    house = trouble.house
    done = fixes.carry_out(house.tools, trouble.basil, issue.id, "ask-for-access")
    assert done.is_done, done
    ((asked, who),) = asking_access.open_requests(house.tools, house.organisation)
    assert who.person == trouble.basil.person
    asking_access.grant(house.tools, house.actor, asked.id, Role.ACCOUNTANT)


def _asks_the_owner(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    """The request goes to the holder, who lets the account go; then it is connected."""
    house = trouble.house
    press(house, issue, "ask-owner")
    ((wish,),) = channel_claims.wishes(house.tools, trouble.owner.organisation).values()
    assert wish.business == "Harbour & Finch Ltd"
    assert channel_claims.decide(house.tools, trouble.owner, wish.claim, lets_go=True)
    trouble.account = trouble.market.connect()
    trouble.market.until_done(trouble.account)


def _comes_out_of_the_frame(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    with browser(trouble.house) as client:
        (address,) = [fix.link for fix in issue.fixes]
        assert client.get(address).headers["location"] == "/settlements"


def _begins_again(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    trouble.house.clock.skip(seconds=1)
    trouble.house.connect()


def _reloads(trouble: Any, issue: Any, press: Callable[..., None]) -> None:
    """The page of this release does what the old one could not."""
    with browser(trouble.house) as client:
        assert _post(client, "/start/go", {"step": "books"}).status_code == 303


HANDS: dict[str, Callable[[Any, Any, Callable[..., None]], None]] = {
    "continue-setup": _discards,
    "open-root": _at_the_root,
    "ask-for-access": _asks_for_access,
    "ask-owner": _asks_the_owner,
    "open-tab": _comes_out_of_the_frame,
    "connect-again": _begins_again,
    "reload": _reloads,
}
