"""A third platform and a third channel do the whole main job, though nothing of the product knows their names."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from tests.conftest import RecordingJobs
from tests.sync.conftest import House, MovingClock, _Registering
from tests.sync.ledgers import SITE, XERO
from tests.walls.conftest import Ledgerly
from tests.web.conftest import Site, words
from tieout import app as whole
from tieout import channels, platforms
from tieout.app import new_id
from tieout.calls import Transport
from tieout.core.actor import Actor
from tieout.core.secret import Secret
from tieout.core.status import Status
from tieout.people.organisations import FirstOwner, create_owner
from tieout.store.engine import Engines
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import mapping, work
from tieout.sync.tools import Tools
from tieout.web import WebSettings, make_app

SHOP = "Cornershop Market Row"
EXPORT = b"""cornershop,payout,when,what,amount
1,CS-2026-07-A,2026-06-30T23:30:00,sale,120.00
1,CS-2026-07-A,2026-07-01T00:10:00,sale,60.00
1,CS-2026-07-A,2026-07-02T11:00:00,refund,-12.00
1,CS-2026-07-A,2026-07-03T18:00:00,till fee,-6.00
1,CS-2026-07-A,2026-07-04T09:00:00,total,162.00
"""


@pytest.fixture
def site(thirds: None, ledgerly: Ledgerly, engines: Engines, tmp_path: Path) -> Iterator[Site]:
    """Olive, signed in, in an installation whose one platform is the third."""
    jobs, clock = RecordingJobs(), MovingClock()
    environ = {"TIEOUT_DATA": str(tmp_path / "kept"), "HOME": str(tmp_path), "TIEOUT_LEDGERLY_CLIENT_ID": "us"}
    environ |= {f"TIEOUT_LEDGERLY_{use}_URL": ledgerly.base_url for use in ("LOGIN", "IDENTITY", "API")}
    settings = whole.read_environment(environ | {"TIEOUT_LEDGERLY_CLIENT_SECRET": "secret"})
    registered = settings.platforms["ledgerly"]
    app = platforms.App(registered.client_id, Secret(registered.client_secret), f"{SITE}/back", registered.urls)
    tools = Tools(
        engines=engines,
        vault=Vault(engines, MasterKeys((b"k" * 32,), "the test")),
        transport=Transport(),
        jobs=jobs,
        now=clock,
        new_id=new_id,
        apps={"ledgerly": app},
        worker="worker",
        pause=lambda wait: clock.skip(seconds=wait.total_seconds()),
    )
    work.register(_Registering(jobs), tools)
    member = create_owner(tools, FirstOwner("Market Row Ltd", "GB", "Europe/London", "Olive", "olive@example.com", ""))
    house = House(tools, jobs, ledgerly, clock, Actor(member.organisation, member.person, "Olive"), XERO)
    spool = tmp_path / "spool"
    web = make_app(tools, WebSettings(SITE, spool, 5_000_000))
    with TestClient(web, base_url=SITE, raise_server_exceptions=False, follow_redirects=False) as client:
        made = Site(house, client, spool)
        made.sign_in()
        yield made
    tools.transport.close()


def test_both_are_found_by_looking(thirds: None) -> None:
    assert "ledgerly" in platforms.names() and "cornershop" in channels.channels()


def test_the_main_job_from_consent_to_read_back(site: Site, ledgerly: Ledgerly) -> None:
    connect(site)
    assert "Market Row Ltd" in words(site.page("/connection")) and "Ledgerly Books" in words(site.page("/connection"))
    settlement = bring_in(site)
    choose_the_fees_account(site)
    assert site.house.card(settlement).status == Status.READY, site.house.card(settlement)
    preview = words(site.page(f"/settlements/{settlement}/preview"))
    assert "6100" in preview and "162.00" in preview
    site.post("/settlements/send", {"id": settlement}, page=f"/settlements/{settlement}")
    site.house.jobs.run_all()
    card = site.house.card(settlement)
    assert (card.status, card.ties_out, f"{card.books_total.amount:f}") == ("sent", True, "162.00"), card
    assert [each["number"] for each in ledgerly.documents] == list(card.documents)
    assert all(ledgerly.files.values()) and len(ledgerly.files) == len(ledgerly.documents) == 2
    shown = site.page(f"/settlements/{settlement}")
    assert "https://app.ledgerly.example/books-1/" in shown and "Cornershop" in words(shown)
    assert "Ledgerly Books" in words(shown) or "Market Row Ltd" in words(shown)


def connect(site: Site) -> None:
    """By the pages: out to the consent, whose address tells the state, and back with a code."""
    away = site.post("/connection/connect", {"platform": "ledgerly"}, page="/connection")
    url = away.headers["refresh"].partition("url=")[2]
    state = parse_qs(urlsplit(url).query)["state"][0]
    back = site.get("/oauth/ledgerly/callback", params={"state": state, "code": "yes"})
    assert back.headers["location"] == "/connection/choose"
    found = re.search(r'name="books" value="([^"]+)"', site.page("/connection/choose"))
    assert found, "its books are shown before they are read"
    site.post("/connection/choose", {"books": found[1]}, page="/connection/choose")


def bring_in(site: Site) -> str:
    assert "a till&#39;s payout export" in site.page("/settlements")
    site.upload("till.csv", EXPORT)
    site.house.jobs.run_all()
    found = re.search(r'href="/settlements/([\w-]{36})"', site.page("/settlements"))
    assert found, words(site.page("/settlements"))
    return found[1]


def choose_the_fees_account(site: Site) -> None:
    """As a person does it on the page of the mapping, among the accounts of these books."""
    version = mapping.current(site.house.tools, site.house.organisation).version
    chosen = {"scope": "fees", "marketplace": SHOP, "account": "6100", "tax": "INPUT2", "seen": version}
    assert "Till costs" in words(site.page(f"/mapping/place?scope=fees&marketplace={SHOP}"))
    saved = site.post("/mapping/place", chosen, page="/mapping")
    assert saved.status_code == 303, words(saved.text)
