"""A whole product over a database of its own and a stand-in over real HTTP; jobs run when told to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clock, RecordingJobs, add_member, add_organisation
from tests.standing import Standing, make_tools, standing
from tests.sync.ledgers import XERO, Ledger
from tieout.app import new_id
from tieout.calls import Transport
from tieout.cli._browser import consent
from tieout.core.actor import Actor
from tieout.core.mapping import Bank, BankPlace
from tieout.core.number import number, stem
from tieout.core.records import Form
from tieout.people.organisations import FirstOwner, create_owner
from tieout.platforms import named
from tieout.sandbox import server
from tieout.store.engine import Engines
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import banks, mapping, operations, settlements, work
from tieout.sync.connections import begin_connect
from tieout.sync.tools import Tools

CURRENCIES = ("GBP", "USD", "EUR")
SAMPLES = Path(__file__).parent.parent / "channels" / "amazon"


class MovingClock:
    """Real time plus what a test has skipped, for product and stand-in alike."""

    def __init__(self) -> None:
        self.skipped = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.skipped

    def skip(self, **parts: float) -> None:
        self.skipped += timedelta(**parts)


@dataclass
class House:
    """One organisation with its tools, its stand-in, and short words for what a person does."""

    tools: Tools
    jobs: RecordingJobs
    world: Any
    clock: MovingClock
    actor: Actor
    ledger: Ledger = XERO

    @property
    def organisation(self) -> str:
        return self.actor.organisation

    def connect(self) -> None:
        url = begin_connect(self.tools, self.actor, self.ledger.name, "browser")
        result = consent(self.tools, self.ledger.name, url, "browser")
        assert result.outcome == "connected", result
        if named(self.ledger.name).FORM is Form.JOURNALS:
            self.choose_banks()

    def choose_banks(self) -> None:
        """Where payouts of every marketplace go, in each currency of the samples."""
        found = banks.view(self.tools, self.organisation)
        deposit = next(banks.named(each) for each in found.deposits if each.is_bank)
        charge = next(banks.named(each) for each in found.charges if each.is_bank)
        chosen = {BankPlace("", currency): Bank(deposit, charge) for currency in CURRENCIES}
        version = mapping.current(self.tools, self.organisation).version
        assert banks.choose(self.tools, self.actor, chosen, version)[1] == {}

    def receive(self, name: str, content: bytes) -> Any:
        operation = settlements.receive_bytes(self.tools, self.actor, name, content)
        self.jobs.run_all()
        return operations.view(self.tools, self.organisation, operation)

    def receive_sample(self, name: str) -> str:
        """Tieout's id of the first settlement of a sample file."""
        ended = self.receive(name, (SAMPLES / name).read_bytes())
        assert ended.state == "done", ended
        return str(ended.result["settlements"][0]["id"])

    def send(self, *ids: str) -> Any:
        operation = settlements.approve(self.tools, self.actor, ids)
        self.jobs.run_all()
        return operations.view(self.tools, self.organisation, operation)

    def operation(self, id: str) -> Any:
        return operations.view(self.tools, self.organisation, id)

    def sweep(self) -> None:
        self.jobs.kinds["sweep"]()
        self.jobs.run_all()

    def number(self, settlement: str, part: int = 1, version: int = 1, country: str = "GB") -> str:
        """The number of a planned document, in as many characters as these books take."""
        return number(stem(country, settlement, part), version, named(self.ledger.name).LONGEST["number"])

    def documents(self) -> dict[str, int]:
        """How many live documents of each number the books hold, by the stand-in's own evidence."""
        return self.ledger.documents(self.world)

    def card(self, id: str) -> Any:
        return settlements.card(self.tools, self.organisation, id)

    def view(self, id: str) -> Any:
        return settlements.view(self.tools, self.organisation, id)


@pytest.fixture
def ledger() -> Ledger:
    """Where the organisation of a test keeps its books, unless the test says otherwise."""
    return XERO


@pytest.fixture
def organisation(engines: Engines, vault: Vault) -> str:
    """The id of Olive's, in London."""
    made = add_organisation(engines, vault, "org-london")
    add_member(engines, made, "olive", "Olive Finch")
    return made


@pytest.fixture
def other_organisation(engines: Engines, vault: Vault) -> str:
    """The id of Carol's, whose rows Olive must never see."""
    made = add_organisation(engines, vault, "org-other")
    add_member(engines, made, "carol", "Carol")
    return made


@pytest.fixture
def there(clock: Clock) -> Iterator[Standing]:
    with standing(clock) as running:
        yield running


@pytest.fixture
def tools(engines: Engines, vault: Vault, there: Standing, clock: Clock) -> Tools:
    return make_tools(engines, vault, there, clock)


@pytest.fixture
def house(engines: Engines, ledger: Ledger) -> Iterator[House]:
    clock, jobs = MovingClock(), RecordingJobs()
    world = ledger.world(clock)
    with server.running(world) as running:
        tools = Tools(
            engines=engines,
            vault=Vault(engines, MasterKeys((b"k" * 32,), "the test")),
            transport=Transport(),
            jobs=jobs,
            now=clock,
            new_id=new_id,
            apps={ledger.name: ledger.app(running.base_url)},
            worker="worker",
            pause=lambda wait: clock.skip(seconds=wait.total_seconds()),
        )
        work.register(_Registering(jobs), tools)
        owner = FirstOwner("Harbour & Finch Ltd", "GB", "Europe/London", "Olive Finch", "olive@example.com", "")
        member = create_owner(tools, owner)
        yield House(tools, jobs, world, clock, Actor(member.organisation, member.person, "Olive Finch"), ledger)
        tools.transport.close()


class _Registering:
    def __init__(self, jobs: RecordingJobs) -> None:
        self._jobs = jobs

    def register(self, kind: str, function: Any) -> None:
        self._jobs.register(kind, function)

    def schedule(self, kind: str, every_seconds: int, lane: str = "background") -> None:
        assert kind in self._jobs.kinds
