"""A job carries its organisation and asks for everything anew: a payload that names another's work moves nothing."""

import inspect
from contextlib import suppress

from tests.isolation.conftest import CANARY, STRANGER, World
from tests.isolation.filling import moved, rows_of
from tieout.core.failure import RemoteError

# What the arguments of a job name, by the table they lie in.
NAMED = {"operation": "operations", "connection": "connections", "issue": "issues", "account": "channel_accounts"}
FREE = {"organisation", "follows"}


def test_a_forged_payload_is_refused(world: World) -> None:
    engines, forged = world.house.tools.engines, 0
    before = {each: rows_of(engines, each) for each in (CANARY, STRANGER, world.house.organisation)}
    for kind, function in world.house.jobs.kinds.items():
        words = set(inspect.signature(function).parameters) - FREE
        assert words <= set(NAMED), f"say in this test what {words - set(NAMED)} of the job {kind} means"
        for rows in (world.made, world.own) if words else ():
            arguments = {word: rows[NAMED[word]]["id"] for word in words}
            with suppress(RemoteError):  # it may say that there is nothing of this kind
                function(organisation=STRANGER, **arguments)
            forged += 1
    assert forged >= 10
    for each, rows_before in before.items():
        assert moved(engines, each, rows_before) == set()
