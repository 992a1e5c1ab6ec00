"""The two organisations of the demo, and the main job of each: connect, bring in, choose banks, send, read back.

Each step finds what an earlier run has done already, so that a demo killed anywhere is taken up by the next.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

from tieout.cli._browser import consent
from tieout.cli._doors import complain
from tieout.cli.settlements import wait_for
from tieout.core.actor import Actor

OWNER, EMAIL = "Olive Finch", "olive@example.com"
COUNTRY, ZONE = "GB", "Europe/London"
EXPECTED_HOLD = "row-type-unknown"
_PAUSE_SECONDS = 0.1
_LONGEST_FETCH = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Seller:
    """One organisation: where it keeps its books, and where its settlements come from.

    `channel` blank: from the files of this package. `to_send` is how many settlements must tie out at least, `held`
    how many wait for their expected reason.
    """

    name: str
    platform: str
    channel: str
    to_send: int
    held: int


SELLERS = (
    Seller("Harbour & Finch Ltd", "xero", "", 3, 1),
    Seller("Ferry Lane Pottery Ltd", "quickbooks", "shopify", 3, 0),
)


def main_job(tools: Any) -> dict[str, Any]:
    """The whole of it, for each organisation; what came of every settlement, oldest first.

    `settlements` are those of the first organisation, as they were when there was only one; `organisations` are all.
    """
    actors = [_actor(tools, seller) for seller in SELLERS]
    told = []
    for seller, actor in zip(SELLERS, actors, strict=True):
        _connect(tools, actor, seller)
        _bring_in(tools, actor, seller)
        _choose_banks(tools, actor)
        _send(tools, actor)
    for seller, actor in zip(SELLERS, actors, strict=True):
        _rest(tools, actor.organisation)
        told.append(_told(tools, actor.organisation, seller))
    return {"settlements": told[0]["settlements"], "organisations": told}


def is_good(told: dict[str, Any]) -> bool:
    """Every settlement that can be sent ties out in its books; the held one is held for its expected reason."""
    pairs = zip(SELLERS, told["organisations"], strict=True)
    return all(_is_good(seller, organisation["settlements"]) for seller, organisation in pairs)


def _is_good(seller: Seller, found: list[dict[str, Any]]) -> bool:
    held = [each for each in found if each["reason"] == EXPECTED_HOLD]
    sent = [each for each in found if each["reason"] != EXPECTED_HOLD]
    is_sent = all(each["status"] == "sent" and each["ties_out"] for each in sent)
    return is_sent and len(held) == seller.held and len(sent) >= seller.to_send


def _actor(tools: Any, seller: Seller) -> Actor:
    """Olive, in this organisation of hers; she owns them all."""
    from tieout.people.organisations import FirstOwner, Further, add_organisation, create_owner, is_empty, of_person
    from tieout.store import people
    from tieout.store.engine import read

    if is_empty(tools):
        create_owner(tools, FirstOwner(seller.name, COUNTRY, ZONE, OWNER, EMAIL, ""))
    with read(tools.engines, "") as db:
        olive = people.person_by_email(db, EMAIL)
    assert olive is not None, "the demo's database is the demo's"
    found = next((each.id for each in of_person(tools, olive.id) if each.name == seller.name), "")
    if not found:
        found = add_organisation(tools, olive.id, Further(seller.name, COUNTRY, ZONE)).organisation
    return Actor(found, olive.id, OWNER)


def _connect(tools: Any, actor: Actor, seller: Seller) -> None:
    """The real consent round, with a small browser that presses Allow; nothing to do if the books are connected."""
    from tieout.store.engine import read
    from tieout.sync.charts import last_read
    from tieout.sync.checks import look
    from tieout.sync.connections import begin_connect
    from tieout.sync.in_use import live

    with read(tools.engines, actor.organisation) as db:
        found = {each.id: last_read(db, each.id) for each in live(db) if each.may_post}
    for connection in (id for id, chart in found.items() if chart is None):  # killed before its books were read
        look(tools, actor.organisation, connection, with_chart=True)
    if found:
        return
    session = "the demo"
    finished = consent(tools, seller.platform, begin_connect(tools, actor, seller.platform, session), session)
    if finished.outcome != "connected":
        complain(f"{seller.platform}: {finished.words}")


def _bring_in(tools: Any, actor: Actor, seller: Seller) -> None:
    if seller.channel:
        _fetch(tools, actor, seller)
    else:
        _import_files(tools, actor)


def _import_files(tools: Any, actor: Actor) -> None:
    from tieout.sync import settlements

    for file in sorted(resources.files("tieout.sandbox.demo").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".txt"):
            operation = settlements.receive_bytes(tools, actor, file.name, file.read_bytes())
            ended = wait_for(tools, actor.organisation, operation)
            if ended.state != "done":
                complain(f"{file.name}: {ended.message}")


def _fetch(tools: Any, actor: Actor, seller: Seller) -> None:
    """The shop is connected by its token; the timetable's look then fetches what is due, and jobs read what came."""
    from tieout.sandbox.demo.worlds import SHOP, TOKEN
    from tieout.sync import channel_accounts, fetching

    if not any(card.account.is_live for card in channel_accounts.cards(tools, actor.organisation)):
        joined = channel_accounts.connect(tools, actor, seller.channel, {"shop": SHOP, "token": TOKEN})
        if not joined.account:
            complain(f"{SHOP}: {joined.words}")
            return
    fetching.fetch_due(tools)
    until = tools.now() + _LONGEST_FETCH
    while tools.now() < until and _is_fetching(tools, actor.organisation):
        time.sleep(_PAUSE_SECONDS)


