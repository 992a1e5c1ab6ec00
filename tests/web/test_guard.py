"""Every address is guarded: by headers, by a session, and against forged changes. New addresses are found."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tests.web.conftest import BASE, Site
from tieout.people import sessions
from tieout.store import people as rows
from tieout.store.engine import write
from tieout.web import page_modules
from tieout.web.guard import CSP, own_path
from tieout.web.routes import Route

OPEN_TO_ALL = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/link"),
    ("POST", "/sign-in/link"),
    ("POST", "/sign-in/passkey"),
    ("GET", "/sign-in/second-factor"),
    ("POST", "/sign-in/second-factor"),
    ("GET", "/sign-in/forgotten"),
    ("POST", "/sign-in/forgotten"),
    ("GET", "/sign-in/reset"),
    ("POST", "/sign-in/reset"),
    ("GET", "/email/confirm"),
    ("POST", "/email/confirm"),
    ("POST", "/sign-in/with/{provider}"),
    ("GET", "/sign-in/{provider}/callback"),
    ("GET", "/sign-in/refused"),
    ("GET", "/sign-in/identity"),
    ("POST", "/sign-in/identity/join"),
    ("POST", "/sign-out"),
    ("GET", "/first-run"),
    ("POST", "/first-run"),
    ("GET", "/oauth/{platform}/callback"),
    ("GET", "/connection/stopped"),
    ("GET", "/connect/{token}"),
    ("POST", "/connect/{token}"),
    ("GET", "/connect/books"),
    ("POST", "/connect/books"),
    ("GET", "/connect/ended"),
    ("GET", "/channels/{channel}/callback"),
    ("GET", "/completion"),
    ("POST", "/completion/open"),
    ("GET", "/completion/channels"),
    ("GET", "/completion/connect/{channel}"),
    ("POST", "/completion/connect/{channel}"),
    ("POST", "/completion/install/{channel}"),
    ("POST", "/completion/own"),
    ("POST", "/completion/own/new"),
    ("POST", "/completion/done"),
    ("GET", "/invitations/accept"),
    ("POST", "/invitations/accept"),
    ("POST", "/invitations/accept/known"),
    ("POST", "/invitations/accept/new"),
    ("POST", "/invitations/decline"),
    ("GET", "/practice/join"),
    ("POST", "/practice/join"),
}


def all_routes() -> Iterator[Route]:
    for module in page_modules():
        yield from module.ROUTES


def filled(path: str, settlement: str = "none") -> str:
    values = {"id": settlement, "part": "1", "line": "0", "platform": "xero", "code": "grant-ended", "action": "mute"}
    values |= {"version": "1", "channel": "amazon", "provider": "google", "token": "none"}
    values |= {"person": "none", "practice": "none", "link": "none", "organisation": "none"}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


def test_every_address_of_the_app_comes_from_a_page(site: Site) -> None:
    app: Any = site.client.app
    found = [route for route in app.routes if isinstance(route, APIRoute)]
    served = {(method, route.path) for route in found for method in route.methods or ()}
    said = {(route.method, route.path) for route in all_routes()}
    assert {(method, path) for method, path in served if method != "HEAD"} == said


def test_only_what_is_listed_here_is_open_to_all() -> None:
    assert {(route.method, route.path) for route in all_routes() if route.right is None} == OPEN_TO_ALL


@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_carries_the_headers(make_site: Callable[..., Site], signed_in: bool) -> None:
    site = make_site()
    settlement = site.settlement()
    if signed_in:
        site.sign_in()
    paths = [(route.method, filled(route.path, settlement)) for route in all_routes() if route.path != "/sign-out"]
    for method, path in [
        *paths,
        ("GET", "/nowhere"),
        ("PUT", "/settlements"),
        ("GET", "/settlements/x/parts/one/lines/0"),
    ]:
        answer = site.client.request(method, path)
        told = (method, path, answer.status_code)
        assert answer.headers["content-security-policy"] == CSP, told
        assert answer.headers["x-content-type-options"] == "nosniff", told
        assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), told
        assert answer.headers["cache-control"] == "no-store", told
        assert answer.headers["x-frame-options"] == "DENY", told
        assert "strict-transport-security" not in answer.headers, "http must not promise https"


def test_the_content_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert CSP.startswith("default-src 'none'") and "frame-ancestors 'none'" in CSP
    assert "unsafe" not in CSP and "http" not in CSP and "*" not in CSP


def test_every_change_without_the_token_is_refused(site: Site) -> None:
    settlement = site.settlement()
    changes = [route for route in all_routes() if route.method != "GET"]
    assert len(changes) > 8
    for route in changes:
        for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "ä"}):
            files = {"file": ("a.txt", b"x")} if route.checks_form else None
            answer = site.client.post(filled(route.path, settlement), data=form, files=files)
            assert answer.status_code == 403, (route.path, form, answer.status_code)
            assert "Nothing was changed" in answer.text
    assert site.get("/settlements").status_code == 200, "the session is untouched"


def test_the_token_of_another_session_is_refused(make_site: Callable[..., Site]) -> None:
    mine, other = make_site(), make_site()
    mine.sign_in()
    other.sign_in()
    assert mine.client.post("/settlements/send", data={"csrf": other.token()}).status_code == 403
    assert mine.client.post("/settlements/send", data={"csrf": mine.token()}).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": BASE, "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 303),
    ],
)
def test_a_change_from_another_origin_is_refused_even_with_the_token(
    site: Site, headers: dict[str, str], status: int
) -> None:
    assert site.post("/settlements/send", headers=headers).status_code == status


def test_every_page_leads_a_stranger_to_the_sign_in(stranger: Site) -> None:
    settlement = stranger.settlement()
    for route in all_routes():
        if route.right is None:
            continue
        files = {"file": ("a.txt", b"x")} if route.checks_form else None
        answer = stranger.client.request(route.method, filled(route.path, settlement), files=files)
        assert answer.status_code == 303, (route.path, answer.status_code)
        assert answer.headers["location"].startswith("/sign-in"), route.path


def test_a_fragment_sends_the_whole_page_to_the_sign_in(stranger: Site) -> None:
    answer = stranger.get("/operations/x/state", headers={"HX-Request": "true"})
    assert answer.status_code == 401 and answer.headers["hx-redirect"].startswith("/sign-in")


def test_a_role_without_the_right_is_told_who_can_help(site: Site) -> None:
    with write(site.house.tools.engines, site.house.organisation) as db:
        db.execute(rows.MEMBERS.update().values(role="basic"))
    page = site.page("/settlements")
    assert "Upload a settlement file" not in page
    for route in all_routes():
        if route.right is None or route.right in ("view", "send"):
            continue
        files = {"file": ("a.txt", b"x")} if route.checks_form else None
        answer = site.client.request(route.method, filled(route.path), data={"csrf": site.token()}, files=files)
        assert answer.status_code == 403, route.path
        assert "may not" in answer.text and "Ask somebody of your organisation" in answer.text


def test_what_another_organisation_has_is_told_like_nothing(site: Site) -> None:
    mine = site.settlement()
    assert site.get(f"/settlements/{mine}").status_code == 200
    with write(site.house.tools.engines, "") as db:
        db.execute(rows.SESSIONS.delete())
    elsewhere = second_organisation(site)
    site.client.cookies.set("tieout-session", elsewhere)
    nothing = site.get("/settlements/none")
    for path in ("", "/preview", "/parts/1/lines/0", "/statement", "/label"):
        answer = site.get(f"/settlements/{mine}{path}")
        assert answer.status_code == 404 and answer.text == nothing.text
    assert mine not in site.page("/settlements")


def second_organisation(site: Site) -> str:
    """A session of Carol, who owns another organisation of this installation."""
    from tieout.store.organisations import Organisation, create

    tools, now = site.house.tools, site.house.tools.now()
    with write(tools.engines, "elsewhere") as db:
        create(db, tools.vault, Organisation("elsewhere", "Elsewhere Ltd", "GB", "Europe/London", now))
        rows.add_person(db, rows.Person("carol", "carol@example.com", "Carol", "", now))
        rows.add_member(db, "carol", "owner", now)
    return sessions.begin(tools, "carol", sessions.Visit("192.0.2.9", ""))


def test_over_https_cookies_are_pinned_to_the_host(make_site: Callable[..., Site]) -> None:
    site = make_site("https://books.example")
    token = sessions.sign_in_link(site.house.tools)
    page = site.get(f"/sign-in/link?token={token}")
    assert page.headers["strict-transport-security"]
    csrf = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert csrf
    answer = site.client.post("/sign-in/link", data={"csrf": csrf[1], "token": token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-tieout-session=")
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/")) and "Domain" not in cookie


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: x",
    ],
)
def test_a_way_back_never_leads_to_another_host(path: str) -> None:
    assert own_path(path) == "/"


def test_a_way_back_of_ours_is_kept() -> None:
    assert own_path("/settlements/0197?after=3") == "/settlements/0197?after=3"


PROVEN = (
    "/connection/{id}/disconnect",
    "/connection/apps/xero",
    "/connection/apps/xero/remove",
    "/channels/{id}/disconnect",
    "/tokens/{id}/revoke",
    "/practice/{id}/invitations",
    "/practice/{id}/members/bob/lead",
    "/practice/{id}/members/bob/leave",
    "/client-link",
    "/client-link/{id}/again",
)


def test_what_ends_or_hands_on_an_access_asks_for_a_recent_proof(site: Site) -> None:
    site.house.clock.skip(minutes=11)
    for path in PROVEN:
        answer = site.post(path.format(id="any"))
        assert (answer.status_code, answer.headers.get("location")) == (303, "/prove?back=%2F"), path
