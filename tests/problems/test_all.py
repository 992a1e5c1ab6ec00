"""Every problem: caused by its own faults, told by its own code, explained, and mended by its own fix.

Nothing here names a problem but the table of what a person does: a new file without a fault that causes it fails.
"""

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.problems import consenting, doors
from tests.problems.causing import SAMPLE, Fault, Trouble, is_known
from tests.problems.senseless import SENSELESS, Senseless, makes_sense
from tests.sync.conftest import House, house, ledger
from tests.sync.ledgers import LEDGERS, Ledger
from tests.web.conftest import Site, cheap_hashes, make_site, site, words
from tieout import channels, platforms
from tieout.api import issue_shapes
from tieout.core.health import WARNINGS
from tieout.core.problem import Case, FixKind, Owner, RetryClass, filled
from tieout.problems import LAST, Problem, problems
from tieout.sync import doctor, fixes, issues
from tieout.sync.vouched import link_pending

__all__ = ["cheap_hashes", "house", "ledger", "make_site", "site"]

ALL = problems()
CASES = [
    (each, problem, line)
    for problem in ALL
    for line in problem.faults
    for each in LEDGERS
    if makes_sense(each.name, problem.code, line)
]
REST = ("sent", "ready")
# What a person chooses where several answers are right.
CHOICES = {
    "document-number-taken": "renumber",
    "document-gone-in-books": "renumber",
    "stale-write-refused": "renumber",
    "source-total-mismatch": "retry-import",
    "source-changed-after-post": "use-new-file",
}


def ident(case: Any) -> str:
    if isinstance(case, Senseless):
        return f"{case.platform}-{case.code}"
    if isinstance(case, Ledger):
        return case.name
    return case.code if isinstance(case, Problem) else str(case)


# --- What a file says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", ALL, ids=ident)
def test_a_problem_says_what_it_is_who_can_act_and_when_to_try_again(problem: Problem) -> None:
    assert isinstance(problem.owner, Owner) and isinstance(problem.retry, RetryClass)
    assert problem.title.endswith((".", "}")) and len(problem.title) < 120
    assert problem.cause and problem.seen_as and problem.does
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", problem.code)


@pytest.mark.parametrize("problem", ALL, ids=ident)
def test_a_problem_can_be_caused(problem: Problem) -> None:
    faults = [Fault.read(line) for line in problem.faults]
    assert faults, f"{problem.code} names no fault that causes it"
    assert not [fault.name for fault in faults if not is_known(fault.name)]


@pytest.mark.parametrize("row", SENSELESS, ids=ident)
def test_what_makes_no_sense_on_a_platform_is_shown_by_the_platform_itself(row: Senseless) -> None:
    (problem,) = (each for each in ALL if each.code == row.code)
    assert row.line in ("", *problem.faults) and row.reason
    assert row.platform in platforms.names()
    assert [name for name in platforms.names() if row.is_so(platforms.named(name))] == [row.platform]


def test_every_problem_makes_sense_somewhere() -> None:
    assert {(problem.code, line) for _, problem, line in CASES} == {
        (problem.code, line) for problem in ALL for line in problem.faults
    }


@pytest.mark.parametrize("problem", ALL, ids=ident)
def test_a_problem_names_no_platform_and_no_channel(problem: Problem) -> None:
    module = import_module(f"tieout.problems.{problem.family}.{problem.code.replace('-', '_')}")
    vendors = {*platforms.names(), *channels.channels()}
    assert not {word for word in vendors if word in inspect.getsource(module).lower()}


@pytest.mark.parametrize("problem", ALL, ids=ident)
def test_a_title_has_no_brace_left_when_nothing_is_known(problem: Problem, house: House) -> None:
    title = filled(problem.title, Case(house.clock()).names())
    assert "{" not in title and "}" not in title and title[0].isupper()
    assert all(fix.words for fix in problem.fixes(Case(house.clock())))


def test_the_last_problem_fits_everything(house: House) -> None:
    assert ALL[-1].code == LAST
    assert ALL[-1].detect(Case(house.clock())) is not None


