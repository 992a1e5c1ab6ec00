"""Every address with the ids of another organisation: it looks like nothing at all, and tells no byte of it.

The matrix is made from the routes; a new address is in it by itself, and one with new words in its path fails here.
"""

import json
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.conftest import Program, a_neighbour
from tests.sync.conftest import House
from tieout.api import all_routes
from tieout.api.routes import Route
from tieout.core.actor import Actor
from tieout.core.channel_account import ChannelAccount, FetchedItem
from tieout.core.problem import Owner, RetryClass
from tieout.people import tokens
from tieout.store import channel_accounts, channel_items, issues
from tieout.store.channel_accounts import SealedKeys
from tieout.store.engine import Db, Engines, write
from tieout.store.issues import Block, Seen
from tieout.sync import operations

GUARDED = [route for route in all_routes() if route.scope is not None]
BODIES: dict[str, Any] = {
    "sendSettlements": {"settlement_ids": ["{settlement}"]},
    "explainLabel": {"label": ["{label}"], "category": "fee.other"},
    "actOnIssue": {},
    "muteIssue": {"until": "2099-01-01T00:00:00Z"},
    "connectChannel": {"channel": "nowhere", "given": {}},
    "fetchChannel": {},
}
PARTS = {"id", "part", "line", "action"}
NOWHERE = "00000000-0000-7000-8000-000000000000"


class Canary:
    """What another organisation has, with words that stand nowhere else."""

    def __init__(self, program: Program) -> None:
        house = program.house
        self.settlement = program.settlement("amazon_v2_unknown_type.txt")
        shown = house.view(self.settlement)
        self.label = shown.gaps[0].label
        self.operation = operations.newest(house.tools, house.organisation)[0].id
        with write(house.tools.engines, house.organisation) as db:
            seen = Seen(
                "provider-error-unrecognised",
                "vendor",
                "settlement:canary",
                "A canary sings",
                Owner.USER.value,
                RetryClass.DECISION.value,
                ("canary line",),
            )
            self.issue = issues.see(db, seen, Block("settlement", self.settlement), house.clock())
            self.account = a_seller_account(db, house)
        self.words = {
            house.organisation,
            self.account,
            "Canary's shop",
            self.settlement,
            self.operation,
            self.issue,
            self.label,
            shown.card.number,
            "Harbour",
            "Olive",
            "canary",
            "A canary sings",
        }

    def id_for(self, route: Route) -> str:
        kind = route.path.split("/")[2]
        found = {"settlements": self.settlement, "operations": self.operation, "issues": self.issue}
        return (found | {"channels": self.account})[kind]


def a_seller_account(db: Db, house: House) -> str:
    """Connected to a channel, with one payout that the channel has named."""
    now = house.clock()
    account = ChannelAccount("account-canary", "amazon", "seller", "Canary's shop", "eu", "", "Olive", now, now)
    assert channel_accounts.keep(db, account, SealedKeys("", "", "", "token", None))
    channel_items.note(db, [FetchedItem(account.id, "payout-canary", "canary payout", now, now)])
    return account.id


@pytest.fixture(scope="module")
def program(doorstep: Program) -> Program:
    """What a stranger may not do changes nothing, so one is enough."""
    return doorstep


@pytest.fixture(scope="module")
def neighbour(program: Program) -> str:
    return a_neighbour(program.house)


@pytest.fixture(scope="module")
def stranger(program: Program, neighbour: str) -> Program:
    """Another organisation's program, with every scope."""
    return program.as_token(covers=(neighbour,))


@pytest.fixture(scope="module")
def canary(program: Program) -> Canary:
    return Canary(program)


def filled(path: str, id: str) -> str:
    values = {"id": id, "part": "1", "line": "0", "action": "check-again"}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


def called(caller: Program, route: Route, id: str, canary: Canary) -> Any:
    how: dict[str, Any] = {"headers": {"If-Match": '"1"'}} if "If-Match" in route.headers else {}
    if route.body is not None:
        text = json.dumps(BODIES[route.name]).replace("{settlement}", id).replace("{label}", canary.label)
        how["content"] = text
        how.setdefault("headers", {})["Content-Type"] = "application/json"
    return caller.call(route.method, filled(route.path, id), **how)


