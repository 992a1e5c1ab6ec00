"""The connection check: each fault gives its own code and no other, and what it makes meaningless is not run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import LEDGERS, XERO, Ledger
from tieout.store import connections, pauses
from tieout.store.engine import Engines, read, write
from tieout.sync import connection_check
from tieout.sync.connection_check import NAMES, Checked, Result

Undo = Callable[[], object]


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    """Nothing here depends on the database."""
    return sqlite_engines


def only(house: House) -> str:
    with read(house.tools.engines, house.organisation) as db:
        (found,) = connections.listed(db)
    return found.id


def check(house: House) -> Checked:
    checked = connection_check.run(house.tools, house.actor, only(house))
    assert checked is not None
    return checked


def armed(name: str, **how: Any) -> Callable[[House], Undo]:
    def cause(house: House) -> Undo:
        fault = house.world.arm(name, count=None, **how)
        return lambda: house.world.faults.disarm(fault.id)

    return cause


def by_hand(name: str, back: dict[str, Any], **how: Any) -> Callable[[House], Undo]:
    def cause(house: House) -> Undo:
        house.world.hand(name, **how)
        return lambda: house.world.hand(name, **(how | back))

    return cause


def archived(house: House) -> Undo:
    """An account that a settlement needs."""
    settlement = house.receive_sample("amazon_v2_uk.txt")
    line = next(line for line in house.view(settlement).documents[0].lines if line.subtotals)
    undo = house.ledger.remembered(house.world)
    house.world.hand("chart-edit", code=line.account, act="archive")
    return undo


def unreachable(house: House) -> Undo:
    """Nothing answers at the platform's address."""
    app = house.tools.apps[house.ledger.name]
    kept = dict(app.urls)
    assert isinstance(app.urls, dict)
    app.urls["api"] = "http://127.0.0.1:9"
    return lambda: app.urls.update(kept)


def clock_apart(house: House) -> Undo:
    real = house.tools.now
    object.__setattr__(house.tools, "now", lambda: real() + timedelta(minutes=3))
    return lambda: object.__setattr__(house.tools, "now", real)


def lowered(house: House) -> Undo:
    return by_hand("user-role", {"role": "standard"}, role="read-only")(house)


def locked(house: House) -> Undo:
    return by_hand("lock-date", {"period": None, "year": None}, period="2026-12-31")(house)


def reconnected(house: House) -> Undo:
    def undo() -> None:
        house.clock.skip(seconds=1)
        house.connect()

    return undo


def gone(house: House) -> Undo:
    house.world.hand("tenant-gone")
    return reconnected(house)


def ended(house: House) -> Undo:
    fault = house.world.arm("grant-dead", count=None)
    house.clock.skip(minutes=70)

    def undo() -> None:
        house.world.faults.disarm(fault.id)
        reconnected(house)()

    return undo


def paused(house: House) -> Undo:
    with write(house.tools.engines, house.organisation) as db:
        pauses.begin(db, "Olive Finch", house.clock())

    def undo() -> None:
        with write(house.tools.engines, house.organisation) as db:
            pauses.resume(db, house.clock())
            pauses.checked(db, house.clock())

    return undo


# Line, what causes it, what its result is, and the code on each ledger; empty where the ledger cannot have it.
TABLE: list[tuple[int, Callable[[House], Undo], Result, str, str]] = [
    (1, unreachable, Result.FAIL, "transient-network-error", "transient-network-error"),
    (1, clock_apart, Result.FAIL, "transient-network-error", "transient-network-error"),
    (2, ended, Result.FAIL, "grant-ended", "grant-ended"),
    (4, gone, Result.FAIL, "connection-removed-remotely", ""),
    (5, armed("org-suspended"), Result.FAIL, "", "books-subscription-lapsed"),
    (5, armed("http-error", status=503, path="*/Organisation"), Result.FAIL, "provider-outage", ""),
    (7, lowered, Result.FAIL, "user-rights-changed", "user-rights-changed"),
    (8, archived, Result.FAIL, "mapped-account-removed", "mapped-account-removed"),
    (9, locked, Result.WARN, "period-locked", "period-locked"),
    (12, paused, Result.WARN, "", ""),
]


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.name)
def test_each_fault_gives_its_code_and_no_other(house: House, ledger: Ledger) -> None:
    house.connect()
    house.clock.skip(minutes=6)
    good = check(house)
    assert good.is_good, good.sentence
    assert [line.no for line in good.lines] == list(range(1, 13)) and all(line.message for line in good.lines)
    assert {line.result for line in good.lines} <= {Result.PASS, Result.NOT_IN_USE}
    for no, cause, result, at_xero, at_quickbooks in TABLE:
        code = at_xero if ledger is XERO else at_quickbooks
        if not code and result is Result.FAIL:
            continue
        undo = cause(house)
        found = check(house)
        told = [(line.no, line.problem) for line in found.lines if line.result is result]
        assert told == [(no, code)], (no, code, found.lines)
        behind = [line.result for line in found.lines[no:10]]
        if result is Result.FAIL and NAMES[no - 1][0] in connection_check.STOPS:
            assert set(behind) == {Result.NOT_RUN}
            assert all(f"check {no}" in line.message for line in found.lines[no:10])
        else:  # whoever may do nothing may not read the chart either, where no list tells more
            assert Result.NOT_RUN not in (behind[1:] if no == 7 else behind)
        undo()
        house.clock.skip(minutes=6)
        after = check(house)
        assert after.is_good, (no, code, after.sentence)


def test_permissions_that_were_not_granted_are_the_third_line(house: House) -> None:
    house.world.arm("scope-narrow", scopes="accounting.attachments")
    house.connect()
    found = check(house)
    assert [(line.no, line.problem) for line in found.lines if line.result is Result.FAIL] == [
        (3, "connect-permission-partial")
    ]
    assert "Attach the settlement" in found.lines[2].evidence


def test_a_check_is_an_operation_and_is_kept_line_by_line(house: House) -> None:
    house.connect()
    operation = connection_check.begin(house.tools, house.actor, only(house))
    assert operation is not None and connection_check.last(house.tools, house.organisation, only(house)) is None
    house.jobs.run_all()
    ended = house.operation(operation)
    assert ended.state == "done" and [each["no"] for each in ended.result["checks"]] == list(range(1, 13))
    kept = connection_check.last(house.tools, house.organisation, only(house))
    assert kept is not None and kept.by == "Olive Finch" and kept.is_good
    assert connection_check.begin(house.tools, house.actor, "nowhere") is None
