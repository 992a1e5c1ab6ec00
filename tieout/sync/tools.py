"""Tools: everything a verb needs from the outside, handed in. The simulation and the tests bring their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep

from tieout.calls import Transport
from tieout.channels import Registration
from tieout.core.openid import Client
from tieout.core.posting import Timing
from tieout.jobs import Jobs
from tieout.mail import Nowhere, Post
from tieout.platforms import App
from tieout.store.engine import Engines
from tieout.store.vault import Vault
from tieout.sync.reading import Readings

STANDARD = Timing()


def _wait(time: timedelta) -> None:
    sleep(time.total_seconds())


@dataclass(frozen=True, slots=True)
class Tools:
    """`now` gives aware UTC, `new_id` ids that sort by time; `apps` holds our app at each platform, by name,
    `channel_apps` at each channel that can be asked; `scratch` is a folder for files that must not outlive their work,
    emptied at every start; `pause` waits; `post` is the way out for letters, `url` the address people reach us at.
    `vouching` are our registrations at those by whom people may sign in, by name. `checkpoints` is a folder outside the
    data for proofs of the audit log.

    `timing` are the waits of the posting protocol; only a stand-in with a faster world may shorten them.
    """

    engines: Engines
    vault: Vault
    transport: Transport
    jobs: Jobs
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    apps: dict[str, App]
    worker: str
    timing: Timing = STANDARD
    scratch: Path | None = None
    pause: Callable[[timedelta], None] = _wait
    readings: Readings = field(default_factory=Readings)
    channel_apps: Mapping[str, Registration] = field(default_factory=dict)
    post: Post = field(default_factory=Nowhere)
    url: str = "http://localhost:8080"
    vouching: Mapping[str, Client] = field(default_factory=dict)
    checkpoints: Path | None = None
