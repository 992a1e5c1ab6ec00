"""The closed list of meanings."""

import re

from tieout.core.category import Category


def test_every_name_is_its_value_in_capitals() -> None:
    """So that code, files and pages say the same word."""
    assert all(category.name == category.value.upper().replace(".", "_") for category in Category)


def test_every_value_has_a_root_and_a_name_but_unknown() -> None:
    odd = {category for category in Category if not re.fullmatch(r"[a-z]+(\.[a-z_]+)+", category.value)}
    assert odd == {Category.UNKNOWN}


def test_no_value_stands_twice() -> None:
    assert len(Category.__members__) == len(set(Category))
