"""The names of everything that can go wrong outside; every stand-in knows them, none is ever renamed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from tieout.sandbox import Doc, Request

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FaultName:
    """One name: where it strikes (`api`, `write`, `token`, `refresh`, `consent`, `hook`, or `hand` for at once)."""

    name: str
    group: str
    where: str
    what: str


def _table() -> Iterable[FaultName]:
    for line in _TEXT.strip().splitlines():
        group, name, where, what = (part.strip() for part in line.split("|"))
        yield FaultName(name, group, where, what)


_TEXT = """
authorisation | token-expired | api | The next call is refused as if the access token had expired
authorisation | token-garbled | api | A valid token is refused as unknown
authorisation | grant-dead | refresh | The token endpoint answers invalid_grant
authorisation | refresh-lost | refresh | The refresh token is rotated, the answer is dropped
authorisation | refresh-race | refresh | The first refresh is held (`seconds`), the next is refused
authorisation | scope-narrow | consent | Consent grants all but the named `scopes`
authorisation | scope-refused | token | invalid_scope at the token endpoint
authorisation | consent-cancelled | consent | Redirect back with access_denied
authorisation | consent-stuck | consent | No redirect ever: the provider's own error page
authorisation | consent-other-tenant | consent | The person consents for another organisation (`tenant`)
authorisation | tenant-gone | hand | The organisation leaves the connection list; refresh still works
authorisation | tenant-listed | hand | The organisation already has a connection from an older consent
authorisation | sticky-refusal | api | Refused with 403 until the connection is deleted and made anew
authorisation | slot-limit | consent | One more organisation is refused with the over-limit text
rights | user-role | hand | The role of the connecting user changes (`role`)
rights | forbid-writes | write | 403 on every write whatever the role
rights | org-suspended | api | Subscription ended or paused
rights | plan-limit | hand | Approvals refused above the plan's number (`plan`)
rights | edition | hand | An edition without invoicing
rights | demo-reset | hand | The demo organisation is rebuilt with new ids
transport | hang-after-write | write | The write is carried out, no answer is ever sent
transport | hang-before-write | write | Accepted, nothing written, no answer
transport | late-commit | write | No answer; the write happens `seconds` later (`ending`: hang or cut)
transport | reset | any | Connection cut `when` before the request is carried out, or after
transport | latency | any | Answer after `seconds`
transport | http-error | any | The given `status`, in the `form` named
transport | outage | api | 503 for all organisations (`form`: maintenance or unavailable)
transport | org-offline | api | 503 for one organisation
transport | bad-body | api | `form`: empty, html, truncated, error-inside, dropped, permuted, repeated, no-id
transport | unknown-error | write | A validation text that matches no rule
transport | rate-limit | api | 429 of a `kind` (minute, day, concurrent, appminute), with or without `retry_after`
transport | key-replay | write | The answer stored under an idempotency key is repeated without writing, however old
transport | stale-version | hand | The record's version moves between read and write
person | chart-edit | hand | Archive, delete, rename or retype an account
person | tax-edit | hand | Change, deactivate or restrict a tax rate
person | currency-off | hand | Remove a currency, or multi-currency as a whole
person | lock-date | hand | Set or move a lock date
person | contact-edit | hand | Create, edit, archive, merge or duplicate contacts
person | contact-limit | hand | Refuse new contacts above a number, accept updates
person | item-edit | hand | Archive or retype an item
person | doc-edit | hand | Edit, pay, void, delete, re-date or renumber a document
person | payment-edit | hand | Add, delete or reconcile a payment
person | number-taken | hand | Create a document with a given number by hand
notices | hook-delay | hook | Deliver after `seconds`
notices | hook-drop | hook | Never deliver
notices | hook-repeat | hook | Deliver several times, in random order
notices | hook-forge | hook | Wrong or missing signature
notices | hook-key | hand | Sign with a new key
notices | hook-off | hand | The subscription is switched off
channel | channel-token-dead | hand | The channel refuses our credentials until they are given anew
channel | payout-missing | hand | A payout is left out of every list
channel | payout-late | hand | A payout appears only now, though it is of an earlier time
channel | payout-edited | hand | Rows of a published payout change, and its total with them
channel | payout-total | hand | The total that is stated is altered, the rows are not
channel | payout-rows | hand | Rows are dropped, repeated, malformed or of a new type (`act`)
channel | payout-shape | hand | A payout of a `shape`: over months, negative, zero, of fees only and others
"""

NAMES: dict[str, FaultName] = {named.name: named for named in _table()}


@dataclass(frozen=True, slots=True)
class Fault:
    """One armed fault: how often, when, for whom; `how` is what its name reads."""

    id: int
    name: str
    count: int | None = 1
    probability: float = 1.0
    method: str = ""
    path: str = ""
    tenant: str = ""
    until: datetime | None = None
    armed_at: datetime = LONG_AGO
    how: Doc = field(default_factory=dict)

    def strikes(self, request: Request, places: frozenset[str], tenant: str, now: datetime) -> bool:
        where = NAMES[self.name].where
        return (
            (where == "any" or where in places)
            and (not self.method or request.method in self.method.upper().split(","))
            and (not self.path or _matches(request.path, self.path))
            and (not self.tenant or self.tenant == tenant)
            and (self.until is None or now < self.until)
        )

    def shown(self) -> Doc:
        until = {} if self.until is None else {"until": self.until.isoformat()}
        return (
            {"id": self.id, "name": self.name, "count": self.count, "probability": self.probability}
            | until
            | {
                key: value
                for key, value in (("method", self.method), ("path", self.path), ("tenant", self.tenant))
                if value
            }
            | self.how
        )


class Faults:
    """The armed faults, in the order they were armed."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    def arm(self, name: str, how: Doc, now: datetime) -> Fault:
        """Raises ValueError when no fault has that name, or when it is something a hand does at once."""
        named = NAMES.get(name)
        if named is None:
            raise ValueError(f"no fault is called {name}; the names are {', '.join(sorted(NAMES))}")
        if named.where == "hand":
            raise ValueError(f"{name} is done by a hand, at once; it cannot be armed")
        rest = dict(how)
        window = rest.pop("for_seconds", None)
        fault = Fault(
            id=next(self._ids),
            name=name,
            count=rest.pop("count", 2 if name == "refresh-race" else 1 if window is None else None),
            probability=float(rest.pop("probability", 1.0)),
            method=str(rest.pop("method", "")),
            path=str(rest.pop("path", "")),
            tenant=str(rest.pop("tenant", "")) if name != "consent-other-tenant" else "",
            until=None if window is None else now + timedelta(seconds=float(window)),
            armed_at=now,
            how=rest,
        )
        self._armed.append(fault)
        return fault

    def take(
        self, request: Request, places: frozenset[str], tenant: str, now: datetime, chance: random.Random
    ) -> tuple[Fault, ...]:
        """The faults that strike this request; each has one time less to strike."""
        struck: list[Fault] = []
        for fault in tuple(self._armed):
            if fault.strikes(request, places, tenant, now) and (
                fault.probability >= 1 or chance.random() < fault.probability
            ):
                struck.append(fault)
                self.use(fault)
        return tuple(struck)

    def live(self, name: str, now: datetime) -> Fault | None:
        """The first armed fault of that name, without using it up."""
        return next((f for f in self._armed if f.name == name and (f.until is None or now < f.until)), None)

    def disarm(self, fault_id: int) -> bool:
        kept = [fault for fault in self._armed if fault.id != fault_id]
        found = len(kept) < len(self._armed)
        self._armed = kept
        return found

    def clear(self) -> None:
        self._armed = []

    def armed(self) -> tuple[Fault, ...]:
        return tuple(self._armed)

    def use(self, fault: Fault) -> None:
        """The fault has struck: one time less is left of it."""
        if fault.count is None:
            return
        at = self._armed.index(fault)
        if fault.count <= 1:
            del self._armed[at]
        else:
            self._armed[at] = replace(fault, count=fault.count - 1)


def _matches(path: str, wanted: str) -> bool:
    if any(sign in wanted for sign in "*?["):
        return fnmatchcase(path.lower(), wanted.lower())
    return wanted.lower() in path.lower()
