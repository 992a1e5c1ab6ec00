"""The contact a document names: remembered, else found in the books, else created there once."""

from collections.abc import Set
from functools import partial

from tieout.calls import Call
from tieout.core.records import Contact
from tieout.platforms import Access, Platform
from tieout.store import contacts
from tieout.store.engine import read, write
from tieout.sync.posting.work import Work


def contact_ids(work: Work, names: Set[str]) -> dict[str, str]:
    """The books' id of every name. Raises RemoteError before anything is claimed; what was found stays remembered."""
    with read(work.tools.engines, work.organisation) as db:
        known = contacts.remembered(db, work.connection.id, tuple(names))
    for name in sorted(names - set(known)):
        key = work.tools.new_id()
        found = work.ask(partial(_contact, name, key))
        known[name] = found.id
        with write(work.tools.engines, work.organisation) as db:
            contacts.remember(db, work.connection.id, name, found.id, work.tools.now())
    return known


def _contact(name: str, key: str, platform: Platform, call: Call, access: Access) -> Contact:
    return platform.contact(call, access, name, key)
