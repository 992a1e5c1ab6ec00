"""API tokens by forms alone: shown once, never more than the person may, ended at once."""

import re

import pytest

from tests.web.conftest import Site, words
from tieout.people import tokens
from tieout.store import people as rows
from tieout.store.engine import write


def make(site: Site, name: str = "Monthly export", scope: str = "settlements:read", days: str = "30") -> str:
    answer = site.post("/tokens", {"name": name, "scope": [scope], "days": days}, page="/tokens")
    assert answer.status_code == 201, words(answer.text)
    found = re.search(r'value="(tieout_[^"]+)"', answer.text)
    assert found and answer.headers["cache-control"] == "no-store"
    return found[1]


def test_a_token_is_shown_once_works_and_is_revoked(site: Site) -> None:
    assert "No tokens yet" in words(site.page("/tokens"))
    text = make(site)
    bearer = tokens.bearer(site.house.tools, text)
    assert isinstance(bearer, tokens.Bearer) and bearer.organisations == (site.house.organisation,)
    listed = site.page("/tokens")
    assert text not in listed and "Monthly export Works" in words(listed)
    address = re.search(r'action="(/tokens/\w+/revoke)"', listed)
    assert address
    site.post(address[1], page="/tokens")
    assert "opens nothing any more" in words(site.page("/tokens")) and "Revoked" in words(site.page("/tokens"))
    assert tokens.bearer(site.house.tools, text) is tokens.Unusable.REVOKED
    site.post(address[1], page="/tokens")
    assert "was revoked before" in words(site.page("/tokens"))
    assert site.post("/tokens/none/revoke", page="/tokens").status_code == 404


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": "", "scope": ["settlements:read"]}, "Give the token a name"),
        ({"name": "x"}, "at least one scope"),
        ({"name": "x", "scope": ["everything"]}, "everything is no scope"),
        ({"name": "x", "scope": ["settlements:read"], "days": "9999"}, "lives 1 to 365 days"),
    ],
)
def test_what_cannot_be_made_is_told_and_what_was_typed_stays(site: Site, form: dict[str, object], told: str) -> None:
    answer = site.post("/tokens", form, page="/tokens")
    assert answer.status_code == 422 and told in words(answer.text)
    assert f'value="{form["name"]}"' in answer.text
    assert not tokens.listed(site.house.tools, site.house.organisation)


def test_nobody_makes_or_ends_more_than_the_own_role_allows(site: Site) -> None:
    make(site, "Of the owner")
    listed = re.search(r'action="(/tokens/\w+/revoke)"', site.page("/tokens"))
    assert listed
    with write(site.house.tools.engines, site.house.organisation) as db:
        db.execute(rows.MEMBERS.update().values(role="basic"))
    assert "Upload statements" not in words(site.page("/tokens"))
    refused = site.post("/tokens", {"name": "x", "scope": ["settlements:import"]}, page="/tokens")
    assert refused.status_code == 403
