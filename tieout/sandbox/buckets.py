"""A bucket of tokens on the world's clock: so many at most, so many come back each second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Bucket:
    """Full at first. What is taken comes back steadily; a clock that is set back gives nothing back twice."""

    most: float
    back_per_second: float
    level: float
    at: datetime | None = None

    @classmethod
    def full(cls, most: float, back_per_second: float) -> Bucket:
        return cls(most, back_per_second, most)

    def left(self, now: datetime) -> float:
        if self.at is not None and now > self.at:
            # A hair more than counted, so that waiting exactly as long as was said is long enough.
            self.level = min(self.most, self.level + (now - self.at).total_seconds() * self.back_per_second + 1e-9)
        self.at = now
        return self.level

    def take(self, amount: float, now: datetime) -> bool:
        """Takes the amount, or nothing when there is less; True when it was taken."""
        if self.left(now) < amount:
            return False
        self.level -= amount
        return True

    def give(self, amount: float) -> None:
        """Gives back what turned out not to be needed."""
        self.level = min(self.most, self.level + amount)
