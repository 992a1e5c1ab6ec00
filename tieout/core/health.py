"""Health of a connection: the words that people and programs see, computed from what is known; pure.

`state` says what was agreed, `health` whether it works now. A token that renews proves nothing: only a call that the
books answered does, and only for an hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from tieout.core.connection import GRANT_ENDED, REVOKED, TENANT_GONE, Connection, ConnectionState

FRESH = timedelta(hours=1)
ENDS_SOON = timedelta(days=15)
NO_RECENT_CALL = "no-recent-call"
NOT_RENEWED = "renewal-failed"


class PublicState(StrEnum):
    NOT_CONNECTED = "not_connected"  # never connected
    PENDING = "pending"  # a consent is under way
    CONNECTED = "connected"  # authorised, and present at the last look
    NEEDS_REAUTH = "needs_reauth"  # the authorisation has ended; only a person can renew it
    REVOKED_REMOTE = "revoked_remote"  # taken away at the provider
    DISCONNECTED_LOCAL = "disconnected_local"  # somebody disconnected it here
    PARKED_WRONG_ORG = "parked_wrong_org"  # a consent for other books awaits a decision; nothing is read or written


class Health(StrEnum):
    OK = "ok"  # a real call succeeded within the hour, and nothing stands against it
    DEGRADED = "degraded"  # it works, and something is due or has failed
    LIMITED = "limited"  # a limit or an outage slows or pauses work
    BLOCKED = "blocked"  # nothing is written
    UNKNOWN = "unknown"  # no real call succeeded within the hour


class Label(StrEnum):
    NOT_CONNECTED = "Not connected"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    ATTENTION = "Connected, needs attention"
    REFRESH = "Token refresh required"
    EXPIRED = "Token expired"
    DISCONNECTED = "Disconnected"
    WRONG = "Wrong organisation"


class Button(StrEnum):
    """What a person can press on a card; a page or a program finds the verb behind each name."""

    CONNECT = "connect"
    CONNECT_LINK = "connect-link"
    TRY_AGAIN = "try-again"
    COPY_LINK = "copy-link"
    CANCEL = "cancel"
    CHECK = "check"
    SYNC = "sync-now"
    SETTINGS = "settings"
    REFRESH = "refresh"
    RECONNECT = "reconnect"
    CLEAN_RECONNECT = "clean-reconnect"
    RECONNECT_LINK = "reconnect-link"
    DISCONNECT = "disconnect"
    SWITCH_BACK = "switch-back"
    NEW_BOOK = "new-book"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a connection is not as it should be. `code` is a problem's wherever a problem says it."""

    code: str
    message: str
    issue: str = ""
    family: str = ""
    is_blocking: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """All that the card's words are computed from. `reasons` are the open issues of this connection and its work.

    `is_pending`: a consent was begun within its ten minutes. `is_renewing_failed`: the last renewal came to nothing.
    `is_alive`: there is a refresh token that nobody has declared dead. `was_here`: these books were connected before.
    """

    now: datetime
    connection: Connection | None = None
    is_pending: bool = False
    access_expires_at: datetime | None = None
    grant_ends_at: datetime | None = None
    is_renewing_failed: bool = False
    is_alive: bool = False
    failed: int = 0
    is_waiting: bool = False
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said of a connection. `buttons` are in the order in which they are shown."""

    state: PublicState
    health: Health
    label: Label
    reasons: tuple[Reason, ...]
    buttons: tuple[Button, ...]

    @property
    def is_healthy(self) -> bool:
        return self.state is PublicState.CONNECTED and self.health is Health.OK


# While one of these is open nothing is written to the books; whatever else is open holds up only what it names.
BLOCKING = frozenset(
    {
        "grant-ended",
        "grant-killed-by-security-change",
        "grant-idle-expired",
        "grant-stale-after-billing",
        "reconnect-needs-clean-start",
        "connection-removed-remotely",
        "app-authorisation-revoked",
        "connect-org-unlinked",
        "connect-wrong-organisation",
        "demo-company-reset",
        "books-subscription-lapsed",
        "books-edition-unsupported",
        "refused-despite-full-rights",
        "many-sends-failing",
        "sync-not-running",
    }
)
# Told long before the day: while one of these is open everything goes on.
WARNINGS = frozenset({"grant-expiring-soon", "scope-migration-due"})
_LIMITS = ("limit", "vendor", "network")
_TAKEN_AWAY = (TENANT_GONE, REVOKED)


def standing(known: Known) -> Standing:
    """State, health with its reasons, label and buttons."""
    state = state_of(known)
    reasons = tuple(_reasons(known, state))
    health = _health(state, reasons)
    label = _label(known, state, health)
    return Standing(state, health, label, reasons, _buttons(known, label))


def state_of(known: Known) -> PublicState:
    connection = known.connection
    if known.is_pending and (connection is None or not connection.is_live):
        return PublicState.PENDING
    if connection is None:
        return PublicState.NOT_CONNECTED
    match connection.state:
        case ConnectionState.CONNECTED | ConnectionState.READ_ONLY:
            return PublicState.CONNECTED
        case ConnectionState.NEEDS_RECONNECT:
            is_taken = connection.cause in _TAKEN_AWAY
            return PublicState.REVOKED_REMOTE if is_taken else PublicState.NEEDS_REAUTH
        case ConnectionState.PARKED:
            return PublicState.PARKED_WRONG_ORG
        case ConnectionState.DISCONNECTED:
            return PublicState.DISCONNECTED_LOCAL
        case unknown:
            assert_never(unknown)


def is_fresh(good_at: datetime | None, now: datetime) -> bool:
    """Whether the last call that the books answered is young enough to speak of health."""
    return good_at is not None and now - good_at <= FRESH


def ends_soon(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at - now <= ENDS_SOON


def _reasons(known: Known, state: PublicState) -> Iterator[Reason]:
    """The worst first; nothing twice."""
    connection = known.connection
    if connection is None or not connection.is_live:
        return
    is_over = None if connection.may_post else connection.cause
    weighed = [replace(each, is_blocking=_is_blocking(each, is_over)) for each in known.reasons]
    told = sorted(weighed, key=lambda each: not each.is_blocking)
    codes = {each.code for each in told}
    if is_over is not None and not any(each.is_blocking for each in told):
        yield Reason(is_over or str(state), connection.words or "Nothing is sent.", is_blocking=True)
    yield from told
    if known.failed and not told:
        documents = "document" if known.failed == 1 else "documents"
        yield Reason("records-failed", f"{known.failed} {documents} could not be posted.")
    if known.is_renewing_failed and GRANT_ENDED not in codes:
        yield Reason(NOT_RENEWED, "The last renewal of the access did not work.")
    if known.is_waiting and not any(each.family in _LIMITS for each in told):
        yield Reason("waiting-as-told", "The provider asked us to wait.", family="limit")
    if connection.may_ask and not is_fresh(connection.good_at, known.now):
        yield Reason(NO_RECENT_CALL, "No call to these books was answered within the last hour.")


def _is_blocking(reason: Reason, cause: str | None) -> bool:
    return reason.is_blocking or reason.code in BLOCKING or reason.code == cause


def _health(state: PublicState, reasons: tuple[Reason, ...]) -> Health:
    if state in (PublicState.NOT_CONNECTED, PublicState.PENDING, PublicState.DISCONNECTED_LOCAL):
        return Health.UNKNOWN
    if state is not PublicState.CONNECTED or any(each.is_blocking for each in reasons):
        return Health.BLOCKED
    if any(each.family in _LIMITS for each in reasons):
        return Health.LIMITED
    if any(each.code == NO_RECENT_CALL for each in reasons):
        return Health.UNKNOWN
    return Health.DEGRADED if reasons else Health.OK


def _label(known: Known, state: PublicState, health: Health) -> Label:
    match state:
        case PublicState.NOT_CONNECTED:
            return Label.NOT_CONNECTED
        case PublicState.PENDING:
            return Label.CONNECTING
        case PublicState.NEEDS_REAUTH:
            return Label.EXPIRED
        case PublicState.REVOKED_REMOTE | PublicState.DISCONNECTED_LOCAL:
            return Label.DISCONNECTED
        case PublicState.PARKED_WRONG_ORG:
            return Label.WRONG
        case PublicState.CONNECTED:
            return _label_of_connected(known, health)
        case unknown:
            assert_never(unknown)


def _label_of_connected(known: Known, health: Health) -> Label:
    """Access that runs out is ordinary and is renewed unseen: it is told only where renewing did not work."""
    expires_at = known.access_expires_at
    is_over = expires_at is None or expires_at <= known.now
    if known.is_renewing_failed and is_over:
        return Label.EXPIRED
    if known.is_renewing_failed or ends_soon(known.grant_ends_at, known.now):
        return Label.REFRESH
    return Label.CONNECTED if health is Health.OK else Label.ATTENTION


_BUTTONS: dict[Label, tuple[Button, ...]] = {
    Label.NOT_CONNECTED: (Button.CONNECT, Button.CONNECT_LINK),
    Label.CONNECTING: (Button.TRY_AGAIN, Button.CANCEL),
    Label.CONNECTED: (
        Button.CHECK,
        Button.REFRESH,
        Button.RECONNECT,
        Button.CLEAN_RECONNECT,
        Button.SYNC,
        Button.SETTINGS,
        Button.DISCONNECT,
    ),
    Label.ATTENTION: (
        Button.CHECK,
        Button.REFRESH,
        Button.RECONNECT,
        Button.RECONNECT_LINK,
        Button.CLEAN_RECONNECT,
        Button.SYNC,
        Button.SETTINGS,
        Button.DISCONNECT,
    ),
    Label.REFRESH: (Button.REFRESH, Button.RECONNECT, Button.RECONNECT_LINK, Button.CHECK, Button.DISCONNECT),
    Label.EXPIRED: (
        Button.RECONNECT,
        Button.RECONNECT_LINK,
        Button.CLEAN_RECONNECT,
        Button.CHECK,
        Button.DISCONNECT,
    ),
    Label.DISCONNECTED: (Button.RECONNECT, Button.RECONNECT_LINK),
    Label.WRONG: (Button.SWITCH_BACK, Button.NEW_BOOK),
}


def _buttons(known: Known, label: Label) -> tuple[Button, ...]:
    """While a refresh token is believed alive, an expired access can be renewed without asking anybody."""
    buttons = _BUTTONS[label]
    is_revoked = label is Label.DISCONNECTED and known.connection is not None and known.connection.is_live
    if is_revoked:  # taken away there and still kept here: it can be checked again, or let go
        return (*buttons, Button.CHECK, Button.DISCONNECT)
    return (Button.REFRESH, *buttons) if label is Label.EXPIRED and known.is_alive else buttons
