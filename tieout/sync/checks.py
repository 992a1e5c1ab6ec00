"""Checks: of a connection by a real call, and of a plan's documents against the chart before the books refuse them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from tieout.calls import Call
from tieout.core.budget import Lane
from tieout.core.chart import Books
from tieout.core.failure import RemoteError
from tieout.core.plan import Document, PlannedLine
from tieout.core.problem import Finding
from tieout.platforms import Access, Platform, named
from tieout.store import connections
from tieout.store.engine import Db, read, write
from tieout.sync import rights
from tieout.sync.asking import ask
from tieout.sync.charts import last_read, refresh
from tieout.sync.gate import reads_of_month
from tieout.sync.in_use import books_in_use
from tieout.sync.tools import Tools

__all__ = ["CHECKED", "Finding", "barriers", "look", "preflight"]

# The refusals that this room can foresee: when it finds nothing any more, what was refused for it may go again.
CHECKED = frozenset(
    {
        "user-not-permitted",
        "currency-not-enabled",
        "period-locked",
        "field-too-long",
        "mapped-account-removed",
        "account-code-invalid",
        "tax-type-not-allowed",
        "channel-link-dropped",
    }
)


_GLANCES = timedelta(minutes=50)


def preflight(
    documents: Sequence[Document], books: Books, longest: Mapping[str, int] | None = None
) -> tuple[Finding, ...]:
    """Pure. Every reason at once, each once a document. An empty result promises nothing: the books can change.

    `longest`: how many characters the platform takes in a number, a reference, a description.
    """
    found = (
        finding
        for document in documents
        for finding in (*_of_document(document, books), *_too_long(document, longest or {}))
    )
    return tuple({(each.code, each.message, each.document): each for each in reversed(tuple(found))}.values())[::-1]


def barriers(db: Db, documents: Sequence[Document]) -> tuple[Finding, ...]:
    """The same against the chart as last read of the books in use; nothing where none was read."""
    connection = books_in_use(db)
    books = last_read(db, connection.id) if connection else None
    return preflight(documents, books, named(connection.platform).LONGEST) if connection and books else ()


def _of_document(document: Document, books: Books) -> Iterator[Finding]:
    number = document.number
    if document.kind in books.barred:
        message = f"{books.name}: the person who connected these books may not create an approved {document.kind}"
        yield Finding("user-not-permitted", message, number)
    if books.currencies and document.currency not in books.currencies:
        yield Finding(
            "currency-not-enabled",
            f"{document.currency} is not switched on in {books.name}",
            number,
            0,
            document.currency,
        )
    locks = (("year", books.year_lock_on), ("period", None if books.passes_period_lock else books.period_lock_on))
    for name, locked_on in locks:
        if locked_on is not None and document.dated <= locked_on:
            message = f"{document.dated} lies in a closed {name} of {books.name}, locked until {locked_on}"
            yield Finding("period-locked", message, number, 0, locked_on.isoformat())
    if document.against:
        yield from _of_against(document, books)
    for index, line in enumerate(document.lines, 1):
        for code, message, about in _of_line(line, books):
            yield Finding(code, message, number, index, about)


def _of_against(document: Document, books: Books) -> Iterator[Finding]:
    """The account that balances a journal."""
    account = books.account(document.against)
    if account is None or not account.is_active:
        state = "does not exist" if account is None else f"{account.name} is archived"
        message = f"bank account {document.against} {state} in {books.name}: choose another among the bank accounts"
        yield Finding("mapped-account-removed", message, document.number, 0, document.against)
    elif account.currency not in ("", document.currency, books.base_currency):
        message = f"bank account {account.words} is kept in {account.currency}, the payout is in {document.currency}"
        yield Finding("account-code-invalid", message, document.number, 0, account.code)


def _too_long(document: Document, longest: Mapping[str, int]) -> Iterator[Finding]:
    texts = [("number", document.number, 0), ("reference", document.reference, 0)]
    texts += [("description", line.description, index) for index, line in enumerate(document.lines, 1)]
    for name, text, index in texts:
        if len(text) > longest.get(name, len(text)):
            message = f"the {name} has {len(text)} characters, the books take {longest[name]}: {text[:40]}…"
            yield Finding("field-too-long", message, document.number, index)


def _of_line(line: PlannedLine, books: Books) -> Iterator[tuple[str, str, str]]:
    """Code, message and what it is about: an account, or a rate and its account."""
    account, rate, pair = books.account(line.account), books.tax_rate(line.tax), f"{line.tax}/{line.account}"
    if account is None:
        yield "mapped-account-removed", f"account {line.account!r} does not exist in {books.name}", line.account
    elif not account.is_active:
        yield (
            "mapped-account-removed",
            f"account {account.code} {account.name} is archived in {books.name}",
            account.code,
        )
    elif account.is_system or account.kind == "BANK":
        kind = "bank account" if account.kind == "BANK" else "system account"
        message = f"account {account.code} {account.name} is a {kind}, which no document may use"
        yield "account-code-invalid", message, account.code
    if rate is None or not rate.is_active:
        state = "does not exist" if rate is None else "is no longer in use"
        yield "tax-type-not-allowed", f"tax rate {line.tax!r} {state} in {books.name}", pair
    elif account is not None and account.classification not in rate.suits:
        message = f"tax rate {rate.code} {rate.name} cannot be used with account {account.code} {account.name}"
        yield "tax-type-not-allowed", message, pair


def look(
    tools: Tools, organisation: str, connection: str, with_chart: bool = False, lane: Lane = Lane.INTERACTIVE
) -> None:
    """One real call to the books, and what the person may do there: what came of it is kept, nothing is raised."""
    is_unread = _is_unread(tools, organisation, connection)
    try:
        refused, is_shut = rights.tried(tools, organisation, connection, lane)
        if (with_chart or is_unread) and not is_shut:
            books = refresh(tools, organisation, connection, lane)
        else:
            books = ask(tools, organisation, connection, _probe, lane)
        beside = rights.neighbour(tools, organisation, connection, lane) if refused else ""
    except RemoteError:
        # What it says of the connection has been kept; books that are out of reach say nothing.
        with write(tools.engines, organisation) as db:
            connections.checked(db, connection, tools.now(), is_good=False)
        return
    rights.conclude(tools, organisation, connection, books, refused, beside)
    if is_unread and books.accounts:
        from tieout.sync.settlements.preparing import follow_books  # it checks what it prepares

        follow_books(tools, organisation)


def glance(tools: Tools, organisation: str, connection: str) -> bool:
    """One real call where none was answered for most of an hour, so that health is known; True where it was made.

    Where reads are counted by the month they are for work, once half of them are used.
    """
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not found.may_ask or (found.good_at and tools.now() - found.good_at < _GLANCES):
        return False
    platform = named(found.platform)
    if platform.READS_A_MONTH and reads_of_month(tools, platform) * 2 >= platform.READS_A_MONTH:
        return False
    with suppress(RemoteError):  # what it means for the connection is kept
        ask(tools, organisation, connection, _probe, Lane.BACKGROUND)
    return True


def _is_unread(tools: Tools, organisation: str, connection: str) -> bool:
    """Whether the chart could never be read yet, as for a person who was not let."""
    with read(tools.engines, organisation) as db:
        return last_read(db, connection) is None


def _probe(platform: Platform, call: Call, access: Access) -> Books:
    return platform.probe(call, access)
