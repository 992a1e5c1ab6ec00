"""The edition of these books does not have what Tieout posts.

Seen as: connecting works, and documents are refused with a word about the subscription's features.
Tieout does: keeps what waits, sends nothing more, asks now and then, and goes on by itself when the edition has it.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{books} uses an edition of {platform} without the documents that Tieout posts."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.DECISION
FAULTS = ("http-error: said=books-edition-unsupported count=0 at=writes",)
_CODE = "books-edition-unsupported"


def detect(case: Case) -> Evidence | None:
    if not (case.told(_CODE) or case.cause == _CODE):
        return None
    return Evidence(case.at_connection, case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        link("Connect other books", "reconnect", "/connection"),
        step(f"In {case.platform}: choose an edition that has these documents. Then press Check again."),
    )
