"""What is known of the authorisation behind a connection, read from rows for those who judge what is wrong with it."""

from datetime import datetime

from tieout.core.authorisation import AFTER_BILLING, WITHIN, GrantFacts
from tieout.core.connection import Connection
from tieout.platforms import named
from tieout.store import grants, issues, renewals
from tieout.store.engine import Db
from tieout.store.renewals import Reason, Renewal, Result

_LAPSED = "books-subscription-lapsed"
# Refusals of a connection that lives: one of them before a consent and one right after it are the same refusal.
_REFUSALS = (
    "user-not-permitted",
    "user-rights-changed",
    "refused-despite-full-rights",
    "app-authorisation-revoked",
    "grant-stale-after-billing",
    "reconnect-needs-clean-start",
)


def facts(db: Db, connection: Connection, now: datetime) -> GrantFacts | None:
    """None where the grant has gone with its connection. Makes no call."""
    grant = grants.find(db, connection.grant)
    if grant is None:
        return None
    log = renewals.since(db, grant.id, now - WITHIN, (Result.ENDED, Result.LATE))
    ended = [each for each in log if each.result is Result.ENDED]
    is_over = grant.ended_at is not None
    return GrantFacts(
        renewed_at=grant.issued_at,
        idle_days=named(grant.platform).IDLE_DAYS,
        ended_at=grant.ended_at,
        ends_at=grant.ends_at,
        is_refused_early=is_over and bool(ended) and ended[-1].reason is Reason.REFUSED,
        ends=tuple(each.started_at for each in ended),
        overlaps=tuple(_overlap(db, each) for each in log if each.result is Result.LATE),
        lapsed_until=_lapsed_until(db, connection, now),
        refused_since=_refused_since(db, connection),
    )


def last_day(db: Db, connection: Connection) -> datetime | None:
    """When the grant ends as things stand; None where it has gone."""
    grant = grants.find(db, connection.grant)
    if grant is None:
        return None
    return GrantFacts(grant.issued_at, named(grant.platform).IDLE_DAYS, ends_at=grant.ends_at).last_day


def _overlap(db: Db, late: Renewal) -> str:
    """Both attempts by their ids: the grant's id and the number of the claim."""
    assert late.ended_at is not None, "a late one has come to an end"
    name, at = late.grant[:8], late.started_at
    taker = next((each for each in renewals.since(db, late.grant, at, tuple(Result)) if each.fence > late.fence), None)
    other = f" and attempt {name}/{taker.fence} by {taker.who}" if taker else ""
    return f"Two renewals overlapped on {at:%-d %B, %H:%M} UTC: attempt {name}/{late.fence} by {late.who}{other}."


def _refused_since(db: Db, connection: Connection) -> datetime | None:
    """When a refusal began that was there before the newest consent and is there after it, with no answer between."""
    consented = connection.connected_at
    if connection.good_at is not None and connection.good_at >= consented:
        return None
    found = [
        begun
        for begun, ended in issues.met(db, _root(connection), _REFUSALS)
        if begun < consented and _is_since(ended, consented)
    ]
    return min(found, default=None)


def _lapsed_until(db: Db, connection: Connection, now: datetime) -> datetime | None:
    found = [
        ended or now
        for _, ended in issues.met(db, _root(connection), (_LAPSED,))
        if _is_since(ended, now - AFTER_BILLING)
    ]
    return max(found, default=None)


def _root(connection: Connection) -> str:
    return f"connection:{connection.id}"


def _is_since(ended: datetime | None, moment: datetime) -> bool:
    return ended is None or ended >= moment
