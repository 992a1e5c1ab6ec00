"""Your account: password, address, sessions and second factor, as a browser without scripts uses them."""

import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from tests.people.device import Device
from tests.people.mailbox import letters_of
from tests.web.conftest import Site, words
from tieout.people import second_factor, sessions
from tieout.people.passwords import make_hash
from tieout.store import people as rows
from tieout.store.engine import Engines, read, write
from tieout.store.people import Person

PASSWORD, NEW_PASSWORD = "correct horse battery staple", "seven green lanterns swim"
EMAIL = "olive@example.com"
FACTOR = "/account/second-factor"
VISIT = sessions.Visit("192.0.2.1", "")


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    """Nothing here is asked differently on another database."""
    return sqlite_engines


@pytest.fixture
def site(site: Site) -> Site:
    """Olive has a password, and is signed in."""
    with write(site.house.tools.engines, "") as db:
        rows.set_password_hash(db, site.house.actor.person, make_hash(PASSWORD))
    return site


def sign_in(site: Site, password: str = PASSWORD) -> Any:
    return site.post("/sign-in", {"email": EMAIL, "password": password}, page="/sign-in")


def olive(site: Site) -> Person:
    with read(site.house.tools.engines, "") as db:
        found = rows.person(db, site.house.actor.person)
    assert found
    return found


def later(site: Site) -> None:
    """Long enough for the last proof to be too old."""
    site.house.clock.skip(minutes=11)


def code(site: Site, secret: str) -> str:
    return pyotp.TOTP(secret).at(int(site.house.clock().timestamp()))


def set_up_app(site: Site) -> tuple[str, list[str]]:
    """The secret of an app that is switched on, and the recovery codes."""
    shown = site.post(f"{FACTOR}/app", page=FACTOR)
    assert shown.status_code == 200 and 'src="data:image/svg+xml' in shown.text
    secret = re.sub(r"\s", "", re.findall(r"<code[^>]*>([A-Z2-7 ]+)</code>", shown.text)[0])
    done = site.post(f"{FACTOR}/app/confirm", {"code": code(site, secret)}, page=FACTOR)
    assert done.status_code == 201 and "shown this once" in done.text
    site.house.clock.skip(seconds=60)
    return secret, re.findall(r"<li><code>([\w-]+)</code>", done.text)


def asked(page: str, kind: str) -> str:
    """What a page tells a browser to ask a passkey."""
    found = re.search(rf'data-passkey="{kind}" data-options="([^"]+)"', page)
    assert found, words(page)
    return found[1].replace("&#34;", '"')


# --- Password and address ---------------------------------------------------------------------------------------------


def test_the_password_is_changed_with_the_current_one_and_every_mistake_is_told(site: Site) -> None:
    for form, told in (
        ({"current": "wrong", "new": NEW_PASSWORD}, "This is not your password."),
        ({"current": PASSWORD, "new": "short"}, "at least 12 characters"),
        ({"current": PASSWORD, "new": "finch finch finch"}, "Leave your name"),
    ):
        answer = site.post("/account/password", form, page="/account")
        assert answer.status_code == 422 and told in words(answer.text)
        assert PASSWORD not in answer.text
    answer = site.post("/account/password", {"current": PASSWORD, "new": NEW_PASSWORD}, page="/account")
    assert answer.headers["location"] == "/account" and "is changed" in site.page("/account")


def test_a_forgotten_password_is_mended_by_letter(site: Site, stranger: Site) -> None:
    answers = [
        stranger.post("/sign-in/forgotten", {"email": email}, page="/sign-in/forgotten")
        for email in (EMAIL, "whoever@example.com")
    ]
    assert [each.status_code for each in answers] == [200, 200]
    shapes = {words(each.text).replace(EMAIL, "X").replace("whoever@example.com", "X") for each in answers}
    assert len(shapes) == 1, "who is known here is not told"
    (letter,) = letters_of(site.house.tools)
    path = f"/sign-in/reset?token={letter.token}"
    assert EMAIL in stranger.page(path)
    weak = stranger.post("/sign-in/reset", {"token": letter.token, "password": "password1234"}, page=path)
    assert weak.status_code == 422
    done = stranger.post("/sign-in/reset", {"token": letter.token, "password": NEW_PASSWORD}, page=path)
    assert done.status_code == 200 and "Sign in with the new password" in words(done.text)
    assert stranger.get(path).status_code == 410 and "Send a new link" in stranger.get(path).text
    assert site.get("/account").status_code == 303, "whoever was signed in is signed out"
    assert sign_in(stranger, NEW_PASSWORD).status_code == 303
    assert "Proven" in stranger.page("/account")


