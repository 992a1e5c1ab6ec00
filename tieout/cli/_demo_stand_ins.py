"""The outside world of the demo, on this machine: three stand-ins on free ports, each with its books in a file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tieout.sandbox.world import World


@dataclass(frozen=True, slots=True)
class StandIns:
    """Where each stand-in listens, by the name of what it stands in for."""

    urls: dict[str, str]

    def settings(self) -> dict[str, str]:
        """What Tieout is told, so that it takes them for the real ones."""
        from tieout.sandbox import quickbooks, shopify, xero

        told = {"xero": xero, "quickbooks": quickbooks, "shopify": shopify}
        lines = [line for name, url in self.urls.items() for line in told[name].exports(url)]
        pairs = (line.strip().removeprefix("export ").partition("=") for line in lines if "export" in line)
        return {name: value.strip("'") for name, _, value in pairs}

    def said(self) -> tuple[str, ...]:
        """What a person is told of them."""
        xero, quickbooks, shopify = (self.urls[name] for name in ("xero", "quickbooks", "shopify"))
        return (
            f"The books    {xero} (a stand-in of Xero; its connected apps: {xero}/connected-apps)",
            f"             {quickbooks} (a stand-in of QuickBooks Online)",
            f"The shop     {shopify} (a stand-in of Shopify)",
        )


@contextmanager
def stand_ins(folder: Path, url: str) -> Iterator[StandIns]:
    """All of them, until the block ends. Raises Unusable for a file that another demo holds."""
    from tieout.sandbox import server
    from tieout.sandbox.demo import worlds

    with ExitStack() as stack:
        made: dict[str, Callable[[], World]] = {
            "xero": lambda: worlds.seller_books(folder, f"{url}/oauth/xero/callback"),
            "quickbooks": lambda: worlds.potter_books(folder, f"{url}/oauth/quickbooks/callback"),
            "shopify": lambda: worlds.potter_shop(folder),
        }
        yield StandIns({name: stack.enter_context(server.running(make())).base_url for name, make in made.items()})
