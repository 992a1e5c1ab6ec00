"""The connection of the contract: its state, health with reasons, access, permissions and rights; never a token."""

from datetime import datetime
from typing import Literal

from tieout.api.shapes import Action, Moment, Shape
from tieout.core.health import Health, Label, PublicState, Standing
from tieout.store.renewals import Result
from tieout.store.timeline import Moved
from tieout.sync.connection_card import FullCard
from tieout.sync.connection_check import Checked, Line


class Remote(Shape):
    tenant_id: str
    name: str
    country: str | None
    base_currency: str | None
    plan: str | None
    url: str | None


class HealthReason(Shape):
    code: str
    message: str
    issue_id: str | None
    blocking: bool


class LastRefresh(Shape):
    at: Moment
    result: str


class Scopes(Shape):
    granted: list[str]
    missing: list[str]


class ConnectedBy(Shape):
    name: str
    remote_name: str | None
    at: Moment


class Rights(Shape):
    """`missing` are the kinds of documents that the person who connected may not create."""

    checked_at: Moment
    missing: list[str]


class Quota(Shape):
    day_limit: int | None
    day_left: int | None
    reserved_for_people: int
    forecast_exhausted_at: Moment | None


class IntegrationStatus(Shape):
    """What is known of a connection; no call is made for it. `token_expires_at` is minutes away by nature."""

    connected: bool
    token_expires_at: Moment | None
    sync_status: Literal["disconnected", "paused", "failing", "degraded", "healthy"]
    provider: str
    organization_id: str
    connection_id: str | None
    remote: Remote | None
    state: PublicState
    state_since: Moment | None
    card_label: str
    health: Health
    health_reasons: list[HealthReason]
    reauth_required: bool
    grant_expires_at: Moment | None
    last_refresh: LastRefresh | None
    next_refresh_at: Moment | None
    scopes: Scopes
    connected_by: ConnectedBy | None
    rights: Rights | None
    last_good_call_at: Moment | None
    next_run_at: Moment | None
    documents_waiting: int
    documents_failed: int
    quota: Quota | None
    issues_open: int
    checked_at: Moment | None
    generated_at: Moment


class CheckLine(Shape):
    """One line of the connection check, in the order in which it was made."""

    no: int
    name: str
    result: Literal["pass", "warn", "fail", "not_run", "not_in_use"]
    ms: int
    problem: str | None
    message: str
    evidence: str | None
    at: Moment
    fix: str | None
    actions: list[Action]


class CheckReport(Shape):
    """The last check. `problem` is the code of the first line that failed."""

    checked_at: Moment
    checked_by: str
    state: Literal["succeeded", "failed"]
    problem: str | None
    message: str
    checks: list[CheckLine]


class TimelineEntry(Shape):
    at: Moment
    state: str
    code: str | None
    message: str | None
    by: str | None


def status(full: FullCard, organisation: str, now: datetime) -> IntegrationStatus:
    card, at, standing = full.card, full.connection, full.standing
    renewed = full.last_renewal
    return IntegrationStatus(
        connected=standing.state is PublicState.CONNECTED,
        token_expires_at=card.access_expires_at,
        sync_status=_sync_status(full),
        provider=at.platform,
        organization_id=organisation,
        connection_id=at.id,
        remote=_remote(full),
        state=standing.state,
        state_since=full.since,
        card_label=_label(standing),
        health=standing.health,
        health_reasons=_reasons(standing),
        reauth_required=standing.state not in (PublicState.CONNECTED, PublicState.PENDING),
        grant_expires_at=card.consent_ends_at,
        last_refresh=LastRefresh(at=renewed.ended_at or renewed.started_at, result=_result(renewed.result))
        if renewed
        else None,
        next_refresh_at=full.next_renewal_at,
        scopes=Scopes(
            granted=[each.scope for each in full.permissions if each.is_granted],
            missing=[each.scope for each in full.permissions if not each.is_granted],
        ),
        connected_by=ConnectedBy(name=at.connected_by_name, remote_name=at.known_there_as or None, at=at.connected_at),
        rights=Rights(checked_at=full.rights.checked_at, missing=list(full.rights.barred)) if full.rights else None,
        last_good_call_at=at.good_at,
        next_run_at=full.next_look_at,
        documents_waiting=card.documents_waiting,
        documents_failed=full.failed,
        quota=_quota(full),
        issues_open=sum(1 for each in standing.reasons if each.issue),
        checked_at=at.checked_at,
        generated_at=now,
    )


