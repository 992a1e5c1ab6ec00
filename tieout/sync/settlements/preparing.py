"""Preparing: what a settlement would post today, or what it lacks; its status follows from that alone."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import replace

from tieout import channels, platforms
from tieout.core.actor import Actor
from tieout.core.carrying import carried_over
from tieout.core.chart import Books
from tieout.core.defaults import default_mapping, variant_entries
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.plan import Gap, Plan, Terms, make_plan
from tieout.core.posting import State
from tieout.core.settlement import Settlement
from tieout.core.status import CHECK_FAILED, UNSENT, Status, before_sending
from tieout.people.acting import record
from tieout.store import connections, mappings, organisations, plans, postings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import Db, write
from tieout.store.settlements import Kept
from tieout.sync import diagnosis, linked
from tieout.sync.charts import last_read
from tieout.sync.checks import barriers
from tieout.sync.in_use import books_in_use
from tieout.sync.tools import Tools

VERSIONS = "versions"  # of mapping and settlements: whoever makes the next one of either is alone with them
BY_DEFAULT = "Tieout, by default"


def mapping_of(db: Db) -> Mapping:
    """The newest mapping version; an organisation has one from its first import on."""
    current = mappings.current(db)
    return Mapping.from_record(current.record) if current else Mapping(0, ())


def by_default(db: Db) -> Actor:
    """Who makes a version that nobody asked for."""
    return Actor(db.organisation, "", BY_DEFAULT)


def record_mapping(tools: Tools, db: Db, actor: Actor, before: int, details: Dict[str, str] = {}) -> None:
    """A change of the mapping in the audit log, if there was one since version `before`; last in its transaction."""
    now = mapping_of(db).version
    if now != before:
        versions = {"version": str(now), "before": str(before)}
        record(db, actor, "mapping-changed", f"mapping:{now}", tools.now(), {**versions, **details})


def ensure_mapping(tools: Tools, db: Db, settlement: Settlement) -> None:
    """The usual accounts for a channel's first settlement, for each new site abroad and each new tax group.

    The first channel's accounts hold everywhere, those of every other only for its own sites. What a person set stays.
    """
    organisation, mapping = organisations.find(db), mapping_of(db)
    assert organisation is not None, "every transaction belongs to an organisation"
    wanted = _usual(settlement, organisation.country, settlements.first_channel(db) or settlement.channel)
    known: set[Node] = {node for node, _ in mapping.entries}
    missing = tuple((node, entry) for node, entry in wanted if node not in known)
    if missing:
        renewed = replace(mapping, version=mapping.version + 1, entries=(*mapping.entries, *missing))
        mappings.add(db, renewed.to_record(), BY_DEFAULT, tools.now())
        adopt(tools, db)


def _usual(settlement: Settlement, country: str, first: str) -> Iterator[tuple[Node, Entry]]:
    """Every entry that this settlement may need, by default, for books kept in `country`."""
    channel, site = channels.channels()[settlement.channel], site_of(settlement)
    is_abroad = bool(settlement.marketplace) and settlement.country not in ("", country)
    if settlement.channel == first:
        yield from default_mapping(country, channel.BLOCK, clearing=channel.CLEARING).entries
    if settlement.channel != first or is_abroad:
        where = settlement.country if is_abroad else country
        usual = default_mapping(where, channel.BLOCK, books_country=country, clearing=channel.CLEARING)
        for node, entry in usual.entries:
            yield replace(node, marketplace=site), entry
    scope = "" if settlement.channel == first else site
    for variant in sorted({subtotal.variant for subtotal in settlement.subtotals} - {""}):
        for node, entry in variant_entries(variant, country, channel.BLOCK):
            yield replace(node, marketplace=scope), entry


def adopt(tools: Tools, db: Db) -> bool:
    """Entries whose account the books in use do not know, in the books' own words where they are certainly meant.

    Default entries name accounts and tax rates as one platform does. Codes of other books than those in use are carried
    over only where they mean the same there, the rest begins anew; True when a version was made.
    """
    connection, mapping = books_in_use(db), mapping_of(db)
    books = last_read(db, connection.id) if connection else None
    if connection is None or books is None:
        return False
    fitted = mapping
    if mapping.books not in ("", books.id):
        fitted = _with_defaults(db, carried_over(mapping, _books_before(db, mapping.books), books))
    platform = platforms.named(connection.platform)
    changes: dict[Node, Entry | None] = {}
    for node, entry in fitted.entries:
        pair = None if books.account(entry.account) else platform.adopt(books, entry.account, entry.tax)
        if pair and pair != (entry.account, entry.tax) and (rate := books.tax_rate(pair[1])):
            changes[node] = replace(entry, account=pair[0], tax=pair[1], rate=rate.rate)
    if changes or fitted is not mapping:
        renewed = replace(fitted.with_entries(changes), version=mapping.version + 1, books=books.id)
        mappings.add(db, renewed.to_record(), BY_DEFAULT, tools.now())
    return bool(changes) or fitted is not mapping


def _books_before(db: Db, books_id: str) -> Books | None:
    """The chart of books that were connected once, as last read."""
    charts = (last_read(db, each.id) for each in connections.listed(db))
    return next((books for books in charts if books and books.id == books_id), None)


def _with_defaults(db: Db, mapping: Mapping) -> Mapping:
    """What every settlement not yet sent may need and the mapping does not say any more."""
    organisation = organisations.find(db)
    assert organisation is not None, "every transaction belongs to an organisation"
    entries = dict(mapping.entries)
    for kept in settlements.in_status(db, UNSENT):
        first = settlements.first_channel(db) or kept.settlement.channel
        for node, entry in _usual(kept.settlement, organisation.country, first):
            entries.setdefault(node, entry)
    return replace(mapping, entries=tuple(entries.items()))


def of_books_in_use(db: Db, mapping: Mapping) -> Mapping:
    """Chosen by a person from the chart of the books in use: its codes are theirs."""
    connection = books_in_use(db)
    books = last_read(db, connection.id) if connection else None
    return replace(mapping, books=books.id) if books else mapping


def follow_books(tools: Tools, organisation: str) -> int:
    """After books were connected or read: what they call accounts, and what they take, for everything unsent."""
    with write(tools.engines, organisation) as db:
        alone(db, VERSIONS)
        before = mapping_of(db).version
        adopt(tools, db)
        linked.make_missing(db, tools.now(), BY_DEFAULT)
        record_mapping(tools, db, by_default(db), before)
    return prepare_all(tools, organisation)


def terms_of(db: Db, settlement: Settlement) -> Terms:
    """A settlement without a sale names no site: then the organisation's country and the channel's name stand in.

    What the books in use take decides the form of its documents; without books it is planned as invoices.
    """
    organisation = organisations.find(db)
    assert organisation is not None, "every transaction belongs to an organisation"
    country = settlement.country or organisation.country
    terms = Terms(country=country, zone=settlement.zone, contact=site_of(settlement))
    connection = books_in_use(db)
    if connection is None:
        return terms
    platform = platforms.named(connection.platform)
    return replace(terms, form=platform.FORM, longest=platform.LONGEST["number"])


def site_of(settlement: Settlement) -> str:
    """Whose settlement it is, in the words of contacts and bank accounts."""
    return settlement.marketplace or channels.label(settlement.channel)


def meant(db: Db, settlement: Settlement) -> Settlement:
    """The settlement with the labels that a person has explained since it was read."""
    return settlement.with_meanings(dict(mapping_of(db).meanings))


def planned(db: Db, kept: Kept, version: int | None = None) -> Plan | tuple[Gap, ...]:
    """What would be posted now, or every gap. The version follows all plans ever frozen for this payout."""
    version = version or plans.count(db, kept.settlement.channel, kept.settlement.id) + 1
    try:
        return make_plan(kept.settlement, mapping_of(db), terms_of(db, kept.settlement), version)
    except (AssertionError, ValueError) as error:
        # A proof that does not hold stops this settlement, never the process, and says which and by how much.
        settlement = kept.settlement
        return (Gap(CHECK_FAILED, str(error), settlement.total, settlement.rows),)


def prepared(db: Db, kept: Kept) -> Kept:
    """The settlement with the status it has before any plan is frozen."""
    result = planned(db, kept)
    gaps: Sequence[Gap] = () if isinstance(result, Plan) else result
    status, code, reason = before_sending(kept.settlement, gaps, kept.warnings)
    return replace(kept, status=status, code=code, reason=reason, next_at=None)


def prepare_all(tools: Tools, organisation: str) -> int:
    """After a change of the mapping: every unsent settlement anew; how many changed their status."""
    changed = 0
    with write(tools.engines, organisation) as db:
        alone(db, VERSIONS)
        for kept in settlements.in_status(db, UNSENT):
            renewed = _renewed(db, kept)
            if (renewed.status, renewed.reason) != (kept.status, kept.reason):
                told = diagnosis.of_settlement(db, renewed, tools.now(), kept.code)
                settlements.mark(db, replace(told, changed_at=tools.now()))
                changed += 1
    return changed


def _renewed(db: Db, kept: Kept) -> Kept:
    """What was refused is planned anew where today's plan is another and nothing of the old one is in the books; what
    the books would still refuse stays held."""
    frozen = plans.newest(db, kept.id)
    if frozen is not None:
        parts = postings.of_plans(db, [frozen.id])[frozen.id]
        today = planned(db, kept, frozen.plan.version)
        is_same = isinstance(today, Plan) and today.hash == frozen.plan.hash
        if is_same or any(part.protocol.state not in (State.REFUSED, State.PLANNED) for part in parts):
            return kept
    renewed, plan = prepared(db, kept), planned(db, kept)
    found = (
        linked.barrier(db, kept) or barriers(db, plan.documents)
        if kept.status == Status.BLOCKED and isinstance(plan, Plan)
        else ()
    )
    return replace(kept, code=found[0].code, reason=found[0].message) if found else renewed
