"""Health of a connection: every label of the card, when it is shown, and that nothing but a real call is health."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

from tieout.core.connection import Connection, ConnectionState
from tieout.core.health import (
    BLOCKING,
    FRESH,
    Button,
    Health,
    Known,
    Label,
    PublicState,
    Reason,
    standing,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD = Connection("c1", "xero", "b1", "Harbour Ltd", "l1", "g1", "p1", "Olive", NOW - DAY, good_at=NOW)
KNOWN = Known(NOW, GOOD, access_expires_at=NOW + HOUR, is_alive=True)
CLASH = Reason("document-number-taken", "A number is taken.", "i1", "document")
OUTAGE = Reason("provider-outage", "They do not answer.", "i2", "vendor")


def changed(state: ConnectionState, cause: str = "", **more: object) -> Known:
    return replace(KNOWN, connection=replace(GOOD, state=state, cause=cause), **more)  # type: ignore[arg-type]


NEEDS, READ_ONLY = ConnectionState.NEEDS_RECONNECT, ConnectionState.READ_ONLY
TABLE = [
    (Known(NOW), PublicState.NOT_CONNECTED, Health.UNKNOWN, Label.NOT_CONNECTED),
    (Known(NOW, is_pending=True), PublicState.PENDING, Health.UNKNOWN, Label.CONNECTING),
    (replace(KNOWN, is_pending=True), PublicState.CONNECTED, Health.OK, Label.CONNECTED),
    (KNOWN, PublicState.CONNECTED, Health.OK, Label.CONNECTED),
    (replace(KNOWN, reasons=(CLASH,)), PublicState.CONNECTED, Health.DEGRADED, Label.ATTENTION),
    (replace(KNOWN, failed=2), PublicState.CONNECTED, Health.DEGRADED, Label.ATTENTION),
    (replace(KNOWN, reasons=(CLASH, OUTAGE)), PublicState.CONNECTED, Health.LIMITED, Label.ATTENTION),
    (replace(KNOWN, is_waiting=True), PublicState.CONNECTED, Health.LIMITED, Label.ATTENTION),
    (changed(READ_ONLY, "user-not-permitted"), PublicState.CONNECTED, Health.BLOCKED, Label.ATTENTION),
    (replace(KNOWN, grant_ends_at=NOW + 14 * DAY), PublicState.CONNECTED, Health.OK, Label.REFRESH),
    (replace(KNOWN, grant_ends_at=NOW + 16 * DAY), PublicState.CONNECTED, Health.OK, Label.CONNECTED),
    (replace(KNOWN, is_renewing_failed=True), PublicState.CONNECTED, Health.DEGRADED, Label.REFRESH),
    (
        replace(KNOWN, is_renewing_failed=True, access_expires_at=NOW),
        PublicState.CONNECTED,
        Health.DEGRADED,
        Label.EXPIRED,
    ),
    (replace(KNOWN, access_expires_at=NOW - HOUR), PublicState.CONNECTED, Health.OK, Label.CONNECTED),
    (changed(NEEDS, "grant-ended"), PublicState.NEEDS_REAUTH, Health.BLOCKED, Label.EXPIRED),
    (changed(NEEDS, "scope-missing"), PublicState.NEEDS_REAUTH, Health.BLOCKED, Label.EXPIRED),
    (changed(NEEDS, "connection-removed-remotely"), PublicState.REVOKED_REMOTE, Health.BLOCKED, Label.DISCONNECTED),
    (changed(NEEDS, "app-authorisation-revoked"), PublicState.REVOKED_REMOTE, Health.BLOCKED, Label.DISCONNECTED),
    (changed(ConnectionState.PARKED, "connect-wrong-organisation"), "parked_wrong_org", "blocked", Label.WRONG),
    (changed(ConnectionState.DISCONNECTED), "disconnected_local", Health.UNKNOWN, Label.DISCONNECTED),
    (changed(ConnectionState.DISCONNECTED, is_pending=True), "pending", Health.UNKNOWN, Label.CONNECTING),
]


def test_every_state_has_its_label_and_its_health() -> None:
    shown = [(standing(known).state, standing(known).health, standing(known).label) for known, *_ in TABLE]
    assert shown == [tuple(row) for _, *row in TABLE]
    assert {row[3] for row in TABLE} == set(Label) and {row[1] for row in TABLE} == set(PublicState)


def test_a_renewed_token_is_no_proof_of_health_only_a_call_within_the_hour_is() -> None:
    for good_at, is_ok in ((None, False), (NOW - FRESH - timedelta(seconds=1), False), (NOW - FRESH, True)):
        found = standing(replace(KNOWN, connection=replace(GOOD, good_at=good_at)))
        assert found.is_healthy is is_ok
        assert [each.code for each in found.reasons] == ([] if is_ok else ["no-recent-call"])
        assert found.health is (Health.OK if is_ok else Health.UNKNOWN)


def test_nothing_is_healthy_while_a_blocking_issue_is_open() -> None:
    for code in sorted(BLOCKING):
        found = standing(replace(KNOWN, reasons=(CLASH, Reason(code, "It is so.", "i9"))))
        assert found.health is Health.BLOCKED and found.reasons[0].code == code


def test_whatever_is_not_ok_says_why() -> None:
    reasons = ((), (CLASH,), (OUTAGE,))
    for state, why, failed, waits in product(ConnectionState, reasons, (0, 1), (False, True)):
        found = standing(changed(state, "grant-ended", reasons=why, failed=failed, is_waiting=waits))
        if state is not ConnectionState.DISCONNECTED:
            assert bool(found.reasons) is (found.health is not Health.OK)
        assert len({each.code for each in found.reasons}) == len(found.reasons)
        assert found.buttons


def test_the_buttons_are_those_that_can_help() -> None:
    assert standing(KNOWN).buttons[0] is Button.CHECK
    assert standing(changed(NEEDS, "grant-ended")).buttons[0] is Button.REFRESH
    assert standing(changed(NEEDS, "grant-ended", is_alive=False)).buttons[0] is Button.RECONNECT
    parked = standing(changed(ConnectionState.PARKED))
    assert parked.buttons == (Button.SWITCH_BACK, Button.NEW_BOOK)
    gone = standing(changed(NEEDS, "connection-removed-remotely")).buttons
    assert gone[0] is Button.RECONNECT and Button.DISCONNECT in gone
