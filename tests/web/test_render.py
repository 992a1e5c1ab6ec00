"""Money, days and moments as people read them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tieout.core.category import Category
from tieout.core.money import Money
from tieout.core.status import Status
from tieout.web.forms import Fields, countries, zones
from tieout.web.pages.label import groups
from tieout.web.pages.settlement import NEXT_STEPS
from tieout.web.render import count, moment, money, period, signed


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123450, "GBP", "£1,234.50"),
        (-300, "EUR", "−€3.00"),
        (1200, "JPY", "JP¥1,200"),
        (1234, "KWD", "KWD1.234"),
        (0, "USD", "US$0.00"),
        (10**17 + 1, "GBP", "£1,000,000,000,000,000.01"),
    ],
)
def test_money_is_exact_and_has_its_currencys_places(minor: int, currency: str, shown: str) -> None:
    assert money(Money(minor, currency)).replace("\xa0", "") == shown


def test_negative_money_is_marked_and_its_sign_is_a_minus() -> None:
    assert signed(Money(-5, "GBP")) == '<span class="money negative">−£0.05</span>'


def test_a_moment_is_shown_in_the_organisations_zone() -> None:
    at = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert (
        moment(at, ZoneInfo("Europe/London")) == '<time datetime="2026-06-30T23:30:00+00:00">1 Jul 2026, 00:30</time>'
    )


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (date(2026, 6, 1), date(2026, 6, 14), "1–14 Jun 2026"),
        (date(2026, 6, 28), date(2026, 7, 12), "28 Jun – 12 Jul 2026"),
        (date(2025, 12, 28), date(2026, 1, 11), "28 Dec 2025 – 11 Jan 2026"),
        (date(2026, 6, 1), date(2026, 6, 1), "1 Jun 2026"),
    ],
)
def test_a_period_is_written_short(start: date, end: date, shown: str) -> None:
    assert period(start, end) == shown


def test_one_row_and_many_rows() -> None:
    assert (count(1, "row"), count(1234, "row"), count(0, "is", "are")) == ("1 row", "1,234 rows", "0 are")


def test_every_status_says_what_to_do_next() -> None:
    assert set(NEXT_STEPS) == set(Status)


def test_every_category_can_be_chosen_but_unknown() -> None:
    offered = [code for _, members in groups() for code, _ in members]
    assert sorted(offered) == sorted(category.value for category in Category if category is not Category.UNKNOWN)
    assert all(members for _, members in groups())


def test_a_form_tells_every_mistake_and_keeps_the_words() -> None:
    fields = Fields({"name": "  Ann \n Lee ", "long": "x" * 121, "odd": "a\u202eb", "email": "ann@x"})
    assert fields.text("name", "Name") == "Ann Lee"
    for name in ("long", "odd", "gone"):
        fields.text(name, name)
    fields.email("email")
    assert set(fields.mistakes) == {"long", "odd", "gone", "email"}


def test_countries_and_zones_are_whole() -> None:
    assert countries()["GB"] == "United Kingdom" and len(countries()) > 240 and "ZZ" not in countries()
    assert {"Europe/London", "America/New_York", "UTC"} <= zones().keys()
