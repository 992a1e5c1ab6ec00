"""Renewals: one row a claim of a grant, with what came of it, so that a card and a diagnosis can say what happened.

A claim's fence names it within its grant, since no two claims share one. A row without an end is a renewal under way,
or one whose worker died in it. New consents stand in the same list: they are what repeats when renewals fail for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA
from tieout.store.types import Moment

KEPT, KEPT_FOR = 50, timedelta(days=90)
_TRIMMED_EVERY = 10  # claims


class Result(StrEnum):
    UNDER_WAY = ""
    RENEWED = "renewed"  # a new token set was stored
    FAILED = "failed"  # the platform could not be reached, or did not say: the next one tries again
    ENDED = "ended"  # every token there was is refused: a person must consent
    OVERTAKEN = "overtaken"  # refused, but somebody else had moved the row meanwhile: theirs counts
    LATE = "late"  # it was answered after somebody else had taken over; its token is kept at hand
    CONSENTED = "consented"  # no renewal: a person consented, anew or for the first time


class Reason(StrEnum):
    """Why a renewal was begun."""

    DUE = "due"  # the access had run out, or was about to
    REFUSED = "refused"  # the platform refused an access that should have had life left
    KEPT_ALIVE = "keep-alive"  # nobody had needed it for a day
    ASKED = "asked"  # somebody pressed the button
    CONSENT = "consent"


# What is kept for its ninety days however often a grant is renewed: each tells of a person who had to act.
_LASTING = (Result.ENDED.value, Result.CONSENTED.value, Result.LATE.value)

RENEWALS = sa.Table(
    "renewals",
    METADATA,
    sa.Column("grant", ID, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("who", sa.String(255), nullable=False),
    sa.PrimaryKeyConstraint("grant", "fence"),
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """`who` is the worker, or the person of a consent; `words` are the platform's own."""

    grant: str
    fence: int
    started_at: datetime
    ended_at: datetime | None = None
    reason: Reason = Reason.DUE
    result: Result = Result.UNDER_WAY
    words: str = ""
    who: str = ""


def begin(db: Db, grant: str, fence: int, reason: Reason, who: str, now: datetime) -> None:
    """In the transaction of the claim."""
    values = {"grant": grant, "fence": fence, "started_at": now, "reason": reason.value, "who": who[:255]}
    db.execute(RENEWALS.insert().values(**values, result=Result.UNDER_WAY.value, words=""))
    if fence % _TRIMMED_EVERY == 0:
        _trim(db, grant, now)


def finish(db: Db, grant: str, fence: int, result: Result, words: str, now: datetime) -> None:
    mine = (RENEWALS.c.grant == grant, RENEWALS.c.fence == fence, RENEWALS.c.ended_at.is_(None))
    db.execute(RENEWALS.update().where(*mine).values(ended_at=now, result=result.value, words=words))


def consented(db: Db, grant: str, fence: int, who: str, now: datetime) -> None:
    values = {"grant": grant, "fence": fence, "started_at": now, "ended_at": now, "who": who[:255], "words": ""}
    told = {"reason": Reason.CONSENT.value, "result": Result.CONSENTED.value}
    db.execute(RENEWALS.insert().values(**values, **told))


def newest(db: Db, grant: str, limit: int = 10) -> tuple[Renewal, ...]:
    """The newest first."""
    query = sa.select(RENEWALS).where(RENEWALS.c.grant == grant).order_by(RENEWALS.c.fence.desc()).limit(limit)
    return tuple(_read(row) for row in db.execute(query))


def since(db: Db, grant: str, at: datetime, results: Sequence[Result]) -> tuple[Renewal, ...]:
    """Those with such a result that began at that moment or later, the oldest first."""
    wanted = (RENEWALS.c.grant == grant, RENEWALS.c.started_at >= at, RENEWALS.c.result.in_([*results]))
    return tuple(_read(row) for row in db.execute(sa.select(RENEWALS).where(*wanted).order_by(RENEWALS.c.fence)))


def remove(db: Db, grant: str) -> None:
    """With the grant itself."""
    db.execute(RENEWALS.delete().where(RENEWALS.c.grant == grant))


def _trim(db: Db, grant: str, now: datetime) -> None:
    mine = RENEWALS.c.grant == grant
    query = sa.select(RENEWALS.c.fence).where(mine).order_by(RENEWALS.c.fence.desc()).offset(KEPT - 1).limit(1)
    oldest = db.execute(query).scalar()
    if oldest is not None:
        is_over = sa.or_(RENEWALS.c.result.not_in(_LASTING), RENEWALS.c.started_at < now - KEPT_FOR)
        db.execute(RENEWALS.delete().where(mine, RENEWALS.c.fence < oldest, is_over))


def _read(row: sa.Row[tuple[object, ...]]) -> Renewal:
    values = dict(row._mapping)
    told = {"reason": Reason(str(values["reason"])), "result": Result(str(values["result"]))}
    return Renewal(**{**values, **told})
