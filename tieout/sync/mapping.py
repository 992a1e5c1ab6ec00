"""The mapping's verbs: read it, explain a label, set a node. Each change is a new version and renews what is unsent."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace

from tieout.core.actor import Actor
from tieout.core.category import Category
from tieout.core.chart import Books
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.role import role_at
from tieout.core.settlement import Label
from tieout.core.status import Status
from tieout.core.suiting import misfit
from tieout.people.acting import ensure
from tieout.people.roles import Right
from tieout.store import mappings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import Db, read, write
from tieout.sync.charts import last_read, refresh
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.preparing import (
    VERSIONS,
    adopt,
    follow_books,
    mapping_of,
    of_books_in_use,
    prepare_all,
    record_mapping,
)
from tieout.sync.tools import Tools


class NotAMeaning(ValueError):
    """The word is not one of the categories, or is `unknown`."""


class MappingMoved(Exception):
    """The mapping is not the version that the caller saw. `version` is what it is now."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"the mapping has changed meanwhile: its version is {version} now")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An account and a tax rate for one place, by the codes the books name them with."""

    node: Node
    account: str
    tax: str


@dataclass(frozen=True, slots=True)
class Saved:
    """`changed`: how many settlements changed their status. With a mistake nothing was saved."""

    changed: int = 0
    mistakes: tuple[tuple[Node, str], ...] = ()


Changes = dict[Node, Entry | None]
Maker = Callable[[Db, Mapping], Mapping | None]  # None: there is nothing to make


def current(tools: Tools, organisation: str) -> Mapping:
    with read(tools.engines, organisation) as db:
        return mapping_of(db)


def explain(tools: Tools, actor: Actor, label_words: Sequence[str], category: str, seen: int | None = None) -> int:
    """Say what an unknown label means, for this and every later settlement; how many settlements changed their status.

    `seen` is the version that the caller decided by. Raises NotAMeaning for a word outside the closed list, and
    MappingMoved when the mapping is no longer what was seen.
    """
    try:
        meaning = Category(category)
    except ValueError as error:
        raise NotAMeaning(f"{category!r} is not a category; choose one of the list") from error
    if meaning is Category.UNKNOWN:
        raise NotAMeaning("'unknown' is what the label is now; choose what it means")
    label = Label(tuple(label_words))
    changed = _renew(
        tools, actor, lambda db, present: present.with_meaning(label, meaning), seen, {str(label): meaning.value}
    )
    assert changed is not None, "this always makes a version"
    return changed


def set_entry(tools: Tools, actor: Actor, node: Node, entry: Entry) -> int:
    """Give a node its account and tax rate; how many settlements changed their status."""
    return set_entries(tools, actor, {node: entry})


def set_entries(tools: Tools, actor: Actor, changes: Changes, seen: int | None = None) -> int:
    """Set several nodes in one version, None takes a node's own entry away; how many settlements changed their status.

    `seen` is the version that the caller decided by: MappingMoved when it is no longer the newest.
    """
    details = {_place(node): _words(entry) for node, entry in changes.items()}
    changed = _renew(tools, actor, lambda db, present: present.with_entries(changes), seen, details)
    assert changed is not None, "this always makes a version"
    return changed


def choose(tools: Tools, actor: Actor, chosen: Sequence[Chosen], seen: int | None = None) -> Saved:
    """Set places as a person chose them of the chart as last read: all of them, or none and every mistake.

    A rate is the one that the chart has under the code. Raises MappingMoved.
    """
    with read(tools.engines, actor.organisation) as db:
        connection = books_in_use(db)
        books = last_read(db, connection.id) if connection else None
    if books is None:
        return Saved(mistakes=tuple((each.node, "Connect the books first: accounts are theirs.") for each in chosen))
    mistakes = tuple((each.node, text) for each in chosen if (text := _mistake(each, books)))
    if mistakes:
        return Saved(mistakes=mistakes)
    entries: Changes = {each.node: _entry(each, books) for each in chosen}
    return Saved(set_entries(tools, actor, entries, seen))


def restore(tools: Tools, actor: Actor, version: int, seen: int | None = None) -> int | None:
    """A new version that says what an earlier one said, meanings included; None if there is no such version."""

    def again(db: Db, present: Mapping) -> Mapping | None:
        kept = mappings.at(db, version)
        return replace(Mapping.from_record(kept.record), version=present.version + 1) if kept else None

    return _renew(tools, actor, again, seen, {"restored": str(version)})


def read_chart(tools: Tools, actor: Actor) -> Books | None:
    """The chart of the books in use, read now; None without books. Raises a RemoteError when they can't be read, and
    NotPermitted."""
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.MAP)
        connection = books_in_use(db)
    if connection is None:
        return None
    books = refresh(tools, actor.organisation, connection.id)
    follow_books(tools, actor.organisation)
    return books


def _renew(tools: Tools, actor: Actor, make: Maker, seen: int | None, details: Dict[str, str]) -> int | None:
    """Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        alone(db, VERSIONS)
        ensure(db, actor, Right.MAP)
        present = mapping_of(db)
        if seen is not None and seen != present.version:
            raise MappingMoved(present.version)
        renewed = make(db, present)
        if renewed is None:
            return None
        # An older version may speak of other books: it keeps their name, and what it says is carried over.
        own = of_books_in_use(db, renewed) if renewed.books in ("", present.books) else renewed
        mappings.add(db, own.to_record(), actor.name, tools.now())
        adopt(tools, db)
        record_mapping(tools, db, actor, present.version, details)
    return prepare_all(tools, actor.organisation)


def _place(node: Node) -> str:
    return f"{node.scope} at {node.marketplace}" if node.marketplace else node.scope


def _words(entry: Entry | None) -> str:
    return f"{entry.account} {entry.tax}" if entry else "inherits"


def _mistake(chosen: Chosen, books: Books) -> str:
    if not chosen.account or not chosen.tax:
        return "Choose an account and a tax rate."
    return misfit(role_at(chosen.node.scope), chosen.account, chosen.tax, books)


def _entry(chosen: Chosen, books: Books) -> Entry:
    rate = books.tax_rate(chosen.tax)
    assert rate is not None, "a rate that is not there is a mistake"
    return Entry(chosen.account, chosen.tax, rate.rate)


def words_of(tools: Tools, organisation: str, text: str) -> tuple[str, ...] | None:
    """The words of an unknown label that holds a settlement now, from the text people see; None if there is none."""
    with read(tools.engines, organisation) as db:
        held = settlements.in_status(db, (Status.UNKNOWN_ROWS,))
    labels = {str(part.label): part.label.words for kept in held for part in kept.settlement.unknown}
    return labels.get(text)
