"""One QuickBooks company: what it is, its chart and tax codes, its tracking, its rates of exchange."""

from datetime import date
from decimal import Decimal

from tieout.calls import Call
from tieout.core.chart import Books
from tieout.core.failure import Rejected
from tieout.platforms import Access
from tieout.platforms._exact import Unreadable, shaped
from tieout.platforms.quickbooks._asking import is_sandbox, named, read, rows, understood
from tieout.platforms.quickbooks.chart_wire import (
    PreferencesShape,
    Tracked,
    books_from_wire,
    tracked_from_wire,
)

_LISTS = ("Account", "TaxCode", "TaxRate")
_EVERY = ("Active", "IN", (True, False))  # else those made inactive are hidden
# By address and company, for the life of the process.
_homes: dict[tuple[str, str], str] = {}


def probe(call: Call, access: Access) -> Books:
    """Whose books these are, without the chart: two calls that prove the access. QuickBooks tells nothing of rights."""
    return _books(call, access)


def read_books(call: Call, access: Access) -> Books:
    """Company, preferences, accounts, tax codes and rates: five calls, and one where there are several currencies."""
    return _books(call, access, *_LISTS)


def tracking(call: Call, access: Access) -> tuple[Tracked, ...]:
    """Classes and locations, each where they are switched on, those made inactive included."""
    entities = _preferences(call, access).tracked
    return tuple(tracked_from_wire(entity, each) for entity in entities for each in rows(call, access, entity, _EVERY))


def rate(call: Call, access: Access, currency: str, on: date) -> Decimal:
    """What one unit of the currency is worth in the home currency on that day. Raises Rejected where none is known."""
    query = {"sourcecurrencycode": currency, "asofdate": on.isoformat()}
    found = read(call, access, "exchangerate", "ExchangeRate", query).get("Rate")
    if not isinstance(found, Decimal | int) or isinstance(found, bool) or found <= 0:
        words = f"QuickBooks has no exchange rate for {currency} on {on}; enter one there"
        raise Rejected(words, code="currency-not-enabled")
    return Decimal(found)


def home_currency(call: Call, access: Access) -> str:
    """Asked for once: it never changes."""
    known = _homes.get((access.app.urls["api"], access.books_id))
    return known or _preferences(call, access).home


def _books(call: Call, access: Access, *lists: str) -> Books:
    company = read(call, access, f"companyinfo/{named('id', access.books_id)}", "CompanyInfo")
    preferences = _preferences(call, access)
    found = {entity: list(rows(call, access, entity, _EVERY)) for entity in lists}
    if lists and preferences.CurrencyPrefs.MultiCurrencyEnabled:
        found["CompanyCurrency"] = list(rows(call, access, "CompanyCurrency"))
    with understood():
        return books_from_wire(access.books_id, company, preferences, is_sandbox(access.app), found)


def _preferences(call: Call, access: Access) -> PreferencesShape:
    found = read(call, access, "preferences", "Preferences")
    with understood():
        preferences = shaped(found, PreferencesShape)
        if not preferences.home:
            raise Unreadable("the preferences name no home currency")
    _homes[access.app.urls["api"], access.books_id] = preferences.home
    return preferences
