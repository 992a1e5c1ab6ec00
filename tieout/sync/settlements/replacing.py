"""A newer file of a posted payout: used once nothing of the older one stands in the books any more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from tieout.calls import Call
from tieout.core.actor import Actor
from tieout.core.budget import Lane
from tieout.core.money import Money
from tieout.core.posting import IN_BOOKS
from tieout.core.proof import as_paid_in_books
from tieout.core.records import BooksDocument, DocumentKind
from tieout.core.status import Status
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.platforms import Access, Platform
from tieout.store import plans, postings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import read, write
from tieout.store.postings import Posting
from tieout.sync import diagnosis
from tieout.sync.asking import ask
from tieout.sync.settlements.preparing import VERSIONS, prepared
from tieout.sync.settlements.withdrawing import take_back
from tieout.sync.tools import Tools


def use_new_file(tools: Tools, actor: Actor, id: str) -> str:
    """Make the newer version ready to send; blank when it is, else what stands in the way and what to do.

    Looks into the books first. Raises RemoteError when they cannot be asked; then nothing has changed. Raises
    NotPermitted.
    """
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.SEND)
        kept = settlements.get(db, id)
        if kept is None or kept.status != Status.SOURCE_CHANGED:
            return "There is no newer file to decide about."
        posted = [
            posting
            for posting in postings.of_payout(db, kept.settlement.channel, kept.settlement.id)
            if posting.protocol.state in IN_BOOKS
        ]
    _look_again(tools, actor.organisation, posted)
    with write(tools.engines, actor.organisation) as db:
        alone(db, VERSIONS)
        ensure(db, actor, Right.SEND)
        if told := take_back(tools, db, kept):
            return told
        renewed = diagnosis.of_settlement(db, prepared(db, kept), tools.now(), kept.code)
        settlements.mark(db, replace(renewed, changed_at=tools.now()))
        details = {"number": kept.settlement.id, "version": str(kept.version)}
        record(db, actor, "newer-file-used", f"settlement:{id}", tools.now(), details)
    return ""


def _look_again(tools: Tools, organisation: str, posted: list[Posting]) -> None:
    """What the books show now of documents that were in them: a person may have voided or deleted them there."""
    groups: dict[tuple[str, DocumentKind], list[Posting]] = defaultdict(list)
    for posting in posted:
        groups[posting.connection, posting.kind].append(posting)
    for (connection, kind), group in groups.items():
        found, gone = ask(tools, organisation, connection, partial(_asked, kind, group), Lane.INTERACTIVE)
        with write(tools.engines, organisation) as db:
            frozen = plans.of(db, {posting.plan for posting in group})
            for posting in group:
                document = frozen[posting.plan].plan.documents[posting.part - 1]
                if shown := found.get(posting.protocol.remote_id or ""):
                    amount, status = as_paid_in_books(document, shown).total.amount, shown.status
                elif (id := posting.protocol.remote_id) and id in gone:
                    amount, status = Money.zero(document.currency).amount, gone[id]
                else:  # it bears another number now, and stands
                    continue
                postings.show(db, posting.id, amount, status, posting.books_link, tools.now())


def _asked(
    kind: DocumentKind, group: Sequence[Posting], platform: Platform, call: Call, access: Access
) -> tuple[Mapping[str, BooksDocument], Mapping[str, str]]:
    """The documents as they are shown, by id, and those that are not there any more, with their status."""
    found = {each.id: each for each in platform.find(call, access, kind, tuple(each.number for each in group))}
    ids = [each.protocol.remote_id for each in group]
    missing = tuple(id for id in ids if id and id not in found)
    return found, platform.gone(call, access, kind, missing) if missing else {}
