"""A ledger link: which books the settlements of one channel account post to, and whether that still holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tieout.core.channel_account import ChannelAccount
from tieout.core.connection import Connection

LINK_DROPPED = "channel-link-dropped"


class LinkState(StrEnum):
    WORKS = "works"  # it names the connection that is in use
    ENDED = "ended"  # it names a connection that is gone
    MISSING = "missing"  # there is none
    OTHER_BOOKS = "other-books"  # it names books that are not those in use
    NO_BOOKS = "no-books"  # no books are connected at all: nothing to link to


DOWN = frozenset({LinkState.ENDED, LinkState.MISSING, LinkState.OTHER_BOOKS})


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """`books` are those that the link means, `main` the connection in use; `is_same`: both are the same books.

    `since` is when the link was first found down, None before that.
    """

    account: ChannelAccount
    state: LinkState
    books: str = ""
    main: Connection | None = None
    is_same: bool = False
    since: datetime | None = None
    checked_at: datetime | None = None
    good_at: datetime | None = None

    @property
    def is_down(self) -> bool:
        return self.state in DOWN

    @property
    def can_rebuild(self) -> bool:
        """Whether Tieout may make it anew by itself: the main connection posts, and to the books that were meant."""
        return self.is_down and self.is_same and self.main is not None and self.main.may_post

    @property
    def words(self) -> str:
        """What is the matter, as a sentence; what works is told too."""
        main = self.main.books_name if self.main else "no books"
        match self.state:
            case LinkState.WORKS:
                return f"Its settlements post to {main}."
            case LinkState.ENDED:
                return f"It points at a connection to {self.books or 'books'} that has ended; {main} is connected."
            case LinkState.MISSING:
                return f"It does not say where its settlements post to; {main} is connected."
            case LinkState.OTHER_BOOKS:
                return f"It points at {self.books}, but the books in use are {main}."
            case LinkState.NO_BOOKS:
                return "No books are connected, so there is nothing to link to."


def judged(named: Connection | None, main: Connection | None, has_link: bool, is_same: bool) -> LinkState:
    """`named` is the connection of the link; `is_same`: the link means the same books as the main connection."""
    if main is None:
        return LinkState.NO_BOOKS
    if not has_link:
        return LinkState.MISSING
    if named is not None and named.id == main.id:
        return LinkState.WORKS
    if named is not None and named.is_live:
        return LinkState.OTHER_BOOKS
    return LinkState.ENDED if is_same else LinkState.OTHER_BOOKS


@dataclass(frozen=True, slots=True)
class FailingFacts:
    """One channel fails while `others` post. `check` is the first check that fails, `title` its issue's sentence.

    `failed` and `sent` count its settlements: those held now, and those that went through before.
    """

    account: ChannelAccount
    check: str
    title: str
    issue: str
    failed: int
    sent: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """A seller account that another organisation holds: `owner` is masked. `state` as the claim's row says it."""

    claim: str
    channel: str
    name: str
    owner: str
    state: str
    asked_at: datetime | None = None