# --- Caused, told, explained, mended ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ledger", "problem", "line"), CASES, ids=ident)
def test_it_is_caused_told_explained_and_mended(
    problem: Problem, line: str, house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Trouble(house, Fault.read(line), monkeypatch)
    with trouble.outside:
        trouble.cause()
        issue = until_seen(trouble, problem)
        explained(trouble, issue, site)
        if not is_chosen(trouble):
            trouble.mend()
        mended(trouble, problem, issue)
        ended = issues.view(house.tools, house.organisation, issue.id)
        assert ended is not None and not ended.is_open, (ended, house.card(trouble.id) if trouble.id else None)
        assert ended.resolved_at is not None and "resolved" in ended.history[-1]["what"]
        assert open_issues(house) == [], [
            (each.code, each.holds) for each in issues.listing(house.tools, house.organisation)
        ]
        if trouble.id:
            card = house.card(trouble.id)
            assert (card.status, card.code) == ("sent", "") and card.ties_out, card
            assert {number: house.documents()[number] for number in card.documents} == dict.fromkeys(card.documents, 1)


def until_seen(trouble: Trouble, problem: Problem) -> issues.IssueView:
    """Through the next hours, a look at a time, as the timetable would: until the issue of this code is open."""
    house = trouble.house
    for _ in range(24):
        found = [each for each in issues.listing(house.tools, house.organisation) if each.code == problem.code]
        if found:
            (issue,) = found
            if trouble.id and any(held.id == trouble.id for held in issue.holds):
                assert house.card(trouble.id).code == problem.code, house.card(trouble.id)
            return issue
        house.jobs.kinds["sweep"]()
        if problem.code not in open_issues(house):
            house.jobs.run_all()
            step_on(trouble)
    raise AssertionError(f"{problem.code} was not seen: {open_issues(house)}, {trouble.id and house.card(trouble.id)}")


def step_on(trouble: Trouble) -> None:
    """To the next step that the settlement names."""
    house = trouble.house
    card = house.card(trouble.id) if trouble.id else None
    wait = (card.next_at - house.clock()).total_seconds() if card and card.next_at else 5
    house.clock.skip(seconds=max(wait, 0) + 1)


def open_issues(house: House) -> list[str]:
    return [each.code for each in issues.listing(house.tools, house.organisation)]


def explained(trouble: Trouble, issue: issues.IssueView, site: Site) -> None:
    """On its own page, in the list, at the settlement, and as a problem in itself."""
    site.sign_in()  # weeks may have passed
    assert "{" not in issue.title and issue.cause and issue.owner_words and issue.fixes
    assert issue.holds, "an open issue holds something up"
    site.sign_in()  # a day may have passed
    shown = words(site.page(f"/issues/{issue.id}"))
    for text in (issue.title, issue.cause, issue.owner_words, *(fix.words for fix in issue.fixes), *issue.words):
        assert " ".join(text.split()) in shown, text
    assert issue.title in words(site.page("/issues"))
    assert issue.cause in words(site.page(f"/problems/{issue.code}"))
    if trouble.id and any(held.id == trouble.id for held in issue.holds):
        assert issue.title in words(site.page(f"/settlements/{trouble.id}"))
    told = {finding.name: finding.text for finding in doctor.examine(trouble.house.tools, Path())}
    assert told[issue.code] == issue.title
    shape = issue_shapes.issue(issue).model_dump()
    assert (shape["code"], shape["title"], shape["blocking"]) == (issue.code, issue.title, issue.code not in WARNINGS)
    for fix in issue.fixes:
        assert fix.kind is not FixKind.BUTTON or fix.action in fixes.ACTIONS
        if fix.kind is FixKind.LINK:
            assert site.get(fix.link, follow_redirects=True).status_code == 200, fix.link


def mended(trouble: Trouble, problem: Problem, issue: issues.IssueView) -> None:
    """By what its fixes offer, then by nothing but time."""
    house = trouble.house
    offered = [fix.action for fix in issue.fixes if fix.action]
    if offered:
        others = [action for action in offered if action != "choose-account"] or offered
        chosen = "choose-account" if is_chosen(trouble) else CHOICES.get(problem.code, others[0])
        assert chosen in offered
        by_hand(trouble, issue, chosen)
    house.jobs.run_all()
    for _ in range(40):
        if not open_issues(house) and (not trouble.id or house.card(trouble.id).status in REST):
            break
        step_on(trouble)
        house.sweep()
        if trouble.market is not None:
            trouble.market.timetable()
    if trouble.id and house.card(trouble.id).status == "ready":  # another plan than the one that was asked for
        house.send(trouble.id)
        house.sweep()


def is_chosen(trouble: Trouble) -> bool:
    """Whether a person chooses in the mapping what was wrong there, instead of somebody mending the books."""
    return trouble.fault.name == "own-mapping" and "channels" not in trouble.fault.how


def by_hand(trouble: Trouble, issue: issues.IssueView, action: str) -> None:
    """What the person does at the fix: a page of ours, or the button."""
    house = trouble.house
    match action:
        case "reconnect-channel":
            assert trouble.market is not None
            assert trouble.market.connect(trouble.account) == trouble.account
        case "reconnect":
            house.clock.skip(seconds=1)
            house.connect()
        case "link-identity":
            facts = trouble.facts
            assert link_pending(house.tools, house.actor, facts["sign-in"], facts["browser"]) == "google"
        case "choose-banks":
            house.choose_banks()
        case "retry-import":
            ended = house.receive(SAMPLE[""], trouble.content)
            assert ended.state == "done", ended
        case _ if action in doors.HANDS:
            doors.HANDS[action](trouble, issue, press)
        case "explain-label":
            press(house, issue, action, category="fee.other")
        case "choose-account":
            facts = trouble.facts
            press(house, issue, action, account=facts["account"], tax=facts["tax"])
        case _ if action in consenting.HANDS:
            consenting.HANDS[action](trouble, issue, press)
        case _:
            press(house, issue, action)


def press(house: House, issue: issues.IssueView, action: str, **arguments: str) -> None:
    done = fixes.carry_out(house.tools, house.actor, issue.id, action, arguments)
    assert done.is_done, done
    after = issues.view(house.tools, house.organisation, issue.id)
    assert after is not None
    assert any(action in line["what"] and line["by"] == "Olive Finch" for line in after.history), after.history
