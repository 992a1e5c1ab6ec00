"""A channel account: one connected seller account, how its payouts come in, and the holes between its settlements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

# A settlement may begin a little after the one before: the next second, or after a change of the clocks.
NEIGHBOURS = timedelta(hours=2)


class AccountState(StrEnum):
    CONNECTED = "connected"  # the last call was answered
    NEEDS_RECONNECT = "needs-reconnect"  # the channel refuses our access: a person connects again
    DISCONNECTED = "disconnected"  # ended by one of our people; kept for its history


class ItemState(StrEnum):
    LISTED = "listed"  # the channel names it, its bytes are not here yet
    KEPT = "kept"  # its bytes are here, and reading them was asked for
    GONE = "gone"  # the channel names it and does not give it any more


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """One seller account. `account` is its name there, `place` where it is reached; `cause` a problem code.

    `cursor` is how far everything is kept, `begins_at` how far back it was asked at first, `next_at` when it is asked
    next (None: not by itself). `operation` is the fetch that is under way, `tries` how many failed in a row.
    """

    id: str
    channel: str
    account: str
    name: str
    place: str
    connected_by: str
    connected_by_name: str
    connected_at: datetime
    begins_at: datetime
    state: AccountState = AccountState.CONNECTED
    cause: str = ""
    words: str = ""
    changed_at: datetime | None = None
    good_at: datetime | None = None
    fetched_at: datetime | None = None
    next_at: datetime | None = None
    cursor: datetime | None = None
    operation: str = ""
    tries: int = 0
    dismissed: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        return self.state is not AccountState.DISCONNECTED

    @property
    def may_ask(self) -> bool:
        return self.state is AccountState.CONNECTED


@dataclass(frozen=True, slots=True)
class FetchedItem:
    """A payout that a channel listed. `statement` is the digest of its bytes, `operation` the reading of them."""

    account: str
    id: str
    label: str
    at: datetime
    first_seen: datetime
    is_ready: bool = True
    state: ItemState = ItemState.LISTED
    tries: int = 0
    words: str = ""
    statement: str = ""
    operation: str = ""
    kept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """What one settlement covers. `places` of one chain (a marketplace and its currency) follow each other."""

    marketplace: str
    currency: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch that no settlement of a chain covers, though settlements stand on both sides of it."""

    marketplace: str
    currency: str
    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        return f"{self.marketplace}/{self.currency}/{self.start:%Y-%m-%d}"

    @property
    def days(self) -> tuple[date, date]:
        return self.start.date(), self.end.date()


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of an account when something about it does not go on.

    `missing`: payouts the channel has named and that are not here, though nothing is fetching them. `hole` with
    `advice`: what a person does about a settlement that is too old to be asked for; blank while it is not.
    """

    account: ChannelAccount
    missing: tuple[FetchedItem, ...] = ()
    hole: Hole | None = None
    advice: str = ""


def called(label: str, name: str) -> str:
    """The account as people tell it from others: with the channel's name, unless it begins with it."""
    return name if name.startswith(label) else f"{label}: {name}"


def holes(spans: Iterable[Span]) -> tuple[Hole, ...]:
    """Where a chain of settlements is broken, by place and time. What overlaps covers together."""
    chains: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        chains.setdefault((span.marketplace, span.currency), []).append(span)
    return tuple(hole for chain in _sorted(chains) for hole in _broken(chain))


def _sorted(chains: Mapping[tuple[str, str], list[Span]]) -> list[list[Span]]:
    return [sorted(chains[key], key=lambda span: span.starts_at) for key in sorted(chains)]


def _broken(chain: list[Span]) -> Iterable[Hole]:
    covered = chain[0].ends_at
    for span in chain[1:]:
        if span.starts_at - covered > NEIGHBOURS:
            yield Hole(span.marketplace, span.currency, covered, span.starts_at)
        covered = max(covered, span.ends_at)
