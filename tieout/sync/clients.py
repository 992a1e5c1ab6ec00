"""Organisations side by side: for a practice with what needs attention, for whoever runs the installation as states."""

from collections import Counter
from dataclasses import dataclass

from tieout.core.connection import ConnectionState
from tieout.core.status import Status
from tieout.store import across, channel_accounts, connections, issues, organisations, settlements
from tieout.store.engine import read
from tieout.sync.issues import OPEN
from tieout.sync.tools import Tools

_HELD = (Status.UNKNOWN_ROWS, Status.MAPPING_NEEDED, Status.REVIEW_NEEDED, Status.SOURCE_CHANGED, Status.BLOCKED)


@dataclass(frozen=True, slots=True)
class Client:
    """One organisation in a list. `books` are names with their state; `held` and `ready` count settlements.

    `attention` says in words what somebody has to do there, the most urgent first; empty when nothing.
    """

    organisation: str
    name: str
    books: tuple[tuple[str, ConnectionState], ...]
    channels: int
    ready: int
    attention: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class States:
    """One organisation as whoever runs the installation sees it: how many connections stand how, no figures."""

    organisation: str
    name: str
    connections: tuple[tuple[str, int], ...]
    channels: tuple[tuple[str, int], ...]


def overview(tools: Tools, organisation: str) -> Client:
    """Of one organisation that the caller belongs to; no call is made."""
    with read(tools.engines, organisation) as db:
        found = organisations.find(db)
        live = [each for each in connections.listed(db) if each.state is not ConnectionState.DISCONNECTED]
        accounts = [each for each in channel_accounts.listed(db) if each.is_live]
        counted, open_issues = settlements.counts(db), len(issues.listed(db, OPEN))
    attention = [] if live else ["No books are connected."]
    attention += [f"{each.books_name}: {_WORDS[each.state]}" for each in live if each.state in _WORDS]
    attention += [f"{each.name}: reconnect it." for each in accounts if not each.may_ask]
    held = sum(counted.get(status.value, 0) for status in _HELD)
    attention += [f"{_counted(held, 'settlement')} held up."] if held else []
    attention += [f"{_counted(open_issues, 'problem')} open."] if open_issues else []
    return Client(
        organisation,
        found.name if found else "",
        tuple((each.books_name, each.state) for each in live),
        len(accounts),
        counted.get(Status.READY.value, 0),
        tuple(attention),
    )


def states(tools: Tools) -> tuple[States, ...]:
    """Of every organisation of the installation, by name: counts of states, and nothing of what is in them."""
    found = []
    for organisation in across.organisations(tools.engines):
        with read(tools.engines, organisation) as db:
            known = organisations.find(db)
            books = Counter(each.state.value for each in connections.listed(db))
            accounts = Counter(each.state.value for each in channel_accounts.listed(db))
        name = known.name if known else ""
        found.append(States(organisation, name, tuple(sorted(books.items())), tuple(sorted(accounts.items()))))
    return tuple(sorted(found, key=lambda each: each.name.casefold()))


_WORDS = {
    ConnectionState.READ_ONLY: "only reading is allowed there.",
    ConnectionState.NEEDS_RECONNECT: "reconnect the books.",
    ConnectionState.PARKED: "decide which books these are.",
}


def _counted(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"
