"""How far the set-up of an organisation is, computed from what is connected, mapped, chosen and sent. Reads only.

A draft says what was entered and not finished; it makes no step done.
"""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tieout import channels, platforms
from tieout.core.connection import Connection
from tieout.core.door import SetupFacts
from tieout.core.mapping import Mapping
from tieout.core.records import Form
from tieout.core.status import Status
from tieout.store import channel_accounts, drafts, mappings, onboarding, settlements
from tieout.store.drafts import Draft
from tieout.store.engine import Db
from tieout.store.onboarding import Onboarding, StepDraft
from tieout.sync.in_use import books_in_use

HALF = timedelta(minutes=10)  # after so long without a finished step a draft counts as left
FILES = "files"  # the choice that needs no approval by anybody
TITLES = {
    "channel": "Sales channel",
    "books": "Books",
    "accounts": "Accounts and taxes",
    "banks": "Bank accounts",
    "first": "First settlement",
}
STEPS = tuple(TITLES)


class StepState(StrEnum):
    DONE = "done"
    NOT_NEEDED = "not-needed"
    OPEN = "open"  # to be done now
    BEGUN = "begun"  # something is entered, or on its way
    STUCK = "stuck"  # it was tried and came to nothing
    WAITING = "waiting"  # an earlier step comes first


