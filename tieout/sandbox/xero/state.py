"""What the Xero stand-in remembers: apps, people, grants, and for each organisation its books."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tieout.sandbox import Doc, Request
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.xero import hooks

if TYPE_CHECKING:
    from tieout.sandbox.world import Clock, World

KEY_MEMORY_SECONDS = 360

# Behaviours nobody has confirmed, each with the setting that is hardest on a client that guesses.
SWITCHES: Doc = {
    "grace": "other",  # a repeated refresh inside 30 minutes: other, same, or newest (only the newest pair lives)
    "role_refusal": "json",  # wire form of "You are not permitted…": json, text or 401
    "rolling_window": False,  # the minute counts the last 60 s instead of a fixed window
    "app_limit_header": True,  # X-AppMinLimit-Remaining on every answer
    "app_limit_name": "appminute",  # or app-minute
    "key_conflict_in_elements": False,  # where the idempotency conflict is said
    "journals_order_unpaged": True,  # ManualJournals with `order` returns everything
    "zero_paid_voidable": False,  # a document of zero, which is PAID by itself, may be voided
    "payment_raises_invoice_event": True,
    "attachment_megabytes": 10.0,
    "access_seconds": 1_800,  # the life of an access token; shorter only to make a storm pass in less time
    "latency_seconds": 0.0,  # every API call takes so long
    "concurrent_limit": 5,
    "minute_limit": 60,
    "day_limit": 0,  # 0: by the app's tier
    "app_minute_limit": 10_000,
    "plan_lapse": "forbidden",  # or not-connected: what calls get when an organisation's plan lapsed
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that was let in: who asks, for which organisation, at what moment."""

    request: Request
    books: Books
    tenant: str
    organisation: Doc
    app: Doc
    user: Doc
    role: str
    now: datetime

    @property
    def today(self) -> date:
        """The organisation's own day."""
        return self.now.astimezone(ZoneInfo(self.organisation["_zone"])).date()

    def flag(self, name: str, default: bool) -> bool:
        given = self.request.param(name)
        return default if given is None else given.strip().lower() == "true"

    def rows(self, key: str) -> tuple[Doc, ...]:
        return self.books.shelf.all(f"{self.tenant}/{key}")

    def row(self, key: str, row_id: str) -> Doc | None:
        return self.books.shelf.get(f"{self.tenant}/{key}", row_id)

    def find(self, key: str, field: str, value: str) -> tuple[Doc, ...]:
        return self.books.shelf.find(f"{self.tenant}/{key}", field, value)

    def keep(self, key: str, row_id: str, row: Doc) -> Doc:
        hooks.note(self.books, self.tenant, key, self.row(key, row_id), row)
        return self.books.shelf.put(f"{self.tenant}/{key}", row_id, row)

    def new_id(self) -> str:
        return self.books.shelf.new_id()


class Books:
    """The stand-in's memory with the few questions everybody asks of it."""

    def __init__(self, world: World, shelf: Shelf) -> None:
        self.world = world
        self.shelf = shelf
        self.switches: Doc = dict(SWITCHES)
        self.egress: dict[str, int] = {}
        self.redirect_uris: tuple[str, ...] = ()  # every app may be sent back to these too

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def now(self) -> datetime:
        """To the millisecond, as Xero stamps its records."""
        exact = self.world.clock.now()
        return exact.replace(microsecond=exact.microsecond // 1000 * 1000)

    def passing_id(self) -> str:
        """A GUID for something that is not kept: an envelope, a correlation id."""
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))

    def organisation(self, tenant: str) -> Doc | None:
        return self.shelf.get("organisation", tenant)

    def role(self, tenant: str, user_id: str) -> str:
        """The role of a person in an organisation; REMOVED when there is none."""
        member = self.shelf.get("member", f"{tenant}/{user_id}")
        return "REMOVED" if member is None else str(member["role"])

    def connections(self, app_id: str, user_id: str | None = None) -> tuple[Doc, ...]:
        return tuple(
            row
            for row in self.shelf.all("connection")
            if row["app"] == app_id and (user_id is None or row["user"] == user_id)
        )

    def note_write(self, tenant: str, kind: str, row_id: str, number: str, key: str, verb: str) -> None:
        """Evidence that survives a restart: each committed write with its idempotency key and document number."""
        count = self.shelf.count("write") + 1
        row: Doc = {"tenant": tenant, "kind": kind, "id": row_id, "number": number, "key": key, "verb": verb}
        self.shelf.put("write", f"{count:09d}", row | {"at": self.now()})
