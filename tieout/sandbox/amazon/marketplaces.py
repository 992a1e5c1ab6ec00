"""Amazon's marketplaces: which region answers for them, their site, their currency and how their files are printed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tieout.sandbox.statements import Form

REGIONS = ("na", "eu", "fe")
FORMS = {
    "plain": Form(),
    "comma": Form(dates="dotted", decimal=",", encoding="cp1252", line_end="\r\n"),
    "dotted": Form(dates="dotted", drops_trailing=True),
    "japan": Form(dates="japan", encoding="cp932"),
}
# As Java names them, which is how they stand in a Content-Type of Amazon's.
CHARSETS = {"utf-8": "UTF-8", "cp1252": "Cp1252", "cp932": "Windows-31J"}


@dataclass(frozen=True, slots=True)
class Marketplace:
    country: str
    region: str
    id: str
    site: str
    currency: str
    form: str


@cache
def all_of_them() -> tuple[Marketplace, ...]:
    text = resources.files("tieout.sandbox.amazon").joinpath("marketplaces.csv").read_text("utf-8")
    return tuple(Marketplace(**row) for row in csv.DictReader(text.splitlines()))


def of_country(country: str) -> Marketplace:
    """Raises LookupError for a country without a marketplace."""
    found = next((one for one in all_of_them() if one.country == country.upper()), None)
    if found is None:
        raise LookupError(f"no marketplace in {country}; there are {', '.join(one.country for one in all_of_them())}")
    return found


def region_of(marketplace_id: str) -> str:
    """The region that answers for a marketplace; blank for an id that is none."""
    return next((one.region for one in all_of_them() if one.id == marketplace_id), "")
