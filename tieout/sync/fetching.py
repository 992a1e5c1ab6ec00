"""Fetching payouts: asked by the timetable, by a person or by a notice; bytes are kept before anything is read.

One payout at a time: named (a row), fetched, kept together with the order to read it (one transaction), marked. A
process that dies anywhere leaves rows that say what is left, and the next one goes on there: what is kept is never
fetched again, and the cursor moves only behind what is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from tieout import channels
from tieout.channels import Download
from tieout.core.actor import Actor
from tieout.core.channel_account import AccountState, ChannelAccount, FetchedItem, called
from tieout.core.failure import Busy, Disconnected, NotAllowed, Rejected, RemoteError, Unreachable
from tieout.core.operation import OperationState
from tieout.core.retry import doubling
from tieout.core.settlement import Statement
from tieout.jobs import BACKGROUND, INTERACTIVE
from tieout.people.acting import ensure
from tieout.people.roles import Right
from tieout.store import across, channel_accounts, channel_items, issues, statements
from tieout.store import operations as operation_rows
from tieout.store.engine import Db, read, write
from tieout.sync import channel_issues, operations
from tieout.sync.channel_accounts import ask, beginning, noted
from tieout.sync.pausing import is_held
from tieout.sync.tools import Tools

EVERY_SECONDS = 30
HELD = timedelta(minutes=3)  # longer than any call with its turn at the gate
BY_TIMETABLE = "the timetable"
_MOST_PAGES = 1000
_NOT_THERE = (404, 410)  # any other refusal may end: a right that is given, a query that is cheaper
_MOST_FAILED = 3  # payouts that cannot be fetched in a row: then it is not about one of them
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
_NOTICES_APART = timedelta(minutes=1)
_LOOKED_AFTER = timedelta(hours=1)


@dataclass(slots=True)
class _Run:
    """One fetch of one account: who holds it, the operation that shows it, and what it has brought in so far."""

    tools: Tools
    organisation: str
    account: ChannelAccount
    operation: str
    holder: str
    began_at: datetime
    failed_in_a_row: int = 0


def ask_now(tools: Tools, actor: Actor, account: str, since: datetime | None = None) -> str | None:
    """A person asks for new payouts now, perhaps from a day on; the operation, which may be one that is under way.

    None when the organisation has no such account, or one that cannot be asked. Raises NotPermitted.
    """
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.IMPORT)
        found = channel_accounts.find(db, account)
        if found is None or not found.may_ask:
            return None
        under_way = operation_rows.get(db, found.operation) if found.operation else None
        operation = under_way.id if under_way is not None and under_way.ended_at is None and not since else ""
        if not operation:
            operation = _begun(tools, db, actor.name, found, since)
        channel_accounts.set_next(db, account, tools.now(), operation)
    key = f"fetch:{operation}:{tools.now().timestamp()}"
    tools.jobs.enqueue("fetch", key, {"organisation": actor.organisation, "account": account}, INTERACTIVE)
    return operation


def announced(tools: Tools, organisation: str, account: str) -> None:
    """A notice says that something happened there: asked soon, however many notices come."""
    with write(tools.engines, organisation) as db:
        found = channel_accounts.find(db, account)
        if found is not None:
            soonest = found.fetched_at + _NOTICES_APART if found.fetched_at else tools.now()
            channel_accounts.bring_forward(db, account, max(soonest, tools.now()))


def fetch_due(tools: Tools) -> int:
    """The timetable's look: nudges for the accounts whose time has come, in every organisation; how many."""
    everybody = across.organisations(tools.engines)
    return sum(_nudge(tools, organisation) for organisation in everybody if not is_held(tools, organisation))


def fetch(tools: Tools, organisation: str, account: str) -> None:
    """The job behind a fetch. Safe to run twice, at the same time too, and to be killed anywhere."""
    holder = uuid4().hex
    with write(tools.engines, organisation) as db:
        now = tools.now()
        found = channel_accounts.find(db, account)
        if found is None or not channel_accounts.hold(db, account, holder, now, now + HELD):
            return
        run = _Run(tools, organisation, found, _operation(tools, db, found), holder, now)
    try:
        listed = _brought_in(run)
    except RemoteError as error:
        _stopped(run, error)
    else:
        _done(run, listed)
    finally:
        with write(tools.engines, organisation) as db:
            channel_accounts.let_go(db, account, holder)
            channel_issues.of_account(db, account, tools.now())


# --- One fetch ------------------------------------------------------------------------------------------------------


