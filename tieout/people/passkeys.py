"""Passkeys (WebAuthn level 2): a key that a device holds and opens for its owner's finger, face or PIN alone.

Since the device itself asks for that second proof (user verification is required, never preferred), a passkey is a
whole sign-in, and a second factor besides. A challenge is signed by us, bound to one browser or session, lives for
minutes and is answered once; so showing a page writes nothing.
"""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieout.people import second_factor, tries
from tieout.people.digests import digest
from tieout.people.identities import keep_a_way
from tieout.people.needs import Needs
from tieout.people.sessions import Visit, begin_proven
from tieout.store import people as rows
from tieout.store import second_factors as factors
from tieout.store.engine import read, write
from tieout.store.people import Person, Session
from tieout.store.second_factors import Passkey

CHALLENGE_LASTS = timedelta(minutes=10)
MOST_KEYS = 20
LONGEST_NAME = 80
_LONGEST_ANSWER = 20_000
# EdDSA, ECDSA with P-256, RSA: what the devices of today make (COSE numbers).
_ALGORITHMS = (-8, -7, -257)


class PasskeyRefused(Exception):
    """What the device answered does not prove what was asked; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Party:
    """Us, as a browser knows us: `id` is the host of our public address, `origin` the address itself."""

    id: str
    origin: str

    @property
    def is_usable(self) -> bool:
        """WebAuthn knows names only: an address in numbers has no passkeys."""
        return bool(self.id) and not self.id.replace(".", "").isdigit() and ":" not in self.id


# --- What a device is asked -------------------------------------------------------------------------------------------


def creation(needs: Needs, party: Party, person: Person, subject: str) -> str:
    """What the browser hands to `navigator.credentials.create`, as JSON. `subject` is this very session or browser."""
    with read(needs.engines, "") as db:
        known = factors.passkeys(db, person.id)
    options = {
        "challenge": _challenge(needs, subject),
        "rp": {"id": party.id, "name": second_factor.NAME},
        "user": {"id": _text(person.id.encode()), "name": person.email, "displayName": person.name},
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in _ALGORITHMS],
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
        "timeout": 300_000,
    }
    return json.dumps(options)


def request(needs: Needs, party: Party, subject: str, keys: tuple[Passkey, ...] = ()) -> str:
    """What the browser hands to `navigator.credentials.get`, as JSON. Without keys the device offers what it has."""
    options = {
        "challenge": _challenge(needs, subject),
        "rpId": party.id,
        "allowCredentials": _descriptors(keys),
        "userVerification": "required",
        "timeout": 300_000,
    }
    return json.dumps(options)


# --- What it answers --------------------------------------------------------------------------------------------------


def add(needs: Needs, party: Party, person: Person, subject: str, answer: str, name: str) -> tuple[str, ...]:
    """One more passkey; the recovery codes, if there were none, shown this once. Raises PasskeyRefused."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    credential, challenge = _parsed(needs, answer, subject)
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused("The device's answer could not be used. Try again, or use another device.") from error
    now = needs.now()
    named = " ".join("".join(filter(str.isprintable, name)).split())[:LONGEST_NAME] or f"Passkey of {now:%d %B %Y}"
    id, public = _text(made.credential_id), _text(made.credential_public_key)
    with write(needs.engines, "") as db:
        if len(factors.passkeys(db, person.id)) >= MOST_KEYS:
            raise PasskeyRefused(f"There are {MOST_KEYS} passkeys already. Remove one that is not used any more.")
        if not factors.add_passkey(db, Passkey(id, person.id, named, public, made.sign_count, now, None)):
            raise PasskeyRefused("This passkey is here already. Use another device, or the one you have.")
        return second_factor.added(db, needs, person, f"the passkey {named}")


def remove(needs: Needs, person: Person, id: str) -> bool:
    """False for one that is gone, or somebody else's. Raises LastWayIn for the last one of who has nothing else."""
    if not _is_id(id):
        return False
    with write(needs.engines, "") as db:
        key = factors.passkey(db, id)
        if key is not None and key.person == person.id:
            keep_a_way(db, person.id)
        is_gone = factors.drop_passkey(db, person.id, id)
        if is_gone and key:
            second_factor.removed(db, needs, person, f"the passkey {key.name}")
        return is_gone


