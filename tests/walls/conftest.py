"""An imaginary third platform and a third channel, put beside the others: a folder and a file, nothing else changed."""

import importlib
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import tieout.channels
import tieout.platforms
from tieout.core.chart import Account
from tieout.core.role import Role

THIRD = Path(__file__).parent / "third"


@pytest.fixture
def thirds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The packages find what lies in THIRD as if it lay in their own folders."""
    found = ((tieout.platforms, "platforms", "ledgerly"), (tieout.channels, "channels", "cornershop"))
    for package, folder, _ in found:
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(THIRD / folder)])
    _look_again()
    yield
    monkeypatch.undo()
    _look_again()
    for package, _, name in found:
        for module in [each for each in sys.modules if each.startswith(f"{package.__name__}.{name}")]:
            del sys.modules[module]
        if hasattr(package, name):
            delattr(package, name)


def _look_again() -> None:
    importlib.invalidate_caches()
    tieout.platforms.names.cache_clear()
    tieout.channels.channels.cache_clear()
    tieout.channels.askable.cache_clear()


@dataclass
class Ledgerly:
    """The books of the imaginary platform, on a socket of this machine."""

    base_url: str = ""
    documents: list[dict[str, Any]] = field(default_factory=list)
    contacts: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        self.calls.append(f"{method} {path}")
        match path.strip("/").split("/"):
            case ["token"]:
                return {"access": "a" * 20, "refresh": "r" * 20}
            case ["revoke"]:
                return {}
            case ["books"]:
                return {"id": "books-1", "name": "Market Row Ltd", "accounts": accounts(), "taxes": TAXES}
            case ["contacts"]:
                return {"id": self.contacts.setdefault(body["name"], f"c{len(self.contacts) + 1}")}
            case ["documents"] if method == "GET":
                wanted = query["numbers"][0].split(",")
                return [each for each in self.documents if each["number"] in wanted]
            case ["documents"]:
                made = [each | {"id": f"d{len(self.documents) + at}"} for at, each in enumerate(body["documents"], 1)]
                self.documents += made
                return made
            case ["files", id]:
                kept = self.files.setdefault(id, [])
                kept += [body["name"]] if body else []
                return kept
        raise LookupError(path)


TAXES = [
    {"code": code, "name": name, "rate": rate}
    for code, name, rate in (
        ("OUTPUT2", "20% on income", "0.20"),
        ("INPUT2", "20% on costs", "0.20"),
        ("NONE", "No tax", "0"),
    )
]


def accounts() -> list[dict[str, str]]:
    """The usual ones of the channel, but for its fees, which these books keep under a number of their own."""
    from tieout.core.defaults import account_code, default_accounts

    channel = tieout.channels.channels()["cornershop"]
    usual = default_accounts(channel.LABEL, channel.BLOCK)
    kept = [each for each in usual if each.code != account_code(Role.FEES, channel.BLOCK)]
    own = Account("", "6100", "Till costs", "EXPENSE", "EXPENSE")
    return [
        {
            "id": each.code,
            "code": each.code,
            "name": each.name,
            "kind": each.kind,
            "classification": each.classification,
        }
        for each in (*kept, own)
    ]


@pytest.fixture
def ledgerly() -> Iterator[Ledgerly]:
    books = Ledgerly()

    class Talk(BaseHTTPRequestHandler):
        def _talk(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            told = json.dumps(books.answer(self.command, parts.path, parse_qs(parts.query), body)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = _talk

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Talk)
    books.base_url = f"http://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield books
    server.shutdown()
    server.server_close()
    thread.join()
