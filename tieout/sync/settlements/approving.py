"""Approving: the plan that was shown is frozen with its hash and numbers; that plan is sent and no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.chart import Books
from tieout.core.connection import Connection
from tieout.core.failure import RemoteError
from tieout.core.plan import Plan
from tieout.core.posting import IN_BOOKS, Approved, Decided, Decision, State, step
from tieout.core.posting import Posting as Protocol
from tieout.core.status import MOVING, Status
from tieout.people.acting import ensure, record, refusal
from tieout.people.roles import Right
from tieout.store import plans, postings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import Db, read, write
from tieout.store.plans import FrozenPlan
from tieout.store.postings import Posting
from tieout.store.settlements import Kept
from tieout.sync import diagnosis, linked, operations
from tieout.sync.charts import books_of, last_read
from tieout.sync.checks import preflight
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.preparing import VERSIONS, planned, prepared
from tieout.sync.settlements.withdrawing import take_back
from tieout.sync.statuses import refresh
from tieout.sync.tools import Tools

NOT_CONNECTED = "No books are connected. Connect them first; the settlements stay ready and nothing is lost."
PLAN_MOVED = "The plan has changed since it was looked at; look at it again, then send it."
_CHART_SECONDS = 600
_MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one settlement that was to be sent."""

    id: str
    goes: bool
    message: str


def approve(tools: Tools, actor: Actor, ids: Sequence[str], shown: Mapping[str, str] | None = None) -> str:
    """Ask for these settlements to be sent; the operation's id. Asking twice sends once. Raises NotPermitted.

    `shown` names the hash of the plan that the person saw, by settlement: only that very plan is sent. Where it is not
    named, the plan of this moment is meant, so that nothing that changes before the job begins is sent unseen.
    """
    wanted = list(dict.fromkeys(ids))
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.SEND)
        meant = {**_hashes(db, wanted), **(shown or {})}
        subject = wanted[0] if len(wanted) == 1 else f"{len(wanted)} settlements"
        arguments = {"settlements": wanted, "shown": meant}
        operation = operations.begin(tools, db, actor, "send", subject, arguments, of=len(wanted))
        record(db, actor, "send-asked", f"operation:{operation}", tools.now(), {"settlements": str(len(wanted))})
    tools.jobs.enqueue("send", f"send:{operation}", {"organisation": actor.organisation, "operation": operation})
    return operation


def _hashes(db: Db, ids: Sequence[str]) -> dict[str, str]:
    """The plan of each that is not frozen yet; left out where so many are sent at once that nobody looks at each."""
    if len(ids) > _MOST_LOOKED_AT:
        return {}
    found = [kept for id in ids if (kept := settlements.get(db, id)) and plans.newest(db, id) is None]
    made = {kept.id: planned(db, kept) for kept in found}
    return {id: plan.hash for id, plan in made.items() if isinstance(plan, Plan)}


def send_ready(tools: Tools, actor: Actor) -> str | None:
    """Ask for everything that is ready; None if nothing is."""
    with read(tools.engines, actor.organisation) as db:
        found = [id for id, _ in settlements.amounts_in(db, Status.READY)]
    return approve(tools, actor, found) if found else None


def freeze_asked(tools: Tools, organisation: str, operation: str) -> str | None:
    """The first half of the job behind a send: freeze each plan that may go. The connection to drive, or None."""
    asked = operations.view(tools, organisation, operation)
    if asked is None or asked.ended_at is not None:
        return None
    with read(tools.engines, organisation) as db:
        connection = books_in_use(db)
    if connection is None:
        _give_up(tools, organisation, operation, NOT_CONNECTED, "connect-org-unlinked")
        return None
    books = _books(tools, organisation, operation, connection)
    if books is None:
        return None
    asker, shown = operations.asker(organisation, asked), asked.arguments.get("shown", {})
    verdicts = [
        _freeze_one(tools, asker, connection, books, id, shown.get(id, "")) for id in asked.arguments["settlements"]
    ]
    going = sum(verdict.goes for verdict in verdicts)
    if not going:
        message = "; ".join(dict.fromkeys(verdict.message for verdict in verdicts))
        _give_up(tools, organisation, operation, message, "", verdicts)
        return None
    operations.progress(
        tools, organisation, operation, 0, len(verdicts), f"{going} frozen, on their way to {books.name}."
    )
    return connection.id


def _books(tools: Tools, organisation: str, operation: str, connection: Connection) -> Books | None:
    """The chart to check against: what was read before serves where the books are out of reach, since the documents
    then wait, and what has changed there is refused. None, and the operation ended, where none was ever read."""
    try:
        return books_of(tools, organisation, connection.id, _CHART_SECONDS)
    except RemoteError as error:
        with read(tools.engines, organisation) as db:
            kept = last_read(db, connection.id)
        if kept is None:
            _give_up(tools, organisation, operation, f"The books cannot be read: {error}", error.failure.code)
        return kept


def finish_sends(tools: Tools, organisation: str) -> None:
    """Bring every open send up to date, and end those whose settlements have all come to rest."""
    for operation in operations.still_open(tools, organisation):
        if operation.kind != "send" or operation.state != "running":
            continue
        with write(tools.engines, organisation) as db:
            found = [settlements.get(db, id) for id in operation.arguments["settlements"]]
            known = [kept for kept in found if kept]
            rest = [kept for kept in known if kept.status not in MOVING]
            if len(rest) == len(known):
                result = {"settlements": [{"id": k.id, "status": k.status, "reason": k.reason} for k in known]}
                sent = sum(kept.status == Status.SENT for kept in known)
                operations.finish(tools, db, operation.id, f"{sent} of {len(known)} sent and read back.", result)
        if len(rest) != operation.done and len(rest) < len(known):
            message = next(kept.reason for kept in known if kept.status in MOVING)
            operations.progress(tools, organisation, operation.id, len(rest), len(known), message)