def sign_in(needs: Needs, party: Party, subject: str, answer: str, visit: Visit, pending: str = "") -> str:
    """A new session's token. Raises PasskeyRefused and TooManyTries.

    `pending`: the token of a sign-in that waits for its second factor; the passkey must then be that person's.
    """
    subjects = (f"address:{visit.address}",)
    with write(needs.engines, "") as db:
        tries.count(db, subjects, needs.now())
    key = _proven(needs, party, subject, answer)
    if pending:
        person = second_factor.waiting(needs, pending)
        if person is None or person.id != key.person:
            raise PasskeyRefused("This passkey is not of the account that signs in here. Begin again.")
    with write(needs.engines, "") as db:
        found = rows.person(db, key.person)
        assert found is not None, "a passkey is somebody's"
        tries.forgive(db, subjects, needs.now())
        factors.drop_pending_of(db, key.person)
        return begin_proven(db, needs, found, visit)


def prove(needs: Needs, party: Party, session: Session, subject: str, answer: str) -> None:
    """As `accounts.prove`, by a passkey of the session's own person. Raises PasskeyRefused."""
    key = _proven(needs, party, subject, answer)
    if key.person != session.person.id:
        raise PasskeyRefused("This passkey is of another account. Use one of yours, or your password.")
    with write(needs.engines, "") as db:
        rows.prove_session(db, session.digest, needs.now())


def _proven(needs: Needs, party: Party, subject: str, answer: str) -> Passkey:
    """The passkey that signed our challenge. A counter that went back is a copied key, and refused."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    credential, challenge = _parsed(needs, answer, subject)
    id = str(credential.get("id", ""))
    with read(needs.engines, "") as db:
        key = factors.passkey(db, id) if _is_id(id) else None
    if key is None:
        raise PasskeyRefused("This passkey is not known here. Use another, or your password.")
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=_bytes(key.public_key),
            credential_current_sign_count=key.uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused("The passkey did not prove who you are. Try again, or use your password.") from error
    with write(needs.engines, "") as db:
        if not factors.use_passkey(db, key, verified.new_sign_count, needs.now()):
            raise PasskeyRefused("This passkey was used at the same moment elsewhere. Try again.")
    return key


def _parsed(needs: Needs, answer: str, subject: str) -> tuple[dict[str, Any], bytes]:
    """The answer and the challenge that it answers, which is ours, of this subject, in time and used up by this."""
    try:
        credential = json.loads(answer[:_LONGEST_ANSWER])
        challenge = _bytes(json.loads(_bytes(credential["response"]["clientDataJSON"]))["challenge"])
    except (ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused("The browser sent no answer of a passkey. Try again.") from error
    asked_at = _asked_at(needs, challenge, subject)
    if asked_at is None or not asked_at <= needs.now() < asked_at + CHALLENGE_LASTS:
        raise PasskeyRefused("That took too long, or was begun in another window. Load the page again.")
    with write(needs.engines, "") as db:
        factors.forget_old(db, needs.now())
        if not factors.use_challenge(db, digest(_text(challenge)), asked_at + CHALLENGE_LASTS):
            raise PasskeyRefused("This was answered before. Load the page again.")
    return credential, challenge


def _challenge(needs: Needs, subject: str) -> str:
    head = secrets.token_bytes(16) + int(needs.now().timestamp()).to_bytes(8, "big")
    return _text(head + _signature(needs, head, subject))


def _asked_at(needs: Needs, challenge: bytes, subject: str) -> datetime | None:
    """When we asked it; None for what is not ours, or was asked of somebody else."""
    head, signature = challenge[:24], challenge[24:]
    if len(head) < 24 or not hmac.compare_digest(signature, _signature(needs, head, subject)):
        return None
    return datetime.fromtimestamp(int.from_bytes(head[16:], "big"), needs.now().tzinfo)


def _signature(needs: Needs, head: bytes, subject: str) -> bytes:
    return hmac.digest(needs.vault.derived("passkey challenge"), head + subject.encode(), "sha256")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) <= 1400


def _descriptors(keys: tuple[Passkey, ...]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": key.id} for key in keys]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
