"""What the Amazon stand-in remembers: apps, sellers, who authorised whom, reports and what they hold."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from tieout.sandbox import Doc
from tieout.sandbox.buckets import Bucket
from tieout.sandbox.shelf import Shelf

if TYPE_CHECKING:
    from tieout.sandbox.world import World

# Behaviours nobody has confirmed, or that vary; each with the setting that is hardest on a client that guesses.
SWITCHES: Doc = {
    "gzip": "mixed",  # documents are compressed: always, never, or mixed (every second one)
    "charset": "right",  # in the Content-Type of a download: right, wrong (always another one) or absent
    "listed_twice": True,  # a settlement of several marketplaces is listed again under another report id
    "archived": "not-found",  # what an id older than 90 days gets: not-found (404) or invalid (400)
    "throttles": True,  # rates and bursts are kept
    "limit_header": True,  # x-amzn-RateLimit-Limit stands on answers
    "access_seconds": 3_600,
    "url_seconds": 300,
    "hours_until_listed": 6.0,  # a settlement's report appears so long after its end
    "latency_seconds": 0.0,
}


class Sellers:
    """The stand-in's memory with the few questions everybody asks of it."""

    def __init__(self, world: World, shelf: Shelf) -> None:
        self.world = world
        self.shelf = shelf
        self.switches: Doc = dict(SWITCHES)
        self.buckets: dict[str, Bucket] = {}

    def now(self) -> datetime:
        """To the second, as Amazon stamps its reports."""
        return self.world.clock.now().replace(microsecond=0)

    def passing_id(self) -> str:
        """A GUID for something that is not kept: a request id."""
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))

    def next_number(self, name: str, first: int) -> int:
        """Rises by one each time, across restarts too."""
        number = int((self.shelf.get("meta", name) or {"number": first - 1})["number"]) + 1
        self.shelf.put("meta", name, {"number": number})
        return number
