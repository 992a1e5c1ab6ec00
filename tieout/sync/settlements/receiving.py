"""Receiving: the bytes are kept before their money is read, so that a corrected reader can be run over them again."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from tieout import channels
from tieout.core.actor import Actor
from tieout.core.posting import State
from tieout.core.proof import difference
from tieout.core.settlement import Reading, Refusal, Settlement, Statement, Warning
from tieout.core.status import Status
from tieout.people.acting import ensure, record, refusal
from tieout.people.roles import Right
from tieout.store import organisations, payouts, postings, settlements, statements
from tieout.store.dialect import alone
from tieout.store.engine import Db, read, write
from tieout.store.settlements import Kept
from tieout.store.statements import KeptStatement
from tieout.sync import diagnosis, operations
from tieout.sync.reading import CHILD_BYTES, Progress, read_again, taken_in
from tieout.sync.settlements import confirming
from tieout.sync.settlements.accepting import as_judged
from tieout.sync.settlements.preparing import VERSIONS, by_default, ensure_mapping, mapping_of, prepared, record_mapping
from tieout.sync.tools import Tools

REPLACED = "A newer file of this payout took its place before anything of it was posted."


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of one settlement of a file: new, same (already here) or changed (a new version of a known one)."""

    id: str
    number: str
    outcome: str
    message: str


def files_taken() -> tuple[str, ...]:
    """What may be uploaded, in words: one text a channel."""
    return tuple(channel.FILES for _, channel in sorted(channels.channels().items()))


def receive(tools: Tools, actor: Actor, filename: str, path: Path) -> str:
    """Take in a file from disk; the operation's id. The name is shown, never used as a path. Raises NotPermitted.

    A large file is taken in by a child, which reads it at the same time; what it read waits for the job.
    """
    size = path.stat().st_size
    if size < CHILD_BYTES:
        return receive_bytes(tools, actor, filename, path.read_bytes())
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.IMPORT)
        zone = _zone(db).key
    try:
        return _taken_in(tools, actor, filename, path, zone)
    except ChildProcessError as error:
        with write(tools.engines, actor.organisation) as db:
            operation = operations.begin(tools, db, actor, "import", filename, {"filename": filename})
            operations.fail(tools, db, operation, str(error), {})
        return operation


def _taken_in(tools: Tools, actor: Actor, filename: str, path: Path, zone: str) -> str:
    with taken_in(filename, path, zone, tools.scratch) as (taken, frames):
        if taken.refusal:
            return _refused_at_the_door(tools, actor, filename, taken.refusal)
        kept_bytes = sum(size for _, size, _ in taken.frames)
        encoding = taken.reading.encoding if taken.reading else ""
        kept = KeptStatement(taken.digest, filename, taken.size, taken.channel, encoding, tools.now(), kept_bytes)
        if taken.reading:
            tools.readings.put(taken.digest, zone, taken.reading)
        with write(tools.engines, actor.organisation) as db:
            statements.keep_frames(db, kept, frames, taken.places)
            operation = _asked(tools, db, actor, filename, taken.digest)
    return _enqueued(tools, actor, operation)


def receive_bytes(tools: Tools, actor: Actor, filename: str, content: bytes) -> str:
    """Keep what a channel gave and ask for it to be read; the operation's id.

    A file that no channel recognises ends at once as a failed operation that says what it is and what is wanted.
    Raises NotPermitted.
    """
    statement = Statement(filename, content, sha256(content).hexdigest())
    try:
        channel = channels.recognise(filename, content)
    except channels.Unrecognised as refused:
        return _refused_at_the_door(tools, actor, filename, Refusal(refused.code, refused.message, refused.row))
    blanked = channels.blank(channel, statement)
    with write(tools.engines, actor.organisation) as db:
        statements.keep(db, statement.digest, filename, len(content), channel, blanked, tools.now())
        operation = _asked(tools, db, actor, filename, statement.digest)
    return _enqueued(tools, actor, operation)


def _asked(tools: Tools, db: Db, actor: Actor, filename: str, digest: str) -> str:
    ensure(db, actor, Right.IMPORT)
    operation = operations.begin(tools, db, actor, "import", filename, {"statement": digest, "filename": filename})
    details = {"filename": filename, "digest": digest}
    record(db, actor, "statement-received", f"operation:{operation}", tools.now(), details)
    return operation


