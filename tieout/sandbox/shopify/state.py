"""What the Shopify stand-in remembers: apps, shops, installs and tokens, and for each shop its trade."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tieout.sandbox import Doc
from tieout.sandbox.buckets import Bucket
from tieout.sandbox.shelf import Shelf

if TYPE_CHECKING:
    from tieout.sandbox.world import World

# Behaviours nobody has confirmed, or that vary; each with the setting that is hardest on a client that guesses.
SWITCHES: Doc = {
    "transfer_rows": True,  # a payout's own transfer stands among its balance transactions, unless hideTransfers
    "withdrawal_sign": "negative",  # of the net of a WITHDRAWAL: negative, or positive
    "channel_tax": "debit",  # tax the channel remits: a TAX_ADJUSTMENT_DEBIT row, or excluded from the charge
    "account_scope": "accounts",  # opens shopifyPaymentsAccount: accounts, or payouts for either
    "payout_topic": "",  # a webhook topic for payouts, which Shopify's list does not hold; blank for none
    "approved_data": True,  # the app may see names and addresses
    "plan_points": 100.0,  # points given back each second; the bucket holds twenty times as many
    "throttles": True,
    "throttle_status": 200,  # of a throttled answer: 200, or 429
    "paid_after_hours": 26.0,  # from the issue of a payout until it is PAID
    "access_seconds": 3_600,  # of an expiring offline token
    "latency_seconds": 0.0,
}
BUCKET_SECONDS = 20


class Shops:
    """The stand-in's memory with the few questions everybody asks of it."""

    def __init__(self, world: World, shelf: Shelf) -> None:
        self.world = world
        self.shelf = shelf
        self.switches: Doc = dict(SWITCHES)
        self.buckets: dict[str, Bucket] = {}

    def now(self) -> datetime:
        """To the second, as Shopify stamps its records."""
        return self.world.clock.now().replace(microsecond=0)

    def passing_id(self) -> str:
        """A GUID for something that is not kept: a request id."""
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))

    def next_number(self, name: str, first: int) -> int:
        """Rises by one each time, across restarts too."""
        number = int((self.shelf.get("meta", name) or {"number": first - 1})["number"]) + 1
        self.shelf.put("meta", name, {"number": number})
        return number

    def bucket(self, who: str) -> Bucket:
        points = float(self.switches["plan_points"])
        found = self.buckets.get(who)
        if found is None or found.back_per_second != points:
            found = self.buckets[who] = Bucket.full(points * BUCKET_SECONDS, points)
        return found


class Books:
    """One shop's records, by kind; what begins with an underscore is the stand-in's own and shown to nobody."""

    def __init__(self, shops: Shops, domain: str) -> None:
        self.shops, self.domain = shops, domain

    @property
    def shop(self) -> Doc:
        found = self.shops.shelf.get("shop", self.domain)
        assert found is not None, f"{self.domain} is a shop"
        return found

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop["ianaTimezone"])

    @property
    def currency(self) -> str:
        return str(self.shop["currencyCode"])

    def rows(self, kind: str) -> tuple[Doc, ...]:
        return self.shops.shelf.all(f"{self.domain}/{kind}")

    def row(self, gid: str) -> Doc | None:
        kind = gid.removeprefix("gid://shopify/").partition("/")[0]
        return self.shops.shelf.get(f"{self.domain}/{kind}", gid)

    def find(self, kind: str, name: str, value: str) -> tuple[Doc, ...]:
        return self.shops.shelf.find(f"{self.domain}/{kind}", name, value)

    def keep(self, row: Doc, **change: Any) -> Doc:
        kept = row | change
        return self.shops.shelf.put(f"{self.domain}/{row['__typename']}", row["id"], kept)

    def drop(self, row: Doc) -> None:
        self.shops.shelf.drop(f"{self.domain}/{row['__typename']}", row["id"])

    def new(self, kind: str, first: int) -> Doc:
        """A record with the next id of its kind."""
        number = self.shops.next_number(kind, first)
        return {"__typename": kind, "id": f"gid://shopify/{kind}/{number}", "legacyResourceId": str(number)}

    def midnight(self, day: date) -> datetime:
        """The moment a day begins in the shop's zone."""
        return datetime.combine(day, datetime.min.time(), self.zone)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


def stamp(moment: datetime) -> str:
    return (moment - (moment.utcoffset() or timedelta(0))).strftime("%Y-%m-%dT%H:%M:%SZ")


def number_of(gid: str) -> int:
    return int(gid.rpartition("/")[2])
