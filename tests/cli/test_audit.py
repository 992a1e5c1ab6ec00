"""`tieout audit` and what the doctor says of the log: whole, meddled with, cut off, written anew."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.test_audit import fill, meddle
from tests.sync.conftest import House, house, ledger
from tieout.cli import Doors, run
from tieout.core.chained import Head
from tieout.store import audit, checkpoints
from tieout.store.audit import AUDIT, HEADS
from tieout.store.engine import Engines, read
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import auditing
from tieout.sync.doctor import Finding, examine
from tieout.sync.tools import Tools

__all__ = ["house", "ledger"]


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


@dataclass(frozen=True)
class Product:
    tools: Tools


@pytest.fixture
def tools(house: House, tmp_path: Path) -> Tools:
    fill(house.tools.engines, house.organisation, 5)
    return replace(house.tools, checkpoints=tmp_path / "elsewhere")


@pytest.fixture
def doors(tools: Tools) -> Doors:
    @contextmanager
    def opened(settings: Any, works: bool) -> Iterator[Product]:
        yield Product(tools)

    def serve(*arguments: Any) -> None:
        raise AssertionError("nothing is served here")

    return Doors({}, dict, opened, serve, LookupError, RuntimeError)


def of_audit(tools: Tools) -> list[Finding]:
    return [each for each in examine(tools, Path()) if each.name.startswith("audit")]


def cut_off(tools: Tools, organisation: str, to: int) -> None:
    """As somebody does who knows how it works: the end is gone and the head fits."""
    with read(tools.engines, organisation) as db:
        digest = next(each.digest for each in audit.newest(db) if each.number == to)
    mine = AUDIT.c.organisation == organisation
    meddle(tools.engines, organisation, AUDIT.delete().where(mine, AUDIT.c.number > to))
    head = HEADS.update().where(HEADS.c.organisation == organisation)
    meddle(tools.engines, organisation, head.values(number=to, digest=digest))


def test_a_whole_log_is_good_and_a_changed_entry_is_named_with_its_place(
    doors: Doors, tools: Tools, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    with read(tools.engines, house.organisation) as db:
        count = audit.head(db).number
    assert run(doors, ["audit", "verify"]) == 0
    assert f"good  Harbour & Finch Ltd: {count} entries, unbroken." in capsys.readouterr().out
    assert [(each.is_good, each.text) for each in of_audit(tools)] == [(True, f"{count} entries, unbroken.")]
    changed = AUDIT.update().where(AUDIT.c.organisation == house.organisation, AUDIT.c.number == count - 2)
    meddle(tools.engines, house.organisation, changed.values(name="Nobody"))
    assert run(doors, ["audit", "verify", "--json"]) == 4
    (told,) = json.loads(capsys.readouterr().out)
    assert told["broken"]["number"] == count - 2 and "was changed" in told["broken"]["why"]
    (finding,) = of_audit(tools)
    assert not finding.is_good and f"broken at entry {count - 2} of {count}" in finding.text and finding.remedy


def test_a_checkpoint_shows_what_the_log_alone_cannot(
    doors: Doors, tools: Tools, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kept.json"
    assert run(doors, ["audit", "checkpoint", str(file)]) == 0 and file.stat().st_mode & 0o777 == 0o600
    assert run(doors, ["audit", "checkpoint", str(file)]) == 1, "never over another file"
    fill(tools.engines, house.organisation, 2)
    assert run(doors, ["audit", "verify", "--against", str(file)]) == 0, "what was added since is in order"
    cut_off(tools, house.organisation, 3)
    capsys.readouterr()
    assert run(doors, ["audit", "verify"]) == 0, "the log alone holds"
    assert run(doors, ["audit", "verify", "--against", str(file)]) == 4
    assert "the end was cut off since the checkpoint was made" in capsys.readouterr().out
    fill(tools.engines, house.organisation, 9)
    assert run(doors, ["audit", "verify", "--against", str(file)]) == 4
    assert "rewritten since the checkpoint was made" in capsys.readouterr().out


def test_the_days_checkpoint_is_made_once_and_the_doctor_compares_with_it(tools: Tools, house: House) -> None:
    made = auditing.keep_checkpoint(tools)
    assert made is not None and made.parent.name == "elsewhere" and auditing.keep_checkpoint(tools) is None
    (finding,) = of_audit(tools)
    assert finding.is_good and "and as on" in finding.text
    cut_off(tools, house.organisation, 2)
    (finding,) = of_audit(tools)
    assert not finding.is_good and "cut off" in finding.text
    made.write_text(made.read_text().replace('"number": ', '"number": 1'))
    spoiled, log = of_audit(tools)
    assert not spoiled.is_good and "changed since it was signed" in spoiled.text and log.is_good


def test_what_is_no_checkpoint_is_refused(doors: Doors, tools: Tools, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    for text in ("", "{}", "[]", '{"format": "x", "signature": "00"}', "\ud800".encode("utf-8", "ignore").decode()):
        file.write_text(text)
        assert run(doors, ["audit", "verify", "--against", str(file)]) == 3
    assert run(doors, ["audit", "verify", "--against", str(tmp_path / "none")]) == 2


def test_another_master_key_signs_otherwise(tools: Tools, house: House) -> None:
    heads = (Head("org", 1, "0" * 64),)
    text = checkpoints.write(tools.vault, heads, house.clock())
    assert checkpoints.read(tools.vault, text).is_ours and checkpoints.read(tools.vault, text).heads == heads
    other = Vault(tools.engines, MasterKeys((b"o" * 32,), "another"))
    assert not checkpoints.read(other, text).is_ours
