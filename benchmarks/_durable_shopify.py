"""Our whole import of a Shopify Payments export: python _durable_shopify.py TRANSACTIONS PAYOUTS tells how it went.

The payouts export is there before, so that every payout's total is proven as its rows come in. What is timed is what a
person waits for: from the file to a plan for each payout, committed.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parent.parent)

from benchmarks._durable import _mib, _tools  # noqa: E402
from tieout.core.actor import Actor  # noqa: E402
from tieout.people.organisations import FirstOwner, create_owner  # noqa: E402
from tieout.store import schema  # noqa: E402
from tieout.store.engine import open_engines, read  # noqa: E402
from tieout.store.settlements import Wanted, listed  # noqa: E402
from tieout.sync import operations, settlements  # noqa: E402
from tieout.sync.settlements.receiving import read_statement  # noqa: E402


def main(transactions: Path, payouts: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        engines = open_engines(f"sqlite:///{folder}/app.db")
        schema.prepare(engines)
        tools = _tools(engines)
        owner = create_owner(tools, FirstOwner("Bench", "GB", "Europe/London", "Olive", "o@example.com", ""))
        actor = Actor(owner.organisation, owner.person, "Olive")
        read_statement(tools, actor.organisation, settlements.receive(tools, actor, "payouts.csv", payouts))
        before = Path(folder, "app.db").stat().st_size
        started = time.perf_counter()
        operation = settlements.receive(tools, actor, "transactions.csv", transactions)
        read_statement(tools, actor.organisation, operation)
        seconds = time.perf_counter() - started
        ended = operations.view(tools, actor.organisation, operation)
        assert ended is not None and ended.state == "done", ended
        with read(engines, actor.organisation) as db:
            found = listed(db, Wanted(limit=100_000))
        assert {each.status for each in found} == {"ready"}, {each.reason for each in found if each.status != "ready"}
        pages = _pages(tools, actor.organisation, [each.id for each in found[:: max(1, len(found) // 20)]])
        return {
            "seconds": seconds,
            "minor": sum(each.settlement.total.minor for each in found),
            "rows": sum(each.settlement.rows for each in found),
            "payouts": len(found),
            "server_mib": _mib(resource.RUSAGE_SELF),
            "child_mib": _mib(resource.RUSAGE_CHILDREN),
            "kept": Path(folder, "app.db").stat().st_size - before,
            "pages": pages,
        }


def _pages(tools: Any, organisation: str, ids: list[str]) -> list[float]:
    """The first page of rows behind every line of some payouts: how long each took."""
    taken = []
    for id in ids:
        view = settlements.view(tools, organisation, id)
        assert view is not None and view.plan is not None, "it has a plan"
        for document in view.plan.documents:
            for line in (at for at, each in enumerate(document.lines) if each.subtotals):
                started = time.perf_counter()
                rows = settlements.rows(tools, organisation, id, document.part, line)
                taken.append(time.perf_counter() - started)
                assert rows is not None and rows.rows, "every figure opens to rows"
    return taken


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
