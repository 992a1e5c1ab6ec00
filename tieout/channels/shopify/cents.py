"""Amounts of an export, each text read once; a spreadsheet may have put a currency's sign before them."""

import re
from collections.abc import Callable

from tieout.channels._amounts import AmountCache

_SIGNED = re.compile(r"(?P<minus>[-\u2212(]?)\s*[A-Z]{0,3}[$£€¥]\s*(?P<rest>.*)")
_MOST_KEPT = 200_000


class Cents(dict[str, int]):
    """Text → minor units of one currency. What cannot be read counts as zero and stands in `bad`, with code and reason.

    `odd`: negative ones in brackets and the like. `signed`: those with a currency's sign.
    """

    def __init__(self, currency: str, mark: Callable[[], str]) -> None:
        self._cache = AmountCache(currency, mark)
        self.bad: dict[str, tuple[str, str]] = {}
        self.odd: set[str] = set()
        self.signed: set[str] = set()

    def __missing__(self, text: str) -> int:
        plain = unsigned(text)
        minor = self._cache[plain]
        if plain in self._cache.bad:
            self.bad[text] = self._cache.bad[plain]
        if plain in self._cache.odd:
            self.odd.add(text)
        if plain != text:
            self.signed.add(text)
        if len(self) > _MOST_KEPT:
            self.clear()
        self[text] = minor
        return minor


def unsigned(text: str) -> str:
    """-$1,234.50 → -1,234.50; whatever has no currency's sign stays as it is."""
    found = _SIGNED.fullmatch(text.strip())
    return found["minus"] + found["rest"] if found else text
