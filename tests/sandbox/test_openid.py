"""The stand-in of OpenID providers: what it tells of itself, its consent page, its tokens, and how each is wrong."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tieout.sandbox import Answer, Request
from tieout.sandbox.openid import FLAVOURS, INTUIT, Flavour, addresses, exports, of, providers
from tieout.sandbox.world import World

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
GOOGLE = FLAVOURS["google"]


@pytest.fixture
def world() -> World:
    return providers(now=START)


def back(flavour: Flavour) -> str:
    return f"http://localhost/sign-in/{flavour.sets.lower()}/callback"


def asked(flavour: Flavour, **change: str) -> dict[str, str]:
    own = {"client_id": flavour.client_id, "redirect_uri": back(flavour), "response_type": "code", "state": "s"}
    own |= {"scope": "openid email", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return own | change


def get(world: World, target: str, **headers: str) -> Answer:
    return world.answer(Request.of("GET", target, headers))


def allow(world: World, flavour: Flavour = GOOGLE, decision: str = "allow", **change: str) -> dict[str, str]:
    """What comes back to the browser."""
    told = asked(flavour, **change) | {"decision": decision, "account": "olive@example.com"}
    answer = world.answer(Request.of("POST", f"/{flavour.name}/decide", body=urlencode(told)))
    return dict(parse_qsl(urlsplit(dict(answer.headers)["Location"]).query))


def exchange(world: World, code: str, flavour: Flavour = GOOGLE, **change: str) -> Answer:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back(flavour), "code_verifier": VERIFIER}
    basic = base64.b64encode(f"{flavour.client_id}:{flavour.secret}".encode()).decode()
    sent = Request.of(
        "POST", f"/{flavour.name}/{flavour.token}", {"Authorization": f"Basic {basic}"}, urlencode(form | change)
    )
    return world.answer(sent)


def claims(answer: Answer) -> dict[str, Any]:
    body = json.loads(answer.body)["id_token"].split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "==")))


@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=list(FLAVOURS))
def test_each_flavour_tells_where_it_is_and_vouches_for_a_person(world: World, flavour: Flavour) -> None:
    issuer, discovery = addresses(flavour, world.base_url)
    told = json.loads(get(world, urlsplit(discovery).path).body)
    assert told["issuer"] == issuer
    assert discovery.startswith(issuer) is (flavour is not INTUIT)
    shown = get(world, f"{urlsplit(told['authorization_endpoint']).path}?{urlencode(asked(flavour))}")
    assert shown.status == 200 and b'name="decision" value="allow"' in shown.body and b"<script" not in shown.body
    came = allow(world, flavour)
    assert came["state"] == "s" and came.get("iss", "") == (issuer if flavour.tells_iss else "")
    answer = exchange(world, came["code"], flavour)
    found = claims(answer)
    assert (found["iss"], found["aud"], found["nonce"]) == (issuer, flavour.client_id, "n")
    assert ("email" in found) is flavour.id_token_tells_email and ("xero_userid" in found) is (flavour.name == "xero")
    bearer = {"Authorization": f"Bearer {json.loads(answer.body)['access_token']}"}
    person = json.loads(get(world, urlsplit(told["userinfo_endpoint"]).path, **bearer).body)
    assert person["email"] == "olive@example.com" and person["sub"] == found["sub"]
    assert [person.get(name) for name in ("email_verified", "emailVerified") if name in person] == (
        [True] if flavour.verified else []
    )


def test_a_code_works_once_for_its_own_verifier_address_and_client(world: World) -> None:
    rows = (
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"redirect_uri": "http://localhost/elsewhere"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 200, None),
        ({}, 400, "invalid_grant"),
    )
    code = allow(world)["code"]
    for change, status, error in rows:
        answer = exchange(world, code, **change)
        assert (answer.status, json.loads(answer.body).get("error")) == (status, error), change
    late = allow(world)["code"]
    world.clock.advance(301)
    assert exchange(world, late).status == 400
    in_form = {"client_id": "tieout-demo", "client_secret": "tieout-demo-secret"}
    form = {"grant_type": "authorization_code", "code": "x"} | in_form
    for flavour, error in ((GOOGLE, "invalid_grant"), (INTUIT, "invalid_client")):
        sent = Request.of("POST", f"/{flavour.name}/{flavour.token}", body=urlencode(form))
        assert json.loads(world.answer(sent).body)["error"] == error


def test_nobody_is_sent_to_an_address_that_was_not_registered(world: World) -> None:
    for change in ({"redirect_uri": "https://evil.example/"}, {"client_id": "somebody"}):
        shown = get(world, f"/google/{GOOGLE.authorise}?{urlencode(asked(GOOGLE, **change))}")
        assert shown.status == 400 and "Location" not in dict(shown.headers)
    world.hand("redirect", uri="https://books.example/sign-in/google/callback")
    own = asked(GOOGLE, redirect_uri="https://books.example/sign-in/google/callback")
    assert get(world, f"/google/{GOOGLE.authorise}?{urlencode(own)}").status == 200


def test_what_can_be_wrong_is_wrong_in_that_one_way(world: World) -> None:
    good = claims(exchange(world, allow(world)["code"]))
    for bent, changed in (
        ("nonce", {"nonce"}),
        ("audience", {"aud"}),
        ("expired", {"iat", "exp"}),
        ("issuer", {"iss"}),
        ("signature", set()),
        ("unknown-key", set()),
    ):
        world.stand_in.switches["id_token"] = bent
        found = claims(exchange(world, allow(world)["code"]))
        assert {name for name in good if found[name] != good[name]} - {"at_hash"} == changed, bent
    assert allow(world, decision="deny")["error"] == "access_denied"
    world.arm("consent-cancelled")
    assert allow(world)["error"] == "access_denied"
    world.stand_in.switches["answer_iss"] = "other"
    assert allow(world)["iss"] != addresses(GOOGLE, world.base_url)[0]
    world.reset()
    assert claims(exchange(world, allow(world)["code"]))["nonce"] == "n"


def test_a_key_that_turns_is_published_beside_the_one_before(world: World) -> None:
    def names() -> list[str]:
        return [key["kid"] for key in json.loads(get(world, f"/google/{GOOGLE.keys}").body)["keys"]]

    assert names() == ["google-0"]
    world.hand("rotate", flavour="google")
    assert names() == ["google-1", "google-0"]


def test_an_unknown_address_is_named_and_the_settings_are_printed(world: World) -> None:
    assert get(world, "/google/nowhere").status == 501 and b"/google/nowhere" in get(world, "/google/nowhere").body
    told = "\n".join(exports("http://localhost:8090"))
    assert "TIEOUT_GOOGLE_ISSUER_URL=http://localhost:8090/google" in told
    assert "TIEOUT_QUICKBOOKS_ISSUER_URL=http://localhost:8090/intuit/op/v1" in told
    assert len(of(world).people.people(GOOGLE)) == 3
