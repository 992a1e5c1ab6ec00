"""How long to wait before the next try: pure arithmetic over the tries so far, no clock and no chance."""

from datetime import timedelta

_DOUBLINGS = 20


def doubling(first: timedelta, tries: int, longest: timedelta) -> timedelta:
    """`first` doubled once for every try so far, never more than `longest`."""
    return min(longest, first * (1 << min(tries, _DOUBLINGS)))
