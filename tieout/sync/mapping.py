"""The mapping's verbs: read it, explain a label, set a node. Each change is a new version and renews what is unsent."""

from collections.abc import Sequence

from tieout.core.actor import Actor
from tieout.core.category import Category
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.settlement import Label
from tieout.core.status import Status
from tieout.store import mappings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import read, write
from tieout.sync.settlements.preparing import VERSIONS, mapping_of, prepare_all
from tieout.sync.tools import Tools


class NotAMeaning(ValueError):
    """The word is not one of the categories, or is `unknown`."""


class MappingMoved(Exception):
    """The mapping is not the version that the caller saw. `version` is what it is now."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"the mapping has changed meanwhile: its version is {version} now")


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
    with write(tools.engines, actor.organisation) as db:
        alone(db, VERSIONS)
        present = mapping_of(db)
        if seen is not None and seen != present.version:
            raise MappingMoved(present.version)
        renewed = present.with_meaning(Label(tuple(label_words)), meaning)
        mappings.add(db, renewed.to_record(), actor.name, tools.now())
    return prepare_all(tools, actor.organisation)


def set_entry(tools: Tools, actor: Actor, node: Node, entry: Entry) -> int:
    """Give a node its account and tax rate; how many settlements changed their status."""
    with write(tools.engines, actor.organisation) as db:
        alone(db, VERSIONS)
        renewed = mapping_of(db).with_entry(node, entry)
        mappings.add(db, renewed.to_record(), actor.name, tools.now())
    return prepare_all(tools, actor.organisation)


def words_of(tools: Tools, organisation: str, text: str) -> tuple[str, ...] | None:
    """The words of an unknown label that holds a settlement now, from the text people see; None if there is none."""
    with read(tools.engines, organisation) as db:
        held = settlements.in_status(db, (Status.UNKNOWN_ROWS,))
    labels = {str(part.label): part.label.words for kept in held for part in kept.settlement.unknown}
    return labels.get(text)
