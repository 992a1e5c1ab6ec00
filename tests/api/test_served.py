"""The API beside the pages, on a real socket: each door answers in its own way, and neither stands before the other."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.api.conftest import BASE, Program, code
from tieout.api import ApiSettings, mount
from tieout.web import WebSettings, make_app


@pytest.fixture(scope="module")
def site(doorstep: Program, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Pages and API as the product puts them together."""
    spool: Path = tmp_path_factory.mktemp("spool")
    app = make_app(doorstep.house.tools, WebSettings(BASE, spool))
    mount(app, doorstep.house.tools, ApiSettings(BASE, spool))
    return app


@pytest.fixture(scope="module")
def port(site: FastAPI) -> Iterator[int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(site, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    for _ in range(1000):
        if server.started:
            break
        time.sleep(0.01)
    assert server.started
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listener.close()


def test_each_door_answers_in_its_own_way(site: FastAPI, doorstep: Program) -> None:
    client = TestClient(site, base_url=BASE, follow_redirects=False)
    pages = client.get("/settlements")
    assert pages.status_code == 303 and pages.headers["location"].startswith("/sign-in")
    for path in ("/apixyz", "/errorsome"):
        assert client.get(path).headers["content-type"].startswith("text/html"), path
    program = Program(doorstep.house, client, doorstep.spool, doorstep.token)
    assert program.get("/api/settlements").status_code == 200
    assert code(client.get("/api/settlements")) == (401, "unauthenticated")
    assert code(client.get("/api")) == (404, "not_found")
    assert client.post("/settlements/send").headers["location"].startswith("/sign-in")


def test_what_limits_the_forms_of_pages_does_not_limit_a_statement(site: FastAPI, doorstep: Program) -> None:
    program = Program(doorstep.house, TestClient(site, base_url=BASE), doorstep.spool, doorstep.token)
    answer = program.hand_in("large.csv", b"a,b\n" + b"1,2\n" * 500_000)
    assert code(answer) == (422, "validation_failed")


def said(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(request)
        parts = []
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_on_a_real_socket_a_token_opens_and_nothing_else_does(port: int, doorstep: Program) -> None:
    head = b"GET /api/settlements HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert b" 401 " in said(port, head + b"\r\n").split(b"\r\n")[0]
    opened = said(port, head + b"Authorization: Bearer " + doorstep.token.encode() + b"\r\n\r\n")
    assert b" 200 " in opened.split(b"\r\n")[0] and b"no-store" in opened


@pytest.mark.parametrize(
    "request_lines",
    [
        b"POST /api/settlements/send HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n%s\r\n0\r\n\r\n",
        b"POST /api/settlements/send HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        b"Content-Length: 3\r\n%s\r\n{}",
        b"TRACE /api/settlements HTTP/1.1\r\n%s\r\n",
        b"GET\x00 /api/settlements HTTP/1.1\r\n%s\r\n",
    ],
    ids=["two lengths", "two contents", "trace", "nul"],
)
def test_b14_requests_that_two_servers_could_read_differently_are_refused(
    port: int, doorstep: Program, request_lines: bytes
) -> None:
    own = b"Host: localhost\r\nConnection: close\r\nAuthorization: Bearer " + doorstep.token.encode() + b"\r\n"
    status = said(port, request_lines % own).split(b"\r\n")[0]
    assert b" 400 " in status or b" 405 " in status, status
