"""Writes docs/reference/xero-stand-in.md from the stand-in itself; `--check` fails when the page is stale."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tieout.sandbox.xero import covered

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "xero-stand-in.md"


def main(check: bool) -> int:
    text = covered.page()
    if check:
        current = PAGE.exists() and PAGE.read_text("utf-8") == text
        print(f"{PAGE.name} is current" if current else f"{PAGE.name} is stale: run python tools/stand_in_page.py")
        return 0 if current else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