def test_an_address_is_proven_and_changed_by_links_that_work_on_any_device(site: Site, stranger: Site) -> None:
    assert "Not proven yet" in site.page("/account")
    site.post("/account/email/proof", page="/account")
    proof = letters_of(site.house.tools, EMAIL)[0]
    path = f"/email/confirm?token={proof.token}"
    assert EMAIL in stranger.page(path) and EMAIL in stranger.page(path)
    assert stranger.post("/email/confirm", {"token": proof.token}, page=path).status_code == 200
    assert "Proven" in site.page("/account") and stranger.get(path).status_code == 410
    for wrong in ("olive", EMAIL):
        assert site.post("/account/email", {"email": wrong}, page="/account").status_code == 422
    site.post("/account/email", {"email": "olive@new.example"}, page="/account")
    assert "unless somebody here has that address" in site.page("/account")
    change = letters_of(site.house.tools, "olive@new.example")[0]
    path = f"/email/confirm?token={change.token}"
    stranger.post("/email/confirm", {"token": change.token}, page=path)
    assert "olive@new.example" in site.page("/account")
    assert "was changed" in letters_of(site.house.tools, EMAIL)[-1].subject


def test_whoever_belongs_nowhere_any_more_is_told_so_and_not_that_the_password_is_wrong(
    site: Site, stranger: Site
) -> None:
    with write(site.house.tools.engines, site.house.organisation) as db:
        db.execute(sa.delete(rows.MEMBERS))
    answer = sign_in(stranger)
    assert answer.status_code == 403 and "belong to no organisation here any more" in words(answer.text)
    assert sign_in(stranger, "wrong").status_code == 401


# --- Sessions ---------------------------------------------------------------------------------------------------------


def test_every_session_is_listed_with_its_device_and_can_be_ended(site: Site, make_site: Callable[..., Site]) -> None:
    phone, tablet = make_site(), make_site()
    phone.client.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile Safari/604.1"
    tablet.client.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/150.0 Safari/537 Edg/150.0"
    for each in (phone, tablet):
        assert sign_in(each).status_code == 303
    page = site.page("/account")
    shown = words(page)
    assert "Safari on iPhone" in shown and "Edge on Windows" in shown and shown.count("This browser") == 1
    digests = re.findall(r'name="session" value="(\w+)"', page)
    assert len(digests) == 2
    ended = sessions.digest(phone.client.cookies["tieout-session"])
    assert ended in digests
    site.post("/account/sessions/end", {"session": ended}, page="/account")
    assert phone.get("/account").status_code == 303 and tablet.get("/account").status_code == 200
    site.post("/account/sessions/end-others", page="/account")
    assert tablet.get("/account").status_code == 303 and site.get("/account").status_code == 200


# --- The second factor ------------------------------------------------------------------------------------------------


def test_an_app_is_set_up_asked_for_at_the_next_sign_in_and_removed(site: Site, stranger: Site) -> None:
    secret, codes = set_up_app(site)
    assert len(codes) == 10
    answer = stranger.post("/sign-in", {"email": EMAIL, "password": PASSWORD, "back": "/connection"}, page="/sign-in")
    assert answer.headers["location"] == "/sign-in/second-factor?back=%2Fconnection"
    assert stranger.get("/account").status_code == 303, "no session before the second factor"
    page = stranger.page(answer.headers["location"])
    assert "One more step" in page and 'value="/connection"' in page
    wrong = stranger.post("/sign-in/second-factor", {"code": "000000"}, page="/sign-in/second-factor")
    assert wrong.status_code == 401 and "not right, or was used before" in wrong.text
    form = {"code": code(site, secret), "back": "/connection"}
    right = stranger.post("/sign-in/second-factor", form, page="/sign-in/second-factor")
    assert right.headers["location"] == "/connection" and stranger.get("/account").status_code == 200
    site.post(f"{FACTOR}/app/remove", page=FACTOR)
    site.post("/sign-out", page="/account")
    assert sign_in(site).headers["location"] == "/"


