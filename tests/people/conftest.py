"""What the verbs of this room need, on the shared database with the shared clock; and Alice, who owns."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher

from tests.conftest import Clock
from tieout.people import organisations, passwords, sessions
from tieout.store import people as rows
from tieout.store.engine import Engines
from tieout.store.vault import Vault

GOOD_PASSWORD = "correct horse battery staple"
OWNER = organisations.FirstOwner("Lighthouse Ltd", "GB", "Europe/London", "Alice", "Alice@example.com", GOOD_PASSWORD)
HOME = sessions.Visit("192.0.2.1", "alice's laptop")
ELSEWHERE = sessions.Visit("198.51.100.7", "somebody's laptop")


@dataclass(frozen=True)
class Kit:
    engines: Engines
    vault: Vault
    now: Clock
    new_id: Callable[[], str]


@pytest.fixture(autouse=True)
def cheap_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost is for test_passwords alone; elsewhere it would only be slow."""
    if request.path.stem != "test_passwords":
        cheap = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
        monkeypatch.setattr(passwords, "_HASHER", cheap)


@pytest.fixture
def kit(engines: Engines, vault: Vault, clock: Clock, ids: Callable[[], str]) -> Kit:
    return Kit(engines, vault, clock, ids)


@pytest.fixture
def alice(kit: Kit) -> rows.Member:
    return organisations.create_owner(kit, OWNER)
