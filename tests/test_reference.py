"""The pages that the code writes: made alike each time, named when they are stale."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tool() -> Any:
    found = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pages, freshly written somewhere else."""
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "FOLDER", tmp_path / "reference")
    assert tool.main([]) == 0
    return tmp_path / "reference"


def test_what_was_just_written_is_current(tool: Any, folder: Path) -> None:
    assert tool.main(["--check"]) == 0
    assert {"cli.md", "settings.md", "accounts.md", "faults.md"} < {page.name for page in folder.iterdir()}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda page: page.write_text("older"), "reference/cli.md is stale"),
        (lambda page: page.unlink(), "reference/cli.md is missing"),
        (lambda page: page.with_name("extra.md").write_text("x"), "reference/extra.md comes from nothing"),
    ],
    ids=["stale", "missing", "extra"],
)
def test_a_page_that_the_code_does_not_make_so_is_named_with_the_remedy(
    tool: Any, folder: Path, capsys: pytest.CaptureFixture[str], spoil: Any, said: str
) -> None:
    spoil(folder / "cli.md")
    assert tool.main(["--check"]) == 1
    told = capsys.readouterr().err
    assert said in told and "make docs" in told and told.count("\n") == 1


def test_every_page_says_at_its_top_that_it_is_generated_and_is_in_the_index(folder: Path) -> None:
    index = (folder / "README.md").read_text(encoding="utf-8")
    for page in folder.glob("*.md"):
        assert "enerated from the " in "".join(page.read_text(encoding="utf-8").splitlines()[1:4])
        assert page.name == "README.md" or f"]({page.name})" in index


def test_the_comment_beside_a_member_is_its_meaning(tool: Any) -> None:
    from tieout.core.status import Status

    said = tool.comments(Status)
    assert set(said) == {status.name for status in Status}
    assert said["NOTHING_TO_POST"] == "no rows at all"


def test_a_cell_keeps_its_bars(tool: Any) -> None:
    assert tool.table(("a",), [("x | y",)]).splitlines()[-1] == "| x \\| y |"
