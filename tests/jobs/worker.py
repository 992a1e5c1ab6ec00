"""A process that works, for tests that kill it: `python -m tests.jobs.worker ADDRESS FOLDER [LEASE_SECONDS]`.

It writes a line to FOLDER/effects for every effect, so that a test can count what ran, in which life and how often.
"""

import os
import signal
import sys
import time
from decimal import Decimal
from pathlib import Path

from tieout.jobs import hold, step
from tieout.jobs.runtime import DurableJobs
from tieout.store.engine import make_engine

KIND, SPAN = "four_steps", "span"


class Worker:
    """Four steps; dies by SIGKILL where FOLDER/die_at says, once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def four_steps(self, name: str, amount: Decimal, seconds: int = 0) -> str:
        kept = step("first", self.first, name=name, amount=amount)
        self.die("between")
        step("second", self.effect, name=name, what="second")
        self.die("later")
        step("third", self.slow, name=name, seconds=seconds)
        return step("fourth", self.effect, name=name, what=f"fourth {type(kept).__name__} {kept}")

    def span(self, organisation: str) -> None:
        """Says when it begins and ends, in the order of the one file all workers append to."""
        self.effect(organisation, "begin")
        time.sleep(0.4)
        self.effect(organisation, "end")

    def first(self, name: str, amount: Decimal) -> Decimal:
        self.effect(name, "first")
        return amount * 2

    def slow(self, name: str, seconds: int) -> str:
        self.effect(name, "third")
        time.sleep(seconds)
        self.die("after_effect")
        return "slept"

    def effect(self, name: str, what: str) -> str:
        line = f"{name} {what}\n".encode()
        descriptor = os.open(self.folder / "effects", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, line)
        os.close(descriptor)
        return what

    def die(self, place: str) -> None:
        order = self.folder / "die_at"
        if order.exists() and order.read_text() == place:
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def jobs_for(address: str, folder: Path) -> DurableJobs:
    """`sqlite` keeps two files in the folder; anything else is the address of a PostgreSQL database."""
    urls = [f"sqlite:///{folder}/jobs.db", f"sqlite:///{folder}/app.db"] if address == "sqlite" else [address] * 2
    jobs = DurableJobs(urls[0], urls[1], make_engine)
    jobs.register(KIND, Worker(folder).four_steps)
    jobs.register(SPAN, Worker(folder).span)
    return jobs


def main(address: str, folder: Path, lease_seconds: float) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before any thread, so that only sigwait gets it
    jobs = jobs_for(address, folder)
    held = hold(folder) if address == "sqlite" else None
    jobs.start(held, lease_seconds=lease_seconds)
    (folder / f"ready-{os.getpid()}").touch()
    signal.sigwait({signal.SIGTERM})
    jobs.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 30.0)