def _brought_in(run: _Run) -> datetime | None:
    """Page by page, what each names before the next is asked for; how far the list reaches, None where it begins
    behind what is not here yet."""
    with write(run.tools.engines, run.organisation) as db:
        asked = operation_rows.get(db, run.operation)
        chosen = asked.arguments.get("since") if asked is not None else None
        since = beginning(run.account, run.tools.now(), datetime.fromisoformat(chosen) if chosen else None)
        if chosen:
            channel_items.ask_again(db, run.account.id, since)
    is_whole = since <= beginning(run.account, run.tools.now())
    place = since.isoformat()
    for _ in range(_MOST_PAGES):
        listing = _ask(run, lambda channel, call, access, at=place: channel.listed(call, access, at))
        with write(run.tools.engines, run.organisation) as db:
            now = run.tools.now()
            channel_items.note(db, [noted(run.account.id, item, now) for item in listing.items])
        _bring_in_open(run)
        if listing.is_all and not is_whole:
            return None
        if listing.is_all:
            return datetime.fromisoformat(listing.next) if listing.next else since
        place = listing.next
    raise Rejected(f"the channel names more than {_MOST_PAGES} pages of payouts", code="too-many-pages")


def _bring_in_open(run: _Run) -> None:
    """Everything named and final that is not here, oldest first, whichever fetch named it."""
    with read(run.tools.engines, run.organisation) as db:
        ready = [item for item in channel_items.still_open(db, run.account.id) if item.is_ready]
    for number, item in enumerate(ready, start=1):
        message = f"Fetching {item.label}: {number} of {len(ready)}."
        operations.progress(run.tools, run.organisation, run.operation, number - 1, len(ready), message)
        _bring_in(run, item)


def _bring_in(run: _Run, item: FetchedItem) -> None:
    """One payout. What concerns it alone is noted at it and does not stop the others."""
    wanted = channels.Item(item.id, item.label, item.at)
    try:
        downloads = _ask(run, lambda channel, call, access: tuple(channel.fetched(call, access, wanted)))
    except Rejected as error:
        _failed(run, item, error, is_gone=error.failure.status in _NOT_THERE or error.failure.code == "not-found")
        return
    except Unreachable as error:
        _failed(run, item, error)
        run.failed_in_a_row += 1
        if run.failed_in_a_row >= _MOST_FAILED:
            raise
        return
    run.failed_in_a_row = 0
    with write(run.tools.engines, run.organisation) as db:
        imports = tuple(_kept(run, db, item, download) for download in downloads)
        channel_items.kept(db, run.account.id, item.id, _digest(downloads), _first(imports), run.tools.now())
    for operation in filter(None, imports):
        arguments = {"organisation": run.organisation, "operation": operation}
        run.tools.jobs.enqueue("import", f"import:{operation}", arguments)


def _kept(run: _Run, db: Db, item: FetchedItem, download: Download) -> str:
    """The bytes are here for good, and reading them is asked for: the operation of that, blank where they were here."""
    digest = sha256(download.content).hexdigest()
    channel, content = _blanked(run.account.channel, download, digest)
    size, now = len(download.content), run.tools.now()
    if not statements.keep(db, digest, download.filename, size, channel, content, now):
        return ""
    actor = Actor(run.organisation, "", f"{run.account.name}, {item.label}"[:120])
    arguments = {"statement": digest, "filename": download.filename}
    return operations.begin(run.tools, db, actor, "import", download.filename, arguments)


def _blanked(channel: str, download: Download, digest: str) -> tuple[str, bytes]:
    """As for an upload, personal columns go before anything is kept. What no channel knows is kept whole: it was asked
    for without any personal field, and a later release may read it."""
    try:
        recognised = channels.recognise(download.filename, download.content)
        return recognised, channels.blank(recognised, Statement(download.filename, download.content, digest))
    except (channels.Unrecognised, channels.Refused):
        return channel, download.content


def _done(run: _Run, listed: datetime | None) -> None:
    with write(run.tools.engines, run.organisation) as db:
        now = run.tools.now()
        left = channel_items.still_open(db, run.account.id)
        reached = min([listed, *(item.at for item in left)]) if listed else None
        channel_accounts.fetched(db, run.account.id, now, reached)
        failed = sum(item.is_ready for item in left)
        wait = _every(run.account) if not failed else doubling(_FIRST_PAUSE, run.account.tries, _LONGEST_PAUSE)
        tries = run.account.tries + 1 if failed else 0
        _leave(run, db, now + wait, tries)
        later = sum(not item.is_ready for item in left)
        operations.finish(run.tools, db, run.operation, _summary(run, db, failed, later), _result(run, db))


def _stopped(run: _Run, error: RemoteError) -> None:
    """What stands in the way: a turn to wait for, a person to act, or a channel that does not answer."""
    now, words = run.tools.now(), error.failure.sentence
    with write(run.tools.engines, run.organisation) as db:
        if isinstance(error, Busy):
            until = now + timedelta(seconds=error.failure.retry_after_seconds or 60)
            channel_accounts.set_next(db, run.account.id, until, run.operation, run.account.tries)
            message = f"{_so_far(run, db)} The channel lets the next call in at {until:%H:%M:%S} UTC; it goes on then."
            operation_rows.change(db, run.operation, now, state=OperationState.RUNNING, message=message)
            return
        if isinstance(error, Disconnected | NotAllowed):
            _leave(run, db, None, 0)
            message = (
                f"{_so_far(run, db)} The channel refuses our access: {words}. Connect it again; it goes on from there."
            )
        else:
            again = now + doubling(_FIRST_PAUSE, run.account.tries, _LONGEST_PAUSE)
            _leave(run, db, again, run.account.tries + 1)
            message = (
                f"{_so_far(run, db)} The channel gave no usable answer: {words}. Asked again at {again:%H:%M} UTC."
            )
        operations.fail(run.tools, db, run.operation, message, _result(run, db) | {"code": error.failure.code})


