"""Signs tokens as identity servers do (RS256) and shows the key they can be checked with; each shelf has its own."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tieout.sandbox import Doc
from tieout.sandbox.shelf import Shelf


def signed(shelf: Shelf, claims: Doc) -> str:
    """The claims as a JSON Web Token under the shelf's key."""
    key = _key(_pem(shelf))
    head = {"alg": "RS256", "kid": key_id(shelf), "typ": "JWT"}
    body = ".".join(_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{body}.{_coded(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def key_id(shelf: Shelf) -> str:
    return hashlib.sha256(_pem(shelf)).hexdigest()[:32].upper()


def key_set(shelf: Shelf) -> Doc:
    """The public half, as a JSON Web Key Set."""
    numbers = _key(_pem(shelf)).public_key().public_numbers()
    return {
        "keys": [
            {
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": key_id(shelf),
                "n": _coded(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
                "e": _coded(numbers.e.to_bytes(3, "big")),
            }
        ]
    }


def half_hash(token: str) -> str:
    """`at_hash`: the left half of the token's digest."""
    return _coded(hashlib.sha256(token.encode()).digest()[:16])


def _pem(shelf: Shelf) -> bytes:
    found = shelf.get("meta", "key")
    if found is None:
        found = shelf.put("meta", "key", {"pem": _new_pem()})
    return bytes(found["pem"])


@cache
def _new_pem() -> bytes:
    # One key for all worlds of a process: making one takes longer than a whole test.
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@cache
def _key(pem: bytes) -> rsa.RSAPrivateKey:
    found = serialization.load_pem_private_key(pem, None)
    assert isinstance(found, rsa.RSAPrivateKey), "only this module writes the key"
    return found


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
