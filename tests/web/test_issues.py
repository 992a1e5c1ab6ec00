"""The pages of what does not go on: seen by everybody, acted on by who may, each button as good as its word."""

from tests.sync.conftest import SAMPLES
from tests.web.conftest import Site, words
from tests.web.test_mapping import say, version, without
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


def unmapped(site: Site, *samples: str) -> tuple[str, list[str]]:
    """The issue that the mapping lacks something, and the settlements that wait for it."""
    site.house.connect()
    held = [site.settlement(sample) for sample in samples]
    say(site, without("fees", "fulfilment"))
    (issue,) = issues.listing(site.house.tools, site.house.organisation)
    assert issue.code == "mapping-incomplete" and {each.id for each in issue.holds} == set(held)
    return issue.id, held


def test_each_settlement_is_told_its_own_amounts_where_several_wait_for_one_cause(site: Site) -> None:
    issue, held = unmapped(site, "amazon_v2_uk.txt", "amazon_v2_uk_two_months.txt")
    numbers = [site.house.card(id).number for id in held]
    for id, mine, others in zip(held, numbers, reversed(numbers), strict=True):
        shown = words(site.page(f"/settlements/{id}"))
        assert f"in settlement {mine}." in shown and f"in settlement {others}" not in shown
    assert "and 1 more settlement." in words(site.page("/issues"))
    assert "and 1 more settlement." in words(site.page(f"/issues/{issue}"))


def test_an_account_is_chosen_at_an_issue_as_on_the_mappings_own_page(site: Site) -> None:
    issue, (held,) = unmapped(site, "amazon_v2_uk.txt")
    page = site.page(f"/issues/{issue}")
    assert 'value="TO-203"' in page and 'value="TO-200"' not in page, "only what suits costs is offered"
    seen = version(site)
    for account, tax, told in (
        ("TO-200", "OUTPUT2", "another class"),
        ("090", "NONE", "bank"),
        ("TO-203", "OUTPUT2", "cannot be used with"),
        ("no-such", "INPUT2", "does not exist"),
    ):
        form = {"place": "", "account": account, "tax": tax, "seen": str(seen)}
        assert site.post(f"/issues/{issue}/fixes/choose-account", form, page=f"/issues/{issue}").status_code == 303
        assert told in words(site.page(f"/issues/{issue}")) and version(site) == seen
    form = {"place": "", "account": "TO-203", "tax": "INPUT2", "seen": str(seen)}
    site.post(f"/issues/{issue}/fixes/choose-account", form, page=f"/issues/{issue}")
    assert site.house.card(held).status == "ready" and version(site) == seen + 1, "all places in one version"


def test_an_account_is_not_chosen_on_top_of_a_mapping_that_has_moved(site: Site) -> None:
    issue, (held,) = unmapped(site, "amazon_v2_uk.txt")
    seen = version(site)
    say(site, lambda entries: entries)
    form = {"place": "", "account": "TO-203", "tax": "INPUT2", "seen": str(seen)}
    site.post(f"/issues/{issue}/fixes/choose-account", form, page=f"/issues/{issue}")
    assert "The mapping has changed meanwhile" in words(site.page(f"/issues/{issue}"))
    assert site.house.card(held).status == "mapping-needed" and version(site) == seen + 1


def test_dates_that_somebody_has_judged_are_kept_with_the_name(site: Site) -> None:
    content = (
        (SAMPLES / "amazon_v2_uk.txt").read_bytes().replace(b"03.06.2026\t03.06.2026", b"23.05.2026\t23.05.2026", 1)
    )
    site.house.connect()
    site.house.receive("early.txt", content)
    (issue,) = issues.listing(site.house.tools, site.house.organisation)
    (held,) = issue.holds
    assert (issue.code, held.state) == ("date-out-of-window", "review-needed")
    site.post(f"/issues/{issue.id}/fixes/accept-dates", page=f"/issues/{issue.id}")
    assert site.house.card(held.id).status == "ready"
    assert "Looked at: Olive Finch says that it is right." in words(site.page(f"/settlements/{held.id}"))
    assert site.house.receive("early.txt", content).result["settlements"][0]["outcome"] == "same"
    assert site.house.card(held.id).status == "ready", "what was judged once is not asked again"


def test_a_newer_file_is_not_used_while_the_older_document_stands(site: Site) -> None:
    site.house.connect()
    content = (SAMPLES / "amazon_v2_uk.txt").read_bytes()
    site.house.send(site.settlement())
    site.house.receive(
        "newer.txt", content.replace(b"\t683.10\t", b"\t683.11\t").replace(b"\t34.95\t", b"\t34.96\t", 1)
    )
    (issue,) = issues.listing(site.house.tools, site.house.organisation)
    assert issue.code == "source-changed-after-post" and "0.01 GBP more" in issue.title
    site.post(f"/issues/{issue.id}/fixes/use-new-file", page=f"/issues/{issue.id}")
    assert "void" in words(site.page(f"/issues/{issue.id}")) and list(site.house.documents().values()) == [1]
    assert site.house.card(issue.holds[0].id).status == "source-changed"
