"""Notices of channels: believed by their signature alone, and then a hint to look, never the new truth."""

from collections.abc import Mapping

from tieout import channels
from tieout.core.secret import Secret
from tieout.store import channel_accounts
from tieout.sync.channel_keys import app_of, hook_secret
from tieout.sync.fetching import announced
from tieout.sync.tools import Tools


def take_in(tools: Tools, channel: str, headers: Mapping[str, str], body: bytes) -> bool:
    """False where nobody signed it whom we know; else every account it names is due, committed before this returns.

    Header names are lower case. An account that nobody has connected is nobody's: the notice is taken and forgotten.
    """
    asked = channels.askable().get(channel)
    if asked is None:
        return False
    account = asked.addressed(headers)
    owners = channel_accounts.owners(tools.engines, channel, account) if account else ()
    ours = app_of(tools, channel).client_secret
    is_signed = _is_signed(asked, headers, body, ours)
    for organisation, id in owners:
        if is_signed or _is_signed(asked, headers, body, hook_secret(tools, organisation, id)):
            announced(tools, organisation, id)
            is_signed = True
    return is_signed


def _is_signed(asked: channels.Askable, headers: Mapping[str, str], body: bytes, secret: Secret) -> bool:
    return asked.notice(headers, body, secret) is not None
