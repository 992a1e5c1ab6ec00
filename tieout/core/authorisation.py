"""What is known of the authorisation behind a connection: its age, its end, how often it has ended, and how."""

from dataclasses import dataclass
from datetime import datetime, timedelta

REPEATS, WITHIN = 3, timedelta(days=30)  # so many ends in so many days are a pattern, no accident
WARNED = (timedelta(days=15), timedelta(days=5))  # before the end, once each
AFTER_BILLING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """`renewed_at`: the last renewal or consent; after `idle_days` without one the platform lets it lapse.

    `ends_at`: no renewal reaches beyond it; None where the platform told no such day. `is_refused_early`: the platform
    first refused an access with life left, and then its renewal. `ends` are the moments in the last thirty days at
    which a person had to consent again, `overlaps` sentences about renewals of it that ran at once.
    `lapsed_until`: when the platform last said that the books' subscription had lapsed.
    `refused_since`: the same refusal was known before the newest consent, and nothing was answered since.
    """

    renewed_at: datetime
    idle_days: int
    ended_at: datetime | None = None
    ends_at: datetime | None = None
    is_refused_early: bool = False
    ends: tuple[datetime, ...] = ()
    overlaps: tuple[str, ...] = ()
    lapsed_until: datetime | None = None
    refused_since: datetime | None = None

    @property
    def idle_ends_at(self) -> datetime:
        """When it lapses, should nothing renew it."""
        return self.renewed_at + timedelta(days=self.idle_days)

    @property
    def last_day(self) -> datetime:
        """When it ends as things stand."""
        return min(self.idle_ends_at, self.ends_at) if self.ends_at else self.idle_ends_at

    @property
    def is_fixed(self) -> bool:
        """Whether its end is a day that no renewal moves."""
        return self.ends_at is not None and self.ends_at <= self.idle_ends_at

    @property
    def was_idle(self) -> bool:
        return self.ended_at is not None and self.ended_at >= self.idle_ends_at


def stage(end: datetime, now: datetime) -> int:
    """The warning that is due: 15 or 5 days before the end, 0 while there is time."""
    return min((each.days for each in WARNED if end - now <= each), default=0)
