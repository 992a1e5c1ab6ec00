"""The token endpoint, the identity token with its possible faults, the keys that turn, and userinfo."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import timedelta
from functools import cache
from urllib.parse import unquote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.openid.flavours import Flavour
from tieout.sandbox.openid.state import ACCESS_SECONDS, CODE_SECONDS, ID_SECONDS, People

_VERIFIER = re.compile(r"^[A-Za-z0-9\-._~]{43,128}$")
_UNKNOWN_KEY = -1
OTHER_ISSUER = "https://accounts.elsewhere.example"


class Denied(Exception):
    """The token endpoint refuses with this error code."""


def token(people: People, flavour: Flavour, request: Request) -> Answer:
    form = request.form()
    try:
        _client(flavour, request, form)
        if form.get("grant_type") != "authorization_code":
            raise Denied("unsupported_grant_type")
        return answered(200, _exchange(people, flavour, form))
    except Denied as denied:
        return answered(401 if str(denied) == "invalid_client" else 400, {"error": str(denied)})


def userinfo(people: People, flavour: Flavour, request: Request) -> Answer:
    scheme, _, bearer = request.header("authorization").partition(" ")
    row = people.shelf.get("access", _digest(bearer)) if scheme.lower() == "bearer" else None
    if row is None or row["flavour"] != flavour.name or people.now() >= row["expires"]:
        return answered(401, {"error": "invalid_token"})
    if people.switches["userinfo"] == "refused":
        return answered(401, {"error": "invalid_token"})
    person = people.by_subject(flavour, row["sub"])
    assert person is not None, "a token is of a person"
    told = _profile(flavour, person)
    if people.switches["userinfo"] == "other-subject":
        told["sub"] = "somebody-else"
    return answered(200, told)


def keys(people: People, flavour: Flavour) -> Answer:
    """The keys in use: the newest, and the one before it while tokens of it may be about."""
    turn = _turn(people, flavour)
    return answered(200, {"keys": [_public(flavour, each) for each in (turn, turn - 1) if each >= 0]})


def rotate(people: People, flavour: Flavour) -> int:
    """Signs with a new key from here on."""
    turn = _turn(people, flavour) + 1
    people.shelf.put("turn", flavour.name, {"turn": turn})
    return turn


def new_code(people: People, flavour: Flavour, row: Doc) -> str:
    """A code that works once, for five minutes."""
    code = people.shelf.new_secret()
    kept = row | {"id": _digest(code), "flavour": flavour.name, "used": False}
    people.shelf.put("code", kept["id"], kept | {"expires": people.now() + timedelta(seconds=CODE_SECONDS)})
    return code


def answered(status: int, found: Doc) -> Answer:
    body = json.dumps(found).encode()
    return Answer(status, body, "application/json; charset=utf-8", (("Cache-Control", "no-store"),))


def _client(flavour: Flavour, request: Request, form: Doc) -> None:
    """By HTTP Basic; in the form only where the provider takes that too."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, coded = request.header("authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, word = base64.b64decode(coded).decode().partition(":")
        except ValueError as error:
            raise Denied("invalid_client") from error
        client_id, secret = unquote_plus(name), unquote_plus(word)
    elif not flavour.takes_secret_in_form:
        raise Denied("invalid_client")
    if (client_id, secret) != (flavour.client_id, flavour.secret):
        raise Denied("invalid_client")


