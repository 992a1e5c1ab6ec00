"""One process of the storm: the product at work, with the waits of a fast world, until somebody kills it."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tieout.app import opened, read_environment
from tieout.calls import Answer
from tieout.core import budget
from tieout.core.posting import Timing
from tieout.jobs.runtime import DurableJobs
from tieout.platforms import Limits, quickbooks, xero
from tieout.store import budgets
from tieout.sync import grants

# The stand-in of the storm lets a write land two seconds late at most, and its tokens live for twenty.
TIMING = Timing(
    lease=timedelta(seconds=6),
    least_token_life=timedelta(seconds=5),
    not_found_wait=timedelta(seconds=5),
    back_off_first=timedelta(milliseconds=300),
    back_off_longest=timedelta(seconds=3),
    look_first=timedelta(milliseconds=500),
    look_longest=timedelta(seconds=3),
    failed_look=timedelta(seconds=1),
    limited=timedelta(seconds=1),
    limited_longest=timedelta(seconds=5),
    hold=timedelta(seconds=3),
    same_key_window=timedelta(seconds=30),
)


A_MINUTE = 6000  # calls, to the stand-in of the storm
# No call of the storm takes longer; one whose maker was killed keeps its place among the five at once until then.
CALL = timedelta(seconds=5)
LIMITED_SECONDS = 2
LEASE_SECONDS = 4.0  # after which the living take over what a worker of PostgreSQL had begun


def hasten() -> None:
    """The waits of a fast world that are no settings, in this process alone.

    Who was killed in a call, or while renewing the access, is waited for as shortly as its calls can last, who is gone
    is missed sooner, and a call too many stops the others for seconds instead of a minute.
    """
    for platform in (xero, quickbooks):
        _hasten(platform)
    DurableJobs.start.__defaults__ = (None, LEASE_SECONDS)
    for room in (budget, budgets):
        room.LONGEST_CALL = CALL
    grants.LAST_PRESENTATION_SECONDS, grants.TAKE_OVER_SECONDS = 2, 6


def _hasten(platform: Any) -> None:
    platform.CALLS_A_MINUTE, platform.CALLS_A_SECOND = A_MINUTE, 0
    platform.WRITES_A_MINUTE = A_MINUTE if platform.WRITES_A_MINUTE else 0
    stated = platform.limits_of

    def shortened(answer: Answer) -> Limits:
        limits: Limits = stated(answer)
        wait_seconds = None if limits.wait_seconds is None else min(limits.wait_seconds, LIMITED_SECONDS)
        return replace(limits, wait_seconds=wait_seconds)

    platform.limits_of = shortened


def main() -> None:
    hasten()
    with opened(read_environment(os.environ), works=True, timing=TIMING):
        threading.Event().wait()


if __name__ == "__main__":
    main()
