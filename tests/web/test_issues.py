"""The pages of what does not go on: seen by everybody, acted on by who may, each button as good as its word."""

from tests.web.conftest import Site, words
from tieout.people import sessions
from tieout.people.roles import Role
from tieout.store import people
from tieout.store.engine import write
from tieout.sync import issues

UNKNOWN = "amazon_v2_unknown_type.txt"


def closed_period(site: Site) -> str:
    """The id of an issue that holds a settlement because the books are closed."""
    site.house.connect()
    id = site.settlement()
    site.house.world.hand("lock-date", year="2026-12-31")
    site.house.send(id)
    (issue,) = issues.listing(site.house.tools, site.house.organisation)
    return issue.id


def as_basic(site: Site) -> None:
    """The same browser, signed in as somebody who may look and send but not map, connect or import."""
    tools, organisation = site.house.tools, site.house.organisation
    person = people.Person("basil", "basil@example.com", "Basil Basic", "", tools.now())
    with write(tools.engines, "") as db:
        people.add_person(db, person)
    with write(tools.engines, organisation) as db:
        people.add_member(db, person.id, Role.BASIC, tools.now())
    token = sessions.begin(tools, person.id, sessions.Visit("192.0.2.1", ""))
    site.client.cookies.set("tieout-session", token)


def test_without_problems_the_page_says_so(site: Site) -> None:
    assert "No open problems" in words(site.page("/issues"))
    assert "Nothing was resolved lately" in words(site.page("/issues?state=resolved"))


def test_a_button_does_what_it_says_and_the_page_tells_what_came_of_it(site: Site) -> None:
    id = closed_period(site)
    site.house.world.hand("lock-date", year=None)
    answer = site.post(f"/issues/{id}/fixes/check-again", page=f"/issues/{id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/issues/{id}")
    site.house.jobs.run_all()
    shown = words(site.page(f"/issues/{id}"))
    assert "nothing stands against it any more" in shown and "Resolved" in shown
    assert site.house.documents() and issues.listing(site.house.tools, site.house.organisation) == ()


def test_who_may_not_is_told_whom_to_ask_and_sees_no_button(site: Site) -> None:
    site.house.receive("broken.txt", b"")
    site.house.connect()
    site.settlement(UNKNOWN)
    (issue,) = issues.listing(site.house.tools, site.house.organisation)
    as_basic(site)
    assert "Ask somebody of your organisation" in words(site.page(f"/issues/{issue.id}"))
    form = {"category": "fee.other"}
    assert site.post(f"/issues/{issue.id}/fixes/explain-label", form, page="/issues/" + issue.id).status_code == 403


def test_what_is_not_offered_and_what_is_not_ours_leads_nowhere(site: Site) -> None:
    id = closed_period(site)
    for action in ("renumber", "nonsense"):
        assert site.post(f"/issues/{id}/fixes/{action}", page=f"/issues/{id}").status_code == 404
    assert site.get("/issues/nothing").status_code == 404
    assert site.get("/problems/nothing").status_code == 404


def test_the_words_of_strangers_are_shown_and_never_obeyed(site: Site) -> None:
    site.house.connect()
    id = site.settlement()
    site.house.world.arm("unknown-error", method="PUT", path="*/Invoices*", text="<script>alert(1)</script> {person}")
    site.house.send(id)
    (issue,) = issues.listing(site.house.tools, site.house.organisation)
    for path in ("/issues", f"/issues/{issue.id}", f"/settlements/{id}"):
        text = site.page(path)
        assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text
