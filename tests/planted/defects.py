"""Defects planted in the product's own code: each a few changed lines, and the invariant that has to catch it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """Replace `old` by `new` in `file` (of tieout/core/posting). The names P1 to P24 are those of the specification.

    `seeds` break every invariant of `caught_by` between them; all are below 10,000, the seeds of every change.
    """

    name: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]
    seeds: tuple[int, ...]
    profile: str = "posting"


DEFECTS = (
    Defect(
        "P1 the token fence is dropped",
        "looks.py",
        "if posting.unique or not design.token_fence:",
        "if True:",
        ("I1", "I3"),
        (14, 2404),
    ),
    Defect(
        "P2 not found counts at once",
        "looks.py",
        "if event.asked_at < mature:",
        "if False:",
        ("I1", "I3"),
        (14, 112),
    ),
    Defect(
        "P3 a bill without an answer is sent again with a fresh key",
        "answers.py",
        "    return _looking(doubtful)\n",
        "    return _back_off(_last_is_dead(doubtful), now, design)\n",
        ("I1", "I3"),
        (14,),
    ),
    Defect(
        "P10 a document that the answer leaves out counts as not sent",
        "batch.py",
        "MISSING = Answered(Outcome.UNCLEAR,",
        "MISSING = Answered(Outcome.UNSENT,",
        ("I1", "I3"),
        (225,),
    ),
    Defect(
        "P13 the attempt is recorded after the send",
        "machine.py",
        "return sending, (RecordAttempt(attempt), Send(attempt, is_repeat=repeats))",
        "return sending, (Send(attempt, is_repeat=repeats), RecordAttempt(attempt))",
        ("I3",),
        (0,),
    ),
    Defect(
        "P15 the elements of an answer are matched by their place",
        "batch.py",
        "return {number: by_number.get(number, MISSING) for number in numbers}",
        "return dict(zip(numbers, by_number.values()))",
        ("I1", "I2"),
        (19,),
    ),
    Defect(
        "P16 a lost lease is taken for a document not sent",
        "machine.py",
        "posting = replace(posting, state=_without_sender(posting.state, design))",
        "posting = replace(posting, state=State.READY, attempts=())",
        ("I1", "I3"),
        (14, 102),
    ),
    Defect(
        "P24 a posting waits without a next time",
        "looks.py",
        "return freed(posting, posting.state, now + min(wait, design.timing.limited_longest))",
        "moved, effects = freed(posting, posting.state, now)\n    return replace(moved, next_at=None), effects",
        ("I7",),
        (0,),
    ),
    Defect(
        "the third trap of the skeleton: a look that failed counts as one that found nothing",
        "looks.py",
        "    return freed(posting, posting.state, now + min(wait, design.timing.limited_longest))",
        "    return _absent(posting, now, design)",
        ("I1", "I3"),
        (14,),
    ),
    Defect(
        "R4 bills are repeated with their key like invoices",
        "answers.py",
        "return is_remembered and (posting.unique or not design.one_live_write)",
        "return is_remembered",
        ("I3",),
        (14,),
    ),
    Defect(
        "R6 an unclear answer is taken for a refusal of the call",
        "answers.py",
        "        case Outcome.UNCLEAR:\n            return unclear(posting, now, design)",
        "        case Outcome.UNCLEAR:\n            return _back_off(_last_is_dead(posting), now, design)",
        ("I1", "I3"),
        (225,),
    ),
    Defect(
        "R8 a claim leaves the fence as it is",
        "machine.py",
        "leased = replace(posting, fence=posting.fence + 1,",
        "leased = replace(posting, fence=posting.fence,",
        ("I1", "I3"),
        (246,),
    ),
    Defect(
        "R10 the parts behind a refused part are posted",
        "parts.py",
        "        if part.state in STOPPED:\n            return None\n",
        "        if part.state in STOPPED:\n            continue\n",
        ("I1",),
        (68,),
    ),
    Defect(
        "a newer plan is frozen while a document of the older one may still land",
        "withdrawal.py",
        "if is_away or (state is not State.ESCALATED and posting.live_attempts):",
        "if state is State.SENDING:",
        ("I1",),
        (0,),
    ),
    Defect(
        "AC10 nobody looks before the first attempt",
        "machine.py",
        "State.UNKNOWN if looks_first else State.READY",
        "State.READY",
        ("I1", "I3"),
        (0,),
        "journals",
    ),
    Defect(
        "R7 an item that the answer of a batch leaves out counts as not sent",
        "batch.py",
        "MISSING = Answered(Outcome.UNCLEAR,",
        "MISSING = Answered(Outcome.UNSENT,",
        ("I1", "I3"),
        (3,),
        "journals",
    ),
    Defect(
        "R4 journals are repeated under their request id",
        "answers.py",
        "return is_remembered and (posting.unique or not design.one_live_write)",
        "return is_remembered",
        ("I1", "I3"),
        (5,),
        "journals",
    ),
)
