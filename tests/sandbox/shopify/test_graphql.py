"""The GraphQL address: what is understood, what is refused and in which shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.shopify.keeping import PAGE, Caller, london


@pytest.fixture(scope="module")
def caller() -> Caller:
    found = london()
    found.world.stand_in.switches["throttles"] = False
    return found


def test_aliases_variables_defaults_fragments_and_directives(caller: Caller) -> None:
    text = """
    # a comment
    query Q($first: Int = 2, $with: Boolean!, $sort: PayoutSortKeys) {
      here: shop { ...Named nick: name }
      shopifyPaymentsAccount {
        payouts(first: $first, sortKey: $sort, reverse: true) {
          nodes {
            __typename ... on ShopifyPaymentsPayout { id } status @include(if: $with)
            net @skip(if: $with) { amount }
          }
        }
      }
    }
    fragment Named on Shop { name, currencyCode }
    """
    found = caller.query(text, **{"with": True, "sort": "ISSUED_AT"}).data
    assert found["here"] == {"name": "Harbour & Finch", "currencyCode": "GBP", "nick": "Harbour & Finch"}
    nodes = found["shopifyPaymentsAccount"]["payouts"]["nodes"]
    assert len(nodes) == 2 and set(nodes[0]) == {"__typename", "id", "status"}
    assert nodes[0]["__typename"] == "ShopifyPaymentsPayout"


def test_the_same_field_asked_for_twice_holds_both(caller: Caller) -> None:
    assert caller.query("{ shop { name } shop { currencyCode } }").data["shop"] == {
        "name": "Harbour & Finch",
        "currencyCode": "GBP",
    }


def test_a_plain_graphql_body_is_read_too(caller: Caller) -> None:
    path = f"/admin/api/{caller.version}/graphql.json"
    reply = caller.ask("POST", path, "{ shop { name } }", **{"content-type": "application/graphql"})
    assert reply.data == {"shop": {"name": "Harbour & Finch"}}


@pytest.mark.parametrize(
    ("body", "kind", "status", "told"),
    [
        ("{", "application/json", 400, "Bad Request"),
        ("[]", "application/json", 400, {"query": "Required parameter missing or invalid"}),
        ('{"query": ""}', "application/json", 400, {"query": "Required parameter missing or invalid"}),
        ('{"query": "{shop{name}}", "variables": 3}', "application/json", 400, None),
        ("query={shop{name}}", "application/x-www-form-urlencoded", 415, "Unsupported Media Type"),
    ],
)
def test_a_body_that_holds_no_query_is_refused(caller: Caller, body: str, kind: str, status: int, told: Any) -> None:
    reply = caller.ask("POST", f"/admin/api/{caller.version}/graphql.json", body, **{"content-type": kind})
    assert reply.status == status and told in (None, reply.doc["errors"])


def test_an_unknown_field_is_told_with_place_and_path_and_nothing_else(caller: Caller) -> None:
    reply = caller.query("query Mine {\n  shop {\n    nam\n  }\n}")
    assert reply.status == 200 and reply.doc == {
        "errors": [
            {
                "message": "Field 'nam' doesn't exist on type 'Shop'",
                "locations": [{"line": 3, "column": 5}],
                "path": ["query Mine", "shop", "nam"],
                "extensions": {"code": "undefinedField", "typeName": "Shop", "fieldName": "nam"},
            }
        ]
    }


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{ shop }", "selectionMismatch", "Did you mean 'shop { ... }'?"),
        ("{ shop { name { x } } }", "selectionMismatch", "Selections can't be made on scalars"),
        ("{ shop { name(x: 1) } }", "argumentNotAccepted", "Field 'name' doesn't accept argument 'x'"),
        ("{ order { id } }", "missingRequiredArguments", "Field 'order' is missing required arguments: id"),
        ('{ orders(first: "1") { nodes { id } } }', "argumentLiteralsIncompatible", 'invalid value ("1")'),
        ("{ orders(first: 1, sortKey: X) { nodes { id } } }", "argumentLiteralsIncompatible", "OrderSortKeys"),
        ("query Q($x: Int) { shop { name } }", "variableNotUsed", "Variable $x is declared by Q but not used"),
        ("{ orders(first: $x) { nodes { id } } }", "variableNotDefined", "$x is used by anonymous query"),
        ("query Q($x: String) { orders(first: $x) { nodes { id } } }", "variableMismatch", "(String / Int)"),
        ("query Q($x: Foo) { orders(first: $x) { nodes { id } } }", "variableRequiresValidType", "Foo isn't a defined"),
        ("{ shop { ...Gone } }", "useAndDefineFragment", "Fragment Gone was used, but not defined"),
        ("{ shop { name } } fragment F on Shop { id }", "useAndDefineFragment", "was defined, but not used"),
        ("{ shop { ... on Order { id } } }", "cannotSpreadFragment", "can't be spread inside Shop"),
        ("{ shop { ... on Moon { id } } }", "undefinedType", "No such type Moon"),
        ("{ shop { name @moon } }", "undefinedDirective", "@moon"),
        ("{ shop { name ", "PARSE_ERROR", "unexpected end of file"),
        ("{ shop { name } } }", "PARSE_ERROR", 'unexpected } ("}")'),
        ("{ shop(: 1) { name } }", "PARSE_ERROR", "syntax error"),
        ("{ shop % }", "PARSE_ERROR", 'invalid token ("%")'),
        ("query A { shop { name } } query B { shop { name } }", "custom", "An operation name is required"),
        ("subscription { shop { name } }", "custom", "not configured for subscriptions"),
    ],
)
def test_a_document_with_a_mistake_is_refused_before_anything_is_done(
    caller: Caller, text: str, code: str, words: str
) -> None:
    reply = caller.query(text)
    assert code in reply.codes and any(words in one["message"] for one in reply.doc["errors"])
    assert "data" not in reply.doc and "extensions" not in reply.doc


def test_several_mistakes_are_told_at_once(caller: Caller) -> None:
    assert caller.query("{ shop { a b } moon { c } }").codes == ["undefinedField"] * 3


def test_a_fragment_that_spreads_itself_is_refused(caller: Caller) -> None:
    text = "{ shop { ...A } } fragment A on Shop { name ...B } fragment B on Shop { ...A }"
    assert "infiniteLoop" in caller.query(text).codes


@pytest.mark.parametrize(
    ("text", "variables", "why"),
    [
        ("query Q($x: Int!) { orders(first: $x) { nodes { id } } }", {}, "Expected value to not be null"),
        ("query Q($x: Int!) { orders(first: $x) { nodes { id } } }", {"x": "1"}, 'Could not coerce value "1" to Int'),
        ("query Q($x: Int!) { orders(first: $x) { nodes { id } } }", {"x": True}, "Could not coerce value true"),
        ("query Q($x: [ID!]!) { nodes(ids: $x) { id } }", {"x": [None]}, "Expected value to not be null"),
        (
            "query Q($x: OrderSortKeys) { orders(first: 1, sortKey: $x) { nodes { id } } }",
            {"x": "MOON"},
            'Expected "MOON" to be one of: CREATED_AT',
        ),
    ],
)
def test_a_variable_of_the_wrong_kind_is_told_with_its_problem(
    caller: Caller, text: str, variables: dict[str, Any], why: str
) -> None:
    reply = caller.query(text, **variables)
    assert reply.codes == ["INVALID_VARIABLE"] and why in json.dumps(reply.doc["errors"]).replace('\\"', '"')


def test_a_field_that_exists_and_is_not_stood_in_for_is_answered_501_and_named(caller: Caller) -> None:
    reply = caller.query("{ products(first: 1) { nodes { id } } }")
    assert reply.status == 501 and b"QueryRoot.products" in reply.answer.body


def test_the_rebate_came_with_a_version(caller: Caller) -> None:
    text = (
        "{ shopifyPaymentsAccount { payouts(first: 1) { nodes { summary { usdcRebateCreditAmount { amount } } } } } }"
    )
    assert caller.query(text).data


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("2026-10", "2026-10"),
        ("2026-01", "2026-01"),
        ("2024-07", "2026-01"),
        ("2027-01", "2027-01"),
        ("unstable", "unstable"),
        ("2027-04", ""),
        ("2026-11", ""),
        ("latest", ""),
    ],
)
def test_versions_live_a_year_and_older_ones_fall_forward(caller: Caller, asked: str, answers: str) -> None:
    reply = caller.ask("POST", f"/admin/api/{asked}/graphql.json", json.dumps({"query": "{ shop { name } }"}))
    assert (reply.status, reply.header("X-Shopify-API-Version")) == ((200, answers) if answers else (404, None))


def test_the_versions_can_be_asked_for(caller: Caller) -> None:
    found = caller.query("{ publicApiVersions { handle supported } }").data["publicApiVersions"]
    supported = [one["handle"] for one in found if one["supported"]]
    assert supported == ["2026-01", "2026-04", "2026-07", "2026-10"]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("", "you must provide one of first or last"),
        ("(first: 1, last: 1)", "providing both first and last is not supported"),
        ('(first: 1, after: "moon")', "Malformed cursor"),
        ("(first: 251)", "first cannot exceed 250"),
        ("(first: -1)", "first cannot be negative"),
    ],
)
def test_a_window_nobody_can_be_shown_nulls_what_holds_it(caller: Caller, window: str, words: str) -> None:
    reply = caller.query(f"{{ shopifyPaymentsAccount {{ payouts{window} {{ nodes {{ id }} }} }} }}")
    assert (reply.first["message"], reply.codes) == (words, ["BAD_REQUEST"])
    assert reply.first["path"] == ["shopifyPaymentsAccount", "payouts"]
    assert reply.doc["data"] == {"shopifyPaymentsAccount": None} and "cost" in reply.doc["extensions"]
    orders = caller.query(f"{{ orders{window} {{ nodes {{ id }} }} }}")
    assert orders.doc["data"] is None, "a root field that may not be null leaves nothing"


def test_pages_go_forward_and_backward_and_hold_everything_once(caller: Caller) -> None:
    whole = [row["id"] for row in caller.payouts()]
    for order, wanted in (("", whole), (", reverse: true", whole[::-1])):
        found, after = [], ""
        while True:
            held = caller.account(f"payouts(first: 7{order}{after}) {{ edges {{ cursor node {{ id }} }} {PAGE} }}")[
                "payouts"
            ]
            found += [edge["node"]["id"] for edge in held["edges"]]
            assert held["pageInfo"]["hasPreviousPage"] == bool(after)
            if not held["pageInfo"]["hasNextPage"]:
                break
            assert held["pageInfo"]["endCursor"] == held["edges"][-1]["cursor"]
            after = f', after: "{held["pageInfo"]["endCursor"]}"'
        assert found == wanted
    last = caller.account(f"payouts(last: 3) {{ nodes {{ id }} {PAGE} }}")["payouts"]
    assert [row["id"] for row in last["nodes"]] == whole[-3:]
    before = f'payouts(last: 2, before: "{last["pageInfo"]["startCursor"]}") {{ nodes {{ id }} }}'
    assert [row["id"] for row in caller.account(before)["payouts"]["nodes"]] == whole[-5:-3]


def test_an_empty_page_has_no_cursors(caller: Caller) -> None:
    held = caller.account(f'payouts(first: 5, query: "id:1") {{ nodes {{ id }} {PAGE} }}')["payouts"]
    assert held["nodes"] == [] and held["pageInfo"]["endCursor"] is None and not held["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("status:paid", lambda row: row["status"] == "PAID"),
        ("-status:paid", lambda row: row["status"] != "PAID"),
        ("NOT status:paid", lambda row: row["status"] != "PAID"),
        ("issued_at:>=2026-11-01", lambda row: row["issuedAt"] >= "2026-11-01"),
        ("issued_at:>2026-11-02", lambda row: row["issuedAt"] >= "2026-11-03"),
        ("issued_at:<=2026-11-02", lambda row: row["issuedAt"] < "2026-11-03"),
        ("issued_at:2026-11-18", lambda row: row["issuedAt"].startswith("2026-11-18")),
        ("issued_at:>='2026-11-18T07:00:00Z'", lambda row: row["issuedAt"] >= "2026-11-18T07"),
        ("issued_at:>2026-11-18T07:00:00Z AND status:scheduled", lambda row: row["status"] == "SCHEDULED"),
        ("issued_at:>=2026-10-01 issued_at:<2026-11-01", lambda row: row["issuedAt"][:7] == "2026-10"),
        (
            "(issued_at:2026-11-18 OR issued_at:2026-11-19) AND status:paid",
            lambda row: row["issuedAt"][:10] in {"2026-11-18", "2026-11-19"},
        ),
        ("issued_at:moon", lambda row: False),
    ],
)
def test_the_search_syntax(caller: Caller, text: str, fits: Any) -> None:
    every = caller.payouts()
    held = caller.query(
        "query Q($q: String) { shopifyPaymentsAccount { payouts(first: 250, query: $q) { nodes { id } } } }", q=text
    ).data["shopifyPaymentsAccount"]["payouts"]["nodes"]
    assert [row["id"] for row in held] == [row["id"] for row in every if fits(row)]


def test_a_field_nobody_can_search_by_is_passed_over_with_a_warning(caller: Caller) -> None:
    reply = caller.query('{ shopifyPaymentsAccount { payouts(first: 250, query: "moon:full") { nodes { id } } } }')
    assert len(reply.data["shopifyPaymentsAccount"]["payouts"]["nodes"]) == len(caller.payouts())
    warned = reply.doc["extensions"]["search"][0]
    assert warned["path"] == ["shopifyPaymentsAccount", "payouts"] and warned["query"] == "moon:full"
    assert warned["warnings"] == [
        {"field": "moon", "message": "Invalid search field for this query.", "code": "invalid_field"}
    ]


def test_nodes_are_found_by_their_ids_and_unknown_ones_are_null(caller: Caller) -> None:
    payout = caller.payouts()[0]["id"]
    text = "query Q($ids: [ID!]!) { nodes(ids: $ids) { id ... on ShopifyPaymentsPayout { status } } }"
    found = caller.query(text, ids=[payout, "gid://shopify/ShopifyPaymentsPayout/1"]).data["nodes"]
    assert found == [{"id": payout, "status": "PAID"}, None]
    assert "argumentLiteralsIncompatible" in caller.query('{ node(id: "moon") { id } }').codes


@pytest.mark.parametrize(("size", "cost"), [(1, 3), (3, 4), (5, 5), (10, 6), (50, 9), (101, 11), (250, 13)])
def test_a_page_costs_by_the_recorded_scale(caller: Caller, size: int, cost: int) -> None:
    reply = caller.query(f"{{ orders(first: {size}) {{ nodes {{ id }} }} }}")
    assert reply.doc["extensions"]["cost"]["requestedQueryCost"] == cost


def test_the_recorded_probe_of_the_account_costs_ten(caller: Caller) -> None:
    text = """{ shopifyPaymentsAccount { id payouts(first: 1) { nodes { id } pageInfo { hasNextPage } }
      disputes(first: 1) { edges { node { id } } pageInfo { hasNextPage } }
      balanceTransactions(first: 1) { nodes { id } pageInfo { hasNextPage } } } }"""
    assert caller.query(text).doc["extensions"]["cost"]["requestedQueryCost"] == 10
