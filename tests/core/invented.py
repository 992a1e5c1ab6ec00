"""Invented settlements for the tests of the core: by hand, or by hypothesis."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import strategies as st

from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.defaults import default_mapping
from tieout.core.mapping import Mapping
from tieout.core.money import Money, total
from tieout.core.plan import Document, Gap, Plan, Terms, make_plan
from tieout.core.role import Role, role_of
from tieout.core.settlement import Label, Settlement, Subtotal

JUNE = Month(2026, 6)
SITE = "Market.example"


def subtotal(
    category: Category,
    minor: int,
    month: Month = JUNE,
    *,
    currency: str = "GBP",
    marketplace: str = SITE,
    rows: int = 1,
    variant: str = "",
    label: str = "",
) -> Subtotal:
    words = (label or category.value,)
    return Subtotal(category, Label(words), marketplace, month, Money(minor, currency), rows, variant)


def settlement(
    subtotals: Sequence[Subtotal],
    *,
    id: str = "26100000101",
    currency: str = "GBP",
    country: str = "GB",
    start: datetime = datetime(2026, 6, 3, 9, 12, 41, tzinfo=UTC),
    end: datetime = datetime(2026, 6, 17, 9, 12, 41, tzinfo=UTC),
    payout: int | None = None,
    zone: str = "Europe/London",
    marketplace: str = SITE,
) -> Settlement:
    """One that ties, unless `payout` says otherwise."""
    rows = total((part.amount for part in subtotals), currency)
    paid = rows if payout is None else Money(payout, currency)
    return Settlement(
        id, "market", currency, country, marketplace, start, end, None, paid, zone, tuple(subtotals), "5e" * 32
    )


def planned(source: Settlement, mapping: Mapping | None = None, version: int = 1, **terms: object) -> Plan:
    made = make_plan(source, mapping or default_mapping("GB"), Terms(source.country, source.zone, **terms), version)  # type: ignore[arg-type]
    assert isinstance(made, Plan), made
    return made


def gaps_of(source: Settlement, mapping: Mapping | None = None) -> tuple[Gap, ...]:
    made = make_plan(source, mapping or default_mapping("GB"), Terms(source.country, source.zone), 1)
    assert not isinstance(made, Plan), "a plan was made, where gaps were expected"
    return made


def figures(document: Document) -> list[tuple[str, int]]:
    return [(line.description, line.gross.minor) for line in document.lines]


BOOKED = [
    category for category in Category if role_of(category) not in (None, Role.TAX_CREDITS, Role.CLEARING)
]  # what the default mapping has an account for
CURRENCIES = st.sampled_from(["GBP", "EUR", "USD", "JPY", "KWD"])
ZONES = st.sampled_from(
    ["Europe/London", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Kiritimati", "UTC"]
)
MINOR = st.integers(-(10**9), 10**9)
MONTHS = st.builds(Month, st.integers(2025, 2027), st.integers(1, 12))


@st.composite
def settlements(draw: st.DrawFn) -> Settlement:
    """Ties by construction; any currency, up to six months, several sites, figures of zero and of one label twice."""
    currency = draw(CURRENCIES)
    months = draw(st.lists(MONTHS, min_size=1, max_size=6, unique=True))
    subtotals = draw(
        st.lists(
            st.builds(
                subtotal,
                st.sampled_from(BOOKED),
                MINOR,
                st.sampled_from(months),
                currency=st.just(currency),
                marketplace=st.sampled_from([SITE, "Other.example", ""]),
                rows=st.integers(1, 10**6),
            ),
            max_size=25,
        )
    )
    return settlement(subtotals, currency=currency, zone=draw(ZONES))
