"""The world on a socket: HTTP/1.1 with keep-alive, cuts, hangs and truncation; the control door; survival of a kill."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.calling import Caller, invoice, london
from tieout.sandbox.server import Running, running
from tieout.sandbox.world import World
from tieout.sandbox.xero import books, of


@pytest.fixture
def world() -> World:
    return books()


@pytest.fixture
def served(world: World) -> Iterator[Running]:
    with running(world) as found:
        yield found


class Line:
    """One connection to the server, kept open between calls."""

    def __init__(self, served: Running, caller: Caller) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        self.headers = {"Authorization": f"Bearer {caller.access}", "xero-tenant-id": caller.tenant}
        self.headers |= {"Accept": "application/json", "Content-Type": "application/json"}
        self.secret = {"X-Sandbox-Secret": served.world.secret}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, self.headers | headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def control(self, method: str, door: str, body: Any = None) -> Any:
        status, found = self.call(method, f"/__control/{door}", body, **self.secret)
        assert status == 200, found
        return json.loads(found)


@pytest.fixture
def line(served: Running, world: World) -> Line:
    return Line(served, Caller(world).sign_in())


def test_one_connection_carries_many_calls(line: Line) -> None:
    for _ in range(3):
        assert line.call("GET", "/api.xro/2.0/Organisation")[0] == 200
        sock = line.connection.sock
    assert line.call("GET", "/nowhere")[0] == 501 and line.connection.sock is sock


def test_a_chunked_body_is_read(line: Line) -> None:
    parts = [json.dumps(invoice("C-1")).encode()[:50], json.dumps(invoice("C-1")).encode()[50:]]
    line.connection.request("PUT", "/api.xro/2.0/Invoices", iter(parts), line.headers, encode_chunked=True)
    answer = line.connection.getresponse()
    assert answer.status == 200 and answer.headers["Transfer-Encoding"] is None and answer.read()


def test_a_429_has_no_content_type_on_the_wire(line: Line, world: World) -> None:
    world.arm("rate-limit")
    line.connection.request("GET", "/api.xro/2.0/Organisation", headers=line.headers)
    answer = line.connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Content-Length"]) == (429, None, "0")
    assert answer.headers["Retry-After"] == "26"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cut_connection_breaks_the_call_and_not_the_server(line: Line, world: World, when: str) -> None:
    world.arm("reset", when=when)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        line.call("PUT", "/api.xro/2.0/Invoices", invoice("K-1"))
    line.connection.close()
    found = json.loads(line.call("GET", "/api.xro/2.0/Invoices")[1])["Invoices"]
    assert len(found) == (0 if when == "before" else 1)


def test_a_truncated_body_is_shorter_than_it_says(line: Line, world: World) -> None:
    world.arm("bad-body", form="truncated")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        line.call("GET", "/api.xro/2.0/Accounts")


def test_a_hang_ends_when_the_client_goes_away(line: Line, world: World) -> None:
    world.arm("hang-after-write")
    line.connection.timeout = 0.2
    with pytest.raises(TimeoutError):
        line.call("PUT", "/api.xro/2.0/Invoices", invoice("K-1"))
    line.connection.close()
    line.connection.timeout = 10
    assert len(json.loads(line.call("GET", "/api.xro/2.0/Invoices")[1])["Invoices"]) == 1


def test_a_hang_does_not_hold_up_the_end() -> None:
    world = books()
    caller = Caller(world).sign_in()
    world.arm("hang-before-write")
    with running(world) as served:
        line = Line(served, caller)
        thread = threading.Thread(target=lambda: _suffer(line))
        thread.start()
        while not world.calls or world.calls[-1].ending != "hang":
            time.sleep(0.01)
        begun = time.monotonic()
    thread.join(timeout=5)
    assert not thread.is_alive() and time.monotonic() - begun < 5


def _suffer(line: Line) -> None:
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        line.call("PUT", "/api.xro/2.0/Invoices", invoice("K-1"))


def test_more_than_five_calls_at_once_are_refused(served: Running, world: World) -> None:
    caller = Caller(world).sign_in()
    of(world).switches["latency_seconds"] = 0.4
    found: list[int] = []

    def ask() -> None:
        found.append(Line(served, caller).call("GET", "/api.xro/2.0/Organisation")[0])

    threads = [threading.Thread(target=ask) for _ in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200] * 5 + [429] * 2


def test_rubbish_on_the_socket_is_answered_400(served: Running) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as sock:
        sock.sendall(b"NONSENSE\r\n\r\n")
        assert b"400" in sock.recv(200)


def test_the_control_door_wants_its_secret(line: Line) -> None:
    status, body = line.call("GET", "/__control/clock")
    assert status == 403 and b"X-Sandbox-Secret" in body


def test_the_control_door_sets_the_clock_faults_switches_and_shows_evidence(line: Line) -> None:
    line.control("POST", "clock", {"now": "2026-12-24T18:00:00+00:00", "frozen": True})
    assert line.control("POST", "clock", {"advance_seconds": 60})["now"] == "2026-12-24T18:01:00+00:00"
    armed = line.control("POST", "faults", {"name": "http-error", "status": 500, "path": "/Accounts"})["armed"]
    assert armed["name"] == "http-error" and line.control("DELETE", f"faults/{armed['id']}") == {"armed": []}
    assert line.control("POST", "faults", {"name": "lock-date", "year": "2026-11-30"})["done"]
    assert line.control("POST", "switches", {"rolling_window": True})["rolling_window"] is True
    assert line.control("POST", "hands/number-taken", {"number": "X-1"})["id"]
    assert [one["number"] for one in line.control("GET", "evidence/documents")] == ["X-1"]
    assert "reset" in line.control("GET", "faults")["names"]
    assert any("/__control/evidence" in door for door in line.control("GET", "")["doors"])


def test_the_log_of_calls_shows_no_secret(line: Line) -> None:
    line.call("GET", "/api.xro/2.0/Organisation")
    told = json.dumps(line.control("GET", "evidence/calls"))
    assert "/api.xro/2.0/Organisation" in told
    assert line.headers["Authorization"].split()[1] not in told and "tieout-demo-secret" not in told


@pytest.mark.parametrize(
    ("door", "body", "told"),
    [
        ("faults", {"name": "nonsense"}, "no fault is called nonsense"),
        ("hands/nonsense", {}, "no hand is called nonsense"),
        ("hands/pay", {"number": "none"}, "no document none"),
        ("scenario", {"name": "atlantis"}, "no scenario is called atlantis"),
        ("switches", {"nonsense": 1}, "no switch is called nonsense"),
        ("clock", {"now": "2026-12-24T18:00:00"}, "must carry its zone"),
        ("clock", [1], "must be one JSON object"),
        ("deliver", {}, "no app has subscribed"),
    ],
)
def test_a_mistake_at_the_control_door_is_explained(line: Line, door: str, body: Any, told: str) -> None:
    status, found = line.call("POST", f"/__control/{door}", body, **line.secret)
    assert status == 400 and told in json.loads(found)["error"]


def test_reset_forgets_everything_and_scenario_seeds_another(line: Line, world: World) -> None:
    line.call("PUT", "/api.xro/2.0/Invoices", invoice("K-1"))
    told = line.control("POST", "scenario", {"name": "four"})
    assert set(told["organisations"]) == {"GB", "AU", "NZ", "US"}
    assert world.evidence("documents") == [] and line.call("GET", "/api.xro/2.0/Organisation")[0] == 401


def test_a_compressed_clock_lets_limits_pass_quickly(line: Line, world: World) -> None:
    of(world).switches["minute_limit"] = 1
    world.clock.set(speed=600)
    statuses = set()
    for _ in range(40):
        statuses.add(line.call("GET", "/api.xro/2.0/Organisation")[0])
        time.sleep(0.01)
    assert statuses == {200, 429}


def test_books_in_a_file_are_there_again(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    caller = london(path=path)
    row = caller.put("Invoices", invoice("F-1"), Idempotency_Key="f").first("Invoices")
    caller.put(f"Invoices/{row['InvoiceID']}/Attachments/a.txt", b"\x00\xff", Content_Type="text/plain")
    caller.world.close()
    again = books(path, now=caller.world.clock.now())
    caller.world = again
    assert caller.get("Invoices/F-1").first("Invoices") == caller.get(f"Invoices/{row['InvoiceID']}").first("Invoices")
    assert caller.get("Invoices/F-1/Attachments/a.txt").answer.body == b"\x00\xff"
    assert (
        caller.put("Invoices", invoice("F-1"), Idempotency_Key="f").first("Invoices")["InvoiceID"] == row["InvoiceID"]
    )
    assert caller.renew().status == 200
    assert again.evidence("writes")["by_number"] == {"F-1": 1, "a.txt": 1}
    again.close()


def test_a_file_that_is_none_or_is_held_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at as one")
    with pytest.raises(OSError, match="books cannot be opened"):
        books(tmp_path / "text.db")
    held = books(tmp_path / "held.db")
    with pytest.raises(OSError, match="stop who holds it"):
        books(tmp_path / "held.db")
    held.close()


SERVING = """
import sys
from pathlib import Path
from tieout.sandbox.xero import serve
serve(0, Path(sys.argv[1]), secret="s", say=lambda line: print(line, flush=True))
"""


def test_every_answered_write_survives_a_kill(tmp_path: Path) -> None:
    path, answered, session = tmp_path / "books.db", [], {}
    for life in range(3):
        child = subprocess.Popen([sys.executable, "-c", SERVING, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        port = int(child.stdout.readline().split("localhost:")[1].split()[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            if not session:
                session.update(_sign_in(connection))
            for at in range(5):
                sent = json.dumps(invoice(f"K-{life}-{at}"))
                connection.request("PUT", "/api.xro/2.0/Invoices", sent, session)
                answer = connection.getresponse()
                assert answer.status == 200, answer.read()
                answer.read()
                answered.append(f"K-{life}-{at}")
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            connection.close()
    world = books(path)
    found = [one["number"] for one in world.evidence("documents")]
    assert sorted(found) == sorted(answered) and len(found) == 15
    world.close()


def _sign_in(connection: http.client.HTTPConnection) -> dict[str, str]:
    """The code flow over the socket, as a script against the consent page."""
    from urllib.parse import parse_qsl, urlencode, urlsplit

    from tests.sandbox.calling import REDIRECT, SCOPES

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    asked = {"response_type": "code", "client_id": "tieout-demo", "redirect_uri": REDIRECT, "scope": SCOPES}
    connection.request("POST", "/identity/connect/authorize", urlencode(asked | {"decision": "allow"}), form)
    answer = connection.getresponse()
    answer.read()
    code = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": "tieout-demo"}
    connection.request("POST", "/connect/token", urlencode(sent | {"client_secret": "tieout-demo-secret"}), form)
    token = json.loads(connection.getresponse().read())["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Content-Type": "application/json"}
    connection.request("GET", "/connections", headers=headers)
    return headers | {"xero-tenant-id": json.loads(connection.getresponse().read())[0]["tenantId"]}
