"""The pages about people: what each role sees, and what a press of each button does."""

import re
from collections.abc import Callable

import pytest

from tests.web.conftest import Site, words
from tieout.people import members, organisations, passwords, sessions, support
from tieout.store import memberships, second_factors
from tieout.store import people as rows
from tieout.store.engine import write
from tieout.store.organisations import Organisation, create
from tieout.store.people import Person
from tieout.store.second_factors import Passkey
from tieout.sync import issues

PASSWORD = "correct horse battery staple"


def join(site: Site, name: str, role: str = "", organisation: str = "") -> str:
    """Somebody with a proven address; a member where a role is named."""
    tools, person = site.house.tools, name.lower()
    where = organisation or site.house.organisation
    with write(tools.engines, where) as db:
        if rows.person(db, person) is None:
            rows.add_person(db, Person(person, f"{person}@example.com", name, "", tools.now(), tools.now()))
        if role:
            memberships.add(db, person, role, tools.now())
    return person


def elsewhere(site: Site, owner: str) -> str:
    tools = site.house.tools
    with write(tools.engines, f"org-{owner}") as db:
        create(db, tools.vault, Organisation(f"org-{owner}", f"{owner} Ltd", "GB", "Europe/London", tools.now()))
    join(site, owner, "owner", f"org-{owner}")
    return f"org-{owner}"


@pytest.fixture
def browser(make_site: Callable[..., Site]) -> Callable[[str], Site]:
    """Another browser, in which a person is signed in."""

    def opened(person: str) -> Site:
        made = make_site()
        if person:
            token = sessions.begin(made.house.tools, person, sessions.Visit("192.0.2.7", ""))
            made.client.cookies.set("tieout-session", token)
        return made

    return opened


def roles(site: Site) -> dict[str, str]:
    return {each.name: each.role for each in members.listed(site.house.tools, site.house.organisation)}


def link_on(page: str) -> str:
    """The path of the link that a page shows this once."""
    found = re.search(r'readonly value="https?://[^/"]+(/[^"]+)"', page)
    assert found, words(page)[:300]
    return found[1]


def said(site: Site, path: str = "/people") -> str:
    return words(site.page(path))


def test_an_invited_person_makes_an_account_and_stands_in_the_organisation(
    site: Site, browser: Callable[[str], Site]
) -> None:
    answer = site.post("/people/invitations", {"email": "bob@example.com", "role": "accountant"}, page="/people")
    assert answer.status_code == 201 and "A letter with this link is on its way" in words(answer.text)
    link, stranger = link_on(answer.text), browser("")
    token = link.partition("token=")[2]
    page = stranger.page(link)
    assert "Olive Finch invites you to work on its books, as accountant" in words(page)
    weak = stranger.post("/invitations/accept/new", {"token": token, "name": "Bob", "password": "short"}, page=link)
    assert weak.status_code == 422 and "at least 12 characters" in words(weak.text)
    done = stranger.post("/invitations/accept/new", {"token": token, "name": "Bob", "password": PASSWORD}, page=link)
    assert done.status_code == 303, words(done.text)
    assert roles(site) == {"Bob": "accountant", "Olive Finch": "owner"}
    assert "Bob (you)" in said(stranger) and "Invite somebody" not in said(stranger)
    assert browser("").get(link).status_code == 410


def test_somebody_known_elsewhere_accepts_as_who_they_are_or_with_their_password(
    site: Site, browser: Callable[[str], Site]
) -> None:
    carol = browser(join(site, "Carol", "owner", elsewhere(site, "Carol")))
    link = link_on(site.post("/people/invitations", {"email": "books@firm.example", "role": "basic"}).text)
    assert "Accept as Carol" in words(carol.page(link))
    assert carol.post("/invitations/accept", {"token": link.partition("token=")[2]}).status_code == 303
    assert [each.name for each in organisations.of_person(site.house.tools, "carol")] == [
        "Carol Ltd",
        "Harbour & Finch Ltd",
    ]
    tools = site.house.tools
    with write(tools.engines, "") as db:
        rows.add_person(db, Person("dan", "dan@example.com", "Dan", passwords.make_hash(PASSWORD), tools.now()))
    link = link_on(site.post("/people/invitations", {"email": "dan@example.com", "role": "basic"}).text)
    dan, form = browser(""), {"token": link.partition("token=")[2]}
    wrong = dan.post("/invitations/accept/known", {**form, "password": "not the password"}, page=link)
    assert wrong.status_code == 401 and "The password is not right" in words(wrong.text)
    assert dan.post("/invitations/accept/known", {**form, "password": PASSWORD}, page=link).status_code == 303
    assert "Dan (you)" in said(dan), "who belonged nowhere is in"
    join(site, "Eve", "owner", elsewhere(site, "Eve"))
    with write(tools.engines, "") as db:
        rows.set_password_hash(db, "eve", passwords.make_hash(PASSWORD))
        second_factors.add_passkey(db, Passkey("key", "eve", "Phone", "", 0, tools.now(), None))
    link = link_on(site.post("/people/invitations", {"email": "eve@example.com", "role": "basic"}).text)
    eve, form = browser(""), {"token": link.partition("token=")[2], "password": PASSWORD}
    next_step = eve.post("/invitations/accept/known", form, page=link).headers["location"]
    assert next_step.startswith("/sign-in/second-factor?back=%2Finvitations%2Faccept%3Ftoken")
    assert "Eve" not in roles(site), "a password alone accepts nothing for who has a second factor"


