"""Our whole import in a process of its own: python _durable.py FILE [upload] prints what it took and what came of it.

A server that runs already takes in the file: hash, recognise, blank, pack, keep, commit, read strictly, give meanings,
plan, commit. What is timed is what a person waits for once the file is here. Its child, which reads, starts cold; with
`upload` it starts as it does behind the pages and the API: while the file is still arriving.
"""

import gc
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parent.parent)

from tieout.app import new_id  # noqa: E402
from tieout.calls import Transport  # noqa: E402
from tieout.core.actor import Actor  # noqa: E402
from tieout.people.organisations import FirstOwner, create_owner  # noqa: E402
from tieout.sandbox.statements import Shape, amazon_v2  # noqa: E402
from tieout.store import schema  # noqa: E402
from tieout.store.engine import open_engines  # noqa: E402
from tieout.store.vault import MasterKeys, Vault  # noqa: E402
from tieout.sync import operations, settlements  # noqa: E402
from tieout.sync.settlements.receiving import read_statement  # noqa: E402
from tieout.sync.tools import Tools  # noqa: E402

_ARRIVAL_SECONDS = 1.0  # 187 MiB need longer over a gigabit a second


class Jobs:
    """The job is run by hand, at once."""

    def enqueue(self, kind: str, key: str, arguments: dict[str, Any], lane: str = "") -> None:
        pass

    def cancel(self, key: str) -> None:
        pass

    def list(self, limit: int = 100) -> tuple[Any, ...]:
        return ()


def main(path: Path, is_upload: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        engines = open_engines(f"sqlite:///{folder}/app.db")
        schema.prepare(engines)
        tools = _tools(engines)
        owner = create_owner(tools, FirstOwner("Bench", "US", "America/Los_Angeles", "Olive", "o@example.com", ""))
        actor = Actor(owner.organisation, owner.person, "Olive")
        _take_in(tools, actor, _small(Path(folder)))
        gc.collect()
        with settlements.expected(path.stat().st_size if is_upload else 0):
            time.sleep(_ARRIVAL_SECONDS if is_upload else 0)
            started = time.perf_counter()
            operation = _take_in(tools, actor, path)
            seconds = time.perf_counter() - started
        ended = operations.view(tools, owner.organisation, operation)
        assert ended is not None and ended.state == "done", ended
        id = ended.result["settlements"][0]["id"]
        view = settlements.view(tools, owner.organisation, id)
        assert view is not None and view.plan is not None, "it has a plan"
        planned = sum(document.total.minor for document in view.plan.documents if document.kind.value == "invoice")
        planned -= sum(document.total.minor for document in view.plan.documents if document.kind.value == "bill")
        server_mib, child_mib = _mib(resource.RUSAGE_SELF), _mib(resource.RUSAGE_CHILDREN)
        pages = _pages(tools, owner.organisation, id, view) if path.stat().st_size > 1 << 27 else []
        engines.dispose()  # so that what is written ahead is in the database's own file
        return {
            "seconds": seconds,
            "minor": planned,
            "rows": view.rows,
            "server_mib": server_mib,
            "child_mib": child_mib,
            "kept": Path(folder, "app.db").stat().st_size,
            "pages": pages,
        }


def _take_in(tools: Tools, actor: Actor, path: Path) -> str:
    operation = settlements.receive(tools, actor, path.name, path)
    read_statement(tools, actor.organisation, operation)
    return operation


def _small(folder: Path) -> Path:
    """Another statement, taken in before: the server has run, its modules, its SQL and its old objects are settled."""
    path = folder / "small.txt"
    with path.open("wb") as out:
        amazon_v2(out, 1, 100, shape=Shape(settlement_id="99000000009"))
    return path


def _tools(engines: Any) -> Tools:
    return Tools(
        engines=engines,
        vault=Vault(engines, MasterKeys((b"k" * 32,), "the benchmark")),
        transport=Transport(),
        jobs=Jobs(),
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        apps={},
        worker="benchmark",
    )


def _pages(tools: Tools, organisation: str, id: str, view: Any) -> list[float]:
    """The first page of rows behind every line of every document: how long each took."""
    taken = []
    for document in view.plan.documents:
        for line in range(len(document.lines)):
            started = time.perf_counter()
            found = settlements.rows(tools, organisation, id, document.part, line)
            taken.append(time.perf_counter() - started)
            assert found is not None and (found.rows or not found.count), "every figure opens to rows"
    return taken


def _mib(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2:] == ["upload"])))
