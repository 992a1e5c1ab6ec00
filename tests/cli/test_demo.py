"""The demo again and anew, and that it speaks to nobody but this machine."""

import ipaddress
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main_job import Run, run

__all__ = ["run"]


def test_a_second_demo_takes_up_where_the_first_ended_and_a_fresh_one_starts_over(run: Run, tmp_path: Path) -> None:
    def demo(*more: str) -> Any:
        code, out, err = run("demo", "--once", "--json", *more)
        assert code == 0, err
        return json.loads(out)

    first, kept = demo(), tmp_path / "tieout-demo"
    mark = kept / "mark-of-the-first"
    mark.touch()
    assert demo() == first and mark.exists(), "nothing is imported or posted a second time"
    assert demo("--fresh") == first, "the same plans under the same numbers, in books of their own"
    assert kept.exists() and not mark.exists()


def test_the_demo_speaks_to_nobody_beyond_this_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: set[str] = set()
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            reached.add(address[0])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    code, _, err = run("demo", "--once", "--json")
    assert code == 0, err
    assert reached and all(host == "localhost" or ipaddress.ip_address(host).is_loopback for host in reached), reached
