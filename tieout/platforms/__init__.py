"""Where books are kept: one folder a platform. A folder is a platform when its module has what `Platform` asks for.

A platform is handed a call (which holds the budget's gate) and an access (which holds the token), and never sees the
database. Which address it speaks to stands in `App.urls`. Every verb makes each call once; errors are `RemoteError`s.
"""

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from tieout.calls import Answer, Call
from tieout.core.chart import Books
from tieout.core.failure import Failure
from tieout.core.openid import Provider
from tieout.core.plan import Document
from tieout.core.records import BooksDocument, Contact, DocumentKind, Form
from tieout.core.secret import Secret

# Codes of `Failure.code` that a caller may act upon; all others are for people and for diagnosis. They are the same on
# every platform.
NUMBER_TAKEN = "document-number-taken"  # the document may exist: look for it
KEY_REUSED = "idempotency-key-reused"  # our own mistake: other bytes went out under this key before
ACCESS_EXPIRED = "access-token-expired"  # 401: a fresh token cures it
SCOPE_MISSING = "scope-missing"  # 401: only a wider consent cures it
TENANT_REFUSED = (
    "connection-removed-remotely"  # 403: these books are no longer ours to reach, or the person lost all rights
)
ROLE_TOO_SMALL = "user-not-permitted"  # 403: reached, but not permitted
NOT_FOUND = "not-found"  # 404: nothing was carried out
GRANT_ENDED = "grant-ended"  # the refresh token is used up, expired or revoked
CONTACT_ARCHIVED = "contact-archived"
CONSENT_DENIED = "connect-never-completes"  # the person pressed Cancel


class UnknownPlatform(LookupError):
    """No platform has this name."""


@dataclass(frozen=True, slots=True)
class App:
    """Our registration at one platform. `urls` names its addresses by use (login, identity, api), without a last slash.

    `calls_a_day` is what the registration's tier allows for one set of books; 0 means the platform's smallest tier.
    `is_custom`: the app itself was let into one set of books; it asks for its tokens alone, and nobody consents.
    """

    client_id: str
    client_secret: Secret
    redirect_uri: str
    urls: Mapping[str, str] = field(default_factory=dict)
    calls_a_day: int = 0
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class TokenSet:
    """One answer of a token endpoint. `consent_id` names the consent it came from, `person` who gave it there.

    One token set is kept for each person; where a consent reaches one set of books only, `person` names those as well.
    `ends_in_seconds`: however often it is renewed, nothing renews it after that; None where nothing is known of an end.
    `is_claimed`: whom it is of was told by the browser alone, so it takes nobody's place before it has proven itself.
    """

    access: Secret
    refresh: Secret
    expires_in_seconds: int
    scopes: tuple[str, ...] = ()
    consent_id: str = ""
    person: str = ""
    person_name: str = ""
    ends_in_seconds: int | None = None
    is_claimed: bool = False


@dataclass(frozen=True, slots=True)
class RemoteBooks:
    """One set of books that a grant reaches. `link_id` is the platform's name for our link to it: it disconnects.

    `linked_at`: since when the platform has had that link; None where it does not say.
    """

    link_id: str
    books_id: str
    name: str
    consent_id: str = ""
    is_organisation: bool = True
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A token and the books it is used for. An attempt keeps `token_id` for ever, never the token (R2)."""

    token: Secret
    token_id: str
    expires_at: datetime
    books_id: str
    app: App


@dataclass(frozen=True, slots=True)
class Known:
    """What documents refer to in the books. `contacts`: their ids by the name that documents carry.

    `rates`: what one unit of a foreign currency is worth in the books' own on a day.
    """

    books: Books
    contacts: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[tuple[str, date], Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Element:
    """What one answer says about one document; `number` is the one the books gave back, None if they gave none.

    Exactly one of `document` and `failure` is set. `document` has a real id; it was saved. `is_altered`: a warning says
    that what was saved is not what was sent, so it must be taken for a mismatch, never for success.
    """

    number: str | None
    document: BooksDocument | None = None
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    is_altered: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer says of our allowance for these books; None where it says nothing.

    `wait_seconds` is an order to send nothing before, `code` the problem code of the limit it names.
    """

    day_left: int | None = None
    minute_left: int | None = None
    wait_seconds: int | None = None
    code: str = ""


