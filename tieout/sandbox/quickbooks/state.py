"""What the QuickBooks stand-in remembers: apps, grants, and for each company its facts and its records."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tieout.sandbox import Doc, Request
from tieout.sandbox.quickbooks import hooks
from tieout.sandbox.shelf import Shelf

if TYPE_CHECKING:
    from tieout.sandbox.world import Clock, World

# What is not confirmed by anybody can be turned; so can each limit, so that a test reaches it in a few calls.
SWITCHES: Doc = {
    "per_second": 10,  # calls a second of one app in one company
    "at_once": 10,  # calls in flight of one app in one company: the older rule, still quoted
    "per_minute": 500,  # calls a minute in one company, whoever asks
    "batches_per_minute": 40,
    "batch_most": 30,  # items of a batch; other texts say 25 or 50
    "reads_per_month": 500_000,  # CorePlus calls of one app; 0 is not metered
    "sandbox_metered": False,  # calls with development keys are not counted
    "mails_per_day": 40,  # of one company in the sandbox
    "longest_seconds": 120.0,  # a call that takes longer is cut
    "latency_seconds": 0.0,  # every API call takes so long
    "retry_after": True,  # a 429 says how long to wait
    "access_seconds": 3_600,  # the life of an access token; shorter only to make a storm pass in less time
    "grant_seconds": 157_680_000,  # the life of a consent, five years, however often it is renewed
    "rotate_seconds": 86_400,  # the value of a refresh token turns after so long
    "refresh_grace_seconds": 0.0,  # the value before goes on being taken so long after it turned
    "race_kills_winner": True,  # a refresh with an old value kills what the winner got
    "request_id_memory_seconds": 3_600.0,  # not documented
    "request_id_conflict": "replay",  # the same id with another body: replay the first answer, or refuse (600)
    "request_id_keeps_faults": False,  # a refusal too is the stored first answer
    "request_id_in_flight": "refuse",  # a repeat while the first is still under way: refuse (600), or go on
    "no_longer_admin": "5020",  # a standard user's writes: 5020, or every call 120
    "private_note_queryable": False,  # PrivateNote in a WHERE
    "environment": "",  # of the own base address: sandbox or production; empty takes either kind of keys
    "code_form": "plain",  # code of the gateway's lower-case faults: plain "3200", zeros "003200", or number
    "element_form": "empty",  # of an error that names no field: empty, null, or absent
    "shuffle_batch": True,  # the order of a batch's answers is not promised
    "void_form": "both",  # operation (?operation=void), include (?operation=update&include=void), or both
    "class_ref_untracked": "dropped",  # a ClassRef while class tracking is off: dropped, kept or refused
    "negative_receipt_text": "Transaction amount must be 0 or greater.",
    "journal_tax_on_control": "refused",  # tax code on a receivable or payable line of a journal: refused or taken
    "zero_journal_line": "refused",  # a journal line of nought without tax: refused or taken
    "long_number_code": 2050,  # of a document number over 21 characters; or 6000, in its own words
    "journal_numbers_unique": False,  # whether 6140 is said of journals
    "duplicate_code": 6140,  # or 6210, as one post of the vendor prints
    "book_close_date_shown": True,  # Preferences tell the closing date
    "hook_form": "cloudevents",  # or old: eventNotifications
    "hook_signature": "verifier",  # key of the signature of CloudEvents: verifier token, or secret
    "vendor_currency_ignored": True,  # a new vendor's CurrencyRef is answered 200 and becomes the home currency
}
FACTS: Doc = {
    "name": "",
    "country": "US",
    "plan": "plus",  # simple_start, essentials, plus, advanced
    "subscription": "active",  # or trial, ended
    "environment": "",  # sandbox or production; empty is seen from both
    "home_currency": "USD",
    "multi_currency": False,
    "tax_mode": "none",  # none, manual, ast, global
    "closing_on": "",  # the last closed day, YYYY-MM-DD
    "closing_password": False,
    "class_tracking": False,
    "department_tracking": False,
    "warn_duplicate_numbers": False,
    "account_numbers": True,
    "custom_numbers": True,
    "users": [],  # {name, email, role}: admin, standard, reports, none
}
PACIFIC = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Error:
    """One error of a fault, in the words of the wire."""

    code: str
    message: str
    detail: str
    element: str = ""


class Fault(Exception):
    """A request is refused; nothing of it was written. `kind` is the fault's `type` on the wire."""

    def __init__(
        self,
        status: int,
        code: str | int,
        message: str,
        detail: str,
        element: str = "",
        kind: str = "ValidationFault",
    ) -> None:
        super().__init__(f"{code} {message}: {detail}")
        self.status, self.code, self.message, self.detail = status, str(code), message, detail
        self.element, self.kind = element, kind
        self.errors: tuple[Error, ...] = (Error(self.code, message, detail, element),)

    @classmethod
    def several(cls, faults: Sequence[Fault]) -> Fault:
        """One fault with the errors of all, under the status and kind of the first. Needs one at least."""
        first = faults[0]
        whole = cls(first.status, first.code, first.message, first.detail, first.element, first.kind)
        whole.errors = tuple(error for fault in faults for error in fault.errors)
        return whole


