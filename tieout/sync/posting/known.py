"""What documents refer to in the books: their contacts, remembered, found or created once, and rates of exchange."""

from collections.abc import Sequence, Set
from datetime import date
from decimal import Decimal
from functools import partial

from tieout.calls import Call
from tieout.core.plan import Document
from tieout.core.records import Contact, DocumentKind
from tieout.platforms import Access, Known, Platform
from tieout.store import contacts
from tieout.store.engine import read, write
from tieout.sync.posting.work import Work


def known_to(work: Work, documents: Sequence[Document]) -> Known:
    """Everything these documents need. Raises RemoteError before anything is claimed; contacts stay remembered."""
    names = {document.contact for document in documents} - {""}
    return Known(work.books, _contact_ids(work, names), _rates(work, documents))


def _contact_ids(work: Work, names: Set[str]) -> dict[str, str]:
    with read(work.tools.engines, work.organisation) as db:
        known = contacts.remembered(db, work.connection.id, tuple(names))
    for name in sorted(names - set(known)):
        key = work.tools.new_id()
        found = work.ask(partial(_contact, name, key))
        known[name] = found.id
        with write(work.tools.engines, work.organisation) as db:
            contacts.remember(db, work.connection.id, name, found.id, work.tools.now())
    return known


def _rates(work: Work, documents: Sequence[Document]) -> dict[tuple[str, date], Decimal]:
    """Journals in a foreign currency state their rate; invoices and bills leave it to the books."""
    wanted = {
        (document.currency, document.dated)
        for document in documents
        if document.kind is DocumentKind.JOURNAL and document.currency != work.books.base_currency
    }
    return {(currency, on): work.ask(partial(_rate, currency, on)) for currency, on in sorted(wanted)}


def _contact(name: str, key: str, platform: Platform, call: Call, access: Access) -> Contact:
    return platform.contact(call, access, name, key)


def _rate(currency: str, on: date, platform: Platform, call: Call, access: Access) -> Decimal:
    return platform.rate(call, access, currency, on)