def _is_fetching(tools: Any, organisation: str) -> bool:
    """A fetch is due or under way, or what it brought in is still to be read."""
    from tieout.sync import channel_accounts, operations

    accounts = [card.account for card in channel_accounts.cards(tools, organisation)]
    is_due = any(each.next_at is not None and each.next_at <= tools.now() for each in accounts)
    kinds = {each.kind for each in operations.still_open(tools, organisation)}
    return is_due or bool(kinds & {"fetch", "import"})


def _choose_banks(tools: Any, actor: Actor) -> None:
    """Books that take journals are told which account each payout reaches: the first bank account, for all of them."""
    from tieout.core.mapping import Bank
    from tieout.sync import banks

    found = banks.view(tools, actor.organisation)
    lacking = [row.place for row in found.rows if row.needs_deposit or row.needs_charge]
    if not lacking:
        return
    account = next(banks.named(each) for each in found.deposits if each.is_bank)
    _, mistakes = banks.choose(tools, actor, {place: Bank(account, account) for place in lacking}, found.version)
    for place, words in mistakes.items():
        complain(f"{place.marketplace} {place.currency}: {words}")


def _send(tools: Any, actor: Actor) -> None:
    from tieout.sync import settlements

    operation = settlements.send_ready(tools, actor)
    if operation is not None:
        wait_for(tools, actor.organisation, operation)


def _rest(tools: Any, organisation: str) -> None:
    """Wait until nothing is on its way, also not what an earlier run had begun; bounded by the longest operation."""
    from tieout.core.operation import DEADLINES
    from tieout.core.status import MOVING
    from tieout.sync import settlements

    until = tools.now() + DEADLINES["send"]
    while tools.now() < until:
        counts = settlements.listing(tools, organisation, limit=1).counts
        if not any(counts.get(status.value) for status in MOVING):
            return
        time.sleep(_PAUSE_SECONDS)


def _told(tools: Any, organisation: str, seller: Seller) -> dict[str, Any]:
    from tieout.sync import settlements

    named = {"organisation": seller.name, "books": _books(tools, organisation)}
    cards: list[Any] = []
    after = ""
    while True:
        page = settlements.listing(tools, organisation, after=after, limit=200)
        cards += page.cards
        after = page.next
        if not after:
            return {**named, "settlements": [{**_card(card), **named} for card in reversed(cards)]}


def _books(tools: Any, organisation: str) -> str:
    """The name people use for where this organisation keeps its books."""
    from tieout.sync import banks

    return str(banks.view(tools, organisation).books_label)


def _card(card: Any) -> dict[str, Any]:
    return {
        "id": card.number,
        "status": card.status,
        "ties_out": bool(card.ties_out),
        "reason": card.code or card.reason,
        "message": card.reason,
        "period": [card.start.isoformat(), card.end.isoformat()],
        "deposit": f"{card.total.amount:f}",
        "currency": card.total.currency,
        "documents": list(card.documents),
        "total_in_books": f"{card.books_total.amount:f}" if card.books_total else None,
        "attempts": card.attempts,
    }
