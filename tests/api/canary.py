"""What an organisation has of every usual kind, for tests that ask for each address."""

from tests.api.conftest import Program
from tests.sync.conftest import House
from tieout.core.channel_account import ChannelAccount, FetchedItem
from tieout.core.problem import Owner, RetryClass
from tieout.store import channel_accounts, channel_items, issues
from tieout.store.channel_accounts import SealedKeys
from tieout.store.engine import Db, write
from tieout.store.issues import Block, Seen
from tieout.sync import operations


class Canary:
    """A settlement that waits for a label, its operation, an issue and a seller account."""

    def __init__(self, program: Program) -> None:
        house = program.house
        self.settlement = program.settlement("amazon_v2_unknown_type.txt")
        self.operation = operations.newest(house.tools, house.organisation)[0].id
        with write(house.tools.engines, house.organisation) as db:
            seen = Seen(
                "provider-error-unrecognised",
                "vendor",
                "settlement:canary",
                "A canary sings",
                Owner.USER.value,
                RetryClass.DECISION.value,
                ("canary line",),
            )
            self.issue = issues.see(db, seen, Block("settlement", self.settlement), house.clock())
            self.account = a_seller_account(db, house)


def a_seller_account(db: Db, house: House) -> str:
    """Connected to a channel, with one payout that the channel has named."""
    now = house.clock()
    account = ChannelAccount("account-canary", "amazon", "seller", "Canary's shop", "eu", "", "Olive", now, now)
    assert channel_accounts.keep(db, account, SealedKeys("", "", "", "token", None))
    channel_items.note(db, [FetchedItem(account.id, "payout-canary", "canary payout", now, now)])
    return account.id
