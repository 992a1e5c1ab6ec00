"""The contact a document names: remembered, else found in the books, else created there once."""

from collections.abc import Set

from tieout.store import contacts
from tieout.store.engine import read, write
from tieout.sync.posting.work import Work


def contact_ids(work: Work, names: Set[str]) -> dict[str, str]:
    """The books' id of every name. Raises RemoteError before anything is claimed; what was found stays remembered."""
    with read(work.tools.engines, work.organisation) as db:
        known = contacts.remembered(db, work.connection.id, tuple(names))
    for name in sorted(names - set(known)):
        found = work.platform.contact(work.call, work.access(), name, work.tools.new_id())
        known[name] = found.id
        with write(work.tools.engines, work.organisation) as db:
            contacts.remember(db, work.connection.id, name, found.id, work.tools.now())
    return known