def _exchange(people: People, flavour: Flavour, form: Doc) -> Doc:
    code = people.shelf.get("code", _digest(form.get("code", "")))
    if code is None or code["flavour"] != flavour.name or code["used"] or people.now() >= code["expires"]:
        raise Denied("invalid_grant")
    if code["redirect_uri"] != form.get("redirect_uri"):
        raise Denied("invalid_grant")
    if code["challenge"] and not _proves(code["challenge"], form.get("code_verifier", "")):
        raise Denied("invalid_grant")
    people.shelf.put("code", code["id"], code | {"used": True})
    person = people.by_subject(flavour, code["sub"])
    if person is None:
        raise Denied("invalid_grant")
    access = people.shelf.new_secret()
    ends = people.now() + timedelta(seconds=ACCESS_SECONDS)
    people.shelf.put("access", _digest(access), {"flavour": flavour.name, "sub": person["sub"], "expires": ends})
    found: Doc = {"access_token": access, "token_type": "Bearer", "expires_in": ACCESS_SECONDS, "scope": code["scope"]}
    match people.switches["id_token"]:
        case "missing":
            return found
        case "garbage":
            return found | {"id_token": "not.a.token"}
    return found | {"id_token": _id_token(people, flavour, person, code["nonce"], access)}


def _id_token(people: People, flavour: Flavour, person: Doc, nonce: str, access: str) -> str:
    now, bent = people.now(), people.switches["id_token"]
    claims: Doc = {
        "iss": people.issuer(flavour),
        "aud": flavour.client_id,
        "sub": person["sub"],
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=ID_SECONDS)).timestamp()),
        "auth_time": int(now.timestamp()),
        "at_hash": _half_hash(access),
    } | ({"nonce": nonce} if nonce else {})
    if flavour.id_token_tells_email:
        claims |= _profile(flavour, person)
    if flavour.own_subject:
        claims[flavour.own_subject] = person["user"]
    match bent:
        case "nonce":
            claims["nonce"] = "another-nonce"
        case "no-nonce":
            claims.pop("nonce", None)
        case "audience":
            claims["aud"] = "another-client"
        case "expired":
            claims |= {"iat": claims["iat"] - 7_200, "exp": claims["exp"] - 7_200}
        case "issuer":
            claims["iss"] = OTHER_ISSUER
        case "access-hash":
            claims["at_hash"] = _half_hash("another token")
    return _signed(people, flavour, claims, bent)


def _profile(flavour: Flavour, person: Doc) -> Doc:
    given, _, family = person["name"].partition(" ")
    told: Doc = {"sub": person["sub"], "email": person["email"], "given_name": given, "family_name": family}
    if flavour.name == "google":
        told["name"] = person["name"]
    return told | ({flavour.verified: bool(person["verified"])} if flavour.verified else {})


def _signed(people: People, flavour: Flavour, claims: Doc, bent: str) -> str:
    turn = _turn(people, flavour)
    head = {"alg": "RS256", "kid": _name(flavour, turn), "typ": "JWT"}
    signs = turn
    if bent == "unknown-key":
        head["kid"], signs = "a-key-nobody-published", _UNKNOWN_KEY
    elif bent == "signature":
        signs = _UNKNOWN_KEY
    elif bent == "none":
        head = {"alg": "none", "typ": "JWT"}
    body = ".".join(_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    if bent == "none":
        return f"{body}."
    made = _key(flavour.name, signs).sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{body}.{_coded(made)}"


def _public(flavour: Flavour, turn: int) -> Doc:
    numbers = _key(flavour.name, turn).public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    parts = {"n": _coded(numbers.n.to_bytes(size, "big")), "e": _coded(numbers.e.to_bytes(3, "big"))}
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _name(flavour, turn), **parts}


def _name(flavour: Flavour, turn: int) -> str:
    return f"{flavour.name}-{turn}"


@cache
def _key(name: str, turn: int) -> rsa.RSAPrivateKey:
    # The same for all worlds of a process: making one takes longer than a whole test.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _turn(people: People, flavour: Flavour) -> int:
    row = people.shelf.get("turn", flavour.name)
    return int(row["turn"]) if row else 0


def _proves(challenge: str, verifier: str) -> bool:
    digest = _coded(hashlib.sha256(verifier.encode()).digest())
    return bool(_VERIFIER.match(verifier)) and digest == challenge


def _half_hash(access: str) -> str:
    return _coded(hashlib.sha256(access.encode()).digest()[:16])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
