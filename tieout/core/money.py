"""Money: an integer of minor units and its currency. Nothing else may carry an amount through the house."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from tieout.core.currency import EXPONENT

# Decimal rounds silently beyond 28 digits; here that is an error.
_EXACT = Context(prec=28, Emax=28, Emin=-28, traps=[Inexact, InvalidOperation, Overflow])


class PrecisionExcess(ValueError):
    """An amount has more decimals than its currency; it is refused, never rounded."""


class CurrencyMixed(ValueError):
    """Two currencies met in one sum or comparison."""


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` counts the currency's smallest unit: Money(199, "GBP") is 1.99, Money(199, "JPY") is 199."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int or self.currency not in EXPONENT:
            raise TypeError(
                f"money needs integer minor units and a known currency, not {self.minor!r} {self.currency!r}"
            )

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """An exact amount as money. Raises PrecisionExcess if the currency has fewer decimals."""
        if not isinstance(amount, Decimal) or not amount.is_finite():
            raise TypeError("money is made of a finite Decimal")
        if currency not in EXPONENT:
            raise TypeError(f"unknown currency {currency!r}")
        try:
            minor = _EXACT.scaleb(amount, EXPONENT[currency])
        except (Inexact, InvalidOperation, Overflow) as e:
            raise PrecisionExcess(f"{amount} has more digits than an amount of money") from e
        if minor != minor.to_integral_value():
            raise PrecisionExcess(f"{amount} has more decimals than {currency} allows")
        return cls(int(minor), currency)

    @classmethod
    def read(cls, text: str, currency: str) -> "Money":
        """Our own form back again, as `str(money.amount)` wrote it."""
        return cls.of(Decimal(text), currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @property
    def amount(self) -> Decimal:
        """The exact decimal, with the currency's own number of places."""
        return Decimal(f"{self.minor}E-{EXPONENT[self.currency]}")

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def allocate(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Divide in proportion to the weights. The shares add up to self; odd units go to the largest remainders."""
        total, whole = sum(weights), abs(self.minor)
        assert total > 0 and min(weights) >= 0, "a plan never divides by nothing"
        minor = [whole * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
        for i in by_remainder[: whole - sum(minor)]:
            minor[i] += 1
        # The sign goes on last, so that a refund mirrors its sale to the cent.
        sign = -1 if self.minor < 0 else 1
        return tuple(Money(sign * part, self.currency) for part in minor)

    def without_tax(self, rate: Decimal) -> "Money":
        """The net of a gross amount: gross / (1 + rate), half away from zero. Tax is gross - net, so they add up."""
        numerator, denominator = (1 + rate).as_integer_ratio()
        net = (2 * abs(self.minor) * denominator + numerator) // (2 * numerator)
        return Money(-net if self.minor < 0 else net, self.currency)

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise CurrencyMixed(f"{self.currency} and {other.currency} never mix")


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, zero for none. Raises CurrencyMixed."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result
