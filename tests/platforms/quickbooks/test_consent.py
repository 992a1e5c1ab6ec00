"""How a person lets us in: the address, one company, tokens, their renewal and their end."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.platforms.making import answering
from tests.platforms.quickbooks.making import APP, REALM, told
from tieout.calls import Answer, Request
from tieout.core.failure import Disconnected, NotAllowed, OutcomeUnknown, Rejected, RemoteError, Unreachable
from tieout.core.secret import Secret
from tieout.platforms import App, quickbooks
from tieout.platforms.quickbooks import consent

DISCOVERY = {
    "issuer": "https://oauth.test/op/v1",
    "authorization_endpoint": "https://login.test/connect/oauth2",
    "token_endpoint": "https://oauth.test/oauth2/v1/tokens/bearer",
    "revocation_endpoint": "https://developer.test/v2/oauth2/tokens/revoke",
}
CAP_SECONDS = 157_680_000
CALLBACK = {"code": "c-1", "state": "s", "realmId": REALM}


@pytest.fixture(autouse=True)
def undiscovered() -> Iterator[None]:
    consent._discovered.clear()
    yield
    consent._discovered.clear()


def tokens(**changes: Any) -> Answer:
    body = {
        "token_type": "bearer",
        "access_token": "at",
        "expires_in": 3600,
        "refresh_token": "rt",
        "x_refresh_token_expires_in": 8_640_000,
        "x_refresh_token_hard_expires_in": CAP_SECONDS,
    }
    return told(body | changes)


def form_of(request: Request) -> dict[str, list[str]]:
    return parse_qs((request.body or b"").decode())


def test_the_person_is_sent_to_intuit_with_the_scope_and_the_state() -> None:
    url = urlsplit(quickbooks.authorise_url(APP, "the state", "v" * 64))
    assert url.netloc == "login.test" and url.path == "/connect/oauth2"
    assert parse_qs(url.query) == {
        "client_id": ["client"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": [APP.redirect_uri],
        "state": ["the state"],
    }


def test_a_person_who_says_no_is_told_apart_from_an_error() -> None:
    assert quickbooks.refused({"error": "access_denied"}) == ("connect-never-completes", ("access_denied",))
    assert quickbooks.refused({"error": "invalid_scope", "error_description": "no"}) == (
        "connect-error-shown",
        ("invalid_scope", "no"),
    )
    assert quickbooks.refused(CALLBACK) is None


def test_the_code_becomes_the_token_set_of_one_company() -> None:
    call, asked = answering(told(DISCOVERY), tokens())
    found = quickbooks.exchange(call, APP, CALLBACK, "unused")
    assert [each.url for each in asked] == [
        "https://identity.test/.well-known/openid_configuration",
        DISCOVERY["token_endpoint"],
    ]
    assert form_of(asked[1]) == {
        "grant_type": ["authorization_code"],
        "code": ["c-1"],
        "redirect_uri": [APP.redirect_uri],
    }
    pair = base64.b64encode(b"client:app-secret").decode()
    assert asked[1].headers["Authorization"] == f"Basic {pair}"
    assert asked[1].headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert (found.access.reveal(), found.refresh.reveal(), found.expires_in_seconds) == ("at", "rt", 3600)
    assert (found.consent_id, found.person, found.ends_in_seconds) == (REALM, f"realm:{REALM}", CAP_SECONDS)


@pytest.mark.parametrize("realm", ["", "12a", "../1", "１２"])
def test_a_callback_without_a_company_is_no_consent(realm: str) -> None:
    call, asked = answering(tokens())
    with pytest.raises(Rejected, match="realmId"):
        quickbooks.exchange(call, APP, {"code": "c", "realmId": realm}, "")
    assert not asked


def test_where_tokens_are_got_is_read_once_and_not_guessed() -> None:
    call, asked = answering(told(DISCOVERY), tokens(), tokens())
    for _ in range(2):
        quickbooks.refresh(call, APP, Secret("rt"))
    assert [each.method for each in asked] == ["GET", "POST", "POST"]


@pytest.mark.parametrize(
    "answer",
    [
        told(b"", 503),
        told(b"", 401),
        told(b"<html>"),
        told({}),
        told(DISCOVERY | {"token_endpoint": "http://oauth.test/plain"}),
        told(DISCOVERY | {"revocation_endpoint": ""}),
        told([]),
        told({"token_endpoint": 5}),
    ],
)
def test_without_the_discovery_document_no_token_is_sent_anywhere(answer: Answer) -> None:
    call, asked = answering(answer, told(DISCOVERY), tokens())
    with pytest.raises(Unreachable):
        quickbooks.refresh(call, APP, Secret("rt"))
    assert len(asked) == 1
    quickbooks.refresh(call, APP, Secret("rt"))  # asked again: a failure is not remembered
    assert len(asked) == 3


def test_companies_for_trying_out_have_a_discovery_document_of_their_own() -> None:
    app = replace(APP, urls={**APP.urls, "api": "https://sandbox-quickbooks.api.test"})
    call, asked = answering(told(DISCOVERY), tokens())
    quickbooks.refresh(call, app, Secret("rt"))
    assert asked[0].url == "https://identity.test/.well-known/openid_sandbox_configuration"


def test_a_renewal_brings_the_next_token_set_and_the_time_left_until_the_cap() -> None:
    call, asked = answering(told(DISCOVERY), tokens(refresh_token="rt2", x_refresh_token_hard_expires_in="1000"))
    found = quickbooks.refresh(call, APP, Secret("rt"))
    assert form_of(asked[1]) == {"grant_type": ["refresh_token"], "refresh_token": ["rt"]}
    assert (found.refresh.reveal(), found.ends_in_seconds, found.person) == ("rt2", 1000, "")


@pytest.mark.parametrize(
    ("told_life", "seconds"),
    [(3600, 3600), ("1800", 1800), (None, 3600), (0, 3600), (-5, 3600), ("soon", 3600), (99999, 3600)],
)
def test_a_life_that_makes_no_sense_is_the_usual_hour(told_life: Any, seconds: int) -> None:
    call, _ = answering(told(DISCOVERY), tokens(expires_in=told_life))
    assert quickbooks.refresh(call, APP, Secret("rt")).expires_in_seconds == seconds


def test_an_end_nobody_named_is_unknown() -> None:
    call, _ = answering(told(DISCOVERY), tokens(x_refresh_token_hard_expires_in=None))
    assert quickbooks.refresh(call, APP, Secret("rt")).ends_in_seconds is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({"error": "invalid_grant"}, 400), Disconnected),
        (told({"error": "invalid_client"}, 401), NotAllowed),
        (tokens(access_token=""), OutcomeUnknown),
        (tokens(refresh_token=None), OutcomeUnknown),
        (told(b"<html>"), OutcomeUnknown),
        (told(b"", 500), OutcomeUnknown),
    ],
)
def test_a_token_answer_that_is_none_is_a_typed_failure(answer: Answer, error: type[RemoteError]) -> None:
    call, _ = answering(told(DISCOVERY), answer)
    with pytest.raises(error):
        quickbooks.refresh(call, APP, Secret("rt"))


@pytest.mark.parametrize("status", [200, 204, 400])
def test_revoking_ends_the_grant_and_one_that_is_gone_is_as_good(status: int) -> None:
    call, asked = answering(told(DISCOVERY), told(b"", status))
    quickbooks.revoke(call, APP, Secret("rt"))
    assert asked[1].url == DISCOVERY["revocation_endpoint"] and json.loads(asked[1].body or b"") == {"token": "rt"}
    quickbooks.disconnect(call, APP, Secret("at"), REALM)
    assert len(asked) == 2


def test_revoking_with_wrong_keys_is_told() -> None:
    call, _ = answering(told(DISCOVERY), told({"error": "invalid_client"}, 401))
    with pytest.raises(NotAllowed):
        quickbooks.revoke(call, APP, Secret("rt"))


def test_a_consent_reaches_its_one_company_by_name() -> None:
    call, asked = answering(told({"CompanyInfo": {"CompanyName": "London Ltd", "Country": "GB"}}))
    (books,) = quickbooks.connections(call, APP, Secret("at"), REALM)
    assert (books.books_id, books.link_id, books.name, books.consent_id) == (REALM, REALM, "London Ltd", REALM)
    assert urlsplit(asked[0].url).path == f"/v3/company/{REALM}/companyinfo/{REALM}"
    assert asked[0].template == "/v3/company/{id}/companyinfo/{id}"
    assert quickbooks.connections(call, APP, Secret("at")) == () and len(asked) == 1
    assert quickbooks.lacking(()) == ()


def test_no_secret_shows_when_a_request_is_printed() -> None:
    call, asked = answering(told(DISCOVERY), tokens())
    quickbooks.refresh(call, APP, Secret("refresh-value"))
    assert all("refresh-value" not in repr(each) and "app-secret" not in repr(each) for each in asked)
    assert isinstance(APP, App)