def _enqueued(tools: Tools, actor: Actor, operation: str) -> str:
    tools.jobs.enqueue("import", f"import:{operation}", {"organisation": actor.organisation, "operation": operation})
    return operation


def read_statement(tools: Tools, organisation: str, operation: str) -> None:
    """The job behind an import: read the kept bytes, admit what they hold in one transaction. Safe to run twice."""
    asked = operations.view(tools, organisation, operation)
    if asked is None or asked.ended_at is not None:
        return
    filename, digest = asked.arguments["filename"], asked.arguments["statement"]
    try:
        reading = _reading(tools, organisation, filename, digest, _Progress(tools, organisation, operation))
    except ChildProcessError as error:
        with write(tools.engines, organisation) as db:
            operations.fail(tools, db, operation, str(error), {})
        return
    with write(tools.engines, organisation) as db:
        alone(db, VERSIONS)
        if told := refusal(db, operations.asker(organisation, asked), Right.IMPORT):
            operations.fail(tools, db, operation, told, {})
            return
        if refusals := reading.refusals or confirming.untold(db, reading.settlements):
            _end_refused(tools, db, operation, filename, reading.channel, refusals)
            return
        before = mapping_of(db).version
        admitted = [admit(tools, db, settlement, reading) for settlement in reading.settlements]
        told = _confirmed(tools, db, digest, reading) if reading.payouts else _summary(admitted)
        operations.finish(tools, db, operation, told, _result(admitted, reading))
        record_mapping(tools, db, by_default(db), before)


def _confirmed(tools: Tools, db: Db, digest: str, reading: Reading) -> str:
    """A list of payouts: kept, and put beside the settlements of its days."""
    new = payouts.state(db, reading.channel, reading.payouts, digest, tools.now())
    days = {payout.paid_on for payout in reading.payouts}
    proved = confirming.confirm(tools, db, reading.channel, days)
    known = len(reading.payouts) - new
    return f"Payouts: {new} noted{f', {known} known before' if known else ''}; settlements proven by them: {proved}."


def _reading(tools: Tools, organisation: str, filename: str, digest: str, progress: Progress) -> Reading:
    """What was read as the file came in, or what the kept bytes say now; a large file is read by a child."""
    with read(tools.engines, organisation) as db:
        zone, kept = _zone(db), statements.find(db, digest)
        if known := tools.readings.take(digest, zone.key):
            return known
        is_large = kept is not None and kept.kept_bytes >= CHILD_BYTES
        content = b"" if is_large else statements.content(db, digest)
    if not is_large:
        return channels.read(Statement(filename, content, digest), zone, progress)

    def spool(out: BinaryIO) -> None:
        with read(tools.engines, organisation) as db:
            out.writelines(statements.chunks(db, digest))

    return read_again(filename, spool, digest, zone.key, progress, tools.scratch)


def admit(tools: Tools, db: Db, settlement: Settlement, reading: Reading) -> Admitted:
    """A new settlement, the same once more, or a new version whose difference is shown. What is posted stays."""
    known = settlements.current(db, settlement.channel, settlement.id)
    settlement, warnings = confirming.proven(db, settlement, _warnings_of(settlement, reading.warnings))
    if known and known.settlement.fingerprint == settlement.fingerprint:
        return _same(tools, db, known, settlement, warnings)
    if known and confirming.says_less(settlement, known.settlement):
        text = "Already imported from a source that divides the same rows further; nothing changed."
        return Admitted(known.id, settlement.id, "same", text)
    if not known and (twin := confirming.twin(db, settlement)):
        text = f"Already imported as {twin.settlement.id}: one of the two files knows this payout by its day alone."
        return Admitted(twin.id, settlement.id, "same", text)
    ensure_mapping(tools, db, settlement)
    kept = Kept(
        id=tools.new_id(),
        version=known.version + 1 if known else 1,
        settlement=settlement,
        warnings=warnings,
        imported_at=tools.now(),
        status=Status.READY,
    )
    kept = prepared(db, kept) if not known else _changed(db, known, kept)
    if known and kept.status != Status.SOURCE_CHANGED:
        settlements.mark(db, replace(known, status=Status.REPLACED, code="", reason=REPLACED, changed_at=tools.now()))
    settlements.add(db, diagnosis.of_settlement(db, kept, tools.now()))
    diagnosis.arrived(db, settlement.channel, settlement.id, tools.now())
    if known and known.code:
        diagnosis.replaced(db, known.id, tools.now())
    if known is None:
        return Admitted(kept.id, settlement.id, "new", kept.reason)
    return Admitted(kept.id, settlement.id, "changed", _what_changed(known, kept))


