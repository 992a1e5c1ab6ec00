"""Signing in and out, the first owner, and links that work once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.people.mailbox import letters_of
from tests.web.conftest import Site, words
from tieout.people import organisations, sessions
from tieout.store import people as rows
from tieout.store.engine import write

PASSWORD = "correct horse battery staple"
EMAIL = "olive@example.com"


@pytest.fixture
def stranger(stranger: Site) -> Site:
    """Olive's password is set; she is not signed in."""
    from tieout.people.passwords import make_hash

    with write(stranger.house.tools.engines, "") as db:
        rows.set_password_hash(db, stranger.house.actor.person, make_hash(PASSWORD))
    return stranger


def sign_in(site: Site, password: str = PASSWORD, email: str = EMAIL, back: str = "") -> Any:
    return site.post("/sign-in", {"email": email, "password": password, "back": back}, page="/sign-in")


def test_the_right_password_opens_the_settlements(stranger: Site) -> None:
    answer = sign_in(stranger)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "Olive Finch" in stranger.page("/settlements")


def test_after_signing_in_the_page_that_was_asked_for_is_shown(stranger: Site) -> None:
    asked = stranger.get("/connection")
    assert asked.headers["location"] == "/sign-in?back=%2Fconnection"
    assert 'value="/connection"' in stranger.page(asked.headers["location"])
    assert sign_in(stranger, back="/connection").headers["location"] == "/connection"
    stranger.client.cookies.delete("tieout-session")
    assert sign_in(stranger, back="https://evil.example").headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_address_look_the_same(stranger: Site) -> None:
    wrong, unknown = sign_in(stranger, "wrong"), sign_in(stranger, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    assert words(wrong.text) == words(unknown.text)
    assert "The e-mail address or the password is not right." in wrong.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', wrong.text), "a password is never sent back"


def test_too_many_tries_are_told_with_the_wait(stranger: Site) -> None:
    for _ in range(5):
        sign_in(stranger, "wrong")
    answer = sign_in(stranger)
    assert answer.status_code == 429 and "Wait 1 second, then try again" in words(answer.text)
    stranger.house.clock.skip(seconds=2)
    assert sign_in(stranger).status_code == 303


def test_the_session_that_was_there_before_is_worth_nothing_afterwards(stranger: Site) -> None:
    stranger.client.cookies.set("tieout-session", "planted")
    sign_in(stranger)
    found = [cookie.value for cookie in stranger.client.cookies.jar if cookie.name == "tieout-session"]
    assert "planted" not in [value for value in found if sessions.current(stranger.house.tools, value or "")]


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    token = site.client.cookies["tieout-session"]
    answer = site.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert sessions.current(site.house.tools, token) is None


def test_a_link_signs_in_once_and_looking_at_it_uses_nothing_up(stranger: Site) -> None:
    token = sessions.sign_in_link(stranger.house.tools)
    path = f"/sign-in/link?token={token}"
    assert "Sign in as Olive Finch" in stranger.page(path) and "Sign in as Olive Finch" in stranger.page(path)
    answer = stranger.post("/sign-in/link", {"token": token}, page=path)
    assert answer.status_code == 303
    assert stranger.get("/settlements").status_code == 200
    assert stranger.get(path).status_code == 410
    assert "This link has been used" in stranger.get(path).text


def test_a_page_longer_than_a_form_may_be_is_refused(stranger: Site) -> None:
    answer = sign_in(stranger, "x" * 2_000_000)
    assert answer.status_code == 413


class TestFirstRun:
    FORM = {  # noqa: RUF012
        "organisation": "Lighthouse Ltd",
        "country": "GB",
        "zone": "Europe/London",
        "name": "Alice",
        "email": "alice@example.com",
        "password": PASSWORD,
    }

    @pytest.fixture
    def empty(self, make_site: Callable[..., Site]) -> Site:
        site = make_site()
        with write(site.house.tools.engines, "") as db:
            for table in (rows.MEMBERS, rows.SESSIONS, rows.LINKS, rows.DEVICES, rows.PERSONS):
                db.execute(sa.delete(table))
        return site

    def test_an_empty_installation_leads_to_the_first_page(self, empty: Site) -> None:
        assert empty.get("/settlements").headers["location"] == "/first-run"
        assert empty.get("/sign-in").headers["location"] == "/first-run"
        assert "Set-up token" in empty.page("/first-run")

    def test_the_token_makes_the_owner_who_is_then_signed_in(self, empty: Site) -> None:
        token = organisations.first_owner_token(empty.house.tools)
        answer = empty.post("/first-run", {**self.FORM, "token": token}, page=f"/first-run?token={token}")
        assert answer.status_code == 303 and answer.headers["location"] == "/start"
        page = empty.page("/start")
        assert "Lighthouse Ltd" in page and "Alice, owner" in words(page)
        assert "is set up already" in empty.get(f"/first-run?token={token}").text
        assert [each.to for each in letters_of(empty.house.tools)] == ["alice@example.com"], (
            "asked to prove the address"
        )

    def test_every_mistake_is_told_at_once_and_nothing_is_made(self, empty: Site) -> None:
        wrong = {
            "organisation": " ",
            "country": "XX",
            "zone": "Mars/Base",
            "name": "",
            "email": "alice",
            "password": "x",
        }
        answer = empty.post("/first-run", {**wrong, "token": "guess"}, page="/first-run")
        text = words(answer.text)
        assert answer.status_code == 422
        for sentence in (
            "The organisation's name is missing.",
            "Country: choose one of the list.",
            "Time zone: choose one of the list.",
            "Your name is missing.",
            "This is not an e-mail address",
            "at least 12 characters",
            "This is not the token",
        ):
            assert sentence in text
        assert organisations.is_empty(empty.house.tools)

    def test_without_the_token_nobody_becomes_owner(self, empty: Site) -> None:
        organisations.first_owner_token(empty.house.tools)
        answer = empty.post("/first-run", {**self.FORM, "token": ""}, page="/first-run")
        assert answer.status_code == 422 and organisations.is_empty(empty.house.tools)

    def test_it_is_closed_once_somebody_owns(self, stranger: Site) -> None:
        assert stranger.get("/first-run").status_code == 410
        answer = stranger.post("/first-run", {**self.FORM, "token": "x"}, page="/sign-in")
        assert answer.status_code == 410 and "is set up already" in answer.text
