"""Again: what was held or refused goes once more when the check that held it passes, or when a person decides so."""

from dataclasses import replace

from tieout.core.actor import Actor
from tieout.core.budget import Lane
from tieout.core.plan import Plan
from tieout.core.posting import Approved, Decided, Decision, Reason, State, next_part, step
from tieout.core.status import Status
from tieout.people.acting import ensure
from tieout.people.roles import NotPermitted, Right
from tieout.store import connections, issues, plans, postings, settlements
from tieout.store.engine import Db, read, write
from tieout.store.issues import Block
from tieout.store.plans import FrozenPlan
from tieout.store.postings import Posting
from tieout.store.settlements import Kept
from tieout.sync import diagnosis, linked
from tieout.sync.checks import CHECKED, barriers, look
from tieout.sync.identity_issues import SIGN_IN, settle
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.approving import approve, freeze_anew, set_off
from tieout.sync.settlements.preparing import planned, prepared
from tieout.sync.statuses import refresh
from tieout.sync.tools import Tools

_HELD = (Status.BLOCKED, Status.PARTIALLY_SENT)


def recheck(tools: Tools, organisation: str, issue: str, lane: Lane = Lane.INTERACTIVE) -> int:
    """Read the books anew, and let go what an issue held where nothing stands against it; how many settlements go.

    What goes by itself is only the very plan that a person had asked to send; another plan becomes ready for a look.
    """
    with read(tools.engines, organisation) as db:
        held = [block.subject for block in issues.blocks(db, issue) if block.kind == diagnosis.SETTLEMENT]
        found = issues.get(db, issue)
        asked = {id for settlement in held if (id := _connection_of(db, settlement))}
        asked |= {root for root in [found.root.partition("connection:")[2]] if root} if found else set()
    for connection in sorted(asked):
        look(tools, organisation, connection, with_chart=True, lane=lane)
    going: dict[Actor, list[str]] = {}
    with write(tools.engines, organisation) as db:
        for connection in sorted(asked):
            known = connections.find(db, connection)
            if known is not None:
                diagnosis.of_connection(db, known, tools.now())
        for block in issues.blocks(db, issue):
            by = _let_go(tools, db, block) if block.kind == diagnosis.SETTLEMENT else None
            if by is not None:
                going.setdefault(by, []).append(block.subject)
        for person in [block.subject for block in issues.blocks(db, issue) if block.kind == SIGN_IN]:
            settle(db, person, tools.now())
        still = issues.get(db, issue)
        if still is not None and still.is_open and still.next_attempt_at is not None:
            issues.set_next(db, issue, tools.now() + diagnosis.DAILY)
    return sum(_sent(tools, by, ids) for by, ids in going.items())


def _sent(tools: Tools, by: Actor, ids: list[str]) -> int:
    """Asked for in the name of who had asked before; what they may not send any more is ready, for somebody else."""
    try:
        approve(tools, by, ids)
    except NotPermitted:
        with write(tools.engines, by.organisation) as db:
            for kept in filter(None, (settlements.get(db, id) for id in ids)):
                if kept.status == Status.BLOCKED:
                    _ready(tools, db, kept)
        return 0
    return len(ids)


def nudge(tools: Tools, organisation: str, issue: str) -> int:
    """Everything an issue holds up is due now: sent again where that is certain, looked for where it is not."""
    with write(tools.engines, organisation) as db:
        moved = 0
        for block in issues.blocks(db, issue):
            if block.kind == diagnosis.SETTLEMENT:
                moved += _due_now(tools, db, block.subject)
        issues.set_next(db, issue, tools.now())
        reached = {id for block in issues.blocks(db, issue) if (id := _connection_of(db, block.subject))}
        reached |= {block.subject for block in issues.blocks(db, issue) if block.kind == diagnosis.PAUSE}
    for connection in sorted(reached):
        key = f"drive:{connection}:{tools.now().isoformat()}"
        tools.jobs.enqueue("drive", key, {"organisation": organisation, "connection": connection})
    return moved


