"""Two settlements of one marketplace do not meet: what lies between them is missing.

Seen as: the list of settlements has a hole, though each settlement should begin where the one before ended.
Tieout does: compares the neighbours after every fetch, and asks the channel again as long as it still gives them.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "A settlement between {start} and {end} is missing for {marketplace}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("payout-missing",)


def detect(case: Case) -> Evidence | None:
    facts = case.account
    if facts is None or facts.hole is None:
        return None
    hole = facts.hole
    start, end = (f"{day:%-d %B %Y}" for day in hole.days)
    marketplace = hole.marketplace or case.channel
    lines = [
        f"One settlement in {hole.currency} ends on {start}, the next begins on {end}; nothing covers the days between."
    ]
    if not facts.advice and (again := case.moment(case.next_at)):
        lines.append(f"The channel is asked again at {again}.")
    return Evidence(
        f"gap:{facts.account.id}/{hole.key}",
        tuple(lines),
        (("start", start), ("end", end), ("marketplace", marketplace)),
    )


def fixes(case: Case) -> tuple[Fix, ...]:
    advice = case.account.advice if case.account else ""
    upload = link("Upload the file", "retry-import", "/settlements")
    none = Fix("There was none", "no-payout")
    if advice:
        return (upload, none, step(advice))
    return (Fix("Fetch now", "fetch-now"), upload, none)
