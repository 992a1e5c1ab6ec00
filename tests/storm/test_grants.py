"""Every token ends in the same minute: many organisations, eight workers, kills inside the renewal, nothing is lost."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.storm.refreshing import KEY, Orders, name_of, tools_for
from tieout.calls import make_call
from tieout.core.connection import Connection
from tieout.core.secret import Secret
from tieout.platforms import xero as platform
from tieout.sandbox import server, xero
from tieout.store import connections
from tieout.store import grants as rows
from tieout.store.engine import Engines, open_engines, read, write
from tieout.store.grants import GRANTS, INSTALLATION, Pair
from tieout.store.organisations import ORGANISATIONS
from tieout.store.renewals import RENEWALS
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import grants

SCOPES = ("offline_access", "accounting.settings")
MOST_EACH = 1.02
LONGEST_SECONDS = 300


def settle_there(world: Any, number: int) -> str:
    """An organisation with a person, a connection and a grant, as if somebody had consented; its first token."""
    books, id = xero.of(world).books, f"{number:08}-0000-4000-8000-000000000000"
    organisation = books.shelf.all("organisation")[0]
    grant, token = f"{world.told['client_id']}/{id}", f"the first token of {number}"
    books.shelf.put("organisation", id, organisation | {"OrganisationID": id, "Name": name_of(number)})
    books.shelf.put(
        "user", id, {"id": id, "first_name": "Olive", "last_name": "Finch", "email": f"{number}@example.com"}
    )
    books.shelf.put("member", f"{id}/{id}", books.shelf.all("member")[0] | {"tenant": id, "user": id})
    known = {"app": world.told["client_id"], "user": id}
    moments = {"created": books.now(), "updated": books.now()}
    books.shelf.put("connection", id, {"id": id, "tenant": id, "event": id} | known | moments)
    books.shelf.put("grant", grant, {"id": grant, "scopes": list(SCOPES), "event": id} | known)
    digest = sha256(token.encode()).hexdigest()
    expires = books.now() + timedelta(days=60)
    books.shelf.put("refresh", digest, {"id": digest, "grant": grant, "consumed": None, "expires": expires} | known)
    return token


def settle_here(engines: Engines, vault: Vault, number: int, token: str, client_id: str) -> None:
    """The same as rows of ours, with an access that ends this minute."""
    name, now = name_of(number), datetime.now(UTC)
    sealed = [vault.seal(INSTALLATION, "grants", column, name, Secret(token)) for column in ("access", "refresh")]
    pair = Pair(f"{name}-first", *sealed, now - timedelta(minutes=29), now + timedelta(minutes=1), SCOPES)
    id = f"{number:08}-0000-4000-8000-000000000000"
    made = Connection(name, "xero", id, name, id, name, "olive", "Olive Finch", now)
    with write(engines, "") as db:
        db.execute(
            ORGANISATIONS.insert().values(id=name, name=name, country="GB", zone="Europe/London", created_at=now)
        )
        rows.add(db, name, "xero", client_id, f"person {number}", pair)
    with write(engines, name) as db:
        connections.add(db, made)


@contextmanager
def settled(url: str, organisations: int) -> Iterator[tuple[Any, Orders]]:
    """A stand-in on a socket and a database, with so many organisations in both; what the crew is told of them."""
    world: Any = xero.books()
    engines = open_engines(url)
    vault = Vault(engines, MasterKeys((KEY,), "the storm"))
    with server.running(world) as running:
        world.told = world.reset("london")
        xero.of(world).switches["grace"] = "newest"  # the hardest on who presents a token twice
        with write(engines, INSTALLATION) as db:
            rows.make_key(db, vault, datetime.now(UTC))
        for number in range(organisations):
            settle_here(engines, vault, number, settle_there(world, number), world.told["client_id"])
        secret = world.told["client_secret"]
        yield world, Orders(url, running.base_url, world.told["client_id"], secret, organisations, workers=8)
    engines.dispose()


def rage(orders: Orders) -> dict[str, Any]:
    """The crew at work, to its end."""
    command, asked = [sys.executable, "-m", "tests.storm.refreshing"], json.dumps(asdict(orders))
    root = Path(__file__).parents[2]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=root, timeout=LONGEST_SECONDS)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["failures"] == [], (told, done.stderr)
    return told


def refreshes(world: Any) -> int:
    """As the stand-in counts them."""
    with world.lock:
        return sum(call.path == "/connect/token" for call in world.calls)


def lost(orders: Orders) -> list[str]:
    """The organisations that no longer answer a call."""
    tools, dead = tools_for(orders), []
    with read(tools.engines, "") as db:
        ended = set(db.execute(sa.select(GRANTS.c.id).where(GRANTS.c.ended_at.is_not(None))).scalars())
    for number in range(orders.organisations):
        name = name_of(number)
        if name in ended:
            dead.append(name)
            continue
        access = grants.access(tools, name, name)
        (reached,) = platform.connections(make_call(tools.transport), access.app, access.token)
        if reached.name != name:
            dead.append(name)
    tools.engines.dispose()
    return dead


def cut_off(orders: Orders) -> int:
    """How many renewals were begun and never came to an end: their workers were killed inside."""
    engines = open_engines(orders.database)
    with read(engines, "") as db:
        query = sa.select(sa.func.count()).select_from(RENEWALS).where(RENEWALS.c.ended_at.is_(None))
        found = int(db.execute(query).scalar_one())
    engines.dispose()
    return found


@pytest.fixture
def storm_url(pg_engines: Engines) -> str:
    return pg_engines.writing.url.render_as_string(hide_password=False)


@pytest.mark.pg
@pytest.mark.slow
def test_a_thousand_tokens_end_at_once_under_eight_workers_that_are_killed_and_no_grant_is_lost(storm_url: str) -> None:
    with settled(storm_url, 1000) as (world, orders):
        told = rage(replace(orders, deaths=16, shots=6))
        made = refreshes(world)
        assert lost(orders) == []
        assert told["kills"] >= 14 and cut_off(orders) >= 10, (told, cut_off(orders))
        assert refreshes(world) == made, "all were renewed by the crew"
        assert orders.organisations <= made <= MOST_EACH * orders.organisations, (made, told)


@pytest.mark.pg
@pytest.mark.slow
def test_answers_that_are_lost_and_refusals_that_are_not_meant_end_no_grant(storm_url: str) -> None:
    with settled(storm_url, 150) as (world, orders):
        world.arm("refresh-lost", count=6, probability=0.2)
        for _ in range(4):
            world.arm("refresh-race", seconds=0.5, probability=0.2)
        told = rage(replace(orders, deaths=4))
        assert sum(len(call.faults) for call in world.calls) == 14, "every fault struck"
        made = refreshes(world)
        world.faults.clear()
        assert lost(orders) == [], told
        # Each kill, each lost answer and each false refusal costs one more; nothing else does.
        assert made <= orders.organisations + 4 + 6 + 4, (made, told)


@pytest.mark.pg
@pytest.mark.slow
def test_without_a_lease_the_storm_would_be_seen(storm_url: str) -> None:
    with settled(storm_url, 24) as (world, orders):
        rage(replace(orders, defect="no lease"))
        assert refreshes(world) > MOST_EACH * orders.organisations
