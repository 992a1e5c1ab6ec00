"""A set-up was left in the middle of a step, with something entered that nobody finished.

Seen as: the home page says at which step the set-up stands; nothing of the step is in use.
Tieout does: keeps each step as a draft of its own, which nothing that posts and no page of settings ever reads.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Your set-up stopped at step {step}; you can continue or discard it."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AFTER_FIX
FAULTS = ("own-setup: step=channel", "own-setup: step=banks")


def detect(case: Case) -> Evidence | None:
    left = case.setup
    if left is None:
        return None
    lines = (
        f"Step {left.number} of {left.of}, {left.title}: saved by {left.saved_by}, {case.moment(left.saved_at)}.",
        "Nothing of it is in use: what posts and the pages of settings do not read it.",
    )
    return Evidence("setup", lines, (("step", f"{left.number}, {left.title}"),))


def fixes(case: Case) -> tuple[Fix, ...]:
    number = f"step {case.setup.number}" if case.setup else "the step"
    return (
        link(f"Continue at {number}", "continue-setup", "/start"),
        Fix("Discard this draft", "discard-draft"),
    )
