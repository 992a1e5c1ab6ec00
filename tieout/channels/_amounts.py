"""Amounts as the world writes them, read value by value into integer minor units; a doubtful one is left to the file.

`1.234` may be a thousand or a broken cent. It is decided by the other values of the same file (its vote), or refused.
Nothing is rounded and nothing passes through binary fractions.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tieout.channels._refused import Unreadable
from tieout.core.currency import EXPONENT

# Groups of three by space, no-break space, narrow no-break space or thin space.
_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u202f\u2009](?=[0-9]{3}(?![0-9]))")
_PLAIN = re.compile(r"(-?)([0-9]{1,15})\.([0-9]{2})")
_SHAPE = re.compile(
    r"([0-9]{1,15})"  # 1234
    r"|([0-9]+)([.,])([0-9]+)"  # 1234.56, 1.234
    r"|([0-9]{1,3}(?:([.,])[0-9]{3})(?:\6[0-9]{3})*)(?:([.,])([0-9]+))?"  # 1.234.567, 1.234,56
)
_DIGITS = 15


class Doubtful(Unreadable):
    """Could be read two ways; the file's other values decide."""


@dataclass(frozen=True, slots=True)
class Amount:
    """`mark`: the decimal sign it proves, or none. `is_odd`: the minus was written in brackets or behind."""

    minor: int
    mark: str = ""
    is_odd: bool = False


def read_amount(text: str, exponent: int, mark: str = "") -> Amount:
    """One amount; `mark` is the file's decimal sign, if its vote was taken.

    Raises Doubtful, or Unreadable with the code amount_unparsable or precision_excess.
    """
    if exponent == 2 and (plain := _PLAIN.fullmatch(text)):
        minor = int(plain[2] + plain[3])
        return Amount(-minor if plain[1] else minor, ".")
    digits, is_negative, is_odd = _sign(text.strip(" \u00a0"))
    digits = _SPACES.sub("", digits)
    found = _SHAPE.fullmatch(digits)
    if found is None:
        raise Unreadable("amount_unparsable", f"{text!r} is not an amount")
    minor, proof = _minor(found, digits, exponent, mark)
    return Amount(-minor if is_negative else minor, proof, is_odd)


class AmountCache(dict[str, int]):
    """Text → minor units. What cannot be read counts as zero and stands in `bad`, so that all of it is reported."""

    def __init__(self, currency: str, mark: Callable[[], str]) -> None:
        self._exponent = EXPONENT[currency]
        self._mark = mark
        self.bad: dict[str, tuple[str, str]] = {}
        self.odd: set[str] = set()

    def __missing__(self, text: str) -> int:
        try:
            self[text] = self._read(text)
        except Unreadable as error:
            self.bad[text], self[text] = (error.code, str(error)), 0
        return self[text]

    def _read(self, text: str) -> int:
        if not text.strip():
            raise Unreadable("amount_unparsable", "the amount is empty")
        try:
            amount = read_amount(text, self._exponent)
        except Doubtful:
            try:
                amount = read_amount(text, self._exponent, self._mark())
            except Doubtful as error:
                raise Unreadable(
                    "amount_unparsable",
                    f"{text!r} may be {error} with decimals or with groups, and the file's other amounts do not tell",
                ) from error
        if amount.is_odd:
            self.odd.add(text)
        return amount.minor


def vote(texts: Iterable[str], exponent: int) -> str:
    """The decimal sign that two thirds of the certain values prove, or none; the stated total has the last word."""
    proofs = {".": 0, ",": 0}
    for text in texts:
        try:
            proof = read_amount(text, exponent).mark
        except Unreadable:
            continue
        if proof:
            proofs[proof] += 1
    for sign, count in proofs.items():
        if count and count * 3 >= sum(proofs.values()) * 2:
            return sign
    return ""


def _sign(text: str) -> tuple[str, bool, bool]:
    """Digits, whether negative, whether written oddly: −5, (5), 5- and -5 are all minus five."""
    text = text.replace("\u2212", "-")
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1], True, True
    if text.endswith("-"):
        return text[:-1].rstrip(), True, True
    if text.startswith(("-", "+")):
        return text[1:].lstrip(), text[0] == "-", False
    return text, False, False


def _minor(found: re.Match[str], digits: str, exponent: int, mark: str) -> tuple[int, str]:
    """Minor units, and the decimal sign this value proves."""
    if found[1]:
        return _scaled(found[1], "", exponent), ""
    if found[2]:
        return _one_sign(found[2], found[3], found[4], exponent, mark)
    group, sign, decimals = found[6], found[7] or "", found[8] or ""
    if sign == group:
        raise Unreadable("amount_unparsable", f"{digits!r} mixes groups and decimals")
    whole = found[5].replace(group, "")
    return _scaled(whole, decimals, exponent), sign or {".": ",", ",": "."}[group]


def _one_sign(whole: str, sign: str, rest: str, exponent: int, mark: str) -> tuple[int, str]:
    """`12,34` is certain. `1.234` may be a group; it is none after a zero or after more than three digits."""
    may_group = len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0")
    if may_group and exponent == 0 and sign == ",":
        return _scaled(whole + rest, "", exponent), ""  # yen: the comma only ever groups
    if may_group and not mark:
        raise Doubtful("amount_unparsable", f"{whole}{sign}{rest}")
    if may_group and sign != mark:
        return _scaled(whole + rest, "", exponent), ""
    return _scaled(whole, rest, exponent), sign


def _scaled(whole: str, decimals: str, exponent: int) -> int:
    if len(decimals) > exponent:
        if exponent or decimals.strip("0"):
            raise Unreadable("precision_excess", f"{whole}.{decimals} has more decimals than the currency allows")
        decimals = ""
    if len(whole) > _DIGITS:
        raise Unreadable("amount_unparsable", f"{whole} has too many digits to be an amount")
    return int(whole + decimals.ljust(exponent, "0"))
