"""The call got no answer that could be used, so the document may or may not have arrived.

Seen as: neither success nor failure: the settlement says that its outcome is unknown.
Tieout does: looks the document up by its number, at once and then in growing pauses; adopts it when it is there and
equal; sends again only when nothing that was sent can arrive any more.
"""

from tieout.core.posting import State
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass

TITLE = "Tieout is checking whether {platform} received {document}."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_NOW
FAULTS = (
    "reset: when=after at=writes look=fails",
    "reset: when=before at=writes",
    "late-commit: seconds=90 ending=cut at=writes",
    "hang-before-write: at=writes",
    "hang-after-write: at=writes look=fails",
    "bad-body: form=empty at=writes look=fails",
    "bad-body: form=html at=writes look=fails",
    "bad-body: form=truncated at=writes look=fails",
)


def detect(case: Case) -> Evidence | None:
    if not case.is_in_doubt:
        return None
    tried = f"Attempts so far: {case.attempts}; the number {case.document} is the same in all of them."
    looks = (f"Next look: {case.moment(case.next_at)}.",) if case.next_at and case.state is State.UNKNOWN else ()
    return Evidence(f"document:{case.document}", (tried, *looks, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Check now", "try-now"),)
