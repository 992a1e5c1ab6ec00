"""The tax rate does not apply to this class of account, or is not in use any more.

Seen as: the document is refused because tax and account do not fit together.
Tieout does: looks before it sends, holds what names the pair, and looks once a day whether it fits again.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "Tax rate {rate} cannot be used with account {account}."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("tax-edit: type={tax} status=DELETED", "tax-edit: type={tax} status=ARCHIVED")


def detect(case: Case) -> Evidence | None:
    if not case.told("tax-type-not-allowed"):
        return None
    rate, account = _pair(case)
    names = (("rate", rate), ("account", account))
    return Evidence(f"tax:{rate}/{account}", case.lines(), names)


def _pair(case: Case) -> tuple[str, str]:
    if case.finding is not None:
        rate, _, account = case.finding.about.partition("/")
        return rate, account
    said = (*case.quoted, "", "")
    return said[0], said[1]


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        Fix("Choose another rate or account", "choose-account"),
        step(f"Or in {case.platform}: bring the tax rate back into use. Then press Check again."),
    )
