"""An identity token is believed only when everything about it holds; each row changes one thing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.conftest import START
from tieout.people.id_tokens import LEEWAY_SECONDS, Expected, Untrusted, claims_of

NOW = int(START.timestamp())
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
KEYS: Mapping[str, Any] = {"keys": [{"kty": "OKP", "kid": "new-kind", "crv": "strange"}, KEY.as_dict(private=False)]}
CLAIMS = {"iss": "https://i.example", "aud": "us", "sub": "1", "iat": NOW, "exp": NOW + 300, "nonce": "n"}
EXPECTED = Expected("https://i.example", "us", "n", "access")


def signed(change: Mapping[str, Any], key: Any = KEY, alg: str = "RS256", kid: str = "one") -> str:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])


def forged(secret: bytes) -> str:
    """Signed with what everybody knows, by an algorithm that takes it for a secret."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).rstrip(b"=").decode()
    body = f"{head}.{signed({}).split('.')[1]}"
    made = hmac.new(secret, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"aud": ["us"]},
        {"aud": ["us", "them"], "azp": "us"},
        {"exp": NOW - LEEWAY_SECONDS + 5},
        {"iat": NOW + LEEWAY_SECONDS - 5},
    ],
    ids=str,
)
def test_a_token_that_holds_is_read(change: dict[str, Any]) -> None:
    assert claims_of(signed(change), KEYS, EXPECTED, START)["sub"] == "1"


def test_a_token_that_does_not_hold_is_refused_by_the_first_check_that_fails() -> None:
    rows: tuple[tuple[dict[str, Any], str], ...] = (
        ({"aud": "them"}, "identity-token-audience"),
        ({"aud": ["us", "them"]}, "identity-token-audience"),
        ({"aud": ["us", "them"], "azp": "them"}, "identity-token-audience"),
        ({"aud": None}, "identity-token-audience"),
        ({"iss": "https://i.example/"}, "identity-token-issuer"),
        ({"iss": None}, "identity-token-issuer"),
        ({"nonce": "m"}, "identity-token-nonce"),
        ({"nonce": None}, "identity-token-nonce"),
        ({"exp": NOW - LEEWAY_SECONDS - 5}, "identity-token-expired"),
        ({"exp": None}, "identity-token-expired"),
        ({"exp": "soon"}, "identity-token-expired"),
        ({"sub": None}, "identity-token-unreadable"),
        ({"at_hash": "x"}, "identity-token-access-hash"),
        ({"at_hash": 7}, "identity-token-access-hash"),
    )
    found = []
    for change, _ in rows:
        with pytest.raises(Untrusted) as caught:
            claims_of(signed(change), KEYS, EXPECTED, START)
        found.append((change, caught.value.code))
    assert tuple(found) == rows


def test_a_signature_is_by_a_key_of_theirs_and_never_by_one_that_both_sides_share() -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    curve = ECKey.generate_key("P-256", {"kid": "one"})
    good = signed({})
    for token in (
        forged(KEY.as_pem(private=False)),
        signed({}, other),
        signed({}, curve, "ES256"),
        signed({}, kid="two"),
        good[:-4] + "AAAA",
        f"{good.rpartition('.')[0]}.",
        good + "x" * 20_000,
        "",
    ):
        with pytest.raises(Untrusted):
            claims_of(token, KEYS, EXPECTED, START)
    for keys in ({}, {"keys": []}, {"keys": [{"kty": "RSA"}, "text"]}, {"keys": [{**KEY.as_dict(), "use": "enc"}]}):
        with pytest.raises(Untrusted) as caught:
            claims_of(good, keys, EXPECTED, START)
        assert caught.value.code == "identity-token-key"