class Books:
    """The stand-in's memory with the few questions everybody asks of it."""

    def __init__(self, world: World, shelf: Shelf) -> None:
        self.world = world
        self.shelf = shelf
        self.switches: Doc = dict(SWITCHES)
        self.redirect_uris: tuple[str, ...] = ()  # every app may be sent back to these too

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def now(self) -> datetime:
        """To the second, as QuickBooks stamps its records; aware, UTC."""
        return self.world.clock.now().replace(microsecond=0)

    def passing_id(self) -> str:
        """For something that is not kept: `intuit_tid` of an answer."""
        drawn = uuid.UUID(int=self.world.random.getrandbits(128), version=4).hex
        return f"1-{drawn[:8]}-{drawn[8:]}"

    def found(self, realm: str, **facts: Any) -> Company:
        """A new company with these facts over the usual ones. Raises LookupError for a fact that is none."""
        _check(facts)
        self.shelf.put("company", realm, FACTS | facts | {"realm": realm})
        return Company(self, realm)

    def company(self, realm: str) -> Company | None:
        return None if self.shelf.get("company", realm) is None else Company(self, realm)

    def companies(self) -> tuple[Company, ...]:
        return tuple(Company(self, str(row["realm"])) for row in self.shelf.all("company"))

    def note_write(self, realm: str, entity: str, row: Doc, key: str, verb: str) -> None:
        """Evidence that survives a restart: each committed write with its requestid and document number."""
        number = str(row.get("DocNumber") or "")
        kept: Doc = {"realm": realm, "entity": entity, "id": str(row.get("Id", "")), "number": number}
        place = f"{self.shelf.count('write') + 1:09d}"
        self.shelf.put("write", place, kept | {"key": key, "verb": verb, "at": self.now()})


class Company:
    """One company: its facts and its records in wire form; private keys of a record begin with an underscore.

    Records are never changed in place: put a new one. Every put and drop is a webhook's event.
    """

    def __init__(self, books: Books, realm: str) -> None:
        self.books = books
        self.realm = realm

    @property
    def facts(self) -> Doc:
        found = self.books.shelf.get("company", self.realm)
        if found is None:
            raise LookupError(f"no company {self.realm}")
        return found

    def set(self, **facts: Any) -> Doc:
        """Changes facts. Raises LookupError for one that is none."""
        _check(facts)
        return self.books.shelf.put("company", self.realm, self.facts | facts)

    @property
    def switches(self) -> Doc:
        return self.books.switches

    def now(self) -> datetime:
        return self.books.now()

    def today(self) -> date:
        """The company's own day; the stand-in's companies all live by the vendor's clock."""
        return self.now().astimezone(PACIFIC).date()

    def rows(self, entity: str) -> list[Doc]:
        """In the order in which they were made."""
        return list(self.books.shelf.all(f"{self.realm}/{entity}"))

    def get(self, entity: str, row_id: str) -> Doc | None:
        return self.books.shelf.get(f"{self.realm}/{entity}", str(row_id))

    def find(self, entity: str, field: str, value: str) -> tuple[Doc, ...]:
        """Rows whose field equals the text, letter case ignored."""
        return self.books.shelf.find(f"{self.realm}/{entity}", field, value)

    def put(self, entity: str, doc: Doc, operation: str = "") -> Doc:
        """Keeps the record under its Id. `operation` names the webhook's: else Create, Update, or Delete when the
        record says `status` Deleted."""
        before = self.get(entity, doc["Id"])
        said = operation or ("Delete" if doc.get("status") == "Deleted" else "Update" if before else "Create")
        hooks.note(self.books, self.realm, entity, str(doc["Id"]), said)
        return self.books.shelf.put(f"{self.realm}/{entity}", str(doc["Id"]), doc)

    def drop(self, entity: str, row_id: str) -> None:
        """Forgets the record as if it had never been; a deletion that can be read later is a put."""
        hooks.note(self.books, self.realm, entity, str(row_id), "Delete")
        self.books.shelf.drop(f"{self.realm}/{entity}", str(row_id))

    def next_id(self, series: str = "") -> str:
        """The next number of a series of the company; ids of one series are never given twice."""
        place = f"{self.realm}/{series}"
        number = int((self.books.shelf.get("series", place) or {"number": 0})["number"]) + 1
        self.books.shelf.put("series", place, {"number": number})
        return str(number)


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, or one item of a batch, that was let in: who asks, in which company, at what moment.

    `who` is the connecting person as the company's users list has it; `query` holds the parameters by small name.
    """

    request: Request
    company: Company
    who: Doc
    app: Doc
    now: datetime
    query: Mapping[str, str]

    @property
    def books(self) -> Books:
        return self.company.books


def stamp(moment: datetime) -> str:
    """A moment as it stands in MetaData: seconds and the vendor's own offset, `2026-09-01T19:27:51-07:00`."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def _check(facts: Mapping[str, Any]) -> None:
    if unknown := set(facts) - set(FACTS):
        raise LookupError(f"a company has no {', '.join(sorted(unknown))}; there are {', '.join(FACTS)}")
