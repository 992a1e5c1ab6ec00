"""A channel whose settlements do not post while everything else does: its ledger link, and the one check that fails.

Every function takes an open transaction and makes no call. Which of it is told as an issue, `channel_issues` decides.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from tieout import problems
from tieout.core.channel_account import ChannelAccount
from tieout.core.ledger_link import LINK_DROPPED, FailingFacts
from tieout.core.problem import Case
from tieout.core.status import Status
from tieout.store import channel_accounts, issues, settlements
from tieout.store.engine import Db
from tieout.store.issues import Issue
from tieout.sync import linked
from tieout.sync.in_use import books_in_use

FAILING = "one-channel-failing"
CODES = (LINK_DROPPED, FAILING)
RECENT = timedelta(days=35)  # how far back a sibling's success counts
_HELD = (Status.BLOCKED, Status.MAPPING_NEEDED, Status.PARTIALLY_SENT)
# Causes of these families meet every channel alike; one channel alone is never to blame for them.
_OF_ALL = frozenset({"vendor", "network", "grant", "connect", "organisation", "rights", "limit"})
# Which check of the channel a cause belongs to, by the family of its problem.
_CHECKS = {"channel": "ledger link", "mapping": "mapping", "tax": "tax rates", "bank": "bank account"}


def cases(db: Db, account: ChannelAccount, bare: Case) -> Iterator[Case]:
    """What is the matter with the account's way to the books; `bare` names the channel and nothing else."""
    own = replace(bare, account=None, channel=linked.named(account))
    link = linked.facts(db, account)
    if link.is_down:
        soon = bare.now if link.can_rebuild else None
        yield replace(own, link=link, books=link.books, next_at=soon)
    found = failing(db, account, bare.now)
    if found is not None:
        yield replace(own, failing=found)


def failing(db: Db, account: ChannelAccount, now: datetime) -> FailingFacts | None:
    """The root cause that is limited to this channel; None while it posts, or while no other channel does."""
    all_held = settlements.held_of(db, account.channel, _HELD)
    held = [each for each in all_held if _is_own(db, account, each[1])]
    if not held or books_in_use(db) is None:
        return None
    sent, last = settlements.sent_since(db, account.channel, now - RECENT)
    if last is not None and last > min(at for _, _, at in held):
        return None
    others = _posting(db, account, now)
    if not others:
        return None
    root = min({code for _, code, _ in held}, key=problems.rank)
    told = [issue for id, code, _ in held if code == root for issue in _issues_of(db, id, root)]
    return FailingFacts(
        account=account,
        check=_CHECKS.get(_named(root).family, "settlement"),
        title=told[0].title if told else problems.spoken(_named(root)),
        issue=told[0].id if told else "",
        failed=len(held),
        sent=sent,
        others=others,
    )


def _posting(db: Db, account: ChannelAccount, now: datetime) -> tuple[str, ...]:
    """The other channels that have posted of late, as people call them."""
    channels = {each.channel: linked.named(each) for each in channel_accounts.listed(db) if each.is_live}
    channels.pop(account.channel, None)
    return tuple(
        name for channel, name in sorted(channels.items()) if settlements.sent_since(db, channel, now - RECENT)[0]
    )


def differs(db: Db, account: ChannelAccount, bare: Case) -> bool:
    """Whether the open issues of an account's way to the books say other things than its rows do now."""
    told = {
        issue.code
        for id in issues.of_subject(db, "account", account.id)
        if (issue := issues.get(db, id)) is not None and issue.is_open and issue.code in CODES
    }
    return told != {LINK_DROPPED if case.link else FAILING for case in cases(db, account, bare)}


def _is_own(db: Db, account: ChannelAccount, code: str) -> bool:
    """Whether a cause is limited to the channel, and not one that Tieout is mending by itself at this moment."""
    problem = problems.named(code)
    if problem is None or problem.family in _OF_ALL:
        return False
    return code != LINK_DROPPED or not linked.facts(db, account).can_rebuild


def _issues_of(db: Db, settlement: str, code: str) -> Iterator[Issue]:
    for id in issues.of_subject(db, "settlement", settlement):
        issue = issues.get(db, id)
        if issue is not None and issue.code == code:
            yield issue


def _named(code: str) -> problems.Problem:
    found = problems.named(code)
    assert found is not None, "only codes of the catalogue come here"
    return found
