"""The reference page of each channel's stand-in, the sources of its sentences, and switches that all do something."""

from __future__ import annotations

import csv
import re
from importlib import import_module
from pathlib import Path

import pytest

from tieout.sandbox.coverage import BASES

ROOT = Path(__file__).parent.parent.parent
# What is filled in when it is said: names in braces, and the figures of an example.
FILLED = re.compile(r"\$?\{[^}]*\}|1118|\(1000\)")

pytestmark = pytest.mark.parametrize("name", ["amazon", "shopify"])


def folder(name: str) -> Path:
    return ROOT / "tieout" / "sandbox" / name


def code(name: str) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder(name).glob("*.py")))


def page(name: str) -> str:
    return str(import_module(f"tieout.sandbox.{name}.covered").page())


def rows(name: str, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder(name) / table).read_text("utf-8").splitlines()))


def test_the_page_is_what_the_stand_in_says_of_itself(name: str) -> None:
    kept = ROOT / "docs" / "reference" / f"{name}-stand-in.md"
    assert kept.read_text("utf-8") == page(name), "write it anew: make docs"


def test_every_behaviour_says_how_it_is_known(name: str) -> None:
    found = rows(name, "behaviours.csv")
    assert len(found) > 40 and {row["basis"] for row in found} == set(BASES)
    assert all(row["area"] and row["behaviour"] for row in found)


def test_every_switch_is_asked_for_and_those_named_on_the_page_exist(name: str) -> None:
    switches = import_module(f"tieout.sandbox.{name}.state").SWITCHES
    named = set(re.findall(r"\(switch (\w+)", page(name)))
    assert named and named <= set(switches)
    assert [each for each in switches if f'switches["{each}"]' not in code(name)] == []


def test_every_sentence_on_the_page_is_said_by_the_code(name: str) -> None:
    # The code may part a sentence over lines.
    spoken = re.sub(r'"\s+f?"', "", code(name))
    for row in rows(name, "texts.csv"):
        pieces = [piece.strip(" .'()") for piece in FILLED.split(row["text"])]
        assert [piece for piece in pieces if piece not in spoken] == [], row["number"]
