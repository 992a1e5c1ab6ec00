"""The guard: whether books that are connected again are the ones that they were, asked before anything else is."""

from collections.abc import Sequence

from tieout import platforms
from tieout.calls import Call, make_call
from tieout.core.budget import Lane
from tieout.core.connection import Connection
from tieout.core.failure import RemoteError
from tieout.platforms import Access, Platform
from tieout.store import charts, postings
from tieout.store.engine import read
from tieout.store.postings import Posting
from tieout.sync.gate import BudgetGate
from tieout.sync.tools import Tools

RECORDS = 5  # how many of the documents that were sent last are looked for


def stranger(tools: Tools, organisation: str, known: Connection, access: Access) -> str:
    """Why these are not the books that they were, as a sentence; empty when they are, or cannot be asked just now.

    Country, base currency, and whether the books know any of the documents that were sent last, by id. One that a
    person deleted proves nothing; that none of them is known there does.
    """
    platform = platforms.named(known.platform)
    call = make_call(tools.transport, BudgetGate(tools, organisation, known.id, platform, Lane.INTERACTIVE))
    with read(tools.engines, organisation) as db:
        chart, sent = charts.find(db, known.id), postings.newest_done(db, known.id, RECORDS)
    if chart is None:
        return ""
    before = chart[0]
    try:
        now = platform.probe(call, access)
        if (now.country, now.base_currency) != (before.country, before.base_currency):
            return (
                f"{known.books_name} was in {before.country} with {before.base_currency} as its currency; "
                f"{now.name} is in {now.country} with {now.base_currency}."
            )
        if sent and not _knows_any(platform, call, access, sent):
            return f"{now.name} holds none of the documents that were sent last to {known.books_name} ({len(sent)})."
    except RemoteError:
        return ""  # the look that follows says what is the matter
    return ""


def _knows_any(platform: Platform, call: Call, access: Access, sent: Sequence[Posting]) -> bool:
    for kind in {each.kind for each in sent}:
        ids = {each.protocol.remote_id for each in sent if each.kind is kind}
        numbers = [each.number for each in sent if each.kind is kind]
        if any(each.id in ids for each in platform.find(call, access, kind, numbers)):
            return True
    return False
