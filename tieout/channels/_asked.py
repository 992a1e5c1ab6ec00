"""The shapes of asking a channel: what a person gives, what a channel gives back, and what its `fetch.py` must have.

A channel that can be asked is pure of database and clock, like a platform: it is handed a call and an access, makes
each call once and raises the remote errors. Bytes come back as they came over the wire; nothing here reads their money.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tieout.calls import Answer, Call
from tieout.core.secret import Secret

# Codes of `Failure.code` that a caller may act upon, the same for every channel.
TOKEN_EXPIRED = "access-token-expired"  # 401: a fresh token cures it
REFUSED = "channel-disconnected"  # only a person can cure it
FIELD = "field:"  # followed by the name of the field at fault


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a person gives by hand. With `choices` (value, words) it is a list to choose from."""

    name: str
    label: str
    hint: str = ""
    is_secret: bool = False
    is_optional: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """Our app at one channel, blank where none is needed; `hook_url` is blank where nobody can reach us."""

    client_id: str = ""
    client_secret: Secret = field(default_factory=lambda: Secret(""))
    redirect_uri: str = ""
    hook_url: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_registered(self) -> bool:
        return bool(self.client_id and self.client_secret.reveal())


@dataclass(frozen=True, slots=True)
class Keys:
    """Access to one seller account. `account` is its own name there and never changes, `place` where it is reached.

    `refresh` is blank where the access never ends; `expires_in_seconds` None means that nobody knows of an end.
    `hook_secret` proves notices where it is not our app's own secret.
    """

    account: str
    name: str
    place: str
    access: Secret
    refresh: Secret = field(default_factory=lambda: Secret(""))
    expires_in_seconds: int | None = None
    hook_secret: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Access:
    """A token and the account it is used for."""

    token: Secret
    account: str
    place: str
    app: Registration


@dataclass(frozen=True, slots=True)
class Item:
    """One payout that a channel lists. `is_ready` False: it is not final there, so it is not fetched yet."""

    id: str
    label: str
    at: datetime
    is_ready: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list, oldest first where the channel lets us choose. `next` goes on from here.

    After the last page (`is_all`) `next` is a moment as ISO 8601 writes it: how far the list reaches.
    """

    items: tuple[Item, ...]
    next: str
    is_all: bool


@dataclass(frozen=True, slots=True)
class Download:
    """A file as the channel gave it, unpacked and otherwise untouched."""

    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice whose signature holds: something happened at this account. A hint to look, never the new truth."""

    account: str
    topic: str


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls at once, and one more each time that `every_milliseconds` have passed."""

    burst: int
    every_milliseconds: int


class Askable(Protocol):
    """What every `channels/<name>/fetch.py` has."""

    URLS: Mapping[str, str]  # by use, each settable
    NEEDS: tuple[Field, ...]
    NEEDS_APP: bool  # nothing works without an app of this installation
    GUIDE: str  # one sentence: where what it needs is found
    INSTALL: Field | None  # what the install by consent needs to know first
    PACES: Mapping[str, Pace]  # by the template of a call
    EVERY_MINUTES: int  # between two scheduled fetches
    HISTORY_DAYS: int  # how far back the channel can be asked
    OVERLAP_DAYS: int  # how far behind its cursor a fetch begins again
    IS_CONTINUOUS: bool  # each settlement of a marketplace begins where the one before ended
    ARCHIVED: str  # what a person does about a payout that is too old to be asked for; {start} and {end} are days
    LEAVING: str  # where a person takes the access away there

    def install_url(self, app: Registration, shop: str, state: str) -> str | None:
        """Where a person approves; None where there is no such way. Raises Rejected for an impossible shop."""

    def exchange(self, call: Call, app: Registration, params: Mapping[str, str], verifier: str) -> Keys:
        """After the approval, its signature checked first."""

    def keys(self, call: Call, app: Registration, given: Mapping[str, str]) -> Keys:
        """From what a person gave, proven by one real call. Raises Rejected with the code FIELD + its name."""

    def refreshed(self, call: Call, app: Registration, keys: Keys) -> Keys:
        """A new access where it ends; else the same."""

    def subscribed(self, call: Call, access: Access) -> None:
        """Asks to be told of changes at `app.hook_url`; safe to repeat."""

    def listed(self, call: Call, access: Access, since: str) -> Listing:
        """A page of payouts since a moment (ISO 8601), or the one that follows an earlier page."""

    def fetched(self, call: Call, access: Access, item: Item) -> Iterator[Download]:
        """Everything the channel has on one payout."""

    def notice(self, headers: Mapping[str, str], body: bytes, secret: Secret) -> Notice | None:
        """None for whatever this secret has not signed. Header names are lower case."""

    def addressed(self, headers: Mapping[str, str]) -> str:
        """The account that a notice claims to be about, before anything is proven."""

    def rest(self, template: str, answer: Answer) -> Pace | None:
        """What an answer says of the calls to come: after `every_milliseconds` the next is certain; None: nothing."""
