"""The card of a connection in full: its words, what stands against it, permissions, rights, renewals, its past.

No call is made: everything here is read from rows.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tieout import platforms
from tieout.core.budget import Lane
from tieout.core.connection import Connection, ConnectionState
from tieout.core.consent import LIVES
from tieout.core.health import Known, Reason, Standing, standing
from tieout.core.posting import State
from tieout.store import across, connection_checks, drafts, issues, pauses, postings, renewals, timeline
from tieout.store import grants as grant_rows
from tieout.store.connection_checks import Rights
from tieout.store.engine import Db, read
from tieout.store.pauses import Pause
from tieout.store.renewals import Renewal, Result
from tieout.store.timeline import Moved
from tieout.sync import connection_check
from tieout.sync.connection_check import Checked
from tieout.sync.connections import ConnectionCard, card
from tieout.sync.gate import allowance
from tieout.sync.grants import KEEP_ALIVE_HOURS
from tieout.sync.issues import OPEN
from tieout.sync.tools import Tools

# Issues of settlements that speak of the books; those of mappings, channels and files are told where they belong.
_OF_BOOKS = ("document", "conflict", "currency", "tax", "bank", "send", "limit", "vendor", "network", "rights")
_FAILED = (State.REFUSED, State.ESCALATED)
_MOST_MOVES, _MOST_RENEWALS = 30, 10
_LOOKED_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission at the platform, and what it is needed for."""

    scope: str
    why: str
    is_granted: bool
    ends_on: str = ""


@dataclass(frozen=True, slots=True)
class FullCard:
    """Everything the card shows. `link` opens the books; `forecast` is when today's calls run out, if they do."""

    card: ConnectionCard
    standing: Standing
    since: datetime | None
    link: str
    permissions: tuple[Permission, ...]
    rights: Rights | None
    renewals: tuple[Renewal, ...]
    next_renewal_at: datetime | None
    next_look_at: datetime | None
    forecast_at: datetime | None
    reserve: int
    moves: tuple[Moved, ...]
    checked: Checked | None
    paused: Pause | None
    failed: int

    @property
    def connection(self) -> Connection:
        return self.card.connection

    @property
    def last_renewal(self) -> Renewal | None:
        return last_renewal(self.renewals)


def cards(tools: Tools, organisation: str) -> tuple[FullCard, ...]:
    """Every connection that the organisation has or had, live ones first."""
    return tuple(_full(tools, organisation, each) for each in card(tools, organisation))


def find(tools: Tools, organisation: str, connection: str) -> FullCard | None:
    return next((each for each in cards(tools, organisation) if each.connection.id == connection), None)


def of_platform(tools: Tools, organisation: str, platform: str) -> FullCard | None:
    """The one that a program means by the platform's name: the newest that is live, else the last that was."""
    return next((each for each in cards(tools, organisation) if each.connection.platform == platform), None)


def unconnected(tools: Tools, organisation: str, platform: str) -> Standing:
    """Of a platform that the organisation never connected."""
    with read(tools.engines, organisation) as db:
        return standing(Known(tools.now(), is_pending=_is_pending(db, platform, tools.now())))


def last_renewal(found: tuple[Renewal, ...]) -> Renewal | None:
    """The newest one that came to an end; a new consent is as good as a renewal."""
    return next((each for each in found if each.result is not Result.UNDER_WAY), None)


def evidence(tools: Tools, organisation: str, connection: str) -> dict[str, Any] | None:
    """What anybody needs who is to help, without a secret: states, reasons, refusals, the last check, the past."""
    found = find(tools, organisation, connection)
    if found is None:
        return None
    at = found.connection
    return {
        "made_at": tools.now().isoformat(timespec="seconds"),
        "platform": found.card.label,
        "organisation_there": {"id": at.books_id, "name": at.books_name},
        "state": found.standing.state.value,
        "health": found.standing.health.value,
        "reasons": [{"code": each.code, "message": each.message} for each in found.standing.reasons],
        "connected": {"at": at.connected_at.isoformat(timespec="seconds"), "there_as": at.known_there_as},
        "permissions": [{"scope": each.scope, "granted": each.is_granted} for each in found.permissions],
        "allowed_actions": dict(found.rights.allowed) if found.rights else {},
        "refusals": list(found.rights.refusals) if found.rights else [],
        "last_check": _check_told(found.checked),
        "timeline": [
            {"at": each.at.isoformat(timespec="seconds"), "state": each.state, "code": each.code, "words": each.words}
            for each in found.moves
        ],
    }


