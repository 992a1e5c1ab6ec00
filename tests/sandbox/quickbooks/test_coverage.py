"""The reference page of the stand-in, the sources of its sentences, and switches that all do something."""

from __future__ import annotations

import re
from pathlib import Path

from tieout.sandbox.coverage import BASES
from tieout.sandbox.quickbooks import covered, refusals
from tieout.sandbox.quickbooks.state import FACTS, SWITCHES

ROOT = Path(__file__).parent.parent.parent.parent
FOLDER = ROOT / "tieout" / "sandbox" / "quickbooks"
CODE = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.py")}


def test_the_page_is_what_the_stand_in_says_of_itself() -> None:
    page = ROOT / "docs" / "reference" / "quickbooks-stand-in.md"
    assert page.read_text("utf-8") == covered.page(), "write it anew: make docs"


def test_every_behaviour_says_how_it_is_known() -> None:
    rows = refusals.table("behaviours.csv")
    assert len(rows) > 80 and {row["basis"] for row in rows} == set(BASES)
    assert all(row["area"] and row["behaviour"] for row in rows)


def test_every_switch_named_on_the_page_is_one_and_every_switch_is_asked_for() -> None:
    named = set(re.findall(r"\(switch (\w+)", covered.page()))
    assert named and named <= set(SWITCHES)
    whole = "\n".join(text for name, text in CODE.items() if name != "state.py")
    unused = [name for name in SWITCHES if f'"{name}"' not in whole]
    assert not unused, f"nothing reads the switches {unused}"


def test_every_fact_of_a_company_is_asked_for() -> None:
    whole = "\n".join(text for name, text in CODE.items() if name != "state.py")
    assert not [name for name in FACTS if f'"{name}"' not in whole]


def test_every_refusal_that_is_said_is_in_the_table() -> None:
    call = re.compile(r"\b(?:fault|add|_fault)\([^()\"]*\"([a-z0-9-]+)\"")
    # In hooks.py `_fault` names faults of the weather.
    said = {key for name, text in CODE.items() if name != "hooks.py" for key in call.findall(text)}
    keys = {key for key in said if key in refusals.texts() or "-" in key}
    assert len(keys) > 40 and keys <= set(refusals.texts())


def test_the_stand_in_knows_nothing_of_the_client() -> None:
    ours = {line for text in CODE.values() for line in re.findall(r"^(?:from|import) (tieout[\w.]*)", text, re.M)}
    assert ours and all(name == "tieout.sandbox" or name.startswith("tieout.sandbox.") for name in ours)
