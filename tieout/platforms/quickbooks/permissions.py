"""What QuickBooks' permission is for, and a write that only a permission lets pass. There is one scope, and no list.

Sources: Intuit's page on scopes (`com.intuit.quickbooks.accounting`, none for reading only); nothing of its API tells
what the person who connected may do.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from tieout.calls import Call
from tieout.core.failure import Rejected
from tieout.platforms import Access
from tieout.platforms.quickbooks._asking import ask, opened

WHY: Mapping[str, str] = {
    "com.intuit.quickbooks.accounting": "Create journals, and read accounts, tax codes, classes and currencies",
}
KEEPS_LIST = False  # one consent reaches one company
TELLS_RIGHTS = False

_IMPOSSIBLE = b'{"Line":[]}'  # a journal has two lines at least


def outdated(scopes: Sequence[str]) -> tuple[tuple[str, ...], date | None]:
    """None: there is one permission, and it stays."""
    return (), None


def try_write(call: Call, access: Access) -> None:
    """Whether writing is let through at all, by a journal that cannot be: nothing is created whatever the answer.

    Raises NotAllowed where it is refused before it is read.
    """
    request = ask(access, "POST", "journalentry", None, _IMPOSSIBLE)
    with suppress(Rejected):  # read, and refused for what it says
        opened(request, call(request))