def _same(tools: Tools, db: Db, known: Kept, settlement: Settlement, warnings: tuple[Warning, ...]) -> Admitted:
    """The figures are those that are here; what is said beside them may be newer, such as that the money arrived."""
    warnings = as_judged(warnings, known.warnings)
    if warnings != known.warnings or settlement.deposit_on != known.settlement.deposit_on:
        beside = replace(known.settlement, deposit_on=settlement.deposit_on)
        confirming.renew(tools, db, replace(known, settlement=beside, warnings=warnings))
    return Admitted(known.id, settlement.id, "same", "Already imported: the same figures, nothing changed.")


def _changed(db: Db, known: Kept, kept: Kept) -> Kept:
    """A version waits for a person where a document of an earlier one is in the books, or may come to be there."""
    earlier = postings.of_payout(db, known.settlement.channel, known.settlement.id)
    if all(posting.protocol.state is State.REFUSED for posting in earlier):
        return prepared(db, kept)
    reason = _what_changed(known, kept)
    return replace(kept, status=Status.SOURCE_CHANGED, code="source-changed-after-post", reason=reason)


def _what_changed(known: Kept, kept: Kept) -> str:
    changes = difference(known.settlement, kept.settlement)
    return (
        f"This file (digest {kept.settlement.statement[:12]}) says other figures than the one imported before "
        f"(digest {known.settlement.statement[:12]}): {_count(len(changes))}, the total was "
        f"{known.settlement.total} and is now {kept.settlement.total}. It is kept as version {kept.version}."
    )


def _count(changes: int) -> str:
    return "1 figure differs" if changes == 1 else f"{changes} figures differ"


def _zone(db: Db) -> ZoneInfo:
    organisation = organisations.find(db)
    assert organisation is not None, "every transaction belongs to an organisation"
    return ZoneInfo(organisation.zone)


class _Progress:
    """Tells the operation how far the reading is: rows read, without an end that is known beforehand."""

    def __init__(self, tools: Tools, organisation: str, operation: str) -> None:
        self._tools, self._organisation, self._operation = tools, organisation, operation

    def __call__(self, done: int, of: int) -> None:
        message = f"Reading: {done:,} of {of:,} bytes."
        operations.progress(self._tools, self._organisation, self._operation, done, of, message)


def _warnings_of(settlement: Settlement, warnings: tuple[Warning, ...]) -> tuple[Warning, ...]:
    """Those of the whole file and those of this settlement."""
    own = (replace(each, settlement="") for each in warnings if each.settlement in ("", settlement.id))
    return tuple(own)[:200]


def _refused_at_the_door(tools: Tools, actor: Actor, filename: str, refusal: Refusal) -> str:
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.IMPORT)
        operation = operations.begin(tools, db, actor, "import", filename, {"filename": filename})
        _end_refused(tools, db, operation, filename, "", (refusal,))
    return operation


def _end_refused(
    tools: Tools, db: Db, operation: str, filename: str, channel: str, refusals: tuple[Refusal, ...]
) -> None:
    diagnosis.of_import(db, operation, filename, channel, refusals, tools.now())
    told = [
        {
            "code": each.code,
            "message": each.message,
            "row": each.row,
            "settlement": each.settlement,
            "candidates": list(each.candidates),
        }
        for each in refusals
    ]
    operations.fail(tools, db, operation, refusals[0].message, {"refused": told, "channel": channel})


def _summary(admitted: list[Admitted]) -> str:
    if not admitted:
        return "The file holds no settlement."
    by_outcome = [(word, sum(each.outcome == word for each in admitted)) for word in ("new", "same", "changed")]
    words = {"new": "imported", "same": "already imported", "changed": "changed since the last import"}
    told = ", ".join(f"{number} {words[outcome]}" for outcome, number in by_outcome if number)
    return f"Settlements: {told}."


def _result(admitted: list[Admitted], reading: Reading) -> dict[str, Any]:
    return {
        "settlements": [
            {"id": each.id, "number": each.number, "outcome": each.outcome, "message": each.message}
            for each in admitted
        ],
        "warnings": [
            {"code": each.code, "message": each.message, "row": each.row}
            for each in reading.warnings
            if not each.settlement  # the others are told on the settlement's own page
        ][:200],
        "encoding": reading.encoding,
    }
