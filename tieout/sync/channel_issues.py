"""What is wrong with a channel account, as issues: opened and resolved by what its row and its payouts say now.

Every function takes an open transaction and makes no call.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from tieout import channels, problems
from tieout.core.channel_account import AccountFacts, AccountState, ChannelAccount, FetchedItem, Hole, holes
from tieout.core.problem import Case, RetryClass, filled
from tieout.store import channel_accounts, channel_items, issues, operations
from tieout.store.engine import Db
from tieout.store.issues import Block, Seen
from tieout.sync import diagnosis, link_issues

ACCOUNT = "account"
_LOOKED_BACK = timedelta(days=400)
_MOST_HOLES = 20


def of_account(db: Db, account: str, now: datetime) -> None:
    """Opens what stands in the way of its payouts, and resolves what does not any more."""
    issues.hold(db)
    keep = []
    for case in cases(db, account, now):
        fitting = [each for each in problems.fitting(case) if each[0].code != problems.LAST]
        for problem, evidence in fitting[:1]:
            title = filled(problem.title, case.names(), dict(evidence.names))
            is_by_people = problem.retry in (RetryClass.AFTER_FIX, RetryClass.DECISION, RetryClass.AFTER_REAUTH)
            seen = Seen(
                code=problem.code,
                family=problem.family,
                root=evidence.root,
                title=title,
                owner=problem.owner.value,
                retry=problem.retry.value,
                lines=evidence.lines,
                words=case.words,
                next_attempt_at=None if is_by_people else case.next_at,
            )
            keep.append(issues.see(db, seen, Block(ACCOUNT, account, _mark(case)), now))
    issues.release(db, ACCOUNT, account, now, keep)


def cases(db: Db, account: str, now: datetime) -> tuple[Case, ...]:
    """The facts of whatever is wrong with an account, one case a cause; none when nothing is."""
    found = channel_accounts.find(db, account)
    if found is None or not found.is_live:
        return ()
    bare = _bare(db, found, now)
    told = []
    if found.state is not AccountState.CONNECTED:
        told.append(bare)
    if missing := _missing(db, found):
        told.append(replace(bare, account=AccountFacts(found, missing)))
    for hole in _holes(db, found, now):
        told.append(replace(bare, account=AccountFacts(found, hole=hole, advice=_advice(found, hole, now))))
    told += link_issues.cases(db, found, bare)
    return tuple(told)


def differs(db: Db, account: ChannelAccount, now: datetime) -> bool:
    """Whether its open issues say other things of its way to the books than is so now."""
    return link_issues.differs(db, account, _bare(db, account, now))


def _bare(db: Db, account: ChannelAccount, now: datetime) -> Case:
    return replace(
        diagnosis.bare(db, now),
        channel=channels.label(account.channel),
        next_at=account.next_at,
        account=AccountFacts(account),
    )


def _missing(db: Db, account: ChannelAccount) -> tuple[FetchedItem, ...]:
    """Payouts that the channel has named and that nobody is bringing in at this moment."""
    if account.state is not AccountState.CONNECTED:
        return ()
    under_way = operations.get(db, account.operation) if account.operation else None
    if under_way is not None and under_way.ended_at is None:
        return ()
    return tuple(item for item in channel_items.still_open(db, account.id) if item.is_ready)


def _holes(db: Db, account: ChannelAccount, now: datetime) -> tuple[Hole, ...]:
    """Where settlements that follow each other do not, once the account was asked at all."""
    if account.fetched_at is None or not channels.askable()[account.channel].IS_CONTINUOUS:
        return ()
    spans = channel_items.spans(db, account.channel, now - _LOOKED_BACK)
    return tuple(hole for hole in holes(spans) if hole.key not in account.dismissed)[:_MOST_HOLES]


def _advice(account: ChannelAccount, hole: Hole, now: datetime) -> str:
    """What a person does about a settlement that the channel does not give any more; blank while it may come."""
    asked = channels.askable()[account.channel]
    if hole.end > now - timedelta(days=asked.HISTORY_DAYS):
        return ""
    return asked.ARCHIVED.format(start=f"{hole.start:%-d %B %Y}", end=f"{hole.end:%-d %B %Y}")


def _mark(case: Case) -> str:
    """Changes whenever the same trouble was met again."""
    if case.account is None:
        return (
            f"{case.failing.failed} {case.failing.issue}" if case.failing else f"{case.link.state if case.link else ''}"
        )
    account = case.account.account
    return f"{account.changed_at} {account.fetched_at} {len(case.account.missing)}"[:120]
