"""The stand-in on a socket: its own addresses lead back to it, its door opens, and the command line serves it."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.sandbox.amazon.selling import API, FORM, START, V2, total_and_sum
from tieout.sandbox.amazon import exports, sellers
from tieout.sandbox.amazon.scenarios import APP_ID, APP_SECRET, REFRESH_TOKEN
from tieout.sandbox.server import Running, running


def call(served: Running, method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def token(served: Running) -> str:
    told = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN, "client_id": APP_ID}
    body = urlencode(told | {"client_secret": APP_SECRET})
    return str(json.loads(call(served, "POST", "/auth/o2/token", body, **FORM)[1])["access_token"])


def test_a_settlement_is_found_and_downloaded_over_the_wire() -> None:
    with running(sellers(now=START)) as served:
        access: dict[str, Any] = {"x-amz-access-token": token(served)}
        listed = json.loads(call(served, "GET", f"{API}/reports?reportTypes={V2}", **access)[1])["reports"]
        told = json.loads(call(served, "GET", f"{API}/documents/{listed[-1]['reportDocumentId']}", **access)[1])
        where = urlsplit(told["url"])
        assert where.netloc == f"localhost:{served.port}"
        status, body = call(served, "GET", f"{where.path}?{where.query}")
        content = gzip.decompress(body) if "compressionAlgorithm" in told else body
        euros = b"\r\n" in content
        stated, summed = total_and_sum(content, "cp1252" if euros else "utf-8", "," if euros else ".")
        assert status == 200 and stated == summed


def test_the_control_door_makes_payouts_late_and_shows_the_figures() -> None:
    world = sellers(now=START)
    with running(world) as served:
        secret: dict[str, Any] = {"X-Sandbox-Secret": world.secret}
        made = json.loads(call(served, "POST", "/__control/faults", '{"name": "payout-late"}', **secret)[1])["done"]
        told = json.loads(call(served, "GET", "/__control/evidence/settlements", **secret)[1])
        assert [one["total"] for one in told if one["id"] == made["settlement"]] == [made["total"]]
        status, body = call(served, "POST", "/__control/deliver", "{}", **secret)
        assert status == 400 and b"found by asking" in body


def test_the_command_line_says_what_to_set_and_what_to_type() -> None:
    command = [sys.executable, "-m", "tieout", "sandbox", "amazon", "--port", "0", "--secret", "s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().rstrip("\n") for _ in range(9)]
        child.terminate()
    base = "http://localhost:" + told[0].split("localhost:")[1].split()[0]
    assert tuple(told[2:]) == exports(base)


def test_redirect_addresses_are_refused_since_nobody_is_sent_anywhere() -> None:
    command = [
        sys.executable,
        "-m",
        "tieout",
        "sandbox",
        "amazon",
        "--port",
        "0",
        "--redirect-uri",
        "http://localhost/x",
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode != 0 and "leave --redirect-uri out" in found.stderr
