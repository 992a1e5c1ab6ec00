"""The books that sending is measured against: what each allows, and its stand-in with real limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tieout.sandbox.world import World

URL = "http://localhost:8080"


@dataclass(frozen=True, slots=True)
class Ledger:
    """`calls_a_minute` writes of `documents_a_call` documents are the ceiling; `writes` is their method and path.

    `make` gives a world with the stand-in in it, `documents` every live document that its books hold. `speed` is how
    much faster than real time both clocks run, so that books which allow less are not measured for longer.
    """

    name: str
    label: str
    calls_a_minute: int
    documents_a_call: int
    writes: tuple[str, str]
    speed: float
    latency_seconds: float
    make: Callable[[], World]
    documents: Callable[[World], list[dict[str, Any]]]

    @property
    def ceiling(self) -> int:
        """Documents a minute."""
        return self.calls_a_minute * self.documents_a_call

    def environ(self, base_url: str) -> dict[str, str]:
        """The settings of an installation that takes the stand-in for the real books."""
        told = {"CLIENT_ID": "tieout-demo", "CLIENT_SECRET": "tieout-demo-secret"}
        told |= {f"{part}_URL": base_url for part in ("LOGIN", "IDENTITY", "API")}
        return {f"TIEOUT_{self.name.upper()}_{key}": value for key, value in told.items()}

    def seen(self, world: World) -> dict[str, Any]:
        """Documents and their numbers, refused calls, and the moments of the writes that were answered, in order."""
        shown, calls, (method, path) = self.documents(world), tuple(world.calls), self.writes
        written = [
            call.at for call in calls if (call.method, call.path[-len(path) :], call.status) == (method, path, 200)
        ]
        return {
            "documents": len(shown),
            "numbers": len({each["number"] for each in shown}),
            "refused": sum(call.status == 429 for call in calls),
            "written": written,
        }


def _xero() -> World:
    from tieout.sandbox import xero

    world = xero.books()
    xero.app(xero.of(world).books, redirect_uris=(f"{URL}/oauth/xero/callback",), tier="core")
    return world


def _quickbooks() -> World:
    from tieout.sandbox import quickbooks

    world = quickbooks.books()
    quickbooks.app(quickbooks.of(world).books, redirect_uris=(f"{URL}/oauth/quickbooks/callback",))
    return world


LEDGERS = (
    Ledger(
        name="xero",
        label="Xero",
        calls_a_minute=60,
        documents_a_call=50,
        writes=("PUT", "/Invoices"),
        speed=2.0,
        latency_seconds=0.3,
        make=_xero,
        documents=lambda world: list(world.evidence("documents")),
    ),
    Ledger(
        name="quickbooks",
        label="QuickBooks",
        calls_a_minute=40,
        documents_a_call=30,
        writes=("POST", "/batch"),
        speed=2.0,
        latency_seconds=0.3,
        make=_quickbooks,
        documents=lambda world: list(world.evidence("documents", entity="JournalEntry")),
    ),
)