def test_an_invitation_is_sent_again_withdrawn_declined_and_offered_to_a_proven_address(
    site: Site, browser: Callable[[str], Site]
) -> None:
    carol = browser(join(site, "Carol", "owner", elsewhere(site, "Carol")))
    site.post("/people/invitations", {"email": "carol@example.com", "role": "admin"})
    again = re.search(r'action="(/people/invitations/[^/"]+/again)"', site.page("/people"))
    assert again
    answer = site.post(again[1])
    assert answer.status_code == 201 and link_on(answer.text)
    assert "1 invitation or offer to you" in words(carol.page("/people"))
    accept = re.search(r'action="(/offers/invitations/[^"]+/accept)"', carol.page("/offers"))
    assert accept and carol.post(accept[1]).status_code == 303
    assert roles(site)["Carol"] == "admin" and "Nothing waits for you" in said(carol, "/offers")
    link = link_on(site.post("/people/invitations", {"email": "eve@example.com", "role": "basic"}).text)
    stranger = browser("")
    declined = stranger.post("/invitations/decline", {"token": link.partition("token=")[2]}, page=link)
    assert "Declined" in words(declined.text) and stranger.get(link).status_code == 410
    link = link_on(site.post("/people/invitations", {"email": "eve@example.com", "role": "basic"}).text)
    withdraw = re.search(r'action="(/people/invitations/[^/"]+/withdraw)"', site.page("/people"))
    assert withdraw and site.post(withdraw[1]).status_code == 303 and stranger.get(link).status_code == 410
    mistaken = site.post("/people/invitations", {"email": "no address", "role": "basic"})
    assert mistaken.status_code == 422 and "not an e-mail address" in words(mistaken.text)
    assert site.post("/people/invitations", {"email": "a@b.example", "role": "king"}).status_code == 404


def test_members_are_changed_suspended_let_in_and_removed(site: Site, browser: Callable[[str], Site]) -> None:
    bob = browser(join(site, "Bob", "basic"))
    assert site.post("/people/members/bob/role", {"role": "accountant"}).status_code == 303
    assert "Bob is now accountant" in said(site) and roles(site)["Bob"] == "accountant"
    site.post("/people/members/bob/suspend")
    assert bob.get("/people").headers["location"].startswith("/sign-in")
    assert "Suspended" in said(site)
    site.post("/people/members/bob/let-in")
    assert "Remove Bob?" in said(site, "/people/members/bob/remove")
    site.post("/people/members/bob/remove")
    assert "Bob" not in roles(site) and site.post("/people/members/bob/remove").status_code == 404
    assert "needs an owner" in (site.post("/people/leave"), said(site))[1]
    eve = browser(join(site, "Eve", "admin"))
    assert eve.post("/people/leave").headers["location"] == "/sign-in" and "Eve" not in roles(site)


def test_who_lacks_a_right_asks_for_it_at_the_door_and_gets_it(site: Site, browser: Callable[[str], Site]) -> None:
    bob = browser(join(site, "Bob", "basic"))
    refused = bob.post("/people/invitations", {"email": "x@example.com", "role": "basic"}, page="/people")
    assert refused.status_code == 403 and 'href="/access/ask?right=people"' in refused.text
    asking = words(bob.page("/access/ask?right=connect"))
    assert "it takes accountant or admin or owner" in asking and "Olive Finch (owner)" in asking
    bob.post("/access/ask", {"right": "connect", "words": "our second shop"}, page="/access/ask?right=connect")
    assert "Asked." in said(bob)
    assert "our second shop" in said(site) and "1 request to decide" in said(site, "/settlements")
    grant = re.search(r'action="(/people/requests/[^/"]+/grant)"', site.page("/people"))
    assert grant and site.post(grant[1], {"role": "accountant"}).status_code == 303
    assert roles(site)["Bob"] == "accountant" and "lets you connect books and channels already" in said(
        bob, "/access/ask?right=connect"
    )
    bob.post("/access/ask", {"right": "people"}, page="/access/ask")
    decline = re.search(r'action="(/people/requests/[^/"]+/decline)"', site.page("/people"))
    assert decline and site.post(decline[1]).status_code == 303 and "asks to manage people" not in said(site)


