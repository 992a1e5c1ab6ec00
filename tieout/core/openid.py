"""Who may vouch for a person by OpenID Connect, our registration there, and what one vouching says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tieout.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Provider:
    """Facts about one provider that are the same for every installation.

    `issuer` is what its tokens must name, letter by letter; `discovery` is where its document lies, which need not be
    below the issuer. `subject` is the claim that names a person for good. `verified` is the claim that says whether the
    e-mail address was proven there: where a provider has none, its addresses are shown and never believed.
    """

    name: str
    label: str
    issuer: str
    discovery: str
    subject: str = "sub"
    verified: str = ""
    asks_userinfo: bool = False  # its tokens leave out the e-mail address

    @property
    def urls(self) -> Mapping[str, str]:
        """What a setting may put elsewhere, by use."""
        return {"issuer": self.issuer, "discovery": self.discovery}

    def at(self, urls: Mapping[str, str]) -> "Provider":
        """The same provider at other addresses: a stand-in, or a provider of one's own."""
        return replace(
            self,
            issuer=urls.get("issuer", self.issuer),
            discovery=urls.get("discovery") or _usual(urls.get("issuer", "")) or self.discovery,
        )


@dataclass(frozen=True, slots=True)
class Client:
    """Our registration at a provider, for sign-in."""

    provider: Provider
    client_id: str
    client_secret: Secret
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody a provider has just vouched for. `email` and `name` are for people to read.

    `is_verified`: the provider says that the address was proven to be theirs. Nothing is linked by it alone, and
    without it the address is not even compared.
    """

    provider: str
    issuer: str
    subject: str
    email: str
    name: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """Somebody was vouched for who has an account under other logins. `address` is masked; `kinds` are those logins.

    `is_by_books`: the account is known by the books that it connected with this login, not by its address.
    """

    person: str
    name: str
    provider: str
    address: str
    kinds: tuple[str, ...]
    ends_at: datetime
    is_by_books: bool = False


def masked(email: str) -> str:
    """o•••@example.com: enough to know one's own address again."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}" if local else "•••"


def _usual(issuer: str) -> str:
    """OpenID Connect Discovery 1.0, section 4: below the issuer."""
    return f"{issuer}/.well-known/openid-configuration" if issuer else ""
