"""What follows a document that is in the books: its source file attached, a note in its history. Never urgent."""

from dataclasses import replace
from datetime import timedelta

from tieout import platforms
from tieout.core.failure import FailureKind, RemoteError
from tieout.core.retry import doubling
from tieout.store import connections, followups, plans, postings, settlements, statements
from tieout.store.engine import read, write
from tieout.store.followups import Followup
from tieout.store.postings import Posting
from tieout.sync.asking import call_for
from tieout.sync.grants import access
from tieout.sync.tools import Tools

MOST_TRIES = 12
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=6)
_FINAL = (FailureKind.REJECTED, FailureKind.NOT_ALLOWED)


def follow_up(tools: Tools, organisation: str, connection: str, most: int = 10) -> int:
    """Do a few of the follow-ups that are due, in the background lane; how many.

    Stops when calls run short, and when a document is due: that goes first.
    """
    with read(tools.engines, organisation) as db:
        due = followups.due(db, connection, tools.now(), most)
    done = 0
    for followup in due:
        if _has_document_due(tools, organisation, connection):
            break
        try:
            left_undone = _carry_out(tools, organisation, followup)
        except RemoteError as error:
            _later(tools, organisation, followup, error)
            if error.failure.kind is FailureKind.BUSY:
                break
        else:
            done += 1
            done_at = None if left_undone else tools.now()
            _mark(tools, organisation, replace(followup, next_at=None, done_at=done_at, message=left_undone))
    return done


def _has_document_due(tools: Tools, organisation: str, connection: str) -> bool:
    with read(tools.engines, organisation) as db:
        found, due_at = connections.find(db, connection), postings.next_due(db, connection)
    return found is not None and found.may_post and due_at is not None and due_at <= tools.now()


def _carry_out(tools: Tools, organisation: str, followup: Followup) -> str:
    """Looks before it writes, so that a repeat after a lost answer adds nothing. A sentence where it must be left."""
    with read(tools.engines, organisation) as db:
        posting, connection = postings.get(db, followup.posting), connections.find(db, followup.connection)
        assert posting is not None and connection is not None, "a follow-up belongs to a posting and its connection"
    platform = platforms.named(connection.platform)
    call = call_for(tools, organisation, connection.id, "background")
    entry = access(tools, organisation, connection.id, 60)
    document, key = posting.protocol.remote_id or "", f"{followup.posting}-{followup.kind}"
    if followup.kind == "attach":
        filename, digest, size = _source(tools, organisation, posting)
        if size > platform.MOST_ATTACHED_BYTES:
            return (
                f"The statement is not attached: it has {size:,} bytes, and files of up to"
                f" {platform.MOST_ATTACHED_BYTES:,} are attached in {platform.LABEL}. It can be downloaded from Tieout."
            )
        if filename not in platform.attachments(call, entry, posting.kind, document):
            with read(tools.engines, organisation) as db:
                content = statements.content(db, digest)
            platform.attach(call, entry, posting.kind, document, filename, content, key)
        return ""
    text = _note(tools, organisation, posting)
    if not any(text in known for known in platform.notes(call, entry, posting.kind, document)):
        platform.note(call, entry, posting.kind, document, text, key)
    return ""


def _source(tools: Tools, organisation: str, posting: Posting) -> tuple[str, str, int]:
    """Name for the books, digest and kept bytes of the statement behind a posting."""
    with read(tools.engines, organisation) as db:
        kept = settlements.get(db, posting.settlement)
        assert kept is not None, "a posting belongs to a settlement"
        statement = statements.find(db, kept.settlement.statement)
        assert statement is not None, "a settlement comes from a statement"
        return f"settlement-{kept.settlement.id}.txt", statement.digest, statement.kept_bytes


def _note(tools: Tools, organisation: str, posting: Posting) -> str:
    with read(tools.engines, organisation) as db:
        kept, frozen = settlements.get(db, posting.settlement), plans.get(db, posting.plan)
        assert kept is not None, "a posting belongs to a settlement"
    return (
        f"Tieout: settlement {kept.settlement.id}, part {posting.part} of {len(frozen.plan.documents)}, months by "
        f"{frozen.plan.zone}, from {kept.settlement.rows} rows; deposit {kept.settlement.total}; plan "
        f"{frozen.plan.hash[:12]} of mapping version {frozen.plan.mapping_version}, approved by {frozen.frozen_by}; "
        f"statement SHA-256 {kept.settlement.statement}."
    )


def _later(tools: Tools, organisation: str, followup: Followup, error: RemoteError) -> None:
    tries = followup.tries + 1
    is_over = tries >= MOST_TRIES or error.failure.kind in _FINAL
    wait = doubling(_FIRST, tries, _LONGEST)
    if error.failure.retry_after_seconds is not None:
        wait = max(wait, timedelta(seconds=error.failure.retry_after_seconds))
    next_at = None if is_over else tools.now() + wait
    _mark(tools, organisation, replace(followup, tries=tries, message=error.failure.sentence, next_at=next_at))


def _mark(tools: Tools, organisation: str, followup: Followup) -> None:
    with write(tools.engines, organisation) as db:
        followups.mark(db, followup)
