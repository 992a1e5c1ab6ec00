"""Connecting books, against the stand-in: the whole consent round, and every way in which it can go wrong."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import Clock
from tests.standing import SESSION, Standing, connect
from tieout.cli._browser import allow
from tieout.core.actor import Actor
from tieout.core.connection import Connection, ConnectionState
from tieout.core.records import DocumentKind
from tieout.store import connections, grants
from tieout.store.engine import read
from tieout.sync import connecting
from tieout.sync.asking import ask
from tieout.sync.connections import (
    ConnectOutcome,
    begin_connect,
    card,
    check,
    choose_books,
    disconnect,
    finish_connect,
)
from tieout.sync.tools import Tools

ACTOR = Actor("org-london", "olive", "Olive Finch")


def the_connection(tools: Tools, organisation: str = "org-london") -> Connection:
    with read(tools.engines, organisation) as db:
        (found,) = connections.listed(db)
    return found


def test_a_person_connects_books_and_the_card_shows_them(tools: Tools, there: Standing, organisation: str) -> None:
    result = connect(tools, organisation)
    assert (result.outcome, result.code) == (ConnectOutcome.CONNECTED, "")
    (shown,) = card(tools, organisation)
    assert shown.state is ConnectionState.CONNECTED and shown.connection.may_post
    assert shown.connection.books_name == "Harbour & Finch Ltd" and shown.connection.books_id == there.told["tenant"]
    assert shown.connection.connected_by_name == "Olive Finch" and shown.connection.known_there_as == "Lucy Harbour"
    assert shown.books is not None and shown.books.country == "GB" and shown.books.account("200") is not None
    assert shown.access_expires_at == tools.now() + timedelta(seconds=1800)
    assert "accounting.invoices" in shown.scopes and shown.calls_a_day == 1000
    assert shown.calls_left_today < 1000 and shown.connection.good_at == tools.now()


def answered(url: str, **more: str) -> dict[str, str]:
    """What the browser would bring back if the platform answered with `more`."""
    return {"state": parse_qs(urlsplit(url).query)["state"][0], **more}


def begun(tools: Tools, organisation: str = "org-london") -> str:
    return begin_connect(tools, Actor(organisation, "olive", "Olive Finch"), "xero", SESSION)


def test_consent_asks_for_granular_scopes_with_a_state_and_a_challenge(tools: Tools, organisation: str) -> None:
    query = parse_qs(urlsplit(begun(tools)).query)
    assert query["code_challenge_method"] == ["S256"] and len(query["code_challenge"][0]) == 43
    assert "offline_access" in query["scope"][0].split() and "accounting.transactions" not in query["scope"][0].split()
    assert len(query["state"][0]) > 40 and query["state"] != parse_qs(urlsplit(begun(tools)).query)["state"]


@pytest.mark.parametrize("state", ["", "x", "org-london.guessed", "org-other.guessed", ".", "a" * 5000])
def test_an_answer_without_our_state_is_refused_and_no_code_is_exchanged(
    tools: Tools, there: Standing, organisation: str, state: str
) -> None:
    result = finish_connect(tools, "xero", {"state": state, "code": "c"}, SESSION)
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-error-shown")
    assert there.calls(path="/connect/token") == [] and card(tools, organisation) == ()


def test_an_answer_in_another_browser_session_is_refused(tools: Tools, there: Standing, organisation: str) -> None:
    result = finish_connect(tools, "xero", answered(begun(tools), code="c"), "somebody else's session")
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-not-signed-in")
    assert there.calls(path="/connect/token") == []


def test_an_answer_after_ten_minutes_is_refused(tools: Tools, there: Standing, organisation: str, clock: Clock) -> None:
    params = answered(begun(tools), code="c")
    clock.advance(minutes=10, seconds=1)
    result = finish_connect(tools, "xero", params, SESSION)
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-never-completes")
    assert there.calls(path="/connect/token") == []


def test_the_same_answer_twice_shows_the_finished_connection(
    tools: Tools, there: Standing, organisation: str, clock: Clock
) -> None:
    url = begun(tools)
    params = allow(url)
    shown = finish_connect(tools, "xero", params, SESSION)
    assert shown.outcome is ConnectOutcome.CHOOSE
    assert shown.choices[0][1:] == ("Harbour & Finch Ltd", "GB", "GBP") and card(tools, organisation) == ()
    first = choose_books(tools, params["state"], shown.choices[0].books, SESSION)
    clock.advance(hours=1)
    assert finish_connect(tools, "xero", params, SESSION) == first
    assert len(there.calls("POST", "/connect/token")) == 1 and len(card(tools, organisation)) == 1


def test_a_used_answer_that_led_nowhere_says_so(
    tools: Tools, organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "OTHER_TAB", timedelta())
    params = answered(begun(tools), error="access_denied")
    assert finish_connect(tools, "xero", params, SESSION).code == "connect-never-completes"
    again = finish_connect(tools, "xero", params, SESSION)
    assert (again.outcome, again.code) == (ConnectOutcome.REFUSED, "connect-error-shown")


def test_what_the_platform_says_of_a_refusal_is_shown_as_it_came(tools: Tools, organisation: str) -> None:
    said = {"error": "access_denied", "error_description": "TenantConsent status DENIED <script>"}
    result = finish_connect(tools, "xero", answered(begun(tools), **said), SESSION)
    assert result.code == "connect-never-completes" and "DENIED <script>" in result.words
    odd = finish_connect(tools, "xero", answered(begun(tools), error="moon_phase"), SESSION)
    assert (odd.code, odd.words) == ("connect-error-shown", "moon_phase")
    silent = finish_connect(tools, "xero", answered(begun(tools)), SESSION)
    assert silent.code == "connect-error-shown"


def test_a_code_that_is_no_good_leaves_nothing_behind(tools: Tools, organisation: str) -> None:
    result = finish_connect(tools, "xero", answered(begun(tools), code="made-up"), SESSION)
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-error-shown")
    assert "invalid_grant" in result.words
    assert card(tools, organisation) == ()


def test_connecting_the_same_books_again_renews_the_one_connection(
    tools: Tools, there: Standing, organisation: str, clock: Clock
) -> None:
    first = connect(tools, organisation)
    clock.advance(hours=5)
    second = connect(tools, organisation, reconnects=first.connection)
    assert (second.outcome, second.connection, second.code) == (ConnectOutcome.CONNECTED, first.connection, "")
    assert the_connection(tools).connected_at == clock()


def test_books_of_another_organisation_here_are_refused_without_a_word_whose_they_are(
    tools: Tools, there: Standing, organisation: str, other_organisation: str
) -> None:
    assert connect(tools, organisation).outcome is ConnectOutcome.CONNECTED
    result = connect(tools, other_organisation)
    assert result.outcome is ConnectOutcome.REFUSED and organisation not in result.words
    assert card(tools, other_organisation) == ()
    assert check(tools, ACTOR, the_connection(tools).id).may_post  # type: ignore[union-attr]


def test_a_person_whose_role_is_too_small_is_connected_to_read_only(
    tools: Tools, there: Standing, organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    there.hand("user-role", role="READONLY")
    after = check(tools, ACTOR, connection)
    assert after is not None and after.state in (ConnectionState.READ_ONLY, ConnectionState.NEEDS_RECONNECT)
    assert not after.may_post and after.cause and after.words


def test_books_removed_over_there_are_told_from_a_revoked_authorisation(
    tools: Tools, there: Standing, organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    there.hand("tenant-gone")
    after = check(tools, ACTOR, connection)
    assert after is not None
    assert (after.state, after.cause) == (ConnectionState.NEEDS_RECONNECT, "connection-removed-remotely")
    (shown,) = card(tools, organisation)
    assert shown.state is ConnectionState.NEEDS_RECONNECT
    mended = connect(tools, organisation, reconnects=connection)
    assert mended.connection == connection and the_connection(tools).may_post


def test_a_suspended_organisation_is_never_shown_as_disconnected(
    tools: Tools, there: Standing, organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    there.arm("org-suspended", count=None)
    after = check(tools, ACTOR, connection)
    assert after is not None and after.state is ConnectionState.READ_ONLY


def test_a_token_that_is_refused_is_renewed_once_whatever_our_clock_says(
    tools: Tools, there: Standing, organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    there.arm("token-expired")
    after = check(tools, ACTOR, connection)
    assert after is not None and after.state is ConnectionState.CONNECTED
    assert len(there.calls("POST", "/connect/token")) == 2


def test_a_renewed_token_that_is_refused_too_means_revoked(tools: Tools, there: Standing, organisation: str) -> None:
    connection = connect(tools, organisation).connection
    there.arm("token-garbled", count=None)
    after = check(tools, ACTOR, connection)
    assert after is not None
    assert (after.state, after.cause) == (ConnectionState.NEEDS_RECONNECT, "app-authorisation-revoked")


def test_books_that_are_out_of_reach_say_nothing_of_the_connection(
    tools: Tools, there: Standing, organisation: str, clock: Clock
) -> None:
    connection = connect(tools, organisation).connection
    there.arm("outage", count=None)
    clock.advance(minutes=3)
    after = check(tools, ACTOR, connection)
    assert after is not None and after.state is ConnectionState.CONNECTED
    assert after.checked_at == clock() and after.good_at != clock()


def test_disconnecting_ends_it_there_and_here_and_connecting_again_revives_it(
    tools: Tools, there: Standing, organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    grant = the_connection(tools).grant
    ended = disconnect(tools, ACTOR, connection)
    assert ended is not None and ended.is_ended_there and ended.documents_waiting == 0
    assert there.calls("DELETE", "/connections/") and there.calls("POST", "/connect/revocation")
    with read(tools.engines, "") as db:
        assert grants.find(db, grant) is None
    assert the_connection(tools).state is ConnectionState.DISCONNECTED
    assert disconnect(tools, ACTOR, connection) is None
    assert connect(tools, organisation).connection == connection and the_connection(tools).is_live


def test_disconnecting_while_the_platform_is_away_still_ends_it_here(
    tools: Tools, there: Standing, organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    there.arm("reset", count=None, when="before")
    ended = disconnect(tools, ACTOR, connection)
    assert ended is not None and not ended.is_ended_there and ended.failure is not None
    assert not the_connection(tools).is_live


def test_nobody_sees_or_ends_the_connection_of_another_organisation(
    tools: Tools, there: Standing, organisation: str, other_organisation: str
) -> None:
    connection = connect(tools, organisation).connection
    stranger = Actor(other_organisation, "carol", "Carol")
    assert check(tools, stranger, connection) is None and disconnect(tools, stranger, connection) is None
    assert the_connection(tools).is_live


def test_missing_permissions_are_named_and_nothing_is_posted(tools: Tools, there: Standing, organisation: str) -> None:
    there.arm("scope-narrow", scopes="accounting.invoices")
    result = connect(tools, organisation)
    assert (result.outcome, result.code) == (ConnectOutcome.CONNECTED, "connect-permission-partial")
    assert "accounting.invoices" in result.words and not the_connection(tools).may_post


def test_a_question_to_the_books_answers_with_their_records(tools: Tools, there: Standing, organisation: str) -> None:
    connection = connect(tools, organisation).connection
    found = ask(
        tools,
        organisation,
        connection,
        lambda platform, call, access: platform.find(call, access, DocumentKind.INVOICE, ["TO-1", "TO-2"]),
    )
    assert found == ()
