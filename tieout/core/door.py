"""What one person met at a door of ours, and a set-up that was left half-finished: facts for their problems."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DoorFacts:
    """`code` is the problem met. `right` is what was missing and `helpers` who can grant it, by name and role.

    `address` is where the person wanted to go; `release` what the page of theirs was made by.
    """

    code: str
    person: str
    name: str
    met_at: datetime
    right: str = ""
    helpers: tuple[str, ...] = ()
    address: str = ""
    release: str = ""
    current: str = ""


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """A set-up that was left at a step, with a draft of something that nobody finished."""

    step: str
    number: int
    of: int
    title: str
    saved_at: datetime
    saved_by: str