def _freeze_one(tools: Tools, asker: Actor, connection: Connection, books: Books, id: str, shown: str) -> Verdict:
    with write(tools.engines, asker.organisation) as db:
        alone(db, VERSIONS)
        if told := refusal(db, asker, Right.SEND):
            return Verdict(id, False, told)
        kept = settlements.get(db, id)
        if kept is None:
            return Verdict(id, False, "There is no such settlement.")
        newest = settlements.current(db, kept.settlement.channel, kept.settlement.id)
        if newest is None or newest.id != id:
            return Verdict(
                id, False, f"Settlement {kept.settlement.id}: a newer file took its place; look at that one."
            )
        if kept.status in MOVING:
            return Verdict(id, True, "It is on its way already.")
        if kept.status not in (Status.READY, Status.BLOCKED, Status.PARTIALLY_SENT):
            return Verdict(id, False, f"Settlement {kept.settlement.id}: {kept.reason}")
        if again := _once_more(tools, db, kept, connection, asker):
            return again
        plan = planned(db, kept)
        if not isinstance(plan, Plan):
            if kept.status == Status.READY:  # it has come to lack something since: it says so from now on
                lacking = replace(prepared(db, kept), changed_at=tools.now())
                settlements.mark(db, diagnosis.of_settlement(db, lacking, tools.now(), kept.code))
            return Verdict(id, False, plan[0].message)
        if shown and shown != plan.hash:
            return Verdict(id, False, f"Settlement {kept.settlement.id}: {PLAN_MOVED}")
        longest = platforms.named(connection.platform).LONGEST
        if findings := linked.barrier(db, kept) or preflight(plan.documents, books, longest):
            first = findings[0]
            blocked = replace(kept, status=Status.BLOCKED, reason=first.message, changed_at=tools.now())
            asked = diagnosis.Asked(asker.name, plan.hash, asker.person)
            settlements.mark(
                db, diagnosis.of_settlement(db, blocked, tools.now(), kept.code, findings=findings, asked=asked)
            )
            return Verdict(id, False, f"Settlement {kept.settlement.id}: {first.message}")
        if told := freeze_anew(tools, db, kept, plan, connection, asker):
            return Verdict(id, False, f"Settlement {kept.settlement.id}: {told}")
        set_off(tools, db, kept, asker)
    return Verdict(id, True, f"Plan {plan.hash[:12]} frozen.")


def _once_more(tools: Tools, db: Db, kept: Kept, connection: Connection, asker: Actor) -> Verdict | None:
    """After a refusal: the frozen plan again, if today's would be the same or a part of it is in the books.

    None also where it was frozen for other books than those in use: there it would wait for ever.
    """
    frozen = plans.newest(db, kept.id)
    if frozen is None or frozen.connection != connection.id:
        return None
    parts = postings.of_plans(db, [frozen.id])[frozen.id]
    today = planned(db, kept, frozen.plan.version)
    is_same = isinstance(today, Plan) and today.hash == frozen.plan.hash
    if not is_same and not any(part.protocol.state in IN_BOOKS for part in parts):
        return None
    now = tools.now()
    for part in parts:
        if part.protocol.state in (State.REFUSED, State.RETRY):
            protocol, _effects = step(part.protocol, Decided(Decision.TRY_NOW), now)
            postings.save(db, part, protocol, "")
    set_off(tools, db, kept, asker)
    return Verdict(kept.id, True, "The frozen plan is sent once more.")


def freeze_anew(
    tools: Tools, db: Db, kept: Kept, plan: Plan, connection: Connection, by: Actor, stopped_are_out: bool = False
) -> str:
    """Plan and postings in one transaction, once every older plan of the payout is out of the way; else why not.

    Only the first part is approved: the others wait for it (R10).
    """
    if told := take_back(tools, db, kept, stopped_are_out):
        return told
    now, id = tools.now(), tools.new_id()
    plans.freeze(db, FrozenPlan(id, kept.id, connection.id, plan, now, by.name, by.person))
    unique = platforms.named(connection.platform).NUMBER_UNIQUE
    for document in plan.documents:
        protocol = Protocol(document.number, unique[document.kind], connection.books_id)
        if document.part == 1:
            protocol, _effects = step(protocol, Approved(), now)
        posting = Posting(
            id=tools.new_id(),
            settlement=kept.id,
            plan=id,
            connection=connection.id,
            part=document.part,
            kind=document.kind,
            number=document.number,
            total=document.total,
            protocol=protocol,
        )
        postings.add(db, posting)
    return ""


def set_off(tools: Tools, db: Db, kept: Kept, asker: Actor) -> None:
    """Its newest plan is on its way to the books: the settlement's status, and the audit log; last in a transaction."""
    refresh(db, kept.id, tools.now())
    plan, connection = plans.newest_of(db, [kept.id])[kept.id]
    details = {"number": kept.settlement.id, "plan": plan, "connection": connection}
    record(db, asker, "settlement-sent", f"settlement:{kept.id}", tools.now(), details)


def _give_up(
    tools: Tools, organisation: str, operation: str, message: str, code: str, verdicts: Sequence[Verdict] = ()
) -> None:
    told = [{"id": verdict.id, "message": verdict.message} for verdict in verdicts]
    with write(tools.engines, organisation) as db:
        operations.fail(tools, db, operation, message, {"code": code, "settlements": told})
