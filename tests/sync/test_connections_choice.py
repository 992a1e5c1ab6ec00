"""Connecting when there is more than one set of books, the wrong one, none, or nobody left to finish."""

import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest

from tests.conftest import Clock
from tests.standing import SESSION, Standing, connect, standing
from tieout.cli._browser import _Form, _NoRedirect, allow
from tieout.core.actor import Actor
from tieout.core.failure import NotAllowed
from tieout.store.connections import CONNECTIONS
from tieout.store.engine import read
from tieout.store.grants import GRANTS
from tieout.sync.connections import ConnectOutcome, begin_connect, card, choose_books, finish_connect
from tieout.sync.tending import tend
from tieout.sync.tools import Tools

ACTOR = Actor("org-london", "olive", "Olive Finch")


@pytest.fixture
def there(clock: Clock) -> Iterator[Standing]:
    with standing(clock, "four") as running:
        yield running


def allow_several(url: str, *tenants: str) -> dict[str, str]:
    """The consent page with several organisations ticked, as apps of the highest tiers may offer it."""
    opener = urllib.request.build_opener(_NoRedirect)
    form = _Form()
    with opener.open(url, timeout=10) as page:
        form.feed(page.read().decode())
    fields = [(name, value) for name, value in form.fields.items() if name != "tenant"]
    sent = urlencode([*fields, *(("tenant", each) for each in tenants), ("decision", "allow")]).encode()
    try:
        opener.open(urllib.request.Request(urljoin(url, form.action), data=sent), timeout=10).close()
    except urllib.error.HTTPError as answer:
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    raise AssertionError("the consent page did not lead back")


def several(tools: Tools, there: Standing, *countries: str) -> dict[str, str]:
    """What the browser brings back after a consent for the organisations of these countries."""
    stand_in: Any = there.world.stand_in
    app = stand_in.books.shelf.get("app", there.told["client_id"])
    stand_in.books.shelf.put("app", app["client_id"], app | {"tier": "advanced"})
    tenants = [there.told["organisations"][country] for country in countries]
    return allow_several(begin_connect(tools, ACTOR, "xero", SESSION), *tenants)


def test_of_several_organisations_the_person_picks_one(tools: Tools, there: Standing, organisation: str) -> None:
    params = several(tools, there, "GB", "AU", "NZ")
    result = finish_connect(tools, "xero", params, SESSION)
    assert result.outcome is ConnectOutcome.CHOOSE and len(result.choices) == 3
    assert finish_connect(tools, "xero", params, SESSION) == result, "the back button shows the choice again"
    assert card(tools, organisation) == ()
    australian = there.told["organisations"]["AU"]
    assert choose_books(tools, params["state"], australian, "another session").outcome is ConnectOutcome.REFUSED
    assert choose_books(tools, params["state"], "not offered", SESSION).outcome is ConnectOutcome.REFUSED
    done = choose_books(tools, params["state"], australian, SESSION)
    assert done.outcome is ConnectOutcome.CONNECTED
    (shown,) = card(tools, organisation)
    assert shown.connection.books_id == australian and shown.books is not None and shown.books.country == "AU"
    assert choose_books(tools, params["state"], australian, SESSION) == done


def test_a_choice_of_somebody_elses_state_is_refused(tools: Tools, organisation: str) -> None:
    for state in ("", "org-london.made-up", "x"):
        assert choose_books(tools, state, "b", SESSION).outcome is ConnectOutcome.REFUSED


def test_books_that_were_connected_before_are_recognised(tools: Tools, there: Standing, organisation: str) -> None:
    there.hand("tenant-listed")
    assert connect(tools, organisation).outcome is ConnectOutcome.CONNECTED


def test_a_consent_for_no_organisation_leaves_no_token_behind(tools: Tools, there: Standing, organisation: str) -> None:
    params = allow(begin_connect(tools, ACTOR, "xero", SESSION))
    there.hand("tenant-gone")
    result = finish_connect(tools, "xero", params, SESSION)
    assert (result.outcome, result.code) == (ConnectOutcome.REFUSED, "connect-org-unlinked")
    assert grants_kept(tools) == 0 and there.calls("POST", "/connect/revocation")


def test_an_installation_without_an_app_says_what_is_missing(tools: Tools, organisation: str) -> None:
    tools.apps.clear()
    with pytest.raises(NotAllowed, match="TIEOUT_XERO_CLIENT_ID"):
        begin_connect(tools, ACTOR, "xero", SESSION)


def test_an_answer_for_another_platform_is_refused(tools: Tools, there: Standing, organisation: str) -> None:
    params = allow(begin_connect(tools, ACTOR, "xero", SESSION))
    result = finish_connect(tools, "another", params, SESSION)
    assert result.outcome is ConnectOutcome.REFUSED and there.calls("POST", "/connect/token") == []


def grants_kept(tools: Tools) -> int:
    with read(tools.engines, "") as db:
        return len(tuple(db.execute(GRANTS.select())))


def test_a_choice_nobody_made_is_let_go_after_a_day(
    tools: Tools, there: Standing, organisation: str, clock: Clock
) -> None:
    finish_connect(tools, "xero", several(tools, there, "GB", "AU"), SESSION)
    tend(tools)
    assert grants_kept(tools) == 1
    clock.advance(hours=25)
    tend(tools)
    assert grants_kept(tools) == 0 and there.calls("POST", "/connect/revocation")


class Killed(BaseException):
    """Stands for a process that is gone."""


def test_killed_at_any_line_of_finishing_the_next_press_connects(
    tools: Tools, there: Standing, organisation: str
) -> None:
    files = ("sync/connecting.py", "sync/joining.py", "sync/guarding.py", "sync/grants.py")
    files += ("store/grants.py", "store/connections.py", "store/drafts.py")
    line, was_killed = 0, True
    while was_killed:
        line += 11  # a step that visits every part of the way in a few rounds
        left = [line]

        def trace(frame: FrameType, event: str, _argument: Any, left: list[int] = left) -> Any:
            if not frame.f_code.co_filename.endswith(files):
                return None
            left[0] -= event == "line"
            if event == "line" and left[0] == 0:
                raise Killed
            return trace

        params = allow(begin_connect(tools, ACTOR, "xero", SESSION))
        sys.settrace(trace)
        try:
            was_killed = finish_connect(tools, "xero", params, SESSION).outcome is not ConnectOutcome.CONNECTED
        except Killed:
            pass
        finally:
            sys.settrace(None)
        assert connect(tools, organisation).outcome is ConnectOutcome.CONNECTED, f"line {line}"
        with read(tools.engines, "") as db:
            assert len(tuple(db.execute(CONNECTIONS.select()))) == 1 and grants_kept(tools) == 1
    assert line > 70
