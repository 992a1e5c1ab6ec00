"""The exact request bodies of a plan, for the preview: shaped by the platform itself, sent to nobody."""

from decimal import Decimal

from tieout import platforms
from tieout.core.plan import Plan
from tieout.platforms import Known
from tieout.store import contacts
from tieout.store.engine import read
from tieout.sync.charts import last_read
from tieout.sync.in_use import books_in_use
from tieout.sync.tools import Tools

NOT_KNOWN_YET = "(found or created when it is sent)"
NO_RATE_YET = Decimal(0)  # asked for when it is sent


def request_bodies(tools: Tools, organisation: str, plan: Plan) -> tuple[str, ...]:
    """One pretty JSON text a document; empty while no books were read. A contact not yet known is named as such."""
    with read(tools.engines, organisation) as db:
        connection = books_in_use(db)
        if connection is None:
            return ()
        names = tuple({document.contact for document in plan.documents})
        remembered = contacts.remembered(db, connection.id, names)
        books = last_read(db, connection.id)
    if books is None:
        return ()
    platform = platforms.named(connection.platform)
    ids = {name: remembered.get(name, NOT_KNOWN_YET) for name in names}
    rates = {(each.currency, each.dated): NO_RATE_YET for each in plan.documents}
    bodies = [platform.to_wire((each,), Known(books, ids, rates), platform.APPROVED) for each in plan.documents]
    return tuple(platforms.pretty(body) for body in bodies)
