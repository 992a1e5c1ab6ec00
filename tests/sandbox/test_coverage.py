"""The reference page of the stand-in is made from it and is current; its messages are those that the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tieout.sandbox.coverage import Behaviour, Covered, page
from tieout.sandbox.xero import covered, rules

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "xero-stand-in.md"


def test_the_page_is_what_the_stand_in_says_of_itself() -> None:
    assert PAGE.read_text("utf-8") == covered.page(), "write it anew: make docs"


def test_a_basis_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="not guessed"):
        page(Covered("T", [Behaviour("a", "b", "guessed")], [], [], {}, []))


def test_every_message_in_the_code_is_in_the_table() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tieout" / "sandbox" / "xero").glob("*.py"))
    said = set(re.findall(r"\b(?:error|warn)\(\s*\"([a-z-]+)\"", code))
    assert len(said) > 50 and said <= set(rules.texts())
    assert set(rules.texts()) <= set(re.findall(r"\"([a-z-]+)\"", code)), "a message that nothing says"
