"""Tokens: one renewal at a time for each grant, across threads and processes, and no refresh token spent twice.

The claim is a row in the database, never a transaction held open across the call. Who loses waits for the row to
change, not for a time to run out. A claim is taken over only when its holder cannot be in its call any more. The new
pair is stored before it is used; the token before it stays at hand, since an answer that brings a new one may be lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tieout.calls import make_call
from tieout.core.connection import Connection, ConnectionState, Verdict, judge
from tieout.core.failure import Busy, Disconnected, FailureKind, NotAllowed, OutcomeUnknown, RemoteError, Unreachable
from tieout.core.secret import Secret
from tieout.platforms import GRANT_ENDED, Access, App, Platform, TokenSet, named
from tieout.store import connections, grants
from tieout.store import renewals as renewal_rows
from tieout.store.engine import read, write
from tieout.store.grants import INSTALLATION, Grant, Pair
from tieout.store.renewals import Reason, Renewal, Result
from tieout.sync.own_apps import app_of_grant
from tieout.sync.tools import Tools

LEAST_SECONDS = 300
# The token call's own deadline and a margin: after it, nobody who began a renewal can still be in it.
TAKE_OVER_SECONDS = 90
# After it a refresher presents no further token, so that it is through before anybody may take over.
LAST_PRESENTATION_SECONDS = 30
LONGEST_WAIT = timedelta(seconds=30)
KEEP_ALIVE_HOURS = 24
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(milliseconds=20), timedelta(milliseconds=500)


def access(
    tools: Tools, organisation: str, connection: str, least_seconds: int = LEAST_SECONDS, refused: str = ""
) -> Access:
    """A token with at least so much life, renewed first where needed; `refused` is a token id that got a 401.

    Safe to call at any time from anywhere. Raises Disconnected (a person must reconnect; the code says why),
    Unreachable or Busy (nothing of the caller's was sent), NotAllowed (our registration at the platform is wrong).
    """
    found = _connection(tools, organisation, connection)
    if found.state is ConnectionState.PARKED:
        raise Disconnected("nothing is read or written until somebody decides whose books these are", code=found.cause)
    return _renewed(tools, organisation, found, _Wish(least_seconds, refused))


def renew(tools: Tools, organisation: str, connection: str) -> Access:
    """A token got just now, whatever life the last one had: somebody pressed the button. Raises what `access` does."""
    found = _connection(tools, organisation, connection)
    return _renewed(tools, organisation, found, _Wish(0, _load(tools, found.grant).token_id, Reason.ASKED))


def renewals(tools: Tools, organisation: str, connection: str) -> tuple[Renewal, ...]:
    """The last ten renewals of the access behind a connection, and its consents, the newest first."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
        return renewal_rows.newest(db, found.grant) if found is not None else ()


def bound(tools: Tools, organisation: str, connection: str, token_id: str) -> Access | None:
    """The very token an attempt was bound to, dead or alive; None when a newer one has taken its place."""
    found = _connection(tools, organisation, connection)
    with read(tools.engines, organisation) as db:
        grant = grants.find(db, found.grant)
    return _access(tools, found, grant) if grant is not None and grant.token_id == token_id else None


def keep_alive(tools: Tools, organisation: str, connection: str) -> bool:
    """Renews a grant that nobody used for a day, long before its refresh token dies; True if it did.

    A grant that has ended, perhaps by what another organisation met, is noted with this connection too.
    """
    found = _connection(tools, organisation, connection)
    grant = _load(tools, found.grant, even_ended=True)
    if grant.ended_at is None and tools.now() - grant.issued_at < timedelta(hours=KEEP_ALIVE_HOURS):
        return False
    wish = _Wish(0, grant.token_id, Reason.KEPT_ALIVE)
    if found.may_ask:
        _renewed(tools, organisation, found, wish)
    else:  # it stands still for a reason of its own, which stays
        _fresh(tools, found.grant, wish)
    return True


def keep(tools: Tools, platform: str, tokens: TokenSet, app: App | None = None) -> str:
    """Stores the token set of a new consent; returns its grant, which is the same for the same person and app."""
    client_id = (app or app_of(tools, platform)).client_id
    person = tokens.person or tokens.consent_id or tools.new_id()
    with read(tools.engines, "") as db:
        known = grants.of_person(db, platform, client_id, person)
    grant_id = known.id if known else tools.new_id()
    pair = _sealed(tools, grant_id, tokens)
    with write(tools.engines, "") as db:
        if grants.of_person(db, platform, client_id, person) is None:
            grants.add(db, grant_id, platform, client_id, person, pair)
            renewal_rows.consented(db, grant_id, 1, tokens.person_name, tools.now())
            return grant_id
    if known is None:  # the same person's other consent was stored in between
        return keep(tools, platform, tokens, app)
    with write(tools.engines, "") as db:
        fence = grants.consent(db, grant_id, pair)
        renewal_rows.consented(db, grant_id, fence, tokens.person_name, tools.now())
        connections.revive(db, grant_id, GRANT_ENDED, tools.now())
    return grant_id


def is_known(tools: Tools, platform: str, app: App, tokens: TokenSet) -> bool:
    """Whether there is a grant of the same person and app."""
    with read(tools.engines, "") as db:
        return grants.of_person(db, platform, app.client_id, tokens.person) is not None


def tokens_of(tools: Tools, grant: str) -> tuple[Secret, Secret]:
    """Access and refresh token as they stand, for ending them. Raises Disconnected when there are none."""
    found = _load(tools, grant, even_ended=True)
    return _opened(tools, found, "access", found.access), _opened(tools, found, "refresh", found.refresh)


def token_for(tools: Tools, connection: Connection) -> Secret:
    """A token good for one more call about the connection itself. Raises what `access` raises."""
    grant = _fresh(tools, connection.grant, _Wish(least_seconds=30))
    return _opened(tools, grant, "access", grant.access)


def let_go(tools: Tools, platform: str, grant: str, organisation: str = "") -> None:
    """A token set that serves no connection is ended there, as far as that works, and erased here.

    Nobody's who just now chooses among the books that it reaches: ending it would end what they are about to connect.
    `organisation` is the one that has no more use for it.
    """
    with read(tools.engines, "") as db:
        since = tools.now() - timedelta(hours=KEEP_ALIVE_HOURS)
        if connections.on_grant(db, grant) or grants.awaited(db, grant, since):
            return
    try:
        found = _load(tools, grant, even_ended=True)
        app = app_of_grant(tools, platform, found.client_id, grant, organisation)
        named(platform).revoke(make_call(tools.transport), app, _opened(tools, found, "refresh", found.refresh))
    except RemoteError:
        pass  # it dies by itself, unused
    with write(tools.engines, "") as db:
        if not connections.on_grant(db, grant):
            grants.remove(db, grant)


def app_of(tools: Tools, platform: str) -> App:
    """Our registration at a platform. Raises NotAllowed when this installation has none (any more)."""
    if platform not in tools.apps:
        words = f"no app is registered here for {platform}: set TIEOUT_{platform.upper()}_CLIENT_ID and its secret"
        raise NotAllowed(words, code="connect-error-shown")
    return tools.apps[platform]


def let_go_unused(tools: Tools) -> int:
    """Ends the token sets that serve no connection since a day: somebody was cut off between consent and choice."""
    before = tools.now() - timedelta(hours=KEEP_ALIVE_HOURS)
    with read(tools.engines, "") as db:
        unused = grants.unused(db, before)
    for grant in unused:
        let_go(tools, grant.platform, grant.id)
    return len(unused)


def note(tools: Tools, organisation: str, connection: str, verdict: Verdict) -> None:
    """Keeps what a connection is now."""
    with write(tools.engines, organisation) as db:
        connections.judge(db, connection, verdict, tools.now())


# --- one renewal at a time ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wish:
    """A token with at least so much life that is another than `refused`; `reason` where that is not what they said."""

    least_seconds: int
    refused: str = ""
    reason: Reason | None = None

    def why(self, grant: Grant, now: datetime) -> Reason:
        return self.reason or (Reason.REFUSED if self.refused and grant.expires_at > now else Reason.DUE)


def _renewed(tools: Tools, organisation: str, connection: Connection, wish: _Wish) -> Access:
    try:
        grant = _fresh(tools, connection.grant, wish)
    except Disconnected as error:
        verdict = judge(error.failure, None)
        if verdict is not None:
            note(tools, organisation, connection.id, verdict)
        raise
    return _access(tools, connection, grant)


def _fresh(tools: Tools, grant_id: str, wish: _Wish) -> Grant:
    first: Grant | None = None
    for pause in _pauses():
        grant = _load(tools, grant_id)
        first = first or grant
        lives_long = grant.expires_at - tools.now() >= timedelta(seconds=wish.least_seconds)
        # Whatever has come since we first looked is as new as it gets, however short its life.
        if grant.token_id != wish.refused and (lives_long or grant.token_id != first.token_id):
            return grant
        if not _is_claimed(tools, grant):
            fence = _claimed(tools, grant, wish.why(grant, tools.now()))
            if fence is not None:
                _renew(tools, grant, fence)
                continue
        tools.pause(pause)
    raise Busy("somebody else is renewing the access and has not finished", code="token-renewal", retry_after_seconds=5)


def _pauses() -> Iterator[timedelta]:
    """Growing, and together as long as anybody waits for another's renewal."""
    waited, pause = timedelta(), _FIRST_PAUSE
    while waited < LONGEST_WAIT:
        yield pause
        waited, pause = waited + pause, min(pause * 2, _LONGEST_PAUSE)


def _claimed(tools: Tools, grant: Grant, reason: Reason) -> int | None:
    with write(tools.engines, "") as db:
        fence = grants.claim(db, grant, tools.worker[-64:], tools.now())
        if fence is not None:
            renewal_rows.begin(db, grant.id, fence, reason, tools.worker, tools.now())
        return fence


def _is_claimed(tools: Tools, grant: Grant) -> bool:
    started = grant.refresh_started_at
    return started is not None and tools.now() - started < timedelta(seconds=TAKE_OVER_SECONDS)


def _renew(tools: Tools, grant: Grant, fence: int) -> None:
    """Under the claim: present the stored token, and whatever else may be alive, until the platform takes one."""
    platform = named(grant.platform)
    try:
        tokens, spent = _presented(tools, platform, grant, fence)
    except RemoteError as error:
        if _given_up(tools, grant, fence, error):
            raise
        return  # the row moved under us: what it says now counts
    if tokens is None:
        with write(tools.engines, "") as db:
            renewal_rows.finish(db, grant.id, fence, Result.OVERTAKEN, "", tools.now())
        return
    pair = _sealed(tools, grant.id, tokens)
    now = tools.now()
    with write(tools.engines, "") as db:
        if grants.rotate(db, grant, fence, pair, spent, now + timedelta(seconds=platform.GRACE_SECONDS)):
            renewal_rows.finish(db, grant.id, fence, Result.RENEWED, "", now)
            return
        # Too late: somebody took over. What came is kept, and used at once where theirs came to nothing.
        renewal_rows.finish(db, grant.id, fence, Result.LATE, "", now)
        if grants.keep_candidate(db, grant.id, pair.refresh, now):
            grants.consent(db, grant.id, pair)
            connections.revive(db, grant.id, GRANT_ENDED, now)


def _presented(tools: Tools, platform: Platform, grant: Grant, fence: int) -> tuple[TokenSet | None, str]:
    """The new token set and the sealed token it was got for; none when the row moved meanwhile.

    Raises what the platform said of the last token presented.
    """
    call, app = make_call(tools.transport), app_of_grant(tools, grant.platform, grant.client_id, grant.id)
    said: RemoteError | None = None
    last_at = tools.now() + timedelta(seconds=LAST_PRESENTATION_SECONDS)
    for sealed in _alive(tools, grant):
        if tools.now() > last_at:
            break
        try:
            return platform.refresh(call, app, _opened(tools, grant, "refresh", sealed)), sealed
        except OutcomeUnknown as error:
            # It may be rotated and the answer lost: within the grace time the same token is taken again.
            said = error
        except Disconnected as error:
            # Seen once it proves nothing: somebody else may have spent the token first.
            said = said if isinstance(said, OutcomeUnknown) and sealed == grant.refresh else error
            if _load(tools, grant.id).fence != fence:
                return None, sealed
    else:
        assert said is not None, "there is always the stored token to present"
        raise said
    # Out of time before every token was tried: no refusal counts until all of them are refused.
    raise Unreachable("the token endpoint answers too slowly", code="provider-outage") from said


def _alive(tools: Tools, grant: Grant) -> Iterator[str]:
    """Sealed refresh tokens in the order to try them: the stored one, again, the late one, the one before."""
    yield grant.refresh
    yield grant.refresh
    if grant.candidate:
        yield grant.candidate
    if grant.previous and grant.previous_until and tools.now() < grant.previous_until:
        yield grant.previous


def _given_up(tools: Tools, grant: Grant, fence: int, error: RemoteError) -> bool:
    """Whether what the platform said counts: not when somebody else has moved the row meanwhile."""
    failure, now = error.failure, tools.now()
    with write(tools.engines, "") as db:
        if failure.kind is FailureKind.DISCONNECTED:
            is_ours = grants.end(db, grant, fence, failure.code or GRANT_ENDED, failure.sentence, now)
            result = Result.ENDED if is_ours else Result.OVERTAKEN
        else:
            grants.release(db, grant, fence)
            is_ours, result = True, Result.FAILED
        renewal_rows.finish(db, grant.id, fence, result, failure.sentence, now)
    if isinstance(error, OutcomeUnknown):
        # For who asked for a token nothing of theirs was sent.
        raise Unreachable(*failure.words, code=failure.code, status=failure.status) from error
    return is_ours


# --- rows and records -----------------------------------------------------------------------------------------------


def _connection(tools: Tools, organisation: str, connection: str) -> Connection:
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        raise Disconnected("this connection was ended here", code="disconnected-by-user")
    return found


def _load(tools: Tools, grant: str, even_ended: bool = False) -> Grant:
    with read(tools.engines, "") as db:
        found = grants.find(db, grant)
    if found is None:
        raise Disconnected("the authorisation was removed here", code=GRANT_ENDED)
    if found.ended_at is not None and not even_ended:
        raise Disconnected(found.words or found.cause, code=found.cause)
    return found


def _access(tools: Tools, connection: Connection, grant: Grant) -> Access:
    token = _opened(tools, grant, "access", grant.access)
    app = app_of_grant(tools, connection.platform, grant.client_id, grant.id)
    return Access(token, grant.token_id, grant.expires_at, connection.books_id, app)


def _sealed(tools: Tools, grant: str, tokens: TokenSet) -> Pair:
    now = tools.now()
    return Pair(
        token_id=tools.new_id(),
        access=_seal(tools, "access", grant, tokens.access),
        refresh=_seal(tools, "refresh", grant, tokens.refresh),
        issued_at=now,
        expires_at=now + timedelta(seconds=tokens.expires_in_seconds),
        scopes=tokens.scopes,
        ends_at=None if tokens.ends_in_seconds is None else now + timedelta(seconds=tokens.ends_in_seconds),
    )


def _seal(tools: Tools, column: str, grant: str, token: Secret) -> str:
    with read(tools.engines, INSTALLATION) as db:
        has_key = grants.has_key(db)
    if not has_key:
        with write(tools.engines, INSTALLATION) as db:
            grants.make_key(db, tools.vault, tools.now())
    return tools.vault.seal(INSTALLATION, "grants", column, grant, token)


def _opened(tools: Tools, grant: Grant, column: str, sealed: str) -> Secret:
    return tools.vault.open(INSTALLATION, "grants", column, grant.id, sealed)
