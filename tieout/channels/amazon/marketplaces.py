"""Amazon's sites: country, time zone and currency of each.

The zone is the one in which the site's Seller Central counts its days: Pacific time for the United States and Canada.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Site:
    """`name` as in marketplace-name; `country` is ISO 3166 (GB, never UK)."""

    name: str
    country: str
    zone: str
    currency: str


SITES = (
    Site("Amazon.com", "US", "America/Los_Angeles", "USD"),
    Site("Amazon.ca", "CA", "America/Vancouver", "CAD"),
    Site("Amazon.com.mx", "MX", "America/Mexico_City", "MXN"),
    Site("Amazon.com.br", "BR", "America/Sao_Paulo", "BRL"),
    Site("Amazon.co.uk", "GB", "Europe/London", "GBP"),
    Site("Amazon.de", "DE", "Europe/Berlin", "EUR"),
    Site("Amazon.fr", "FR", "Europe/Paris", "EUR"),
    Site("Amazon.it", "IT", "Europe/Rome", "EUR"),
    Site("Amazon.es", "ES", "Europe/Madrid", "EUR"),
    Site("Amazon.nl", "NL", "Europe/Amsterdam", "EUR"),
    Site("Amazon.com.be", "BE", "Europe/Brussels", "EUR"),
    Site("Amazon.ie", "IE", "Europe/Dublin", "EUR"),
    Site("Amazon.se", "SE", "Europe/Stockholm", "SEK"),
    Site("Amazon.pl", "PL", "Europe/Warsaw", "PLN"),
    Site("Amazon.com.tr", "TR", "Europe/Istanbul", "TRY"),
    Site("Amazon.ae", "AE", "Asia/Dubai", "AED"),
    Site("Amazon.sa", "SA", "Asia/Riyadh", "SAR"),
    Site("Amazon.eg", "EG", "Africa/Cairo", "EGP"),
    Site("Amazon.co.za", "ZA", "Africa/Johannesburg", "ZAR"),
    Site("Amazon.in", "IN", "Asia/Kolkata", "INR"),
    Site("Amazon.sg", "SG", "Asia/Singapore", "SGD"),
    Site("Amazon.com.au", "AU", "Australia/Sydney", "AUD"),
    Site("Amazon.co.jp", "JP", "Asia/Tokyo", "JPY"),
)
# Marketplace ids of the Selling Partner API → country.
MARKETPLACE_IDS: Mapping[str, str] = {
    "A2EUQ1WTGCTBG2": "CA",
    "ATVPDKIKX0DER": "US",
    "A1AM78C64UM0Y8": "MX",
    "A2Q3Y263D00KWC": "BR",
    "A1RKKUPIHCS9HS": "ES",
    "A1F83G8C2ARO7P": "GB",
    "A13V1IB3VIYZZH": "FR",
    "AMEN7PMS3EDWL": "BE",
    "A1805IZSGTT6HS": "NL",
    "A1PA6795UKMFR9": "DE",
    "APJ6JRA9NG5V4": "IT",
    "A2NODRKZP88ZB9": "SE",
    "A1C3SOZRARQ6R3": "PL",
    "A28R8C7NBKEWEA": "IE",
    "AE08WJ6YKNBMC": "ZA",
    "ARBP9OOSHTCHU": "EG",
    "A33AVAJ2PDY3EV": "TR",
    "A17E79C6D8DWNP": "SA",
    "A2VIGQ35RCS4UG": "AE",
    "A21TJRUUN4KGV": "IN",
    "A19VAU5U5O7RUS": "SG",
    "A39IBJ37TRP1C6": "AU",
    "A1VC38T7YXB528": "JP",
}
_BY_NAME = {site.name.casefold(): site for site in SITES}
_EURO_ZONE = "Europe/Berlin"  # all euro sites but Ireland keep Central European Time


def site_named(name: str) -> Site | None:
    return _BY_NAME.get(name.strip().casefold())


def home(rows: Mapping[str, int], currency: str) -> Site | None:
    """The site named by most rows; without any, the only site of the currency."""
    named: Counter[str] = Counter()
    for name, count in rows.items():
        if site := site_named(name):
            named[site.name] += count
    if named:
        return site_named(named.most_common(1)[0][0])
    sites = [site for site in SITES if site.currency == currency]
    return sites[0] if len(sites) == 1 else None


def own_zone(site: Site | None, currency: str) -> ZoneInfo | None:
    """The zone in which a settlement's months are counted unless the books say otherwise."""
    if site:
        return ZoneInfo(site.zone)
    return ZoneInfo(_EURO_ZONE) if currency == "EUR" else None
