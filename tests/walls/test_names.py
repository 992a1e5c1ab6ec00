"""The rooms that serve all platforms and channels name none of them, in code, texts, comments, templates or scripts.

The names are asked of the packages themselves, so the third of each is covered on the day it comes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_house import PACKAGE
from tests.test_house import words as words_in
from tieout import channels, platforms
from tieout.core.category import Category

# Proper names of the outside world beside those that are served already. The published codes of categories are values
# that travel, and keep the words that their readers know.
VENDORS = set(
    "xero quickbooks intuit qbo sage amazon amzn shopify ebay etsy stripe paypal woopayments woocommerce walmart "
    "tiktok".split()
)
PUBLISHED = {word for category in Category for word in (category.name, category.value)}
NAMELESS = ("core", "sync", "store", "jobs", "web", "api")
SIGNS = frozenset(b"\x00")


def names() -> frozenset[str]:
    """Every word by which a platform or a channel is known to the code or to people, and their makers' names."""
    labels = (
        *(platforms.named(name).LABEL for name in platforms.names()),
        *(channel.LABEL for channel in channels.channels().values()),
    )
    own = {*platforms.names(), *channels.channels()}
    return frozenset(VENDORS | own | {label.casefold() for label in labels})


def texts() -> Iterator[tuple[str, str]]:
    """Every file of these rooms that a person can read, whatever its ending."""
    for room in NAMELESS:
        for path in sorted((PACKAGE / room).rglob("*")):
            if path.is_file() and path.suffix != ".pyc" and not SIGNS & set(content := path.read_bytes()):
                yield str(path.relative_to(PACKAGE)), content.decode()


def named_in(path: str, text: str) -> Iterator[str]:
    known = names()
    for published in sorted(PUBLISHED, key=len, reverse=True):
        text = text.replace(published, "")
    for row, line in enumerate(text.splitlines(), 1):
        said = words_in(line) | set(re.findall(r"[a-z]+", line.casefold()))
        found = known & said | {name for name in known if " " in name and name in line.casefold()}
        yield from (f"{path}:{row} names {name}" for name in sorted(found))


def test_no_room_that_serves_all_names_one() -> None:
    found = [told for path, text in texts() for told in named_in(path, text)]
    assert not found, "\n".join(found)


def test_every_kind_of_file_is_looked_at() -> None:
    assert {".py", ".html", ".js", ".css"} <= {Path(path).suffix for path, _ in texts()}


@pytest.mark.parametrize("text", ["# Xero: 255 at most", "class AmazonRows", "<p>{{ shopify_url }}</p>", "QuickBooks'"])
def test_a_name_is_found_wherever_it_stands(text: str) -> None:
    assert list(named_in("web/x.html", text))


def test_the_third_of_each_is_covered(thirds: None) -> None:
    assert list(named_in("core/x.py", "# as Ledgerly wants it")) == ["core/x.py:1 names ledgerly"]
    assert list(named_in("web/x.html", "<h1>Cornershop</h1>")) and list(named_in("api/x.py", "of Ledgerly Books"))


def test_what_is_published_or_only_sounds_alike_is_left_alone() -> None:
    assert not list(
        named_in("core/x.py", "balance.payable_to_amazon; a message; table-striped; BALANCE_PAYABLE_TO_AMAZON")
    )
