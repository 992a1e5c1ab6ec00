"""Faults of an authorisation that take more than arming one: ends that repeat, a silence, a refusal that outlives."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from tieout.core.failure import Disconnected
from tieout.platforms import named
from tieout.store import connections, renewals
from tieout.store import grants as rows
from tieout.store.engine import read, write
from tieout.store.grants import Grant
from tieout.store.renewals import Reason
from tieout.sync import grants, tending

_BEFORE_ITS_END = timedelta(days=10)
BROAD = (
    *("openid", "profile", "email", "offline_access", "accounting.transactions", "accounting.contacts"),
    *("accounting.settings.read", "accounting.attachments"),
)


def connected(house: Any) -> tuple[str, Grant]:
    with read(house.tools.engines, house.organisation) as db:
        (found,) = (each for each in connections.listed(db) if each.is_live)
        grant = rows.find(db, found.grant)
    assert grant is not None
    return found.id, grant


def renewed(house: Any) -> bool:
    with suppress(Disconnected):
        grants.access(house.tools, house.organisation, connected(house)[0])
        return True
    return False


def dead(trouble: Any) -> None:
    """`times` before the last somebody reconnected; `reason` is what else their side does when it ends a grant."""
    house, how = trouble.house, trouble.fault.how
    for _ in range(int(how.get("times", 1)) - 1):
        fault = house.world.arm("grant-dead", count=None)
        house.clock.skip(seconds=int(how["wait"]))
        assert not renewed(house)
        house.world.faults.disarm(fault.id)
        house.clock.skip(seconds=1)
        house.connect()
    if how.get("reason") == "password":  # what was given out before dies with it
        house.world.arm("token-garbled", count=None)
    if how.get("reason") == "revoked":
        house.world.hand("tenant-gone")
    trouble._outside()
    trouble.undo = house.world.faults.clear


def overlapped(trouble: Any) -> None:
    """A worker stood still in its renewal for so long that another took over; both got an answer, and then none."""
    house = trouble.house
    house.clock.skip(minutes=70)
    _, grant = connected(house)
    with write(house.tools.engines, "") as db:
        slow = rows.claim(db, grant, "a slow worker", house.clock())
        assert slow is not None
        renewals.begin(db, grant.id, slow, Reason.DUE, "a slow worker", house.clock())
    house.clock.skip(seconds=grants.TAKE_OVER_SECONDS)
    assert renewed(house)
    grants._renew(house.tools, grant, slow)
    house.world.arm("grant-dead", count=None)
    house.clock.skip(minutes=70)
    house.send(trouble.id)
    trouble.undo = house.world.faults.clear


def silent(trouble: Any) -> None:
    """Until the authorisation is `past` its idle limit with nobody at work, or so near it that people are warned."""
    house, limit = trouble.house, timedelta(days=named(trouble.house.ledger.name).IDLE_DAYS)
    if trouble.fault.how["past"] == "idle":
        house.clock.skip(seconds=(limit + timedelta(days=1)).total_seconds())
        assert tending.look_at_start(house.tools) == 1
        return
    house.world.arm("http-error", status=503, count=None, path="*token*")
    house.clock.skip(seconds=(limit - _BEFORE_ITS_END).total_seconds())
    house.jobs.kinds["tend"]()
    trouble.undo = house.world.faults.clear


def sticky(trouble: Any) -> None:
    """Refused until the connection was removed: after a time without a plan, or although somebody reconnected."""
    house, how = trouble.house, trouble.fault.how
    if "before" in how:
        lapse = house.world.arm(how["before"], count=None)
        house.send(trouble.id)
        house.sweep()
        house.world.faults.disarm(lapse.id)
    house.clock.skip(seconds=1)
    house.world.arm("sticky-refusal", count=None)
    if "reconnects" in how:
        house.send(trouble.id)
        house.sweep()
        house.clock.skip(seconds=1)
        house.connect()
    house.clock.skip(minutes=35)
    house.jobs.kinds["tend"]()
    house.sweep()


def long_ago(trouble: Any) -> None:
    """The consent was given when there were broad permissions alone, to an app of that time."""
    house, shelf = trouble.house, trouble.house.world.stand_in.books.shelf
    for app in shelf.all("app"):
        shelf.put("app", app["client_id"], app | {"created": datetime(2025, 3, 2, tzinfo=UTC)})
    for grant in shelf.all("grant"):
        shelf.put("grant", grant["id"], grant | {"scopes": []})
    house.clock.skip(seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module(f"{named(house.ledger.name).__name__}.consent"), "SCOPES", BROAD)
        house.connect()


FAULTS: dict[str, Callable[[Any], None]] = {
    "grant-dead": dead,
    "refresh-race": overlapped,
    "own-clock": silent,
    "sticky-refusal": sticky,
}
