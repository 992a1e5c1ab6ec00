"""What others wrote is what they published; what we wrote needs nothing inline and nothing from elsewhere."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.web.conftest import Site
from tieout import web
from tieout.web.versioned import static_url

ROOM = Path(web.__file__).parent
STATIC, TEMPLATES = ROOM / "static", ROOM / "templates"


def vendored() -> dict[str, str]:
    lines = (STATIC / "vendored.sha256").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if not line.startswith("#"))}


def test_every_vendored_file_has_the_bytes_that_were_published() -> None:
    assert vendored(), "the list is not empty"
    for name, digest in vendored().items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name
    minified = {path.name for path in STATIC.iterdir() if ".min." in path.name}
    assert minified == set(vendored()), "every file of others is on the list"


def dark_of(tabler: str) -> str:
    """Tabler's rules for dark pages, for any page: without scripts nothing sets the attribute that they look for."""
    mark = "[data-bs-theme=dark]"
    tabler = re.sub(r"@media print\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", tabler)
    found = ["/* Made of tabler.min.css, its rules for dark pages alone; tests/web/test_static.py makes it anew. */"]
    for selectors, body in re.findall(r"(?:(?<=[}{])|^)([^{}@]*\[data-bs-theme=dark\][^{}]*)\{([^{}]*)\}", tabler):
        chosen = [each for each in selectors.split(",") if each == mark or each.startswith((mark + " ", mark + "."))]
        if chosen:
            found.append(f"{','.join(each.replace(mark, ':root', 1) for each in chosen)}{{{body}}}")
    return "\n".join(found) + "\n"


def test_the_dark_colours_without_scripts_are_those_of_the_library() -> None:
    assert (STATIC / "dark.css").read_text("utf-8") == dark_of((STATIC / "tabler.min.css").read_text("utf-8"))


def test_each_comes_with_its_licence() -> None:
    licences = {path.name: path.read_text("utf-8") for path in (STATIC / "licences").iterdir()}
    assert "MIT License" in licences["tabler.txt"] and "Tabler" in licences["tabler.txt"]
    assert "Zero-Clause BSD" in licences["htmx.txt"]


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_holds_a_script_a_style_or_a_foreign_address(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text) and not re.search(r"<style|\sstyle=|\son\w+=", text)
    assert not re.search(r'(src|href|action)="https?:', text) and "|safe" not in text.replace("'|safe if", "")
    for form in re.findall(r'(?s)<form[^>]*method="post".*?</form>', text):
        assert "token(csrf)" in form or 'name="csrf"' in form, f"a form without its token: {form[:80]}"


def test_every_icon_that_a_page_uses_is_in_the_sprite_and_none_is_idle() -> None:
    sprite = set(re.findall(r'id="icon-([\w-]+)"', (TEMPLATES / "parts" / "icons.svg").read_text("utf-8")))
    used: set[str] = set()
    for path in [*TEMPLATES.rglob("*.html"), *(ROOM / "pages").glob("*.py")]:
        text = path.read_text("utf-8")
        used |= {name for name in sprite if re.search(rf"""["']{name}["']""", text)}
        for name in re.findall(r'icon\("([\w-]+)"', text):
            assert name in sprite, f"{path.name} uses an icon that is not there: {name}"
    assert sprite == used, f"icons nobody uses: {sprite - used}"


def test_static_files_are_kept_by_browsers_and_change_their_address_with_their_bytes(site: Site) -> None:
    for name in (*vendored(), "tieout.css", "tieout.js", "theme.js", "dark.css", "icon.svg"):
        answer = site.get(static_url(name))
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        assert hashlib.sha256(answer.content).hexdigest()[:12] in static_url(name), "the version stands in the name"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../render.py", "/static/%2e%2e/render.py", "/static/none.css"])
def test_nothing_else_is_served(site: Site, path: str) -> None:
    assert site.get(path).status_code == 404