class Platform(Protocol):
    """What every platform's module has. Documents of one call share their kind."""

    NAME: str
    LABEL: str
    FORM: Form
    NUMBER_UNIQUE: Mapping[DocumentKind, bool]
    APPROVED: str  # the status of a document that counts in the books
    DRAFT: str
    URLS: Mapping[str, str]  # where the real one lives, by use
    SCOPES: tuple[str, ...]
    LONGEST: Mapping[str, int]  # characters that a document's number, reference and description may have
    FOLLOWUPS: tuple[str, ...]  # what may follow a document: attach, note
    MOST_ATTACHED_BYTES: int  # of one file
    MOST_DOCUMENTS: int
    CALLS_A_MINUTE: int
    CALLS_AT_ONCE: int
    CALLS_A_DAY: int  # for one set of books, in the smallest tier; 0: no such limit
    CALLS_A_SECOND: int  # 0: no such limit
    WRITES_A_MINUTE: int  # of the calls of a minute, those that may write
    READS_A_MONTH: int  # of the whole installation; 0: not counted
    GRACE_SECONDS: int
    IDLE_DAYS: int  # after so many without a renewal a grant lapses
    TAKES_CUSTOM_APPS: bool
    WHY: Mapping[str, str]  # what each permission that is asked for is needed for, in plain words
    KEEPS_LIST: bool  # whether it lists the books that a grant reaches
    TELLS_RIGHTS: bool  # whether it tells what the connecting person may do

    # consent
    def refused(self, params: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None: ...
    def authorise_url(self, app: App, state: str, verifier: str) -> str: ...
    def exchange(self, call: Call, app: App, params: Mapping[str, str], verifier: str) -> TokenSet: ...
    def refresh(self, call: Call, app: App, token: Secret) -> TokenSet: ...
    def revoke(self, call: Call, app: App, token: Secret) -> None: ...
    def connections(self, call: Call, app: App, token: Secret, consent_id: str = "") -> tuple[RemoteBooks, ...]: ...
    def disconnect(self, call: Call, app: App, token: Secret, link_id: str) -> None: ...
    def keys_refused(self, call: Call, app: App) -> Failure | None:
        """What the token endpoint says against our client id and secret, by an invented code; None: they are good.

        Raises RemoteError when it says neither.
        """

    def credentials(self, call: Call, app: App) -> TokenSet:
        """A token set for a custom app. Raises Rejected where the platform has none such (TAKES_CUSTOM_APPS)."""

    def lacking(self, scopes: Sequence[str]) -> tuple[str, ...]: ...
    def outdated(self, scopes: Sequence[str]) -> tuple[tuple[str, ...], date | None]:
        """Those of them that are being withdrawn and hold what we need and no other one does; the day they end."""

    def try_write(self, call: Call, access: Access) -> None:
        """Passes where writing is let through at all; creates nothing. Raises NotAllowed."""

    # limits
    def limits_of(self, answer: Answer) -> Limits: ...

    # books
    def probe(self, call: Call, access: Access) -> Books: ...
    def read_books(self, call: Call, access: Access) -> Books: ...
    def adopt(self, books: Books, account: str, tax: str) -> tuple[str, str] | None: ...
    def rate(self, call: Call, access: Access, currency: str, on: date) -> Decimal: ...
    def contact(self, call: Call, access: Access, name: str, key: str) -> Contact: ...

    # documents
    def how_many_fit(self, documents: Sequence[Document], known: Known, status: str) -> int: ...
    def to_wire(self, documents: Sequence[Document], known: Known, status: str) -> bytes: ...
    def send(self, call: Call, access: Access, kind: DocumentKind, body: bytes, key: str) -> tuple[Element, ...]: ...
    def find(
        self, call: Call, access: Access, kind: DocumentKind, numbers: Sequence[str]
    ) -> tuple[BooksDocument, ...]: ...
    def is_void(self, status: str) -> bool: ...
    def gone(self, call: Call, access: Access, kind: DocumentKind, ids: Sequence[str]) -> Mapping[str, str]:
        """Which documents of these ids `find` shows no more because they were deleted, with a status that is void.

        Nothing for one that only bears another number now.
        """

    def attach(
        self, call: Call, access: Access, kind: DocumentKind, document_id: str, filename: str, content: bytes, key: str
    ) -> None: ...
    def attachments(self, call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]: ...
    def note(self, call: Call, access: Access, kind: DocumentKind, document_id: str, text: str, key: str) -> None: ...
    def notes(self, call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]: ...
    def link(self, books: Books, kind: DocumentKind, document_id: str) -> str: ...
    def home(self, books: Books) -> str: ...


@cache
def names() -> tuple[str, ...]:
    """Every platform there is, found by looking into this folder."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")))


def named(name: str) -> Platform:
    """Raises UnknownPlatform."""
    if name not in names():
        raise UnknownPlatform(f"there is no platform {name!r}; there are: {', '.join(names())}")
    return cast(Platform, import_module(f"{__name__}.{name}"))


def openid(name: str) -> Provider | None:
    """How the platform vouches for people, if it does (OPENID in its folder). Raises UnknownPlatform."""
    found: Provider | None = getattr(named(name), "OPENID", None)
    return found


def pretty(body: bytes) -> str:
    """A request body for people, indented; every number keeps the digits it has on the wire."""
    from tieout.platforms._exact import indented

    return indented(body)
