"""An operation's page never waits for ever: it says the step, since when and until when, and what to do after that."""

from tests.web.conftest import Site, words
from tieout.core.actor import Actor
from tieout.store.engine import write
from tieout.sync import operations, settlements


def begun(site: Site) -> str:
    return settlements.approve(site.house.tools, site.house.actor, ("nothing",))


def test_while_it_runs_it_asks_again_every_second(site: Site) -> None:
    page = site.page(f"/operations/{begun(site)}")
    assert 'hx-trigger="every 1s"' in page and "Ends at the latest" in page
    assert '<noscript><meta http-equiv="refresh"' in page, "and without scripts too"


def test_past_its_deadline_nothing_waits_any_more(site: Site) -> None:
    id = begun(site)
    site.house.clock.skip(hours=1)
    site.sign_in()
    page = site.page(f"/operations/{id}")
    assert "every 1s" not in page and 'http-equiv="refresh"' not in page
    assert "The deadline has passed" in page and "Nothing is lost" in page
    operations.expire(site.house.tools, site.house.organisation)
    assert "Ended at its deadline" in words(site.page(f"/operations/{id}"))


def test_the_fragment_is_the_part_that_changes(site: Site) -> None:
    fragment = site.page(f"/operations/{begun(site)}/state")
    assert fragment.lstrip().startswith("<section") and "<html" not in fragment


def test_an_end_without_what_was_asked_says_why(site: Site) -> None:
    id = begun(site)
    site.house.jobs.run_all()
    text = words(site.page(f"/operations/{id}"))
    assert "Not done" in text and "Connect them first" in text


def test_an_operation_of_another_organisation_leads_nowhere(site: Site) -> None:
    with write(site.house.tools.engines, "elsewhere") as db:
        actor = Actor("elsewhere", "carol", "Carol")
        theirs = operations.begin(site.house.tools, db, actor, "send", "theirs", {})
    for id in (theirs, "none"):
        assert site.get(f"/operations/{id}").status_code == 404
        assert site.get(f"/operations/{id}/state").status_code == 404
