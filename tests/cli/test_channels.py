"""`tieout channels`: connected with what the channel asks for, fetched, looked at, ended; exit codes for scripts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.sync.conftest import House, house, ledger
from tests.sync.market import Market, selling_at_amazon
from tieout.cli import Doors, run

__all__ = ["house", "ledger"]
Told = tuple[int, str, str]


@dataclass(frozen=True)
class Product:
    tools: Any


@pytest.fixture
def market(house: House) -> Iterator[Market]:
    with selling_at_amazon(house) as made:
        yield made


@pytest.fixture
def command(market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """One command over the house; what it asks for is done at once, as by a server that runs beside it."""
    jobs, enqueue = market.house.jobs, market.house.jobs.enqueue

    def at_once(*asked: Any) -> None:
        enqueue(*asked)
        jobs.run_all()

    @contextmanager
    def opened(settings: Any, works: bool) -> Iterator[Product]:
        yield Product(market.house.tools)

    def tell(*arguments: str) -> Told:
        monkeypatch.setattr(jobs, "enqueue", at_once)
        capsys.readouterr()
        code = run(Doors({}, dict, opened, lambda: None, LookupError, RuntimeError), list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return tell


def given(market: Market) -> list[str]:
    return [part for name, value in market.given.items() for part in ("--given", f"{name}={value}")]


def test_an_account_is_connected_fetched_looked_at_and_ended(command: Callable[..., Told], market: Market) -> None:
    assert "No channel is connected" in command("channels", "list")[1]
    code, out, _ = command("channels", "connect", "amazon", *given(market), "--json")
    account = json.loads(out)["account"]
    assert code == 0 and market.account(account).is_live
    since = f"{market.house.clock() - timedelta(days=20):%Y-%m-%d}"
    code, out, _ = command("channels", "fetch", account, "--since", since)
    assert code == 0 and "New payouts: 2." in out
    (shown,) = json.loads(command("channels", "list", "--json")[1])
    assert shown["account"]["id"] == account and shown["kept"] == 3
    assert "kept" in command("channels", "payouts", account)[1]
    assert len(json.loads(command("channels", "payouts", account, "--json")[1])) == 3
    assert "Here: 3" in command("channels", "check", account)[1]
    code, out, _ = command("channels", "disconnect", account)
    assert code == 0 and "Third-party developers and apps" in out
    assert command("channels", "disconnect", account)[0] == command("channels", "fetch", account)[0] == 1


def test_what_is_wrong_is_one_sentence_and_an_exit_code(command: Callable[..., Told], market: Market) -> None:
    code, _, err = command("channels", "connect", "nowhere")
    assert code == 2 and "amazon" in err
    code, _, err = command("channels", "connect", "amazon", "--given", "password=x")
    assert code == 2 and "does not ask for password" in err
    code, _, err = command("channels", "connect", "amazon", "--given", "region=eu", "--json")
    assert code == 1 and "Refresh token is missing." in err
    for asked in (("payouts", "none"), ("check", "none"), ("fetch", "none"), ("disconnect", "none")):
        assert command("channels", *asked)[0] == 1
    assert command("channels", "fetch", "none", "--since", "soon")[0] == 2


def test_a_channel_that_says_no_ends_the_command_with_its_words(command: Callable[..., Told], market: Market) -> None:
    account = market.connect()
    market.world.hand("channel-token-dead")
    code, out, _ = command("channels", "fetch", account)
    assert code == 1 and "Connect it again" in out
    code, _, err = command("channels", "check", account)
    assert code == 1 and "The channel says no" in err
    assert "needs-reconnect" in command("channels", "list")[1]
