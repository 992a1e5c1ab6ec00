"""The account is one that this kind of document does not take: a bank or system account, or a code nobody knows.

Seen as: the document is refused because of an account code.
Tieout does: looks before it sends, and groups everything that names the account under one issue.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass

TITLE = "Account code {account} cannot be used for this document."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = (
    "own-mapping: scope={scope} account={bank}",
    "chart-edit: code={account} act=retype type=BANK",
    "chart-edit: code={account} act=retype type=BANK wait=660",
)


def detect(case: Case) -> Evidence | None:
    if not case.told("account-code-invalid"):
        return None
    account = (case.finding.about if case.finding else "") or next(iter(case.quoted), "")
    return Evidence(f"account:{account}", case.lines(), (("account", account),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Choose another account", "choose-account"),
        Fix("Check again", "check-again"),
    )
