"""What this room needs from the outside; the tools of a verb bring it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from tieout.store.engine import Engines
from tieout.store.vault import Vault


class Needs(Protocol):
    """`now` gives aware UTC, `new_id` ids that sort by time."""

    @property
    def engines(self) -> Engines: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def now(self) -> Callable[[], datetime]: ...

    @property
    def new_id(self) -> Callable[[], str]: ...
