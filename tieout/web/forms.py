"""A form becomes a record, or every mistake in it at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from babel import Locale

from tieout.web.render import LOCALE


@dataclass(slots=True)
class Fields:
    """Reads the fields of one form; `mistakes` holds a sentence for every field that can't be taken."""

    values: Mapping[str, str]
    mistakes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, label: str, longest: int = 120) -> str:
        """One line, without blanks around it and without anything that can't be printed."""
        value = " ".join(self.values.get(name, "").split())
        if not value:
            self.mistakes[name] = f"{label} is missing."
        elif len(value) > longest:
            self.mistakes[name] = f"{label} has {len(value)} characters; {longest} fit."
        elif not value.isprintable():
            self.mistakes[name] = f"{label} holds characters that can't be shown. Type it again."
        return value

    def email(self, name: str) -> str:
        value = self.text(name, "The e-mail address", 254)
        local, _, domain = value.rpartition("@")
        if name not in self.mistakes and (not local or "." not in domain or " " in value):
            self.mistakes[name] = "This is not an e-mail address, like alice@example.com."
        return value.lower()

    def choice(self, name: str, label: str, choices: Mapping[str, str]) -> str:
        value = self.values.get(name, "")
        if value not in choices:
            self.mistakes[name] = f"{label}: choose one of the list."
        return value


def countries() -> dict[str, str]:
    """ISO code → name, by name."""
    names = Locale.parse(LOCALE).territories
    found = {
        code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def zones() -> dict[str, str]:
    """The zones that are named after a place."""
    found = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return {zone: zone.replace("_", " ") for zone in sorted(found)} | {"UTC": "UTC"}


# Codes that the locale tables name but that are no country: unions, outlying areas, test codes, the unknown region.
_NO_COUNTRY = {"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
