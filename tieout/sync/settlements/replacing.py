"""A newer file of a posted payout: used once nothing of the older one stands in the books any more."""

from collections import defaultdict
from dataclasses import replace

from tieout.core.budget import Lane
from tieout.core.posting import IN_BOOKS
from tieout.core.records import DocumentKind
from tieout.core.status import Status
from tieout.store import postings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import read, write
from tieout.store.postings import Posting
from tieout.sync import diagnosis
from tieout.sync.asking import ask
from tieout.sync.settlements.preparing import VERSIONS, prepared
from tieout.sync.settlements.withdrawing import take_back
from tieout.sync.tools import Tools


def use_new_file(tools: Tools, organisation: str, id: str) -> str:
    """Make the newer version ready to send; blank when it is, else what stands in the way and what to do.

    Looks into the books first. Raises RemoteError when they cannot be asked; then nothing has changed.
    """
    with read(tools.engines, organisation) as db:
        kept = settlements.get(db, id)
        if kept is None or kept.status != Status.SOURCE_CHANGED:
            return "There is no newer file to decide about."
        posted = [
            posting
            for posting in postings.of_payout(db, kept.settlement.channel, kept.settlement.id)
            if posting.protocol.state in IN_BOOKS
        ]
    _look_again(tools, organisation, posted)
    with write(tools.engines, organisation) as db:
        alone(db, VERSIONS)
        if told := take_back(tools, db, kept):
            return told
        renewed = diagnosis.of_settlement(db, prepared(db, kept), tools.now(), kept.code)
        settlements.mark(db, replace(renewed, changed_at=tools.now()))
    return ""


def _look_again(tools: Tools, organisation: str, posted: list[Posting]) -> None:
    """What the books show now of documents that were in them: a person may have voided them there."""
    groups: dict[tuple[str, DocumentKind], list[Posting]] = defaultdict(list)
    for posting in posted:
        groups[posting.connection, posting.kind].append(posting)
    for (connection, kind), group in groups.items():
        numbers = tuple(posting.number for posting in group)
        found = ask(
            tools,
            organisation,
            connection,
            lambda platform, call, access, kind=kind, numbers=numbers: platform.find(call, access, kind, numbers),  # type: ignore[misc]
            Lane.INTERACTIVE,
        )
        with write(tools.engines, organisation) as db:
            for posting in group:
                shown = next((each for each in found if each.id == posting.protocol.remote_id), None)
                if shown is not None:
                    amount = shown.total.amount
                    postings.show(db, posting.id, amount, shown.status, posting.books_link, tools.now())
