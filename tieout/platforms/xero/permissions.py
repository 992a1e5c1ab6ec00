"""What Xero's permissions are for, which of them Xero is withdrawing, and a write that only a permission lets pass.

Sources: Xero's table of granular scopes (the broad ones end on 2027-09-13) and its pages on users' permissions.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from tieout.calls import Call
from tieout.core.failure import Rejected
from tieout.platforms import Access
from tieout.platforms.xero._asking import ask, opened

WHY: Mapping[str, str] = {
    "openid": "Know who connected",
    "profile": "Show the name of who connected",
    "email": "Show the e-mail address of who connected",
    "offline_access": "Stay connected while nobody is signed in",
    "accounting.invoices": "Create and read invoices, bills and credit notes",
    "accounting.payments": "Read and record payments",
    "accounting.banktransactions": "Read and create bank transactions",
    "accounting.contacts": "Create and update the contacts that documents name",
    "accounting.settings.read": "Read accounts, tax rates, currencies and lock dates",
    "accounting.attachments": "Attach the settlement to its document",
}
KEEPS_LIST = True  # of the organisations that a grant reaches
TELLS_RIGHTS = True  # what the connecting user may do

_ENDS_ON = date(2027, 9, 13)
_BROAD = ("accounting.transactions", "accounting.transactions.read", "accounting.reports.read")
_HELD = tuple(
    ("accounting.transactions", f"accounting.{each}")
    for each in ("invoices", "payments", "banktransactions", "manualjournals")
)
# No document has this type, so whoever may write is told so, and nothing is ever made.
_IMPOSSIBLE = b'{"Invoices":[{"Type":"NONE"}]}'


def outdated(scopes: Sequence[str]) -> tuple[tuple[str, ...], date | None]:
    """Those of these permissions that Xero is withdrawing, and the day on which they end; nothing and None else.

    Xero adds what is granted to what was granted before, so a broad one stays beside those that replace it; where they
    hold everything that we ask for, its end takes nothing away.
    """
    broad = tuple(each for each in scopes if each in _BROAD and _is_missed(each, scopes))
    return broad, _ENDS_ON if broad else None


def _is_missed(broad: str, scopes: Sequence[str]) -> bool:
    return any(each in WHY and each not in scopes for name, each in _HELD if name == broad)


def covered(scopes: Sequence[str]) -> tuple[str, ...]:
    """With what the broad ones among them hold. Source: Xero's table of granular scopes."""
    held = [each for broad, each in _HELD if broad in scopes]
    return (*scopes, *(each for each in held if each not in scopes))


def try_write(call: Call, access: Access) -> None:
    """Whether writing is let through at all, by a document that cannot be: nothing is created whatever the answer.

    Raises NotAllowed where it is refused before it is read.
    """
    request = ask(access, "PUT", "Invoices", {"summarizeErrors": "false"}, _IMPOSSIBLE)
    with suppress(Rejected):  # read, and refused for what it says
        opened(request, call(request), "Invoices")
