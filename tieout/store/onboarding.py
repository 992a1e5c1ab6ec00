"""The set-up of an organisation: whether it is open, at which step it was left, and a draft for each step.

Drafts stand here and nowhere else: nothing that posts, and no page of settings, reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

ONBOARDINGS = organisation_table(
    "onboardings",
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("begun_by", ID, nullable=False),
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("ended_at", Moment),
    key=(),
)

ONBOARDING_DRAFTS = organisation_table(
    "onboarding_drafts",
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("entered", sa.JSON, nullable=False),
    sa.Column("saved_at", Moment, nullable=False),
    sa.Column("saved_by", sa.String(255), nullable=False),
    key=("step",),
)


@dataclass(frozen=True, slots=True)
class Onboarding:
    """`step` is the one it was left at; `ended_at` is set once it was done, or ended by a person."""

    begun_at: datetime
    begun_by: str
    step: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepDraft:
    """What was entered in one step and is not finished."""

    step: str
    entered: Mapping[str, str]
    saved_at: datetime
    saved_by: str


def begin(db: Db, person: str, step: str, now: datetime) -> bool:
    """False where it was begun before."""
    values = {"organisation": db.organisation, "begun_at": now, "begun_by": person, "step": step}
    return insert_missing(db, ONBOARDINGS, values)


def find(db: Db) -> Onboarding | None:
    columns = (ONBOARDINGS.c.begun_at, ONBOARDINGS.c.begun_by, ONBOARDINGS.c.step, ONBOARDINGS.c.ended_at)
    row = db.execute(sa.select(*columns).where(ONBOARDINGS.c.organisation == db.organisation)).first()
    return None if row is None else Onboarding(**row._mapping)


def go_to(db: Db, step: str) -> None:
    _change(db, step=step)


def end(db: Db, now: datetime) -> None:
    _change(db, ended_at=now)


def open_again(db: Db) -> None:
    _change(db, ended_at=None)


def save(db: Db, draft: StepDraft) -> None:
    values = {"entered": dict(draft.entered), "saved_at": draft.saved_at, "saved_by": draft.saved_by}
    if not db.execute(ONBOARDING_DRAFTS.update().where(_mine(db, draft.step)).values(**values)).rowcount:
        db.execute(ONBOARDING_DRAFTS.insert().values(organisation=db.organisation, step=draft.step, **values))


def drafts(db: Db) -> dict[str, StepDraft]:
    """By step."""
    table = ONBOARDING_DRAFTS
    columns = (table.c.step, table.c.entered, table.c.saved_at, table.c.saved_by)
    rows = db.execute(sa.select(*columns).where(table.c.organisation == db.organisation))
    return {row.step: StepDraft(**row._mapping) for row in rows}


def discard(db: Db, step: str) -> bool:
    """False where there was nothing to throw away."""
    return db.execute(ONBOARDING_DRAFTS.delete().where(_mine(db, step))).rowcount > 0


def _change(db: Db, **values: Any) -> None:
    db.execute(ONBOARDINGS.update().where(ONBOARDINGS.c.organisation == db.organisation).values(**values))


def _mine(db: Db, step: str) -> sa.ColumnElement[bool]:
    return sa.and_(ONBOARDING_DRAFTS.c.organisation == db.organisation, ONBOARDING_DRAFTS.c.step == step)
