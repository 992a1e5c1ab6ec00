"""One process of the storm: the product at work, with the waits of a fast world, until somebody kills it."""

import os
import threading
from datetime import timedelta

from tieout.app import opened, read_environment
from tieout.core.posting import Timing

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


def main() -> None:
    with opened(read_environment(os.environ), works=True, timing=TIMING):
        threading.Event().wait()


if __name__ == "__main__":
    main()
