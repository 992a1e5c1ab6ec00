"""In which zone a shop counts its months where nobody has said: that of its currency, if its printed times agree."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_ZONES = {
    "GBP": "Europe/London",
    "USD": "America/New_York",
    "CAD": "America/Toronto",
    "AUD": "Australia/Sydney",
    "NZD": "Pacific/Auckland",
    "EUR": "Europe/Berlin",
    "CHF": "Europe/Zurich",
    "SEK": "Europe/Stockholm",
    "NOK": "Europe/Oslo",
    "DKK": "Europe/Copenhagen",
    "PLN": "Europe/Warsaw",
    "JPY": "Asia/Tokyo",
    "SGD": "Asia/Singapore",
    "HKD": "Asia/Hong_Kong",
}
_OFFSET = re.compile(r"\d ([+-])(\d\d):?(\d\d)$")


def own_zone(currency: str, stamps: Iterable[tuple[str, datetime]]) -> ZoneInfo | None:
    """None where the offset printed behind one of the times is not that of the currency's own zone."""
    zone = ZoneInfo(_ZONES[currency]) if currency in _ZONES else None
    return zone if zone and not elsewhere(zone, stamps) else None


def named(text: str, otherwise: ZoneInfo) -> ZoneInfo:
    """The zone of that name, as a shop tells its own; the other where there is none of that name."""
    try:
        return ZoneInfo(text) if text else otherwise
    except (KeyError, ValueError, OSError):
        return otherwise


def elsewhere(zone: ZoneInfo, stamps: Iterable[tuple[str, datetime]]) -> str:
    """The first time that is printed with another offset than the zone has then; empty where there is none."""
    for text, moment in stamps:
        found = _OFFSET.search(text)
        if found:
            printed = timedelta(hours=int(found[2]), minutes=int(found[3])) * (-1 if found[1] == "-" else 1)
            if moment.astimezone(zone).utcoffset() != printed:
                return text
    return ""
