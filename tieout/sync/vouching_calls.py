"""What is asked of somebody who vouches for people: its document, a token for a code, its keys, and who it was."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from tieout.calls import Answer, Call, Request
from tieout.core.failure import RemoteError, Unreachable
from tieout.core.openid import Client, Vouched
from tieout.people.id_tokens import Expected, Untrusted, claims_of

TIMEOUT_SECONDS = 10.0
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the browser brought, and what was agreed when it left."""

    code: str
    verifier: str
    nonce: str


def discover(call: Call, client: Client) -> dict[str, Any]:
    """The provider's addresses, as its document names them for the issuer we expect. Raises RemoteError.

    OpenID Connect Discovery 1.0, section 4.3: a document of another issuer is not used.
    """
    request = Request(
        "GET",
        client.provider.discovery,
        {"Accept": "application/json"},
        template="/.well-known/openid-configuration",
        timeout_seconds=TIMEOUT_SECONDS,
        is_write=False,
    )
    told = _read(call(request), "discovery document")
    if told.get("issuer") != client.provider.issuer:
        raise _unusable(f"its discovery document is of {str(told.get('issuer'))[:100]!r}")
    found: dict[str, Any] = {"issuer": client.provider.issuer}
    for name in _ENDPOINTS:
        found[name] = _address(str(told.get(name) or ""), is_needed=name != "userinfo_endpoint")
    found["names_issuer"] = told.get("authorization_response_iss_parameter_supported") is True
    return found


def vouched(call: Call, client: Client, endpoints: Mapping[str, Any], answered: Answered, now: datetime) -> Vouched:
    """Who it was. Raises Untrusted for a token that proves nothing, RemoteError where the provider did not answer."""
    tokens = _tokens(call, client, endpoints, answered)
    access = str(tokens.get("access_token") or "")
    keys = _get(call, str(endpoints["jwks_uri"]), "/jwks", "key set")
    expected = Expected(str(endpoints["issuer"]), client.client_id, answered.nonce, access)
    claims = claims_of(str(tokens.get("id_token") or ""), keys, expected, now)
    provider, told = client.provider, dict(claims)
    if provider.asks_userinfo:
        told |= _userinfo(call, str(endpoints["userinfo_endpoint"]), access, claims)
    subject, email = claims.get(provider.subject), told.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Untrusted("identity-token-unreadable", f"the identity token holds no {provider.subject}")
    address = email.strip().lower()[:254] if isinstance(email, str) else ""
    is_verified = bool(address) and provider.verified != "" and told.get(provider.verified) in (True, "true")
    return Vouched(provider.name, expected.issuer, subject, address, _name(told), is_verified)


def _tokens(call: Call, client: Client, endpoints: Mapping[str, Any], answered: Answered) -> Mapping[str, Any]:
    """The code, once. HTTP Basic, which every provider takes, and some take nothing else."""
    form = {
        "grant_type": "authorization_code",
        "code": answered.code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": answered.verifier,
    }
    known = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret.reveal())}"
    request = Request(
        "POST",
        str(endpoints["token_endpoint"]),
        {
            "Authorization": f"Basic {base64.b64encode(known.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        urlencode(form).encode(),
        template="/token",
        timeout_seconds=TIMEOUT_SECONDS,
    )
    answer = call(request)
    if answer.status in (400, 401):
        told = _maybe(answer)
        words = str(told.get("error_description") or told.get("error") or f"HTTP {answer.status}")
        raise Untrusted("sign-in-code-refused", words[:200])
    return _read(answer, "token answer")


def _userinfo(call: Call, url: str, access: str, claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """OpenID Connect Core 1.0, section 5.3.2: an answer about another subject is not used."""
    if not url or not access:
        return {}
    told = _get(call, url, "/userinfo", "userinfo", {"Authorization": f"Bearer {access}"})
    if told.get("sub") != claims.get("sub"):
        raise Untrusted("identity-token-subject", "the provider's userinfo speaks of somebody else")
    return told


def _get(call: Call, url: str, template: str, what: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    sent = {"Accept": "application/json", **(headers or {})}
    request = Request("GET", url, sent, template=template, timeout_seconds=TIMEOUT_SECONDS, is_write=False)
    return _read(call(request), what)


def _read(answer: Answer, what: str) -> Mapping[str, Any]:
    told = _maybe(answer)
    if answer.status != 200 or not told:
        raise _unusable(f"its {what} could not be read (HTTP {answer.status})", answer.status)
    return told


def _maybe(answer: Answer) -> Mapping[str, Any]:
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _address(url: str, is_needed: bool) -> str:
    """Encrypted, except on this machine: codes and secrets go there."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if (url and not is_safe) or (is_needed and not url):
        raise _unusable("its discovery document lacks an address, or names one that is not encrypted")
    return url


def _unusable(words: str, status: int = 0) -> RemoteError:
    return Unreachable(words, code="sign-in-unreachable", status=status)


def _name(told: Mapping[str, Any]) -> str:
    parts = [told.get("name")] if told.get("name") else [told.get("given_name"), told.get("family_name")]
    return " ".join(" ".join(str(part).split()) for part in parts if isinstance(part, str))[:120]