def test_the_matrix_knows_every_word_of_every_path() -> None:
    for route in GUARDED:
        words = {name for _, name, _, _ in string.Formatter().parse(route.path) if name}
        assert words <= PARTS, f"{route.path}: say in this test what stands for {words - PARTS}"
        assert route.body is None or route.name in BODIES, f"{route.name}: say in this test what its body is"


@pytest.mark.parametrize("route", [each for each in GUARDED if each.names_a_record], ids=lambda route: route.name)
def test_b4_a_foreign_id_and_one_that_never_was_look_alike(canary: Canary, stranger: Program, route: Route) -> None:
    foreign = called(stranger, route, canary.id_for(route), canary)
    unknown = called(stranger, route, NOWHERE, canary)
    assert foreign.status_code == unknown.status_code == 404
    assert nameless(foreign) == nameless(unknown)
    silent(foreign, canary, except_for=())


@pytest.mark.parametrize("route", [each for each in GUARDED if not each.names_a_record], ids=lambda route: route.name)
def test_lists_and_changes_without_an_id_see_only_their_own(canary: Canary, stranger: Program, route: Route) -> None:
    answer = called(stranger, route, canary.settlement, canary)
    if route.method == "GET":
        assert answer.json()["data"] == []
    else:
        assert answer.status_code in (404, 415)
    silent(answer, canary, except_for=())


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
def test_an_organisation_that_a_token_does_not_cover_looks_like_none(
    program: Program, canary: Canary, stranger: Program, route: Route
) -> None:
    answers = []
    for organisation in (program.house.organisation, "never-was"):
        named = replace(stranger, headers={"Tieout-Organization": organisation})
        answers.append(called(named, route, NOWHERE, canary))
    assert {answer.status_code for answer in answers} == {404}
    assert nameless(answers[0]) == nameless(answers[1])
    silent(answers[0], canary, except_for=())


def test_nothing_that_a_stranger_did_has_changed_anything(program: Program, canary: Canary, stranger: Program) -> None:
    before = dict(everything(program.house.tools.engines))
    for route in GUARDED:
        if route.changes and route.names_a_record:
            called(stranger, route, canary.id_for(route), canary)
    after = dict(everything(program.house.tools.engines))
    assert {table: rows for table, rows in after.items() if before[table] != rows} == {}


def test_filters_with_foreign_ids_find_nothing(program: Program, canary: Canary, stranger: Program) -> None:
    for path in (f"/api/issues?blocks={canary.settlement}", "/api/settlements?search=26100000101"):
        assert stranger.get(path).json()["data"] == []
    assert [each["id"] for each in program.get(f"/api/issues?blocks={canary.settlement}").json()["data"]][-1:]


def test_tokens_of_other_organisations_are_not_listed_and_not_revoked(program: Program, neighbour: str) -> None:
    house = program.house
    own, others = ({each.id for each in tokens.listed(house.tools, each)} for each in (house.organisation, neighbour))
    assert own and not own & others
    id = tokens.listed(house.tools, house.organisation)[0].id
    assert not tokens.revoke(house.tools, Actor(neighbour, "", "x"), id)
    assert program.get("/api/settlements").status_code == 200


def test_who_calls_is_taken_from_the_token_alone(program: Program, stranger: Program) -> None:
    """An actor of ours never comes from a body or an address."""
    assert Actor.__slots__ == ("organisation", "person", "name")
    own = stranger.hand_in("amazon_v2_uk.txt").json()
    assert own["organization_id"] == "org-neighbour" and own["requested_by"]["name"] == "token Till"
    assert program.get(f"/api/operations/{own['operation_id']}").status_code == 404


def nameless(answer: Any) -> dict[str, Any]:
    """The body but for the one member that names this very answer."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def silent(answer: Any, canary: Canary, except_for: tuple[str, ...]) -> None:
    told = answer.text + str(dict(answer.headers))
    assert not [word for word in canary.words if word in told and word not in except_for]


def everything(engines: Engines) -> Iterator[tuple[str, list[Any]]]:
    """Every row of every table but those that note that somebody called."""
    from tieout.store.metadata import METADATA

    with engines.reading.begin() as connection:
        for table in METADATA.sorted_tables:
            if table.name not in ("api_tokens", "api_requests"):
                yield table.name, [tuple(row) for row in connection.execute(table.select())]
