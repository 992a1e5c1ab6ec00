"""Faults on the way through a consent, each of which a person meets who reconnects books that were lost."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sync.conftest import SAMPLES
from tieout.cli._browser import NoConsent, allow, consent
from tieout.core.secret import Secret
from tieout.store import drafts
from tieout.store.engine import read
from tieout.sync import clean_reconnect, parked, settlements
from tieout.sync.connecting import Browser, ConnectOutcome, ConnectResult, begin_connect, finish_connect
from tieout.sync.parked import Decision

SAMPLE = "amazon_v2_uk.txt"


def sold(trouble: Any) -> None:
    """Books are connected, and a settlement is there to be sent."""
    house = trouble.house
    house.connect()
    trouble.id = str(house.receive(SAMPLE, (SAMPLES / SAMPLE).read_bytes()).result["settlements"][0]["id"])


def lost(trouble: Any) -> None:
    """The connection is gone there, a settlement waits for it, and somebody is about to reconnect."""
    sold(trouble)
    trouble.house.world.hand("tenant-gone")
    trouble.house.send(trouble.id)
    trouble.house.clock.skip(seconds=1)


def begun(trouble: Any) -> str:
    house = trouble.house
    return begin_connect(house.tools, house.actor, house.ledger.name, "browser")


def back(trouble: Any, url: str, browser: str | Browser = "browser") -> ConnectResult:
    """The person allows, and the browser comes back."""
    return finish_connect(trouble.house.tools, trouble.house.ledger.name, allow(url), browser)


def _stuck(trouble: Any) -> None:
    lost(trouble)
    trouble.house.world.arm("consent-stuck")
    with pytest.raises(NoConsent):
        allow(begun(trouble))
    trouble.house.clock.skip(minutes=10, seconds=1)


def _refused(trouble: Any) -> None:
    lost(trouble)
    trouble.house.world.arm(trouble.fault.name)
    assert back(trouble, begun(trouble)).outcome is ConnectOutcome.REFUSED


def _keys(trouble: Any) -> None:
    """Somebody entered a wrong client secret for the installation's app."""
    lost(trouble)
    house = trouble.house
    right = house.tools.apps[house.ledger.name]
    house.tools.apps[house.ledger.name] = replace(right, client_secret=Secret("wrong"))
    trouble.undo = lambda: house.tools.apps.update({house.ledger.name: right})
    assert back(trouble, begun(trouble)).outcome is ConnectOutcome.REFUSED


def _session(trouble: Any) -> None:
    lost(trouble)
    sessions = {"another": Browser(session="of somebody else"), "none": Browser(device="of this browser")}
    result = back(trouble, begun(trouble), sessions[trouble.fault.how["to"]])
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-not-signed-in")


def _browser(trouble: Any) -> None:
    lost(trouble)
    result = back(trouble, begun(trouble), Browser())
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-cookies-lost")


def _unlinked(trouble: Any) -> None:
    """The organisation is taken off between the consent and the exchange."""
    lost(trouble)
    house = trouble.house
    params = allow(begun(trouble))
    house.world.hand("tenant-gone")
    assert finish_connect(house.tools, house.ledger.name, params, "browser").outcome is ConnectOutcome.REFUSED


def _other_books(trouble: Any) -> None:
    """Somebody has approved a settlement, another reconnects and picks the wrong organisation."""
    sold(trouble)
    house = trouble.house
    connection = connected(trouble)
    settlements.approve(house.tools, house.actor, [trouble.id])
    house.clock.skip(seconds=1)
    house.world.arm("consent-other-tenant", tenant=other_books(house))
    url = begin_connect(house.tools, house.actor, house.ledger.name, "browser", connection)
    calls = len(house.world.calls)
    result = back(trouble, url)
    assert (result.outcome, result.code) == (ConnectOutcome.PARKED, "connect-wrong-organisation")
    house.jobs.run_all()
    made = list(house.world.calls)[calls:]
    assert not house.documents() and not [call for call in made if "/Accounts" in call.path or "/query" in call.path]


def _listed(trouble: Any) -> None:
    """An attempt broke off after its consent; what it left there stands in the way of the next one."""
    house = trouble.house
    trouble.id = str(house.receive(SAMPLE, (SAMPLES / SAMPLE).read_bytes()).result["settlements"][0]["id"])
    house.world.hand("tenant-listed")
    house.clock.skip(minutes=5)
    house.world.arm("sticky-refusal", count=None)
    house.clock.skip(seconds=1)
    result = consent(house.tools, house.ledger.name, begun(trouble), "browser")
    assert result.code == "connect-already-listed", result


def other_books(house: Any) -> str:
    """The id of a second set of books there, of the same person."""
    made: str = house.ledger.second(house.world)
    return made


def connected(trouble: Any) -> str:
    from tieout.sync import connections

    return str(connections.card(trouble.house.tools, trouble.house.organisation)[0].connection.id)


FAULTS: dict[str, Callable[[Any], None]] = {
    "consent-stuck": _stuck,
    "consent-cancelled": _refused,
    "scope-refused": _refused,
    "own-keys": _keys,
    "own-session": _session,
    "own-browser": _browser,
    "consent-other-tenant": _other_books,
    "tenant-listed": _listed,
}


def cause_of(fault: Any) -> Callable[[Any], None] | None:
    """Nothing for what else may befall a browser."""
    if fault.name == "own-browser" and "cookies" not in fault.how:
        return None
    return _unlinked if fault.how.get("meets") == "exchange" else FAULTS.get(fault.name)


# --- What the person does at the fix ----------------------------------------------------------------------------------


def _again(trouble: Any, issue: Any, press: Any) -> None:
    """The page of the attempt offers it, and it is a new consent."""
    house = trouble.house
    house.clock.skip(seconds=1)
    house.connect()


def _switched_back(trouble: Any, issue: Any, press: Any) -> None:
    house = trouble.house
    parked.decide_parked(house.tools, house.actor, issue.connection, Decision.SWITCH_BACK)
    house.clock.skip(seconds=1)
    url = begin_connect(house.tools, house.actor, house.ledger.name, "browser", issue.connection)
    result = consent(house.tools, house.ledger.name, url, "browser")
    assert (result.outcome, result.connection) == ("connected", issue.connection), result


def _started_over(trouble: Any, issue: Any, press: Any) -> None:
    house = trouble.house
    house.clock.skip(seconds=1)
    begun = clean_reconnect.start_over(house.tools, house.actor, issue.connection, "browser")
    assert begun is not None and begun.failure is None
    result = consent(house.tools, house.ledger.name, begun.url, "browser")
    assert (result.outcome, result.connection, result.code) == ("connected", issue.connection, ""), result


def _checked(trouble: Any, issue: Any, press: Any) -> None:
    press(trouble.house, issue, "check-settings")
    _again(trouble, issue, press)


HANDS: dict[str, Callable[[Any, Any, Any], None]] = {
    "try-again": _again,
    "switch-back": _switched_back,
    "start-over": _started_over,
    "clean-reconnect": _started_over,
    "check-settings": _checked,
}


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def draft_of(house: Any, url: str) -> Any:
    with read(house.tools.engines, house.organisation) as db:
        return drafts.find(db, drafts.digest(state_of(url)))
