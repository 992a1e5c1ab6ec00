"""A document's number and reference: made from what it is, so that the same document always has the same ones."""

import re
from base64 import b32encode
from hashlib import sha256

_MOST = 255  # characters of a reference, in any books
_TAIL, _DIGEST = 5, 5  # characters of a short number: the settlement's last ones, and what tells equal ends apart
_COUNTRY = re.compile(r"[A-Z]{2}")
_PREFIX = re.compile(r"[A-Z0-9]{1,10}")
_SETTLEMENT = re.compile(r"[A-Za-z0-9._-]{1,100}")


def stem(country: str, settlement_id: str, part: int, prefix: str = "TO") -> str:
    """TO-GB-26100000101-1: the key of one part of one settlement, the same in every version of its plan.

    Raises ValueError for a country, id or prefix that could make two parts look alike or that books refuse.
    """
    for name, text, pattern in (
        ("prefix", prefix, _PREFIX),
        ("country", country, _COUNTRY),
        ("settlement id", settlement_id, _SETTLEMENT),
    ):
        if not pattern.fullmatch(text):
            raise ValueError(f"no document number can be made: the {name} is {text!r}, which needs {pattern.pattern}")
    assert part >= 1, "parts count from 1"
    return f"{prefix}-{country}-{settlement_id}-{part}"


def number(stem: str, plan_version: int, longest: int = _MOST) -> str:
    """TO-GB-26100000101-1-v1: what the books keep unique. Another version of the plan has another number.

    Where books take fewer characters than any version of it might need: TO-00101-K7QXM-1-v1, made of the stem too.
    """
    assert plan_version >= 1, "plan versions count from 1"
    if len(stem) + len("-v99") <= longest:
        return f"{stem}-v{plan_version}"
    whole, _, part = stem.rpartition("-")
    digest = b32encode(sha256(whole.encode()).digest()).decode()[:_DIGEST]
    tail = re.sub(r"[^A-Za-z0-9]", "", whole)[-_TAIL:]
    short = f"{whole.partition('-')[0]}-{tail}-{digest}-{part}-v{plan_version}"
    assert len(short) <= longest, f"{short} is longer than {longest} characters"
    return short


def reference(stem: str, *remarks: str) -> str:
    """What people and searches find a document by: the stem first, then remarks, as far as the books have room."""
    return " ".join((stem, *filter(None, remarks)))[:_MOST].rstrip()