def _leave(run: _Run, db: Db, next_at: datetime | None, tries: int) -> None:
    """When it is asked next: soon where a person or a notice has asked anew since this fetch began."""
    found = channel_accounts.find(db, run.account.id)
    if found is None or not found.may_ask:
        channel_accounts.set_next(db, run.account.id, None, "", tries)
        return
    is_another = found.operation not in ("", run.operation)
    is_announced = found.next_at is not None and found.next_at > run.began_at
    soon = found.next_at if is_another or is_announced else next_at
    channel_accounts.set_next(db, run.account.id, soon, None if is_another else "", tries)


def _ask(run: _Run, question: Callable[..., Any]) -> Any:
    """Before each call the hold is renewed; who lost it stops, since somebody else is at it."""

    def hold_on() -> None:
        with write(run.tools.engines, run.organisation) as db:
            now = run.tools.now()
            if not channel_accounts.hold(db, run.account.id, run.holder, now, now + HELD):
                raise Busy("another worker fetches this account, or it was ended", code="taken", retry_after_seconds=60)

    return ask(run.tools, run.organisation, run.account.id, question, on_call=hold_on)


def _failed(run: _Run, item: FetchedItem, error: RemoteError, is_gone: bool = False) -> None:
    with write(run.tools.engines, run.organisation) as db:
        channel_items.failed(db, run.account.id, item.id, error.failure.sentence, is_gone)


# --- When, and what is said of it -----------------------------------------------------------------------------------


def _nudge(tools: Tools, organisation: str) -> int:
    now = tools.now()
    with read(tools.engines, organisation) as db:
        due = channel_accounts.due(db, now)
        fresh = [each.id for each in channel_accounts.listed(db) if _is_fresh(db, each, now)]
    for account in due:
        key = f"fetch:{account.id}:{int(now.timestamp())}"
        tools.jobs.enqueue("fetch", key, {"organisation": organisation, "account": account.id}, BACKGROUND)
    if fresh:
        with write(tools.engines, organisation) as db:
            for id in fresh:
                channel_issues.of_account(db, id, now)
    return len(due)


def _is_fresh(db: Db, account: ChannelAccount, now: datetime) -> bool:
    """Whether to look what is wrong with it: what was fetched is read by other jobs, what is missing is uploaded."""
    if account.state is not AccountState.CONNECTED:
        return False
    is_recent = account.fetched_at is not None and now - account.fetched_at <= _LOOKED_AFTER
    return is_recent or bool(issues.of_subject(db, channel_issues.ACCOUNT, account.id))


def _operation(tools: Tools, db: Db, account: ChannelAccount) -> str:
    """The one that is under way, or a new one of the timetable's."""
    found = operation_rows.get(db, account.operation) if account.operation else None
    if found is not None and found.ended_at is None:
        return found.id
    operation = _begun(tools, db, BY_TIMETABLE, account, None)
    channel_accounts.set_next(db, account.id, account.next_at or tools.now(), operation, account.tries)
    return operation


def _begun(tools: Tools, db: Db, name: str, account: ChannelAccount, since: datetime | None) -> str:
    arguments = {"account": account.id} | ({"since": since.isoformat()} if since else {})
    subject = called(channels.label(account.channel), account.name)[:255]
    return operations.begin(tools, db, Actor(db.organisation, "", name), "fetch", subject, arguments)


def _every(account: ChannelAccount) -> timedelta:
    """Its interval and up to a tenth more, the same for each account, so that not all are asked at once."""
    every = timedelta(minutes=channels.askable()[account.channel].EVERY_MINUTES)
    return every + every * (sum(account.id.encode()) % 100) / 1000


def _summary(run: _Run, db: Db, failed: int, later: int) -> str:
    told = [_so_far(run, db)]
    if failed:
        told.append(f"{failed} could not be fetched and will be tried again.")
    if later:
        told.append(f"{later} not final yet at the channel; fetched once paid.")
    if not failed and not later:
        told.append("Everything the channel names is here.")
    return " ".join(told)


def _so_far(run: _Run, db: Db) -> str:
    return f"New payouts: {len(_imports(run, db))}."


def _result(run: _Run, db: Db) -> dict[str, Any]:
    return {"imports": list(_imports(run, db))}


def _imports(run: _Run, db: Db) -> tuple[str, ...]:
    """What this operation has brought in, over all the jobs it took."""
    asked = operation_rows.get(db, run.operation)
    return channel_items.imports_since(db, run.account.id, asked.began_at) if asked is not None else ()


def _digest(downloads: tuple[Download, ...]) -> str:
    return sha256(downloads[0].content).hexdigest() if downloads else ""


def _first(imports: tuple[str, ...]) -> str:
    return next(filter(None, imports), "")
