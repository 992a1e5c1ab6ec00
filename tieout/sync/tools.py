"""Tools: everything a verb needs from the outside, handed in. The simulation and the tests bring their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tieout.calls import Transport
from tieout.jobs import Jobs
from tieout.platforms import App
from tieout.store.engine import Engines
from tieout.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Tools:
    """`now` gives aware UTC, `new_id` ids that sort by time; `apps` holds our registered app at each platform, by name."""

    engines: Engines
    vault: Vault
    transport: Transport
    jobs: Jobs
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    apps: dict[str, App]
    worker: str
