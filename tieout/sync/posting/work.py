"""Work: one connection with everything a round needs; kept small so that the rounds read as the protocol does."""

from dataclasses import dataclass

from tieout.calls import Call
from tieout.core.chart import Books
from tieout.core.posting import Design
from tieout.platforms import Access, Platform
from tieout.store.connections import Connection
from tieout.sync.grants import access
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Work:
    tools: Tools
    organisation: str
    connection: Connection
    platform: Platform
    books: Books
    call: Call

    @property
    def design(self) -> Design:
        return Design(timing=self.tools.timing)

    def access(self) -> Access:
        """A token with life enough for a new attempt. Raises Disconnected, Unreachable, Busy."""
        least = int(self.tools.timing.least_token_life.total_seconds())
        return access(self.tools, self.organisation, self.connection.id, least)
