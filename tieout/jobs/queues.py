"""Lanes: what people wait for and what they do not, each with a coarse limit per organisation.

The limit counts starts of jobs, not calls, and may let one batch more through: the exact budget is kept where the calls
are made. It is here so that one organisation with much to do cannot keep the others waiting.
"""

from dataclasses import dataclass

INTERACTIVE = "interactive"
BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Lane:
    """`at_once` in one worker, `per_share` of one organisation in all workers. Pace is at most `at_once` a poll."""

    name: str
    at_once: int
    per_share: int
    poll_seconds: float


# DBOS asks for lower-case names of three letters or more.
LANES = {
    INTERACTIVE: Lane(INTERACTIVE, at_once=10, per_share=5, poll_seconds=0.1),
    BACKGROUND: Lane(BACKGROUND, at_once=10, per_share=3, poll_seconds=0.2),
}
