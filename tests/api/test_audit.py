"""The audit log as other programs read it."""

from tests.api.conftest import Program, a_person, code
from tieout.people.tokens import Scope


def test_every_change_is_listed_newest_first_in_pages_and_by_act(program: Program) -> None:
    program.settlement()
    first = program.get("/api/audit?limit=2").json()
    second = program.get(f"/api/audit?limit=2&cursor={first['page']['next_cursor']}").json()
    numbers = [each["number"] for each in (*first["data"], *second["data"])]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) > 2
    only = program.get("/api/audit?act=statement-received").json()["data"]
    assert [each["name"] for each in only] == ["Olive Finch"] and only[0]["subject"].startswith("operation:")
    assert program.get(f"/api/audit?person_id={only[0]['person_id']}").json()["data"]
    assert program.get("/api/audit?act=nothing").json()["data"] == []


def test_it_takes_its_scope_and_a_role_that_may_read_it(program: Program) -> None:
    assert code(program.as_token(Scope.INTEGRATIONS_READ).get("/api/audit")) == (403, "insufficient_scope")
    basic = program.as_token(Scope.AUDIT_READ, person=a_person(program.house, "basic"))
    assert code(basic.get("/api/audit")) == (403, "insufficient_scope")