def _full(tools: Tools, organisation: str, card: ConnectionCard) -> FullCard:
    connection, platform, now = card.connection, platforms.named(card.connection.platform), tools.now()
    with read(tools.engines, organisation) as db:
        grant = grant_rows.find(db, connection.grant)
        renewed = renewals.newest(db, connection.grant, _MOST_RENEWALS) if grant else ()
        failed = sum(number for state, number in postings.counts(db, connection.id).items() if state in _FAILED)
        known = Known(
            now=now,
            connection=replace(connection, state=card.state, cause=card.cause, words=card.words),
            is_pending=_is_pending(db, connection.platform, now),
            access_expires_at=card.access_expires_at,
            grant_ends_at=card.consent_ends_at,
            is_renewing_failed=_is_failing(renewed),
            is_alive=grant is not None and grant.ended_at is None,
            failed=failed,
            is_waiting=card.waits_until is not None,
            reasons=_reasons(db, connection),
        )
        return FullCard(
            card=card,
            standing=standing(known),
            since=timeline.state_since(db, connection.id),
            link=platform.home(card.books) if card.books else "",
            permissions=_permissions(platform, card.scopes) if connection.is_live else (),
            rights=connection_checks.rights(db, connection.id),
            renewals=renewed,
            next_renewal_at=_next_renewal(grant.issued_at) if grant and grant.ended_at is None else None,
            next_look_at=_next_look(connection, now),
            forecast_at=_forecast(tools, card, now),
            reserve=allowance(tools, platform).untouched_of_day(Lane.BACKGROUND),
            moves=tuple(moved for _, moved in timeline.listed(db, connection.id, _MOST_MOVES)),
            checked=connection_check.last(tools, organisation, connection.id),
            paused=pauses.find(db),
            failed=failed,
        )


def _is_pending(db: Db, platform: str, now: datetime) -> bool:
    """Whether somebody is on the way through the platform's page at this moment."""
    return any(
        each.platform == platform and each.ended_at is None and now - each.begun_at < LIVES
        for each in drafts.listed(db)
    )


def _is_failing(found: tuple[Renewal, ...]) -> bool:
    last = last_renewal(found)
    return last is not None and last.result in (Result.FAILED, Result.ENDED)


def _reasons(db: Db, connection: Connection) -> tuple[Reason, ...]:
    """The open issues of the connection itself, and of work that it failed to do; each cause once."""
    own = {issue.id: issue for issue in issues.at_root(db, f"connection:{connection.id}")}
    if connection.may_ask:
        own |= {issue.id: issue for issue in issues.listed(db, OPEN) if issue.family in _OF_BOOKS}
    once: dict[str, Reason] = {}
    for issue in own.values():
        once.setdefault(issue.code, Reason(issue.code, issue.title, issue.id, issue.family))
    return tuple(once.values())


def _permissions(platform: platforms.Platform, granted: tuple[str, ...]) -> tuple[Permission, ...]:
    """Those that are asked for, then what was granted besides; where the answer named none, all were."""
    old, until = platform.outdated(granted)
    missing = [each for each in platform.SCOPES if granted and each not in granted]
    lacking = [each for each in missing if each in platform.lacking(granted)]  # a broader one may hold it
    asked = [Permission(each, platform.WHY.get(each, ""), each not in lacking) for each in platform.SCOPES]
    more = [each for each in granted if each not in platform.SCOPES]
    ends = {each: until.isoformat() for each in old} if until else {}
    return (*asked, *(Permission(each, platform.WHY.get(each, ""), True, ends.get(each, "")) for each in more))


def _next_renewal(issued_at: datetime) -> datetime:
    """By itself at the latest then; sooner where something is to be asked of the books."""
    return issued_at + timedelta(hours=KEEP_ALIVE_HOURS)


def _next_look(connection: Connection, now: datetime) -> datetime | None:
    if not connection.may_ask:
        return None
    every = _LOOKED_EVERY if connection.state is ConnectionState.CONNECTED else timedelta(minutes=30)
    return max((connection.checked_at or connection.connected_at) + every, now)


def _forecast(tools: Tools, card: ConnectionCard, now: datetime) -> datetime | None:
    """When today's calls run out, if what waits takes a few calls each and the day's pace holds; else None."""
    if not card.calls_a_day:
        return None
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    used, passed = card.calls_a_day - card.calls_left_today, (now - midnight).total_seconds()
    if used <= 0 or passed < 3600:
        return None
    seconds_left = card.calls_left_today * int(passed) // used
    until = now + timedelta(seconds=seconds_left)
    return until if until < midnight + timedelta(days=1) else None


def _check_told(checked: Checked | None) -> dict[str, Any] | None:
    if checked is None:
        return None
    lines = [
        {
            "no": each.no,
            "name": each.name,
            "result": each.result.value,
            "problem": each.problem,
            "message": each.message,
        }
        for each in checked.lines
    ]
    return {"at": checked.at.isoformat(timespec="seconds"), "lines": lines}


def everywhere(tools: Tools) -> tuple[tuple[str, FullCard], ...]:
    """Of every organisation here, for whoever runs the installation at its console."""
    return tuple((each, found) for each in across.organisations(tools.engines) for found in cards(tools, each))