def test_ownership_is_offered_and_accepted_in_the_product(site: Site, browser: Callable[[str], Site]) -> None:
    bob = browser(join(site, "Bob", "accountant"))
    site.post("/people/ownership", {"person": "bob"})
    withdraw = re.search(r'action="(/people/offers/[^/"]+/withdraw)"', site.page("/people"))
    assert withdraw and site.post(withdraw[1]).status_code == 303
    assert "Nothing waits for you" in said(bob, "/offers")
    site.post("/people/ownership", {"person": "bob"})
    accept = re.search(r'action="(/offers/ownership/[^"]+/accept)"', bob.page("/offers"))
    assert accept and bob.post(accept[1]).status_code == 303
    assert roles(site) == {"Bob": "owner", "Olive Finch": "admin"}


def test_a_practice_is_made_let_in_and_lists_what_needs_attention(site: Site, browser: Callable[[str], Site]) -> None:
    fay = browser(join(site, "Fay", "owner", elsewhere(site, "Fay")))
    fay.post("/practice", {"name": "Ledger & Co"}, page="/practice")
    page = fay.page("/practice")
    code = re.search(r"<strong>(PR-\w+)</strong>", page)
    invite = re.search(r'action="(/practice/[^/"]+/invitations)"', page)
    assert code and invite
    answer = fay.post(invite[1], {"email": "gus@example.com"}, page="/practice")
    gus = browser(join(site, "Gus", "owner", elsewhere(site, "Gus")))
    link = link_on(answer.text)
    assert "Join as Gus" in words(gus.page(link))
    assert gus.post("/practice/join", {"token": link.partition("token=")[2]}).status_code == 303
    site.post("/people/practices", {"code": "PR-NOTHING", "role": "accountant"})
    assert "No practice has the code" in said(site)
    site.post("/people/practices", {"code": code[1].lower(), "role": "accountant"})
    assert "The practice is in" in said(site)
    assert roles(site) == {"Fay": "accountant", "Gus": "accountant", "Olive Finch": "owner"}
    seen = said(gus, "/practice")
    assert "Harbour & Finch Ltd" in seen and "No books are connected." in seen and "Needs attention" in seen
    assert gus.post("/organisations/switch", {"organisation": site.house.organisation}).status_code == 303
    leave = re.search(r'action="(/practice/[^"]+/members/gus/leave)"', fay.page("/practice"))
    assert leave and fay.post(leave[1]).status_code == 303
    assert gus.get("/people").headers["location"].startswith("/sign-in")
    end = re.search(r'action="(/people/practices/[^/"]+/end)"', site.page("/people"))
    assert end and site.post(end[1]).status_code == 303 and roles(site) == {"Olive Finch": "owner"}


def test_whoever_runs_the_installation_sees_states_and_looks_only_by_a_grant(
    site: Site, browser: Callable[[str], Site]
) -> None:
    pat = browser(join(site, "Pat", "owner", elsewhere(site, "Pat")))
    site.settlement()
    assert pat.get("/platform").status_code == 404
    support.make_admin(site.house.tools, "pat@example.com", "the command line")
    listed = said(pat, "/platform")
    assert "Harbour & Finch Ltd" in listed and not re.search(r"£|\d+\.\d\d", listed), "no figures"
    here = {"organisation": site.house.organisation}
    assert pat.post("/platform/enter", here, page="/platform").status_code == 404
    pat.post("/platform/support", {**here, "reason": "no", "minutes": "5"}, page="/platform")
    assert "Say in a sentence why" in said(pat, "/platform")
    reason = "Asked by Olive, about the payout of June"
    pat.post("/platform/support", {**here, "reason": reason, "minutes": "5"}, page="/platform")
    assert pat.post("/platform/enter", here, page="/platform").status_code == 303
    assert "26100000101" in pat.page("/settlements"), "may look"
    assert pat.get("/connection/links").status_code == 403
    told = {each.code for each in issues.listing(site.house.tools, site.house.organisation)}
    assert "connect-role-too-low" not in told, "who only looks is no problem of the organisation"
    assert pat.post("/settlements/send", page="/settlements").status_code == 403
    assert pat.post("/people/invitations", {"email": "x@y.example"}, page="/people").status_code == 403
    assert reason in said(site)
    done = re.search(r'action="(/platform/support/[^"]+/end)"', pat.page("/platform"))
    assert done and pat.post(done[1], page="/platform").status_code == 303
    assert "Pat Ltd" in said(pat, "/platform") and "Ended." not in said(pat), "back in an organisation of their own"
    pat.post("/platform/support", {**here, "reason": reason, "minutes": "5"}, page="/platform")
    assert pat.post("/platform/enter", here, page="/platform").status_code == 303
    end = re.search(r'action="(/people/support/[^/"]+/end)"', site.page("/people"))
    assert end and site.post(end[1]).status_code == 303
    assert pat.get("/settlements").headers["location"].startswith("/sign-in")
