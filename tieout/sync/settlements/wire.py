"""The exact request bodies of a plan, for the preview: shaped by the platform itself, sent to nobody."""

from tieout import platforms
from tieout.core.plan import Plan
from tieout.store import contacts
from tieout.store.engine import read
from tieout.sync.in_use import books_in_use
from tieout.sync.tools import Tools

NOT_KNOWN_YET = "(found or created when it is sent)"


def request_bodies(tools: Tools, organisation: str, plan: Plan) -> tuple[str, ...]:
    """One pretty JSON text a document; empty while no books are connected. A contact not yet known is named as such."""
    with read(tools.engines, organisation) as db:
        connection = books_in_use(db)
        if connection is None:
            return ()
        names = tuple({document.contact for document in plan.documents})
        known = contacts.remembered(db, connection.id, names)
    platform = platforms.named(connection.platform)
    ids = {name: known.get(name, NOT_KNOWN_YET) for name in names}
    bodies = [platform.to_wire((document,), ids, tools.document_status) for document in plan.documents]
    return tuple(platforms.pretty(body) for body in bodies)
