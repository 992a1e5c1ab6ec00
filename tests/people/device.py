"""A device with passkeys, in software: makes keys and signs challenges as WebAuthn says, and cheats when told to."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _KEY_INSIDE = 0x01, 0x04, 0x40


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class Device:
    """One key; `uses` is its counter, `verifies` whether it asked for a finger or a PIN."""

    origin: str
    verifies: bool = True
    uses: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str) -> str:
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        inside = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        authenticator = self._authenticator(asked["rp"]["id"], _KEY_INSIDE) + inside
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": authenticator})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attestation)})

    def get(self, options: str) -> str:
        asked = json.loads(options)
        self.uses += 1
        authenticator, client = self._authenticator(asked["rpId"]), self._client("webauthn.get", asked["challenge"])
        signed = self.key.sign(authenticator + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": authenticator, "signature": signed}
        return self._answer({name: text(content) for name, content in parts.items()})

    def _authenticator(self, party: str, more: int = 0) -> bytes:
        flags = _PRESENT | more | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        shared = {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "clientExtensionResults": {}}
        return json.dumps({**shared, "response": response})
