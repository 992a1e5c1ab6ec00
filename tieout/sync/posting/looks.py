"""Looking: one call asks for many numbers; what it shows, and what it does not, is told to each posting."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tieout.core.failure import RemoteError
from tieout.core.posting import Found, Hit, LookFailed, NotFound
from tieout.core.proof import as_paid_in_books, differences, tax_differences
from tieout.core.records import BooksDocument, DocumentKind
from tieout.store import contacts
from tieout.store.engine import read
from tieout.sync.posting.claims import Claim
from tieout.sync.posting.settling import Learnt, settle
from tieout.sync.posting.work import Work


def carry_out(work: Work, claims: Sequence[Claim]) -> int:
    """Ask the books for every claimed number, kind by kind; how many postings learnt something."""
    by_kind: dict[DocumentKind, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_kind[claim.posting.kind].append(claim)
    for kind, group in by_kind.items():
        settle(work, _look(work, kind, group))
    return len(claims)


def _look(work: Work, kind: DocumentKind, claims: Sequence[Claim]) -> list[tuple[Claim, Learnt]]:
    asked_at = work.tools.now()
    numbers = [claim.posting.number for claim in claims]
    try:
        documents = work.ask(lambda platform, call, access: platform.find(call, access, kind, numbers))
    except RemoteError as error:
        seconds = error.failure.retry_after_seconds
        event = LookFailed(None if seconds is None else timedelta(seconds=seconds))
        return [(claim, Learnt(event, error.failure)) for claim in claims]
    ours = _contacts(work, claims)
    shown: dict[str, list[BooksDocument]] = defaultdict(list)
    for document in documents:
        name = ours.get(document.contact_id, document.contact_name)
        shown[document.number].append(replace(document, contact_name=name))
    return [(claim, _learnt(work, claim, shown[claim.posting.number], asked_at)) for claim in claims]


def _contacts(work: Work, claims: Sequence[Claim]) -> dict[str, str]:
    """The name our documents give to each contact of the books: it may have been renamed or merged there."""
    names = tuple({claim.document.contact for claim in claims})
    with read(work.tools.engines, work.organisation) as db:
        known = contacts.remembered(db, work.connection.id, names)
    return {remote_id: name for name, remote_id in known.items()}


def _learnt(work: Work, claim: Claim, documents: Sequence[BooksDocument], asked_at: datetime) -> Learnt:
    if not documents:
        return Learnt(NotFound(asked_at))
    shown = [as_paid_in_books(claim.document, document) for document in documents]
    compared = [(document, differences(claim.document, document)) for document in shown]
    hits = tuple(
        Hit(document.id, not found, is_void=work.platform.is_void(document.status)) for document, found in compared
    )
    standing = [(document, found) for document, found in compared if not work.platform.is_void(document.status)]
    if len(standing) != 1:
        return Learnt(Found(hits), note=_several(standing))
    document, found = standing[0]
    notes = found or tax_differences(claim.document, document)
    return Learnt(Found(hits), document=document, note="; ".join(notes))


def _several(standing: Sequence[tuple[BooksDocument, tuple[str, ...]]]) -> str:
    if not standing:
        return "The document was voided or deleted in the books."
    return f"{len(standing)} documents in the books carry this number."
