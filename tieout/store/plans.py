"""Plans as they were frozen on approval: never edited, only followed by a newer version."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.core.plan import Plan, plan_from_record, to_record
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.settlements import SETTLEMENTS
from tieout.store.types import Moment

PLANS = organisation_table(
    "plans",
    sa.Column("id", ID, nullable=False),
    sa.Column("settlement", ID, nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("mapping_version", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("frozen_at", Moment, nullable=False),
    sa.Column("frozen_by", sa.String(120), nullable=False),
    sa.Column("frozen_person", ID, nullable=False, server_default=""),
    within(("settlement",), "settlements"),
    sa.UniqueConstraint("organisation", "settlement", "version"),
)


@dataclass(frozen=True, slots=True)
class FrozenPlan:
    """`frozen_by` is the name that the history shows, `frozen_person` whose rights counted."""

    id: str
    settlement: str
    connection: str
    plan: Plan
    frozen_at: datetime
    frozen_by: str
    frozen_person: str = ""


def freeze(db: Db, frozen: FrozenPlan) -> None:
    """Kept for good. The unique settlement and version refuse a second click."""
    plan = frozen.plan
    values: dict[str, Any] = {
        "organisation": db.organisation,
        "id": frozen.id,
        "settlement": frozen.settlement,
        "connection": frozen.connection,
        "version": plan.version,
        "mapping_version": plan.mapping_version,
        "hash": plan.hash,
        "record": to_record(plan),
        "frozen_at": frozen.frozen_at,
        "frozen_by": frozen.frozen_by,
        "frozen_person": frozen.frozen_person,
    }
    db.execute(sa.insert(PLANS), values)


def newest(db: Db, settlement: str) -> FrozenPlan | None:
    query = sa.select(PLANS).where(PLANS.c.organisation == db.organisation, PLANS.c.settlement == settlement)
    row = db.execute(query.order_by(PLANS.c.version.desc()).limit(1)).mappings().first()
    return _frozen(row) if row else None


def newest_of(db: Db, settlements: Collection[str]) -> dict[str, tuple[str, str]]:
    """Id and connection of the newest plan of each settlement that has one, by settlement."""
    columns = (PLANS.c.settlement, PLANS.c.id, PLANS.c.connection)
    query = sa.select(*columns).where(PLANS.c.organisation == db.organisation, PLANS.c.settlement.in_(settlements))
    return {row.settlement: (row.id, row.connection) for row in db.execute(query.order_by(PLANS.c.version))}


def count(db: Db, channel: str, number: str) -> int:
    """How many plans were ever frozen for one payout, over all its versions: the next plan's version follows it."""
    joined = sa.join(
        PLANS,
        SETTLEMENTS,
        sa.and_(PLANS.c.organisation == SETTLEMENTS.c.organisation, PLANS.c.settlement == SETTLEMENTS.c.id),
    )
    wanted = (SETTLEMENTS.c.channel == channel) & (SETTLEMENTS.c.number == number)
    query = sa.select(sa.func.count()).select_from(joined).where(PLANS.c.organisation == db.organisation, wanted)
    return int(db.execute(query).scalar_one())


def get(db: Db, id: str) -> FrozenPlan:
    query = sa.select(PLANS).where(PLANS.c.organisation == db.organisation, PLANS.c.id == id)
    return _frozen(db.execute(query).mappings().one())


def of(db: Db, ids: Collection[str]) -> dict[str, FrozenPlan]:
    """Those that there are, by id."""
    query = sa.select(PLANS).where(PLANS.c.organisation == db.organisation, PLANS.c.id.in_(ids))
    return {row["id"]: _frozen(row) for row in db.execute(query).mappings()}


def _frozen(row: sa.RowMapping) -> FrozenPlan:
    plan = plan_from_record(row["record"])
    return FrozenPlan(
        row["id"],
        row["settlement"],
        row["connection"],
        plan,
        row["frozen_at"],
        row["frozen_by"],
        row["frozen_person"],
    )
