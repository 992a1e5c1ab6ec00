"""An account that the mapping names was deleted or archived in the books.

Seen as: settlements that used to post are refused because of an account.
Tieout does: looks before it sends, holds what names the account, never maps anew on its own, and looks once a day
whether the account is back.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "Account {account} was removed or archived in {platform}."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("chart-edit: code={account} act=archive", "chart-edit: code={account} act=delete wait=660")


def detect(case: Case) -> Evidence | None:
    if not case.told("mapped-account-removed"):
        return None
    account = _account(case)
    return Evidence(f"account:{account}", case.lines(), (("account", account),))


def _account(case: Case) -> str:
    return (case.finding.about if case.finding else "") or next(iter(case.quoted), "")


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        Fix("Choose another account", "choose-account"),
        step(f"In {case.platform}: restore account {_account(case)} in the chart of accounts. Then press Check again."),
    )
