"""What an identity token says, once everything about it was checked: signature, issuer, audience, time, nonce, hash.

The libraries are loaded at the first token. No network: keys and tokens are handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LEEWAY_SECONDS = 60
_ALGORITHMS = ("RS256", "ES256", "PS256")  # never `none`, never one whose key both sides share
_LONGEST_TOKEN = 16_384


class Untrusted(Exception):
    """The token proves nothing. `code` says which check failed; its words are for the log and for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token has to say. `access_token` is checked against its hash where the token holds one."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def claims_of(token: str, keys: Mapping[str, Any], expected: Expected, now: datetime) -> Mapping[str, Any]:
    """The claims of a token that holds. Raises Untrusted with the code of the first check that does not.

    `keys` is the provider's key set as it was read just now. Source: OpenID Connect Core 1.0, section 3.1.3.7.
    """
    from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
    from joserfc import jwt
    from joserfc.errors import JoseError

    if not token or len(token) > _LONGEST_TOKEN:
        raise Untrusted("no-identity-token", "the answer holds no identity token")
    try:
        read = jwt.decode(token, _keys(keys), algorithms=list(_ALGORITHMS))
        _own(read.claims, expected)
        params = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
        options = {"iss": {"essential": True, "value": expected.issuer}, "aud": {"value": expected.client_id}}
        checked = CodeIDToken(read.claims, read.header, options, params)
        checked.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except JoseError as error:
        raise Untrusted(_code(error), _words(error)) from error
    except (ValueError, TypeError, KeyError) as error:
        raise Untrusted("identity-token-unreadable", f"the identity token cannot be read: {error}") from error
    return dict(read.claims)


def _keys(keys: Mapping[str, Any]) -> Any:
    """Only those that sign; one of a kind we cannot read is left out, as every provider adds new kinds in time."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet, import_key

    found = []
    for each in keys.get("keys", ()):
        try:
            if each.get("use", "sig") == "sig" and each.get("kty") in ("RSA", "EC"):
                found.append(import_key(each))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    if not found:
        raise Untrusted("identity-token-key", "the provider publishes no key that signs")
    return KeySet(found)


def _own(claims: Mapping[str, Any], expected: Expected) -> None:
    """What the library leaves open: an audience of several names is believed only with the party it was issued to."""
    issuer, audience = claims.get("iss"), claims.get("aud")
    if issuer != expected.issuer:
        raise Untrusted("identity-token-issuer", f"the identity token is of {issuer!r}")
    named = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in named or (len(named) > 1 and claims.get("azp") != expected.client_id):
        raise Untrusted("identity-token-audience", "the identity token was made for somebody else")


_CODES = {
    "bad_signature": "identity-token-signature",
    "invalid_key_id": "identity-token-key",
    "expired_token": "identity-token-expired",
    "unsupported_algorithm": "identity-token-signature",
}


def _code(error: Any) -> str:
    claim = {"nonce": "nonce", "at_hash": "access-hash", "exp": "expired", "iss": "issuer", "aud": "audience"}
    named = claim.get(str(getattr(error, "claim", "")))
    if named:
        return f"identity-token-{named}"
    return _CODES.get(str(error.error), "identity-token-unreadable")


def _words(error: Any) -> str:
    return f"the identity token is not to be trusted: {error.description or error.error}"