def test_a_recovery_code_stands_in_and_a_sign_in_that_took_too_long_begins_again(site: Site, stranger: Site) -> None:
    _, codes = set_up_app(site)
    # A page that begins a session without a thought for second factors is led to it all the same.
    thoughtless: Any = stranger.client.app
    thoughtless.add_api_route("/thoughtless", lambda: sessions.begin(site.house.tools, olive(site).id, VISIT))
    assert stranger.get("/thoughtless").headers["location"] == "/sign-in/second-factor"
    assert "One more step" in stranger.page("/sign-in/second-factor")
    sign_in(stranger)
    site.house.clock.skip(minutes=11)
    over = stranger.post("/sign-in/second-factor", {"code": codes[0]}, page="/sign-in")
    assert over.status_code == 410 and "begin again" in words(over.text)
    sign_in(stranger)
    begun = stranger.post("/sign-in/second-factor", {"code": codes[0]}, page="/sign-in/second-factor")
    assert begun.status_code == 303 and "9 recovery codes left" in words(stranger.page("/account"))


def test_a_passkey_signs_in_and_stands_behind_a_password(site: Site, stranger: Site) -> None:
    device = Device("https://books.example.com")
    device.origin = str(stranger.client.base_url).rstrip("/")
    credential = device.create(asked(site.page(FACTOR), "create"))
    done = site.post(f"{FACTOR}/passkeys", {"credential": credential, "name": "Phone"}, page=FACTOR)
    assert done.status_code == 201 and len(re.findall(r"<li><code>", done.text)) == 10
    form = {"credential": device.get(asked(stranger.page("/sign-in"), "get"))}
    assert stranger.post("/sign-in/passkey", form, page="/sign-in").status_code == 303
    assert stranger.get("/account").status_code == 200
    stranger.post("/sign-out", page="/account")
    again = stranger.post("/sign-in/passkey", form, page="/sign-in")
    assert again.status_code == 401, "an answer works once"
    sign_in(stranger)
    form = {"credential": device.get(asked(stranger.page("/sign-in/second-factor"), "get"))}
    assert stranger.post("/sign-in/second-factor", form, page="/sign-in/second-factor").status_code == 303
    (key,) = second_factor.of_person(site.house.tools, olive(site).id).passkeys
    site.post(f"{FACTOR}/passkeys/remove", {"key": key.id}, page=FACTOR)
    assert not second_factor.of_person(site.house.tools, olive(site).id).any


# --- Proof ------------------------------------------------------------------------------------------------------------


def test_what_decides_who_gets_in_asks_for_a_recent_proof(site: Site) -> None:
    later(site)
    form = {"email": "eve@example.com", "name": "Eve's", "scope": "settlements:read"}
    guarded = {"/account/email": "/account", "/tokens": "/tokens"} | {
        f"{FACTOR}/{path}": FACTOR
        for path in ("app", "app/confirm", "app/remove", "passkeys", "passkeys/remove", "recovery-codes")
    }
    for path, page in guarded.items():
        answer = site.post(path, form, page=page, headers={"referer": f"{site.client.base_url}{page}"})
        assert answer.status_code == 303, path
        assert answer.headers["location"] == "/prove?back=" + page.replace("/", "%2F")
    assert letters_of(site.house.tools) == []


def test_the_proof_returns_to_where_one_was_and_is_slowed_down_like_a_sign_in(site: Site) -> None:
    later(site)
    path = "/prove?back=/account/second-factor"
    assert "Prove that it is you" in site.page(path)
    for _ in range(5):
        assert site.post("/prove", {"password": "wrong"}, page=path).status_code == 401
    assert site.post("/prove", {"password": PASSWORD}, page=path).status_code == 429
    site.house.clock.skip(seconds=2)
    done = site.post("/prove", {"password": PASSWORD, "back": FACTOR}, page=path)
    assert done.headers["location"] == FACTOR
    assert site.get(path).headers["location"] == FACTOR, "a fresh proof is not asked for again"
    assert site.post(f"{FACTOR}/app", page=FACTOR).status_code == 200
    later(site)
    assert site.post("/prove", {"password": PASSWORD, "back": "//evil.example"}, page=path).headers["location"] == "/"
