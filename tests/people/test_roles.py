"""What the table does not say is refused."""

import pytest

from tieout.people.roles import NotPermitted, Right, Role, allows, ensure, roles_with


def test_an_owner_may_everything_and_a_stranger_nothing() -> None:
    assert all(allows(Role.OWNER, right) for right in Right)
    assert not any(allows(stranger, right) for stranger in ("", "root", "Owner") for right in Right)


def test_the_table_is_the_one_that_was_written_down() -> None:
    assert {right for right in Right if allows("basic", right)} == {Right.VIEW, Right.SEND}
    assert {right for right in Right if not allows("accountant", right)} == {Right.PEOPLE, Right.OWN}
    assert {right for right in Right if not allows("admin", right)} == {Right.OWN}


def test_a_refusal_names_the_right_and_who_has_it() -> None:
    with pytest.raises(NotPermitted) as refused:
        ensure("basic", Right.CONNECT)
    assert refused.value.right is Right.CONNECT
    assert roles_with(Right.CONNECT) == (Role.OWNER, Role.ADMIN, Role.ACCOUNTANT)
