"""The stand-in on a socket: chunked uploads, its real names through the proxy, the control door, a file kept."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.sandbox.quickbooks.calling import START, Caller, signed_in
from tieout.sandbox.proxy import proxied
from tieout.sandbox.quickbooks import HOSTS, books, exports, of
from tieout.sandbox.server import Running, running
from tieout.sandbox.world import World


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
        self.base = f"/v3/company/{caller.realm}"
        self.headers = {"Authorization": f"Bearer {caller.access}", "Accept": "application/json"}
        self.secret = {"X-Sandbox-Secret": served.world.secret}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        self.connection.request(method, path, content, self.headers | kind | headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def control(self, method: str, door: str, body: Any = None) -> Any:
        status, found = self.call(method, f"/__control/{door}", body, **self.secret)
        assert status == 200, found
        return json.loads(found)


@pytest.fixture
def line(served: Running, world: World) -> Line:
    return Line(served, Caller(world).sign_in())


def test_every_answer_of_the_socket_carries_its_tid(line: Line) -> None:
    line.connection.request("GET", f"{line.base}/preferences", headers=line.headers)
    answer = line.connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json;charset=UTF-8")
    assert answer.headers["intuit_tid"] and json.loads(answer.read())["Preferences"]


def test_an_upload_without_a_length_is_read(line: Line, world: World) -> None:
    head = b'--xyz\r\nContent-Disposition: form-data; name="file_content_01"; filename="a.bin"\r\n\r\n'
    parts = [head, b"\x00" * 70_000, b"\xff", b"\r\n--xyz--\r\n"]
    headers = line.headers | {"Content-Type": "multipart/form-data; boundary=xyz"}
    line.connection.request("POST", f"{line.base}/upload", iter(parts), headers, encode_chunked=True)
    found = json.loads(line.connection.getresponse().read())["AttachableResponse"][0]["Attachable"]
    assert found["Size"] == 70_001 and found["TempDownloadUri"].startswith(world.base_url)
    line.connection.request("GET", found["TempDownloadUri"].removeprefix(world.base_url))
    assert line.connection.getresponse().read() == b"\x00" * 70_000 + b"\xff"


def test_more_than_ten_calls_at_once_are_refused(served: Running, world: World) -> None:
    caller = Caller(world).sign_in()
    of(world).switches.update({"latency_seconds": 0.4, "per_second": 0})
    found: list[int] = []

    def ask() -> None:
        line = Line(served, caller)
        found.append(line.call("GET", f"{line.base}/preferences")[0])

    threads = [threading.Thread(target=ask) for _ in range(13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200] * 10 + [429] * 3


def test_the_control_door_arms_acts_and_shows(line: Line) -> None:
    assert line.control("GET", "")["stand_in"] == "quickbooks"
    line.control("POST", "faults", {"name": "http-error", "code": 5010})
    assert line.call("POST", f"{line.base}/customer", {"DisplayName": "A"})[0] == 400
    assert line.control("POST", "switches", {"per_second": 100})["per_second"] == 100
    assert line.call("POST", f"{line.base}/customer?requestid=k", {"DisplayName": "A"})[0] == 200
    assert line.control("GET", "evidence/writes")["by_key"] == {"k": 1}
    assert [one["key"] for one in line.control("GET", "evidence/calls") if one["key"]] == ["k"]
    assert line.control("GET", "evidence/tokens")[0]["access_live"] == 1
    assert line.control("GET", "evidence/totals")["sum"] == "0.00"
    assert line.control("POST", "faults", {"name": "tenant-gone"})["done"]["grants"]
    assert line.call("GET", f"{line.base}/preferences")[0] == 403
    assert line.control("POST", "scenario", {"name": "everywhere"})["companies"]
    assert line.call("GET", f"{line.base}/preferences")[0] == 401


@pytest.mark.parametrize(
    ("door", "body", "told"),
    [
        ("hands/nonsense", {}, "no hand is called nonsense"),
        ("hands/subscribe", {"app": "none", "url": "http://localhost"}, "no app none"),
        ("scenario", {"name": "atlantis"}, "no scenario is called atlantis"),
        ("deliver", {}, "no app has subscribed"),
    ],
)
def test_a_mistake_at_the_control_door_is_explained(line: Line, door: str, body: Any, told: str) -> None:
    status, found = line.call("POST", f"/__control/{door}", body, **line.secret)
    assert status == 400 and told in json.loads(found)["error"]


def test_the_log_of_calls_shows_no_secret(line: Line, world: World) -> None:
    line.call("GET", f"{line.base}/preferences")
    told = json.dumps(line.control("GET", "evidence/calls"))
    assert "/preferences" in told and "/oauth2/v1/tokens/bearer" in told
    assert line.headers["Authorization"].split()[1] not in told and "tieout-demo-secret" not in told


def test_under_its_own_names_through_the_proxy_with_tls(world: World, tmp_path: Path) -> None:
    caller = Caller(world).sign_in()
    with proxied(world, tmp_path, HOSTS) as proxy:
        browser = urllib3.ProxyManager(proxy.url, ca_certs=str(proxy.authority))
        doc = browser.request("GET", "https://developer.intuit.com/.well-known/openid_sandbox_configuration/").json()
        assert doc["jwks_uri"] == "https://oauth.platform.intuit.com/op/v1/jwks"
        assert browser.request("GET", doc["jwks_uri"]).json()["keys"]
        headers = {"Authorization": f"Bearer {caller.access}", "Accept": "application/json"}
        path = f"/v3/company/{caller.realm}/preferences"
        statuses = [
            browser.request("GET", f"https://{host}{path}", headers=headers).status
            for host in ("sandbox-quickbooks.api.intuit.com", "quickbooks.api.intuit.com")
        ]
        assert statuses == [200, 403]


def test_books_in_a_file_are_there_again(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    caller = signed_in(path=path)
    made = caller.post("customer?requestid=k", {"DisplayName": "Kept"})
    caller.world.close()
    again = books(path, now=START)
    caller.world = again
    assert caller.get(f"customer/{made.doc['Customer']['Id']}").doc["Customer"] == made.doc["Customer"]
    assert caller.post("customer?requestid=k", {"DisplayName": "Kept"}).answer.body == made.answer.body
    assert caller.renew().status == 200 and again.evidence("writes")["by_key"] == {"k": 1}
    again.close()


def test_what_a_shell_is_told_points_every_address_here() -> None:
    told = exports("http://localhost:1")
    assert "  export TIEOUT_QUICKBOOKS_API_URL=http://localhost:1" in told and len(told) == 5
