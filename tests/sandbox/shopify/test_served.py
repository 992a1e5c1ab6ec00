"""The stand-in on a socket: shops by path and by host, its door, and the command line."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import Any

from tests.sandbox.shopify.keeping import START
from tieout.sandbox.server import Running, running
from tieout.sandbox.shopify import exports, shops
from tieout.sandbox.shopify.scenarios import DOMAIN, TOKEN


def call(served: Running, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(answer.read())
    connection.close()
    return found


def test_a_shop_is_read_by_path_and_by_host() -> None:
    with running(shops(now=START)) as served:
        access: dict[str, Any] = {"X-Shopify-Access-Token": TOKEN, "Content-Type": "application/json"}
        body = json.dumps({"query": "{ shop { myshopifyDomain } }"})
        for path, host in ((f"/{DOMAIN}/admin", "localhost"), ("/admin", DOMAIN)):
            told = access | {"Host": host}
            status, headers, found = call(served, "POST", f"{path}/api/2026-10/graphql.json", body, **told)
            assert (status, found["data"]["shop"]["myshopifyDomain"]) == (200, DOMAIN)
            assert headers["x-request-id"] and headers["x-shopify-api-version"] == "2026-10"
            assert headers["content-type"] == "application/json; charset=utf-8"


def test_the_control_door_fails_a_payout_sets_switches_and_shows_the_figures() -> None:
    world = shops(now=START)
    with running(world) as served:
        secret: dict[str, Any] = {"X-Sandbox-Secret": world.secret}
        made = call(served, "POST", "/__control/hands/payout-failed", "{}", **secret)[2]
        told = call(served, "GET", "/__control/evidence/payouts", **secret)[2]
        assert [one["status"] for one in told if one["id"] == made["payout"]] == ["FAILED"]
        switches = call(served, "POST", "/__control/switches", '{"plan_points": 1000}', **secret)[2]
        assert switches["plan_points"] == 1000
        assert call(served, "POST", "/__control/deliver", "{}", **secret)[2] == {"replies": [], "waiting": 0}


def test_the_command_line_says_what_to_set_and_what_to_type() -> None:
    command = [sys.executable, "-m", "tieout", "sandbox", "shopify", "--port", "0", "--secret", "s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().rstrip("\n") for _ in range(6)]
        child.terminate()
    base = "http://localhost:" + told[0].split("localhost:")[1].split()[0]
    assert tuple(told[2:]) == exports(base)