def adopt(tools: Tools, organisation: str, settlement: str) -> bool:
    """The one document that the books hold under our number is taken as it stands; the parts behind it go on."""
    with write(tools.engines, organisation) as db:
        stopped = next((p for p in _parts(db, settlement) if p.protocol.state is State.ESCALATED), None)
        if stopped is None or len(stopped.protocol.evidence) != 1:
            return False
        (theirs,) = stopped.protocol.evidence
        taken, _effects = step(stopped.protocol, Decided(Decision.ADOPT, theirs), tools.now())
        if not postings.save(db, stopped, taken, "Taken as it stands, by a person's decision."):
            return False
        parts = _parts(db, settlement)
        index = next_part([part.protocol for part in parts])
        if index is not None and parts[index].protocol.state is State.PLANNED:
            ready, _effects = step(parts[index].protocol, Approved(), tools.now())
            postings.save(db, parts[index], ready, "")
        refresh(db, settlement, tools.now())
    return True


def renumber(tools: Tools, actor: Actor, settlement: str) -> bool:
    """Plan it anew, under the next version's numbers, where a person says that nothing of it is in the books.

    Only where every part was stopped or never begun: what stands in the books is never posted a second time.
    Raises NotPermitted.
    """
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.SEND)
        kept, frozen, parts = settlements.get(db, settlement), plans.newest(db, settlement), _parts(db, settlement)
        if kept is None or frozen is None or not all(_is_out(part) for part in parts):
            return False
        connection, plan = connections.find(db, frozen.connection), planned(db, kept)
        if connection is None or not isinstance(plan, Plan):
            return False
        if freeze_anew(tools, db, kept, plan, connection, actor, stopped_are_out=True):
            return False
        set_off(tools, db, kept, actor)
    key = f"drive:{connection.id}:{tools.now().isoformat()}"
    tools.jobs.enqueue("drive", key, {"organisation": actor.organisation, "connection": connection.id})
    return True


def _is_out(part: Posting) -> bool:
    foreign = (Reason.NUMBER_TAKEN, Reason.VOIDED, Reason.MISSING)
    is_foreign = part.protocol.state is State.ESCALATED and part.protocol.reason in foreign
    return is_foreign or part.protocol.state in (State.PLANNED, State.REFUSED)


def _let_go(tools: Tools, db: Db, block: Block) -> Actor | None:
    """Who had asked for it, when it may go by itself now; None when it may not. It becomes ready or stays held."""
    kept = settlements.get(db, block.subject)
    if kept is not None and kept.status == Status.REVIEW_NEEDED:
        _ready(tools, db, kept)
    if kept is None or kept.status not in _HELD or kept.code not in CHECKED:
        return None
    frozen, today = plans.newest(db, kept.id), planned(db, kept)
    connection = connections.find(db, frozen.connection) if frozen else books_in_use(db)
    if connection is None or not connection.may_post:
        return None
    if frozen is not None and any(p.protocol.state is State.REFUSED for p in _parts(db, kept.id)):
        return _again_as_frozen(tools, db, kept, frozen)
    if not isinstance(today, Plan) or linked.barrier(db, kept) or barriers(db, today.documents):
        return None
    _ready(tools, db, kept)
    was_asked = block.asked_by and block.mark == today.hash
    return Actor(db.organisation, block.asked_person, block.asked_by) if was_asked else None


def _again_as_frozen(tools: Tools, db: Db, kept: Kept, frozen: FrozenPlan) -> Actor | None:
    if barriers(db, frozen.plan.documents):
        return None
    today = planned(db, kept, frozen.plan.version)
    if isinstance(today, Plan) and today.hash == frozen.plan.hash:
        return Actor(db.organisation, frozen.frozen_person, frozen.frozen_by)
    if kept.status == Status.BLOCKED:
        _ready(tools, db, kept)
    return None


def _ready(tools: Tools, db: Db, kept: Kept) -> None:
    renewed = replace(prepared(db, kept), changed_at=tools.now())
    settlements.mark(db, diagnosis.of_settlement(db, renewed, tools.now(), kept.code))


def _due_now(tools: Tools, db: Db, settlement: str) -> int:
    moved = 0
    for part in _parts(db, settlement):
        protocol, _effects = step(part.protocol, Decided(Decision.TRY_NOW), tools.now())
        if part.protocol.state is not State.REFUSED and protocol != part.protocol:
            moved += postings.save(db, part, protocol, part.note, part.code)
    if moved:
        refresh(db, settlement, tools.now())
    return moved


def _parts(db: Db, settlement: str) -> list[Posting]:
    frozen = plans.newest(db, settlement)
    return postings.of_plans(db, [frozen.id])[frozen.id] if frozen else []


def _connection_of(db: Db, settlement: str) -> str:
    if settlements.get(db, settlement) is None:
        return ""
    frozen, in_use = plans.newest(db, settlement), books_in_use(db)
    return frozen.connection if frozen else in_use.id if in_use else ""
