"""A consent on its way: how far an attempt came, why it ended, and what a refusal of the token endpoint means."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LIVES = timedelta(minutes=10)  # from the press on connect to the way back
HELD = timedelta(minutes=4)  # an answer that waits for its person to sign in; codes die after five minutes

NEVER_COMPLETES = "connect-never-completes"
ORG_UNLINKED = "connect-org-unlinked"
ERROR_SHOWN = "connect-error-shown"
NOT_SIGNED_IN = "connect-not-signed-in"
COOKIES_LOST = "connect-cookies-lost"
WRONG_ORGANISATION = "connect-wrong-organisation"
ALREADY_LISTED = "connect-already-listed"
ROLE_TOO_LOW = "connect-role-too-low"

# How far an attempt came, as a person reads it.
STEPS = {
    "begun": "It was on its way to the consent page; nothing came back.",
    "held": "The consent came back, and nobody signed in here in time.",
    "returned": "The consent came back, and was being worked on.",
    "choosing": "Access was given, and nobody said which books are meant.",
    "parked": "Access was given to other books than before; a decision is needed.",
    "finished": "It was finished.",
    "ended": "It came to an end without a connection.",
}


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """One attempt to connect books that led nowhere. `settings` pairs what to look at with what is expected there."""

    id: str
    platform: str
    code: str
    step: str
    words: str
    begun_at: datetime
    person: str
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def decoded(self) -> str:
        return decoded(self.words)

    @property
    def root(self) -> str:
        return f"attempt:{self.platform}"

    @property
    def page(self) -> str:
        return f"/connection/attempts/{self.id}"


# The words of RFC 6749 (4.1.2.1 and 5.2), the more telling first: what is wrong, and which setting is to be looked at.
_MEANINGS = (
    ("invalid_client", "the client id or its secret is not the one known there", ("client id", "client secret")),
    ("unauthorized_client", "the app may not be used this way there", ("client id", "redirect address")),
    ("redirect", "the redirect address is not registered there exactly as it is sent", ("redirect address",)),
    ("invalid_scope", "a permission was asked for that the app may not ask for", ("scopes",)),
    ("scope", "a permission that is needed was not given", ("scopes",)),
    ("invalid_grant", "the answer was used before, or came more than a few minutes late", ()),
    ("invalid_request", "something that was sent is missing or malformed there", ("redirect address",)),
    ("unsupported_", "the app is of a kind that does not allow this", ("client id",)),
    ("server_error", "it had a fault of its own", ()),
    ("temporarily_unavailable", "it was out of service for the moment", ()),
    ("access_denied", "somebody pressed Cancel", ()),
)


def decoded(words: str) -> str:
    """What their words mean, as the end of a sentence; empty for words that nobody knows."""
    return next((meaning for word, meaning, _ in _MEANINGS if word in words.lower()), "")


def suspects(words: str) -> tuple[str, ...]:
    """Which settings of the app their words speak of."""
    return next((settings for word, _, settings in _MEANINGS if word in words.lower()), ())
