"""The reference page of the stand-in, the sources of its sentences, and switches that all do something."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from tieout.sandbox.coverage import BASES
from tieout.sandbox.shopify import covered
from tieout.sandbox.shopify.state import SWITCHES

ROOT = Path(__file__).parent.parent.parent.parent
FOLDER = ROOT / "tieout" / "sandbox" / "shopify"
CODE = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.py")}
# What is filled in when it is said: names in braces, and the figures of an example.
FILLED = re.compile(r"\$?\{[^}]*\}|1118|\(1000\)")


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text("utf-8").splitlines()))


def test_the_page_is_what_the_stand_in_says_of_itself() -> None:
    page = ROOT / "docs" / "reference" / "shopify-stand-in.md"
    assert page.read_text("utf-8") == covered.page(), "write it anew: make docs"


def test_every_behaviour_says_how_it_is_known() -> None:
    found = rows("behaviours.csv")
    assert len(found) > 40 and {row["basis"] for row in found} == set(BASES)
    assert all(row["area"] and row["behaviour"] for row in found)


def test_every_switch_is_asked_for_and_those_named_on_the_page_exist() -> None:
    named = set(re.findall(r"\(switch (\w+)", covered.page()))
    assert named and named <= set(SWITCHES)
    assert [name for name in SWITCHES if f'switches["{name}"]' not in "".join(CODE.values())] == []


def test_every_sentence_on_the_page_is_said_by_the_code() -> None:
    # The code may part a sentence over lines.
    spoken = re.sub(r'"\s+f?"', "", "".join(CODE.values()))
    for row in rows("texts.csv"):
        pieces = [piece.strip(" .'()") for piece in FILLED.split(row["text"])]
        assert [piece for piece in pieces if piece not in spoken] == [], row["number"]
