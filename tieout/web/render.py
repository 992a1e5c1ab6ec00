"""Templates, and how money, days, moments and people look on a page."""

from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tieout import __version__
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.people import standing
from tieout.sync import onboarding, vouched
from tieout.sync.setup_facts import Setup
from tieout.web import guard, notes
from tieout.web.versioned import static_url

LOCALE = "en_GB"
_LED_TO = frozenset({"/connection", "/mapping", "/bank-accounts"})


def page(request: Request, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
    """One template as an answer, with the visitor, the menu and the form token at hand."""
    visitor = guard.find_visitor(request)
    shared = {
        "visitor": visitor,
        "zone": visitor.zone if visitor else ZoneInfo("UTC"),
        "csrf": guard.visitor_token(request),
        "menu": request.app.state.menu,
        "path": request.url.path,
        "said": notes.said(request),
        "hint": _hint(request, visitor),
        "vouchers": vouched.offered(guard.tools_of(request)),
        "standing": standing.of(guard.tools_of(request), visitor.session) if visitor else None,
    }
    text = environment().get_template(template).render(shared | context)
    response = HTMLResponse(text, http_status)
    if shared["said"]:
        notes.clear(request, response, "said")
    if visitor is None:
        guard.keep_device(request, response)
    return response


def _hint(request: Request, visitor: guard.Visitor | None) -> Setup | None:
    """On the pages that a set-up leads to: where it stands, and the way back to it."""
    if visitor is None or request.url.path not in _LED_TO:
        return None
    return onboarding.bar(guard.tools_of(request), visitor.organisation)


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("tieout.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "money": money,
        "signed": signed,
        "day": day,
        "span": lambda days: period(*days),
        "moment": moment,
        "clock": clock,
        "count": count,
        "number": lambda number: format_decimal(number, locale=LOCALE),
        "iso": lambda at: at.isoformat(timespec="seconds"),
    }
    made.globals |= {"static": static_url, "query": query, "release": __version__}
    return made


def money(amount: Money) -> str:
    """£1,234.50, −€3.00, JP¥12: exact, with the currency's own number of places."""
    return format_currency(amount.amount, amount.currency, locale=LOCALE).replace("-", "−")


def signed(amount: Money) -> Markup:
    """Money that stands out when it is negative; the sign says it too, for whoever does not see the colour."""
    kind = "money negative" if amount.minor < 0 else "money"
    return Markup('<span class="{}">{}</span>').format(kind, money(amount))


def day(on: date) -> str:
    return format_date(on, "d MMM y", locale=LOCALE)


def period(start: date, end: date) -> str:
    """1–14 Jun 2026; 28 Jun – 12 Jul 2026."""
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{day(end)}" if start.day != end.day else day(end)
    first = format_date(start, "d MMM" if start.year == end.year else "d MMM y", locale=LOCALE)
    return f"{first} – {day(end)}"


def month_name(month: Month) -> str:
    """June 2026."""
    return format_date(date(month.year, month.number, 1), "MMMM y", locale=LOCALE)


def moment(at: datetime, zone: ZoneInfo) -> Markup:
    return _time(at, format_datetime(at.astimezone(zone), "d MMM y, HH:mm", locale=LOCALE))


def clock(at: datetime, zone: ZoneInfo) -> Markup:
    return _time(at, format_datetime(at.astimezone(zone), "HH:mm:ss", locale=LOCALE))


def count(number: int, one: str, many: str = "") -> str:
    """1 row, 1,234 rows."""
    shown = format_decimal(number, locale=LOCALE)
    return f"{shown} {one if number == 1 else many or one + 's'}"


def query(**values: object) -> str:
    """A query string of what is not empty."""
    kept = {name: str(value) for name, value in values.items() if value not in ("", None)}
    return "?" + urlencode(kept) if kept else "?"


def _time(at: datetime, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), escape(shown))
