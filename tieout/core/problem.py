"""What a problem is made of: the facts of a case, the evidence that proves a cause, the fixes, and the closed lists.

Problems themselves are files of their own and look at a `Case` alone; who gathers one reads rows and makes no call.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tieout.core.authorisation import GrantFacts
from tieout.core.channel_account import AccountFacts
from tieout.core.connection import Connection
from tieout.core.consent import AttemptFacts
from tieout.core.door import DoorFacts, SetupFacts
from tieout.core.failure import Failure
from tieout.core.ledger_link import ClaimFacts, FailingFacts, LinkFacts
from tieout.core.openid import SignInFacts
from tieout.core.plan import Gap
from tieout.core.posting import Reason, State
from tieout.core.settlement import Refusal, Warning

# The code that marks a document whose sender was lost between intent and answer.
STUCK = "send-stuck-in-progress"


class Owner(StrEnum):
    """Who can end a problem."""

    USER = "user"  # the person using Tieout
    ORG_ADMIN = "org-admin"  # whoever administers the organisation, here or in the books
    PLATFORM_ADMIN = "platform-admin"  # the operator of this installation
    VENDOR = "vendor"  # the books' or the channel's provider: nothing to do but wait
    PRODUCT = "product"  # Tieout by itself; shown for trust


class RetryClass(StrEnum):
    """When a new attempt makes sense."""

    AUTO_NOW = "auto_now"  # certain not to double, or resolved by reading first: growing pauses from 5 s to 15 min
    AUTO_LATER = "auto_later"  # a limit or an outage: exactly when the provider says, else after 60 s, then hourly
    AFTER_FIX = "after_fix"  # data or settings have to change; looked at once a day where that can happen elsewhere
    AFTER_REAUTH = "after_reauth"  # a new consent is needed
    DECISION = "decision"  # several right answers: when somebody has decided
    NEVER = "never"  # an explanation, nothing to attempt


class IssueState(StrEnum):
    OPEN = "open"
    MUTED = "muted"  # until a moment; still counted while it blocks
    ESCALATED = "escalated"  # handed on
    RESOLVED = "resolved"  # a check passed


class FixKind(StrEnum):
    BUTTON = "button"  # a verb of ours
    LINK = "link"  # a page of ours where a person chooses
    STEP = "step"  # something done elsewhere, in words


@dataclass(frozen=True, slots=True)
class Fix:
    """One way out: words for a person, the name of the action, and for a link its address inside Tieout."""

    words: str
    action: str = ""
    kind: FixKind = FixKind.BUTTON
    link: str = ""


def step(words: str) -> Fix:
    """Something a person does elsewhere."""
    return Fix(words, kind=FixKind.STEP)


def link(words: str, action: str, address: str) -> Fix:
    return Fix(words, action, FixKind.LINK, address)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for a refusal to come. `code` is a problem code, `document` a number, `line` counts from 1.

    `about` is the object at fault as the books name it: an account's code, a tax rate, a currency, a day.
    """

    code: str
    message: str
    document: str
    line: int = 0
    about: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a cause. `root` is the object at fault, as kind:id; the same cause and root is one issue.

    `lines` are sentences for people; `names` fill the title where the case alone does not.
    """

    root: str
    lines: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """All facts about one piece of work that does not go on. What is not known is empty or None.

    `platform`, `books` and `channel` are names for people. `failure` is what was said last; its words are theirs.
    `reason` is why the settlement stands as it does, `difference` by how much a newer file differs from what was sent.
    `consent_ends_at` is told only where the end of a consent is what is looked at.
    `withdrawn` are permissions that the platform takes away on `withdrawn_on`, told only where that is looked at.
    `resumed_at`: the organisation was paused, and the check after that has not passed yet.
    `rights_code` is what the rights as last read prove of a connection that posts, `rights_since` when they changed,
    `refusals` sentences about writes that were refused without a reason.
    `is_in_doubt`: something may have been sent. `is_abandoned`: whoever was sending is gone.
    """

    now: datetime
    zone: str = "UTC"
    platform: str = ""
    books: str = ""
    channel: str = ""
    connection: Connection | None = None
    reads_work: bool | None = None
    barred: tuple[str, ...] = ()
    lock_on: date | None = None
    failure: Failure | None = None
    finding: Finding | None = None
    gaps: tuple[Gap, ...] = ()
    warnings: tuple[Warning, ...] = ()
    refusal: Refusal | None = None
    filename: str = ""
    settlement: str = ""
    settlement_id: str = ""
    status: str = ""
    code: str = ""
    reason: str = ""
    difference: str = ""
    kind: str = ""
    document: str = ""
    dated: date | None = None
    currency: str = ""
    state: State | None = None
    stopped: Reason | None = None
    next_at: datetime | None = None
    tries: int = 0
    attempts: int = 0
    evidence_ids: tuple[str, ...] = ()
    is_in_doubt: bool = False
    is_abandoned: bool = False
    waits_until: datetime | None = None
    calls_left_today: int | None = None
    waiting: int = 0
    account: AccountFacts | None = None
    consent_ends_at: datetime | None = None
    withdrawn: tuple[str, ...] = ()
    withdrawn_on: date | None = None
    resumed_at: datetime | None = None
    rights_code: str = ""
    rights_since: datetime | None = None
    refusals: tuple[str, ...] = ()
    grant: GrantFacts | None = None
    attempt: AttemptFacts | None = None
    link: LinkFacts | None = None
    failing: FailingFacts | None = None
    claim: ClaimFacts | None = None
    door: DoorFacts | None = None
    setup: SetupFacts | None = None
    sign_in: SignInFacts | None = None

    def told(self, code: str) -> bool:
        """Whether the books, a check before sending, or the connection's own state names this code."""
        return code in (self.failure.code if self.failure else "", self.finding.code if self.finding else "")

    @property
    def cause(self) -> str:
        """Why the connection does not post; empty while it does."""
        return self.connection.cause if self.connection is not None and not self.connection.may_post else ""

    @property
    def words(self) -> tuple[str, ...]:
        """The other side's own words."""
        if self.failure is not None and self.failure.words:
            return self.failure.words
        if self.attempt is not None:
            return (self.attempt.words,) if self.attempt.words else ()
        if self.account is not None and self.account.account.words:
            return (self.account.account.words,)
        return (self.connection.words,) if self.connection is not None and self.connection.words else ()

    @property
    def quoted(self) -> tuple[str, ...]:
        """What their words put between quotation marks: codes, rates, numbers, currencies."""
        return tuple(re.findall(r"'([^']{1,100})'", " ".join(self.words)))

    @property
    def at_connection(self) -> str:
        return f"connection:{self.connection.id}" if self.connection is not None else "connection:"

    def moment(self, at: datetime | None) -> str:
        """A time as people of this organisation write it; empty for none. The day is told when it is another."""
        if at is None:
            return ""
        zone = ZoneInfo(self.zone)
        here, today = at.astimezone(zone), self.now.astimezone(zone).date()
        return f"{here:%H:%M}" if here.date() == today else f"{here:%-d %B %Y, %H:%M}"

    def lines(self) -> tuple[str, ...]:
        """The sentences that every problem shows: what was found or said, and when."""
        found = []
        if self.finding is not None:
            found.append(f"Found before anything was sent: {self.finding.message}.")
        if self.failure is not None and self.failure.status >= 400:
            found.append(f"The answer was HTTP {self.failure.status}.")
        if self.failure is not None and self.failure.correlation_id:
            found.append(f"{self.platform or 'Their'} id of the exchange: {self.failure.correlation_id}.")
        if self.connection is not None and self.connection.good_at is not None:
            found.append(f"Last good answer: {self.connection.good_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.")
        return tuple(found)

    def names(self) -> dict[str, str]:
        """What may stand in a title."""
        connection, gap = self.connection, self.gaps[0] if self.gaps else None
        known = {
            "platform": self.platform,
            "books": self.books,
            "channel": self.channel,
            "person": (connection.known_there_as or connection.connected_by_name) if connection else "",
            "kind": f"{self.kind}s" if self.kind else "",
            "document": f"{self.kind} {self.document}".strip(),
            "number": self.document,
            "settlement": self.settlement,
            "currency": self.currency,
            "date": self.dated.isoformat() if self.dated else "",
            "lock_date": self.lock_on.isoformat() if self.lock_on else "",
            "time": self.moment(self.waits_until or self.next_at),
            "since": self.moment(connection.failing_since) if connection else "",
            "words": "; ".join(self.words),
            "n": str(len(self.gaps)) if self.gaps else "",
            "amount": str(gap.amount) if gap else "",
            "label": gap.label if gap else "",
        }
        return {name: text for name, text in known.items() if text}


# What a title says where a fact is not known.
_UNKNOWN = {
    "platform": "the bookkeeping product",
    "books": "the books",
    "channel": "the sales channel",
    "person": "somebody",
    "kind": "documents",
    "document": "the document",
    "number": "…",
    "settlement": "…",
    "time": "the next chance",
    "since": "a while ago",
    "words": "no words at all",
    "n": "some",
    "amount": "an amount",
    "lock_date": "a later day",
    "account": "…",
    "rate": "…",
    "label": "a new label",
    "missing": "some are missing",
    "check": "a check before sending does not hold",
    "reported": "one total",
    "sum": "another",
    "difference": "an amount",
    "changes": "other figures",
    "marketplace": "a marketplace",
    "start": "one day",
    "end": "another",
    "step": "…",
}


def filled(title: str, *known: Mapping[str, str]) -> str:
    """The title with every {name} filled; a fact that is missing becomes a word that fits. Later mappings win."""
    facts = dict(_UNKNOWN)
    for each in known:
        facts |= {name: text for name, text in each.items() if text}
    text = re.sub(r"\{(\w+)\}", lambda found: facts.get(found[1], f"the {found[1].replace('_', ' ')}"), title)
    return text[:1].upper() + text[1:]
