"""Which table the words of an address mean: all that a new address has to say here, if it names a new kind of thing."""

import re
from collections.abc import Mapping
from typing import Any

# By the beginning of the address and the word in it; the longest beginning decides. None: no object of anybody's.
MEANT: dict[tuple[str, str], tuple[str, str] | None] = {
    ("/settlements/", "id"): ("settlements", "id"),
    ("/operations/", "id"): ("operations", "id"),
    ("/issues/", "id"): ("issues", "id"),
    ("/channels/", "id"): ("channel_accounts", "id"),
    ("/channels/claims/", "id"): ("channel_claims", "id"),
    ("/connection/", "id"): ("connections", "id"),
    ("/connection/attempts/", "id"): ("connection_drafts", "id"),
    ("/connection/links/", "id"): ("consent_links", "id"),
    ("/client-link/", "id"): ("completion_links", "id"),
    ("/integrations/", "id"): ("connections", "id"),
    ("/people/invitations/", "id"): ("invitations", "id"),
    ("/people/members/", "person"): ("persons", "id"),
    ("/people/requests/", "id"): ("access_requests", "id"),
    ("/people/practices/", "practice"): ("practices", "id"),
    ("/people/offers/", "id"): ("transfers", "id"),
    ("/people/support/", "id"): ("support_grants", "id"),
    ("/offers/invitations/", "id"): ("invitations", "id"),
    ("/offers/", "id"): ("transfers", "id"),
    ("/offers/", "organisation"): ("organisations", "id"),
    ("/platform/support/", "organisation"): ("organisations", "id"),
    ("/platform/support/", "id"): ("support_grants", "id"),
    ("/practice/", "id"): ("practices", "id"),
    ("/practice/", "link"): ("practice_invitations", "id"),
    ("/practice/", "person"): ("persons", "id"),
    ("/tokens/", "id"): ("api_tokens", "id"),
    ("/account/identities/", "id"): ("identities", "id"),
    ("/mapping/versions/", "version"): None,
    ("/", "channel"): None,
    ("/", "platform"): None,
    ("/", "provider"): None,
    ("/", "code"): None,
    ("/", "token"): None,
    ("/", "action"): None,
    ("/", "part"): None,
    ("/", "line"): None,
    ("/", "step"): None,
}
PLAIN = {"channel": "amazon", "platform": "xero", "provider": "google", "code": "period-locked", "token": "x" * 43}
PLAIN |= {"action": "check-again", "part": "1", "line": "0", "version": "1", "step": "books"}
NOWHERE = "00000000-0000-7000-8000-000000000000"


def words_in(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def meant_by(path: str, word: str) -> tuple[str, str] | None:
    """Fails for a word that nobody has said the meaning of."""
    own = path.removeprefix("/api")
    known = [begin for begin, name in MEANT if name == word and own.startswith(begin)]
    assert known, f"{path}: say in {__name__} which table {{{word}}} means"
    return MEANT[max(known, key=len), word]


def names_an_object(path: str) -> bool:
    return any(meant_by(path, word) for word in words_in(path))


def filled(path: str, made: Mapping[str, Mapping[str, Any]] | None) -> str:
    """The address with ids of these rows; without rows with ids that nobody has."""

    def value(found: "re.Match[str]") -> str:
        meant = meant_by(path, found[1])
        if meant is None:
            return "xero" if path.startswith("/api/integrations/") else PLAIN[found[1]]
        return str(made[meant[0]][meant[1]]) if made is not None else NOWHERE

    return re.sub(r"\{(\w+)\}", value, path)