def never(standing: Standing, provider: str, organisation: str, now: datetime) -> IntegrationStatus:
    """Of a provider that was never connected, which is no error."""
    return IntegrationStatus(
        connected=False,
        token_expires_at=None,
        sync_status="disconnected",
        provider=provider,
        organization_id=organisation,
        connection_id=None,
        remote=None,
        state=standing.state,
        state_since=None,
        card_label=_label(standing),
        health=standing.health,
        health_reasons=[],
        reauth_required=True,
        grant_expires_at=None,
        last_refresh=None,
        next_refresh_at=None,
        scopes=Scopes(granted=[], missing=[]),
        connected_by=None,
        rights=None,
        last_good_call_at=None,
        next_run_at=None,
        documents_waiting=0,
        documents_failed=0,
        quota=None,
        issues_open=0,
        checked_at=None,
        generated_at=now,
    )


def report(checked: Checked, provider: str) -> CheckReport:
    first = checked.first
    return CheckReport(
        checked_at=checked.at,
        checked_by=checked.by,
        state="succeeded" if first is None else "failed",
        problem=first.problem or None if first else None,
        message=checked.sentence,
        checks=[_line(line, provider) for line in checked.lines],
    )


def entry(moved: Moved) -> TimelineEntry:
    return TimelineEntry(
        at=moved.at, state=moved.state, code=moved.code or None, message=moved.words or None, by=moved.by or None
    )


def _line(line: Line, provider: str) -> CheckLine:
    actions = {
        "reconnect": ("Reconnect", "connect"),
        "switch-back": ("Decide which books", "decision"),
        "refresh": ("Renew the access", "refresh"),
    }
    label, verb = actions.get(line.action, ("", ""))
    href = f"/api/integrations/{provider}/{verb}"
    return CheckLine(
        no=line.no,
        name=line.name,
        result=line.result.value,
        ms=line.milliseconds,
        problem=line.problem or None,
        message=line.message,
        evidence=line.evidence or None,
        at=datetime.fromisoformat(line.at),
        fix=line.fix or None,
        actions=[Action(label=label, method="POST", href=href)] if verb else [],
    )


def _label(standing: Standing) -> str:
    return "TOKEN_EXPIRED" if standing.label is Label.EXPIRED else standing.label.value


def _result(result: Result) -> str:
    return "ok" if result in (Result.RENEWED, Result.CONSENTED) else result.value or "running"


def _reasons(standing: Standing) -> list[HealthReason]:
    return [
        HealthReason(code=each.code, message=each.message, issue_id=each.issue or None, blocking=each.is_blocking)
        for each in standing.reasons
    ]


def _sync_status(full: FullCard) -> Literal["disconnected", "paused", "failing", "degraded", "healthy"]:
    """The first that holds."""
    if full.standing.state is not PublicState.CONNECTED:
        return "disconnected"
    if (full.paused is not None and full.paused.holds) or full.standing.health is Health.LIMITED:
        return "paused"
    if full.standing.health is Health.BLOCKED:
        return "failing"
    return "healthy" if full.standing.is_healthy else "degraded"


def _remote(full: FullCard) -> Remote:
    books, at = full.card.books, full.connection
    return Remote(
        tenant_id=at.books_id,
        name=at.books_name,
        country=books.country or None if books else None,
        base_currency=books.base_currency or None if books else None,
        plan=books.plan or None if books else None,
        url=full.link or None,
    )


def _quota(full: FullCard) -> Quota:
    card = full.card
    return Quota(
        day_limit=card.calls_a_day or None,
        day_left=card.calls_left_today if card.calls_a_day else None,
        reserved_for_people=full.reserve,
        forecast_exhausted_at=full.forecast_at,
    )
