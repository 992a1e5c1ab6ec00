"""The plug is pulled at random moments; the next demo takes up where the last stopped; nothing is doubled or lost."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tieout.sandbox import quickbooks, xero

KILLS, NOT_LIVE = 6, ("", "")
_SECONDS = 120


def start(folder: Path) -> "subprocess.Popen[str]":
    environ = {**os.environ, "TIEOUT_DATA": str(folder / "tieout"), "XDG_CONFIG_HOME": str(folder / "config")}
    command = [sys.executable, "-m", "tieout", "demo", "--once", "--json"]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(folder: Path) -> tuple[int, dict[str, Any], str]:
    demo = start(folder)
    out, err = demo.communicate(timeout=_SECONDS)
    return demo.returncode, json.loads(out) if out else {}, err


def whole_run_seconds(folder: Path) -> float:
    began = time.monotonic()
    code, _, err = told(folder)
    assert code == 0, err
    return time.monotonic() - began


@pytest.mark.slow
def test_the_demo_killed_again_and_again_ends_as_if_it_had_never_been(tmp_path: Path) -> None:
    whole = whole_run_seconds(tmp_path / "undisturbed")
    chance, folder = random.Random(20261120), tmp_path / "killed"
    for kill in range(KILLS):
        demo = start(folder)
        # Spread over the whole run, so that imports, consent, import, sending and read-back are all cut somewhere.
        time.sleep(whole * (kill + chance.random()) / KILLS)
        demo.send_signal(signal.SIGKILL)
        demo.communicate(timeout=_SECONDS)
    code, after, err = told(folder)
    assert code == 0, (after, err)
    _, before, _ = told(tmp_path / "undisturbed")
    assert outcome(after) == outcome(before)
    assert documents(folder) == documents(tmp_path / "undisturbed")


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [1, 3])
def test_a_kill_between_an_intent_and_its_answer_doubles_nothing(tmp_path: Path, recorded: int) -> None:
    chance, folder = random.Random(recorded), tmp_path / "killed"
    demo = start(folder)
    wait_for_attempts(folder, recorded)
    time.sleep(chance.random() / 100)
    demo.send_signal(signal.SIGKILL)
    demo.communicate(timeout=_SECONDS)
    code, after, err = told(folder)
    assert code == 0, (after, err)
    assert sum(documents(folder).values()) == sum(len(each["documents"]) for each in every(after))


def wait_for_attempts(folder: Path, count: int) -> None:
    """Until so many intents are committed; looks at the product's own file, many times a second."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        for path in folder.glob("**/app.db"):
            try:
                with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                    if database.execute("select count(*) from attempts").fetchone()[0] >= count:
                        return
            except sqlite3.OperationalError:
                pass  # not made yet
        time.sleep(0.002)
    raise AssertionError("the demo recorded no attempt")


def outcome(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (each["id"], each["status"], each["ties_out"], each["total_in_books"], len(each["documents"]))
        for each in every(told)
    ]


def every(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The settlements of all organisations."""
    return [each for organisation in told["organisations"] for each in organisation["settlements"]]


def documents(folder: Path) -> Counter[tuple[str, str]]:
    """What the stand-ins' own books hold: number and total of every live document, each exactly once."""
    shown = Counter[tuple[str, str]]()
    for name, books, entity in (("xero", xero.books, {}), ("quickbooks", quickbooks.books, {"entity": "JournalEntry"})):
        path = next(folder.glob(f"**/{name}-stand-in.db"))
        assert sqlite3.connect(path).execute("pragma integrity_check").fetchone() == ("ok",)
        world = books(path)
        try:
            shown.update(map(known_by, world.evidence("documents", **entity)))
        finally:
            world.close()
    shown.pop(NOT_LIVE, None)
    assert set(shown.values()) == {1}, shown
    return shown


def known_by(document: dict[str, Any]) -> tuple[str, str]:
    """By its number without the version, which a document that was planned anew has changed, and its total."""
    if document.get("Status") in ("VOIDED", "DELETED"):
        return NOT_LIVE
    return document["number"].rpartition("-v")[0] or document["number"], str(
        document.get("Total", document.get("total"))
    )
