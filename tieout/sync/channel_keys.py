"""The access to a channel account: sealed, renewed before it ends, by one worker at a time, and stored before use.

The claim on a renewal is a row in the database, never a transaction held open across the call; who loses waits for the
row to change. A claim is taken over only when its holder cannot be in its call any more.
"""

from datetime import timedelta
from uuid import uuid4

from tieout import channels
from tieout.calls import make_call
from tieout.channels import REFUSED, Access, Keys, Registration
from tieout.core.channel_account import AccountState, ChannelAccount
from tieout.core.failure import Busy, Disconnected, OutcomeUnknown, RemoteError, Unreachable
from tieout.core.secret import Secret
from tieout.store import channel_accounts
from tieout.store.channel_accounts import SealedKeys
from tieout.store.engine import read, write
from tieout.sync.tools import Tools

TABLE = "channel_accounts"
LEAST_LIFE = timedelta(minutes=5)
TAKE_OVER = timedelta(seconds=90)  # the call's own deadline and a margin
_LONGEST_WAIT, _PAUSE = timedelta(seconds=30), timedelta(milliseconds=250)


def access(tools: Tools, organisation: str, account: str, refused: str = "") -> tuple[Access, str]:
    """An access with some life left, renewed first where needed, and its id; `refused` is an id that got a 401.

    Raises Disconnected when a person must connect again, Unreachable or Busy when the channel cannot be asked now.
    """
    waited, first = timedelta(), ""
    while waited < _LONGEST_WAIT:
        found, sealed = _load(tools, organisation, account)
        first = first or sealed.token_id
        if sealed.token_id != refused and (_lives(tools, sealed) or sealed.token_id != first):
            return _access(tools, organisation, found, sealed), sealed.token_id
        started = sealed.refresh_started_at
        if started is None or tools.now() - started >= TAKE_OVER:
            with write(tools.engines, organisation) as db:
                fence = channel_accounts.claim_renewal(db, account, sealed.fence, uuid4().hex, tools.now())
            if fence is not None:
                _renew(tools, organisation, found, sealed, fence, is_refused=bool(refused))
                continue
        tools.pause(_PAUSE)
        waited += _PAUSE
    raise Busy("somebody else is renewing the access and has not finished", code="token-renewal", retry_after_seconds=5)


def app_of(tools: Tools, channel: str) -> Registration:
    """What this installation knows of its app there; blank where nobody has set any."""
    return tools.channel_apps.get(channel) or Registration(urls=channels.askable()[channel].URLS)


def sealed(tools: Tools, organisation: str, account: str, keys: Keys, fence: int = 0) -> SealedKeys:
    lifetime = keys.expires_in_seconds
    seal = tools.vault.seal
    return SealedKeys(
        access=seal(organisation, TABLE, "access", account, keys.access),
        refresh=seal(organisation, TABLE, "refresh", account, keys.refresh),
        hook_secret=seal(organisation, TABLE, "hook_secret", account, keys.hook_secret),
        token_id=tools.new_id(),
        expires_at=None if lifetime is None else tools.now() + timedelta(seconds=lifetime),
        fence=fence,
    )


def hook_secret(tools: Tools, organisation: str, account: str) -> Secret:
    """What proves notices about this account, where it is not our app's own secret; blank for none."""
    with read(tools.engines, organisation) as db:
        found = channel_accounts.keys(db, account)
    if found is None or not found.hook_secret:
        return Secret("")
    return tools.vault.open(organisation, TABLE, "hook_secret", account, found.hook_secret)


def refuse(tools: Tools, organisation: str, account: str, error: RemoteError) -> None:
    """The channel takes our access no more: nothing is asked until a person connects again."""
    with write(tools.engines, organisation) as db:
        words = error.failure.sentence
        channel_accounts.judge(db, account, AccountState.NEEDS_RECONNECT, REFUSED, words, tools.now())


def _renew(
    tools: Tools, organisation: str, found: ChannelAccount, old: SealedKeys, fence: int, is_refused: bool
) -> None:
    asked = channels.askable()[found.channel]
    keys = _opened(tools, organisation, found, old)
    try:
        new = asked.refreshed(make_call(tools.transport), app_of(tools, found.channel), keys)
        if is_refused and new == keys:
            raise Disconnected("the channel refuses the access that was given", code=REFUSED)
    except RemoteError as error:
        with write(tools.engines, organisation) as db:
            channel_accounts.release_renewal(db, found.id, fence)
        if isinstance(error, Disconnected):
            refuse(tools, organisation, found.id, error)
        if isinstance(error, OutcomeUnknown):  # for who asked for an access nothing of theirs was sent
            raise Unreachable(*error.failure.words, code=error.failure.code) from error
        raise
    with write(tools.engines, organisation) as db:
        channel_accounts.renewed(db, found.id, fence, sealed(tools, organisation, found.id, new))


def _lives(tools: Tools, keys: SealedKeys) -> bool:
    return keys.expires_at is None or keys.expires_at - tools.now() >= LEAST_LIFE


def _load(tools: Tools, organisation: str, account: str) -> tuple[ChannelAccount, SealedKeys]:
    with read(tools.engines, organisation) as db:
        found, keys = channel_accounts.find(db, account), channel_accounts.keys(db, account)
    if found is None or keys is None or not found.is_live:
        raise Disconnected("this account was disconnected here", code="disconnected-by-user")
    return found, keys


def _opened(tools: Tools, organisation: str, account: ChannelAccount, keys: SealedKeys) -> Keys:
    def opened(column: str, text: str) -> Secret:
        return tools.vault.open(organisation, TABLE, column, account.id, text)

    return Keys(
        account.account,
        account.name,
        account.place,
        opened("access", keys.access),
        opened("refresh", keys.refresh),
        None if keys.expires_at is None else 0,
        opened("hook_secret", keys.hook_secret),
    )


def _access(tools: Tools, organisation: str, account: ChannelAccount, keys: SealedKeys) -> Access:
    token = tools.vault.open(organisation, TABLE, "access", account.id, keys.access)
    return Access(token, account.account, account.place, app_of(tools, account.channel))
