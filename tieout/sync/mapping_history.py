"""The versions of the mapping: who made each, when, and what it says otherwise than the one before."""

from dataclasses import dataclass
from datetime import datetime

from tieout.core.category import Category
from tieout.core.headings import title_of
from tieout.core.mapping import Bank, Entry, Mapping
from tieout.store import mappings
from tieout.store.engine import read
from tieout.sync.mapping_tree import words_of
from tieout.sync.tools import Tools

_MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What one version says otherwise than the one before it; None: nothing of its own."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionView:
    version: int
    made_by: str
    made_at: datetime | None
    changes: tuple[Change, ...]


def versions(tools: Tools, organisation: str) -> tuple[VersionView, ...]:
    """The newest first, each with its difference from the one before."""
    with read(tools.engines, organisation) as db:
        found = mappings.versions(db, _MOST_VERSIONS + 1)
    made = [Mapping.from_record(each.record) for each in found]
    before = [*made[1:], Mapping(0, ())]
    return tuple(
        VersionView(kept.version, kept.created_by, kept.created_at, _changes(old, new))
        for kept, new, old in zip(found[:_MOST_VERSIONS], made, before, strict=False)
    )


def _changes(before: Mapping, after: Mapping) -> tuple[Change, ...]:
    old, new = dict(before.entries), dict(after.entries)
    nodes = sorted({*old, *new}, key=lambda node: node)
    places = [
        Change(words_of(node), _said(old.get(node)), _said(new.get(node)))
        for node in nodes
        if old.get(node) != new.get(node)
    ]
    was, now = dict(before.meanings), dict(after.meanings)
    labels = [
        Change(f"Label {label}", _meaning(was.get(label)), _meaning(now.get(label)))
        for label in sorted({*was, *now})
        if was.get(label) != now.get(label)
    ]
    had, has = dict(before.banks), dict(after.banks)
    banks = [
        Change(f"Bank account {place.marketplace}, {place.currency}", _bank(had.get(place)), _bank(has.get(place)))
        for place in sorted({*had, *has})
        if had.get(place) != has.get(place)
    ]
    return (*places, *labels, *banks)


def _said(entry: Entry | None) -> str:
    return f"{entry.account}, {entry.tax}" if entry else ""


def _bank(bank: Bank | None) -> str:
    return f"deposit {bank.deposit or '–'}, charge {bank.charge or '–'}" if bank else ""


def _meaning(category: Category | None) -> str:
    return title_of(category) if category else ""
