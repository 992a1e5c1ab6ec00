"""What the documents promise: links lead somewhere, commands exist, and no page is about one machine."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer

from tieout import environment
from tieout.app import addresses, vouching_addresses
from tieout.cli._commands import make_commands

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tieout").rglob("*.md")])
README = ROOT / "README.md"
# The plan of the house also draws what is not built yet, and says so; everywhere else what is named is there.
BUILT = [page for page in PAGES if page.name != "ARCHITECTURE.md"]

_FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z]+:")  # https:, mailto:
# Somebody's own folders. Addresses that every machine has, or that stand for one ("/path/to"), are not meant.
_MACHINE = re.compile(r"(?<![\w:/.])(?:/(?:home|Users|root|work|tmp|mnt|srv)/|[A-Z]:\\)\S*|\bfile://\S+")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(text: str) -> str:
    """The page without its code, where a link is none."""
    return _CODE.sub("", _FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them: repeated ones are numbered."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *$", _FENCE.sub("", text), re.M):
        slug = re.sub(r"[^\w\- ]", "", _LINK.sub("", heading).replace("`", "").lower()).replace(" ", "-")
        found[slug if slug not in found else f"{slug}-{found[slug]}"] = found.get(slug, 0) + 1
    return set(found)


def broken(page: Path, text: str) -> Iterator[str]:
    """Every relative link of a page that leads to no file of the project, or to no heading of it."""
    for link in _LINK.findall(prose(text)):
        path, _, anchor = unquote(link).partition("#")
        if _ELSEWHERE.match(link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            yield f"{name(page)}: {link} leads nowhere"
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{name(page)}: {link} names no heading of {name(target)}"


def make_targets(text: str) -> set[str]:
    """The targets that a text tells people to make: `make` begins a command; elsewhere it is an English word."""
    return set(re.findall(r"(?:^|[`;&|])\s*make ([a-z][\w-]*)", code(text), re.M))


def code(text: str) -> str:
    return "\n".join((*_FENCE.findall(text), *_CODE.findall(_FENCE.sub("", text))))


def calls(text: str) -> set[str]:
    """What a text tells people to type after `tieout`: words and options, without what a `#` explains."""
    lines = (part for line in code(text).splitlines() for part in re.split("[#;]", line.strip("`")))
    found = (re.search(r"(?:^|[\s/])tieout((?: +\S+)+)", line) for line in lines)
    return {" ".join(call[1].split()) for call in found if call}


def unknown(call: str) -> list[str]:
    """The words and options of a call that the command line does not have; words after a command are its arguments."""
    found: Any = typer.main.get_command(make_commands())
    options = {"--help", "-h"}
    for word in call.split():
        inner = getattr(found, "commands", {})
        if word in inner:
            found = inner[word]
        elif inner and not word.startswith("-"):
            return [word]
    options |= {option for parameter in found.params for option in parameter.opts}
    return [word for word in call.split() if word.startswith("-") and word.partition("=")[0] not in options]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert not (found := list(broken(page, page.read_text(encoding="utf-8")))), found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_a_path_of_a_machine(page: Path) -> None:
    assert not (found := _MACHINE.findall(page.read_text(encoding="utf-8"))), found


@pytest.mark.parametrize("page", BUILT, ids=name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    there = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert make_targets(page.read_text(encoding="utf-8")) <= there


@pytest.mark.parametrize("page", BUILT, ids=name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    named = calls(page.read_text(encoding="utf-8"))
    missing = {call: words for call in sorted(named) if (words := unknown(call))}
    assert (named or page != README) and not missing, missing


@pytest.mark.parametrize("page", BUILT, ids=name)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    there = {each.name for each in environment.SETTINGS} | {
        f"{name.upper()}_{each.name}"
        for known in (*addresses(), vouching_addresses())
        for name, urls in known.items()
        for each in environment.app_settings(urls)
    }
    named = set(re.findall(r"\bTIEOUT_([A-Z][A-Z_]*[A-Z])\b", page.read_text(encoding="utf-8")))
    assert not (strange := sorted(named - there)), strange


def test_every_decision_is_in_the_index_and_the_numbers_have_no_gap() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(encoding="utf-8"), re.M)
    assert [path for _, _, path in listed] == pages
    assert (
        [int(path[:4]) for path in pages] == list(range(1, len(pages) + 1)) == [int(number) for number, _, _ in listed]
    )
    for number, title, path in listed:
        assert (folder / path).read_text(encoding="utf-8").startswith(f"# {number}. {title}\n"), path


def test_make_docs_writes_what_the_house_test_checks() -> None:
    run = subprocess.run(["make", "-n", "docs"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "tools/reference.py" in run.stdout


@pytest.mark.parametrize(
    "text",
    [
        "[x](missing.md)",
        "[x](README.md#no-such-heading)",
        "[x](../../elsewhere.md)",
        "![a picture](docs/pictures/missing.png)",
        "[x](#nowhere)",
    ],
)
def test_a_link_that_leads_nowhere_is_found(text: str) -> None:
    assert list(broken(README, text))


def test_a_good_link_is_left_alone() -> None:
    good = (
        "[a](LICENSE) [b](docs/) [c](https://example.com/x) [d](#two-commands) `[x](not.md)`\n```\n[y](not.md)\n```\n"
    )
    assert not list(broken(README, good))


def test_headings_become_anchors_as_renderers_make_them() -> None:
    assert anchors("# A `tieout sim`, once\n## Why\n## Why\n```\n# not one\n```\n") == {
        "a-tieout-sim-once",
        "why",
        "why-1",
    }


def test_a_path_of_a_machine_is_found_and_others_are_not() -> None:
    assert (
        _MACHINE.search("in /home/anna/books.db") and _MACHINE.search(r"in C:\books") and _MACHINE.search("file:///x")
    )
    assert not _MACHINE.search("https://x.example/home/a /path/to/a/file ~/.config/tieout docs/tmp/x tieout/work/")


def test_a_command_or_option_that_is_not_there_is_found() -> None:
    text = (
        "`tieout fly high` and Tieout walks\n```sh\n.venv/bin/tieout sandbox xero --port 0  # tieout\n```\n`tieout.db`"
    )
    assert calls(text) == {"fly high", "sandbox xero --port 0"}
    assert unknown("fly high") == ["fly"] and unknown("sandbox moon") == ["moon"] and unknown("--wings") == ["--wings"]
    assert unknown("show X --wings") == ["--wings"]
    assert (
        not unknown("sandbox xero --port 0") and not unknown("show something --json") and not unknown("sim --seeds=3")
    )