OVER = frozenset({StepState.DONE, StepState.NOT_NEEDED})


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `found` is what is so now, `then` what to do; `where` is the page on which it is done.

    `tries` are the ways to a provider that never came back.
    """

    name: str
    number: int
    title: str
    state: StepState
    found: str
    then: str
    where: str
    entered: Dict[str, str]
    tries: tuple[Draft, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def has_drafts(self) -> bool:
        return bool(self.entered) or bool(self.tries)


@dataclass(frozen=True, slots=True)
class Setup:
    """`current` is the step to go on with, None when all are over. `is_open`: a new organisation is not through yet."""

    steps: tuple[Step, ...]
    current: Step | None
    is_open: bool
    begun_at: datetime | None


def setup(db: Db) -> Setup:
    begun, entered = onboarding.find(db), onboarding.drafts(db)
    counted, main = settlements.counts(db), books_in_use(db)
    found = (
        _channel(db, entered.get("channel"), counted),
        _books(db, entered.get("books"), main),
        _accounts(db, entered.get("accounts"), counted, main),
        _banks(db, entered.get("banks"), main),
        _first(entered.get("first"), counted, main),
    )
    current = _current(found, begun)
    return Setup(
        found, current, is_open(db, begun, bool(counted)) and current is not None, begun.begun_at if begun else None
    )


def is_open(db: Db, begun: Onboarding | None, has_settlements: bool) -> bool:
    """Begun and not ended; or never begun, and nothing at all is connected or imported yet."""
    if begun is not None:
        return begun.ended_at is None
    return not has_settlements and books_in_use(db) is None and not channel_accounts.listed(db)


def half_finished(db: Db, now: datetime) -> SetupFacts | None:
    """The first step of an open set-up whose draft has been left for a while."""
    begun, kept = onboarding.find(db), onboarding.drafts(db)
    if begun is None or begun.ended_at is not None or not kept:
        return None
    for step in setup(db).steps:
        draft = kept.get(step.name)
        if draft is not None and not step.is_over and not _is_settled(draft) and now - draft.saved_at >= HALF:
            number, title = step.number, step.title.lower()
            return SetupFacts(step.name, number, len(STEPS), title, draft.saved_at, draft.saved_by)
    return None


def _current(found: tuple[Step, ...], begun: Onboarding | None) -> Step | None:
    """Where it was left, unless that is over by now: then the first that is not."""
    left = next((each for each in found if begun and each.name == begun.step and not each.is_over), None)
    if left is not None and left.state is not StepState.WAITING:
        return left
    return next((each for each in found if not each.is_over), None)


def _channel(db: Db, draft: StepDraft | None, counted: Dict[str, int]) -> Step:
    live = [each for each in channel_accounts.listed(db) if each.is_live]
    tries, entered = drafts.of_channels(db), draft.entered if draft else {}
    chosen = entered.get("choice", "")
    if live:
        names = ", ".join(each.name for each in live[:3])
        return _step(
            "channel", StepState.DONE, f"Connected: {names}.", "Another can be added at any time.", "/channels"
        )
    if counted:
        number = sum(counted.values())
        found = f"{number} settlement{'s' if number != 1 else ''} from uploaded files."
        return _step("channel", StepState.DONE, found, "A channel can be connected at any time.", "/channels")
    if chosen == FILES:
        then = "Upload a settlement file: no approval by anybody is needed."
        return _step("channel", StepState.BEGUN, "You chose to upload files.", then, "/settlements", entered)
    where = f"/channels/connect/{chosen}" if chosen in channels.askable() else "/start/channel"
    if tries:
        found = "You left for the channel's page, and nothing came back."
        return _step("channel", StepState.STUCK, found, "Try again, or upload files.", where, entered, tries)
    if chosen in channels.askable():
        found = f"You chose {channels.label(chosen)}; it is not connected yet."
        return _step("channel", StepState.BEGUN, found, "Go on connecting it.", where, entered)
    then = "Choose where you sell, or upload files: those need no approval."
    return _step("channel", StepState.OPEN, "Nothing is connected yet.", then, where, entered)


def _books(db: Db, draft: StepDraft | None, main: Connection | None) -> Step:
    entered = draft.entered if draft else {}
    tries = tuple(each for each in drafts.listed(db) if each.step not in (drafts.FINISHED, drafts.PARKED))
    if main is not None and main.may_post:
        found = f"{main.books_name} is connected, and documents can be sent."
        return _step("books", StepState.DONE, found, "Nothing to do.", "/connection")
    if main is not None:
        found = f"{main.books_name} is connected, but does not take documents now. {main.words}".strip()
        return _step("books", StepState.STUCK, found, "Its card says what to do.", "/connection", entered, tries)
    if tries and tries[0].step == drafts.CHOOSING:
        found, then = "The consent came back; which books are meant was not said yet.", "Say it, or try again."
        return _step("books", StepState.STUCK, found, then, "/connection/choose", entered, tries)
    if tries:
        words = tries[0].words or "nothing came back from the consent page"
        found = f"The last try stopped: {words[:1].lower()}{words[1:].rstrip('.')}."
        return _step("books", StepState.STUCK, found, "Try again.", "/connection", entered, tries)
    if chosen := entered.get("choice", ""):
        label = platforms.named(chosen).LABEL if chosen in platforms.names() else chosen
        return _step("books", StepState.BEGUN, f"You chose {label}.", "Approve it there.", "/connection", entered)
    then = "Choose your bookkeeping product and approve Tieout there."
    return _step("books", StepState.OPEN, "No books are connected yet.", then, "/connection", entered)


def _accounts(db: Db, draft: StepDraft | None, counted: Dict[str, int], main: Connection | None) -> Step:
    entered = draft.entered if draft else {}
    lacking = counted.get(Status.MAPPING_NEEDED, 0) + counted.get(Status.UNKNOWN_ROWS, 0)
    if counted.get(Status.SENT) or (entered.get("looked") and counted and not lacking):
        return _step(
            "accounts", StepState.DONE, "Every category has an account and a tax rate.", "", "/mapping", entered
        )
    if not counted or main is None:
        found = "The usual accounts are filled in when a first file is read and the books are known."
        return _step("accounts", StepState.WAITING, found, "Do the steps before this one.", "/mapping", entered)
    if lacking:
        found = f"{lacking} settlement{'s' if lacking != 1 else ''} wait for an account or a tax rate."
        return _step("accounts", StepState.OPEN, found, "Fill in what is marked there.", "/mapping", entered)
    found = "The usual accounts and tax rates are filled in."
    then = "Look them over, then say here that they are right."
    return _step("accounts", StepState.BEGUN if entered else StepState.OPEN, found, then, "/mapping", entered)


def _banks(db: Db, draft: StepDraft | None, main: Connection | None) -> Step:
    entered = draft.entered if draft else {}
    if main is None:
        found = "Which books there are decides whether it is needed."
        return _step("banks", StepState.WAITING, found, "Connect the books first.", "/bank-accounts", entered)
    if platforms.named(main.platform).FORM is not Form.JOURNALS:
        found = f"{main.books_name} matches documents with its own bank feed."
        return _step("banks", StepState.NOT_NEEDED, found, "Nothing to do.", "/bank-accounts", entered)
    current = mappings.current(db)
    if current is not None and Mapping.from_record(current.record).banks:
        return _step("banks", StepState.DONE, "Chosen.", "They can be changed at any time.", "/bank-accounts", entered)
    found = "Nobody has said in which account payouts arrive."
    then = "Choose the deposit and the charge account of each marketplace."
    return _step("banks", StepState.BEGUN if entered else StepState.OPEN, found, then, "/bank-accounts", entered)


def _first(draft: StepDraft | None, counted: Dict[str, int], main: Connection | None) -> Step:
    entered = draft.entered if draft else {}
    if sent := counted.get(Status.SENT, 0):
        found = f"{sent} settlement{'s are' if sent != 1 else ' is'} in the books and read back."
        return _step("first", StepState.DONE, found, "Nothing to do.", "/settlements", entered)
    if not counted or main is None:
        found = "There is nothing to send yet."
        return _step("first", StepState.WAITING, found, "Do the steps before this one.", "/settlements", entered)
    found = f"{counted.get(Status.READY, 0)} of {sum(counted.values())} are ready."
    then = "Open one, look at its preview, and send it."
    return _step("first", StepState.BEGUN if entered else StepState.OPEN, found, then, "/settlements", entered)


def _step(
    name: str,
    state: StepState,
    found: str,
    then: str,
    where: str,
    entered: Dict[str, str] = {},
    tries: tuple[Draft, ...] = (),
) -> Step:
    return Step(name, STEPS.index(name) + 1, TITLES[name], state, found, then, where, entered, tries)


def _is_settled(draft: StepDraft) -> bool:
    """What a person has said to be right is no half-entered thing."""
    return draft.step == "accounts" and bool(draft.entered.get("looked"))
