"""What makes no sense on a platform: each row with the reason, and how the platform itself shows that it is so."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tieout.core.records import Form


@dataclass(frozen=True)
class Senseless:
    """A problem, or one way to cause it, on one platform. `is_so` is true of that platform, and of no other."""

    platform: str
    code: str
    reason: str
    is_so: Callable[[Any], bool]
    line: str = ""


def _lacks_word(code: str) -> Callable[[Any], bool]:
    return lambda platform: f'"{code}"' not in inspect.getsource(import_module(f"{platform.__name__}.errors"))


def _keeps_no_list(platform: Any) -> bool:
    return not platform.KEEPS_LIST


def _has_one_scope(platform: Any) -> bool:
    return len(platform.SCOPES) == 1


def _keeps_no_day(platform: Any) -> bool:
    return platform.CALLS_A_DAY == 0


def _counts_no_reads(platform: Any) -> bool:
    return platform.READS_A_MONTH == 0


def _takes_invoices(platform: Any) -> bool:
    return platform.FORM is Form.INVOICES


def _takes_journals(platform: Any) -> bool:
    return platform.FORM is Form.JOURNALS


def _tells_rights(platform: Any) -> bool:
    return bool(platform.TELLS_RIGHTS)


def _tells_no_rights(platform: Any) -> bool:
    return not platform.TELLS_RIGHTS


def _tells_no_end(platform: Any) -> bool:
    return "ends_in_seconds" not in inspect.getsource(import_module(f"{platform.__name__}.consent"))


_CLEAN = "each consent makes a grant of its own, so an ordinary reconnect is a clean one"
_NO_LIST = "nothing tells what a person may do, so whatever is refused is told as the person's rights"
_TOLD_AS_DESPITE = "its list of allowed actions says that the person may: told as refused-despite-full-rights"
_ONE_SCOPE = "one scope covers everything: it is granted as a whole, or there is no connection"
_XERO_WORD = "Xero has no words of its own for it; its refusal is told as user-not-permitted"

_OWN_GRANT = "each consent is a grant for one set of books, with no list of links beside it"
SENSELESS = (
    Senseless("quickbooks", "connect-org-unlinked", _OWN_GRANT, _keeps_no_list),
    Senseless("quickbooks", "connect-already-listed", _OWN_GRANT, _keeps_no_list),
    Senseless("quickbooks", "scope-missing", _ONE_SCOPE, _has_one_scope),
    Senseless("quickbooks", "scope-migration-due", "its one permission stays as it is", _has_one_scope),
    Senseless("quickbooks", "connect-permission-partial", _ONE_SCOPE, _has_one_scope),
    Senseless("quickbooks", "rate-limit-day", "calls are counted by minute and month, not by day", _keeps_no_day),
    Senseless(
        "quickbooks",
        "account-code-invalid",
        "a journal may name a bank account, so the books refuse nothing; Tieout's own look does, once it has seen it",
        _takes_journals,
        "chart-edit: code={account} act=retype type=BANK",
    ),
    Senseless("xero", "bank-account-not-selected", "an invoice or bill is matched in the bank feed", _takes_invoices),
    Senseless("xero", "rate-limit-month", "reads are not counted by month", _counts_no_reads),
    Senseless(
        "xero",
        "grant-expiring-soon",
        "a consent lasts as long as it is used",
        _tells_no_end,
        "own-consent: days=10",
    ),
    Senseless("xero", "grant-stale-after-billing", _XERO_WORD, _lacks_word("books-subscription-lapsed")),
    Senseless("quickbooks", "reconnect-needs-clean-start", _CLEAN, _keeps_no_list),
    Senseless("xero", "user-rights-changed", _XERO_WORD, _lacks_word("user-rights-changed"), "user-role: role=removed"),
    Senseless("xero", "user-not-permitted", _TOLD_AS_DESPITE, _tells_rights, "forbid-writes: count=0"),
    Senseless("quickbooks", "refused-despite-full-rights", _NO_LIST, _tells_no_rights),
    Senseless("xero", "books-subscription-lapsed", _XERO_WORD, _lacks_word("books-subscription-lapsed")),
    Senseless("xero", "books-edition-unsupported", _XERO_WORD, _lacks_word("books-edition-unsupported")),
    Senseless(
        "xero",
        "currency-mixed-document",
        "an invoice has one currency for all its lines",
        _lacks_word("currency-mixed-document"),
    ),
)


def makes_sense(platform: str, code: str, line: str) -> bool:
    return not any(row.platform == platform and row.code == code and row.line in ("", line) for row in SENSELESS)
