"""What the store keeps of a connection's past: its timeline, its last check, what its person may do; and pauses."""

from dataclasses import replace
from datetime import timedelta

from tests.conftest import START
from tests.store.test_grants_and_connections import connection
from tieout.core.connection import ConnectionState, Verdict
from tieout.store import connection_checks, connections, pauses, scope_reminders, timeline
from tieout.store.connection_checks import Rights
from tieout.store.engine import Engines, read, write

DAY = timedelta(days=1)
ENDED = Verdict(ConnectionState.NEEDS_RECONNECT, "grant-ended", "invalid_grant")


def test_every_change_of_state_is_kept_with_its_time_its_reason_and_who_did_it(engines: Engines) -> None:
    with write(engines, "one") as db:
        connections.add(db, connection())
        connections.judge(db, "c1", ENDED, START + DAY)
        connections.judge(db, "c1", ENDED, START + 2 * DAY)  # nothing new
    with write(engines, "") as db:
        connections.revive(db, "g1", "grant-ended", START + 3 * DAY)
    with write(engines, "one") as db:
        connections.end(db, "c1", START + 4 * DAY, "Olive")
        connections.end(db, "c1", START + 5 * DAY, "Olive")
        connections.reconnect(db, replace(connection(), connected_at=START + 6 * DAY))
        told = [(number, each.state, each.code, each.by) for number, each in timeline.listed(db, "c1")]
        assert told == [
            (5, "connected", "reconnected", "Olive"),
            (4, "disconnected", "disconnected-by-user", "Olive"),
            (3, "connected", "authorised-again", "Tieout"),
            (2, "needs-reconnect", "grant-ended", "Tieout"),
            (1, "connected", "connected", "Olive"),
        ]
        assert [number for number, _ in timeline.listed(db, "c1", 2, before=4)] == [3, 2]
        assert timeline.state_since(db, "c1") == START + 6 * DAY
        assert timeline.listed(db, "c1")[3][1].words == "invalid_grant"
    with read(engines, "two") as db:
        assert timeline.listed(db, "c1") == () and timeline.state_since(db, "c1") is None


def test_the_last_check_and_the_rights_as_last_read_are_kept(engines: Engines) -> None:
    first = Rights(START, (("CreateDraftInvoice", True),), (), START, None)
    later = replace(first, checked_at=START + DAY, barred=("invoice",), changed_at=START + DAY, refusals=({"n": 1},))
    with write(engines, "one") as db:
        assert connection_checks.last(db, "c1") is None and connection_checks.rights(db, "c1") is None
        for rights in (first, later):
            connection_checks.keep_rights(db, "c1", rights)
            assert connection_checks.rights(db, "c1") == rights
        for name in ("first", "second"):
            connection_checks.keep(db, "c1", START, "Olive", {"name": name})
        assert connection_checks.last(db, "c1") == (START, "Olive", {"name": "second"})


def test_a_pause_holds_work_until_the_check_after_it_has_passed(engines: Engines) -> None:
    with write(engines, "one") as db:
        assert not pauses.holds(db) and not pauses.resume(db, START) and not pauses.checked(db, START)
        for _ in range(2):
            assert pauses.begin(db, "Olive", START) and not pauses.begin(db, "Carol", START)
            assert pauses.holds(db) and not pauses.checked(db, START)
            assert pauses.resume(db, START + DAY) and not pauses.resume(db, START + DAY)
            assert pauses.holds(db)
            assert pauses.checked(db, START + DAY) and not pauses.checked(db, START + DAY)
            assert not pauses.holds(db)
    with read(engines, "two") as db:
        assert pauses.find(db) is None


def test_a_reminder_is_sent_by_one(engines: Engines) -> None:
    with write(engines, "one") as db:
        assert scope_reminders.add(db, "c1", 90, START) and not scope_reminders.add(db, "c1", 90, START)
        assert scope_reminders.add(db, "c1", 30, START) and scope_reminders.sent(db, "c1") == (90, 30)
