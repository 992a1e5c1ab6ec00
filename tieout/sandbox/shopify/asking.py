"""What a call may see: the shop, the scopes of the token, the version; and the refusals of fields it may not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify.running import FieldError
from tieout.sandbox.shopify.state import Books, Shops

SCOPES_PAGE = "https://shopify.dev/api/usage/access-scopes"
ACCOUNT = "the `read_shopify_payments` or the `read_shopify_payments_accounts` access scope."
PAYOUTS = (
    "`read_shopify_payments` access scope or `read_shopify_payments_payouts` access scope."
    " Also: The user must have access to payouts."
)
DISPUTES = "`read_shopify_payments` access scope or `read_shopify_payments_disputes` access scope."
ORDERS = "`read_orders` access scope."


@dataclass
class Asked:
    """One call that was let in. `searches` fills up with what the search syntax passed over."""

    shops: Shops
    books: Books
    app: str
    scopes: frozenset[str]
    version: str
    now: datetime
    path: list[Any] = field(default_factory=list)
    searches: list[Doc] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether any of the scopes was granted; writing includes reading."""
        return any(name in self.scopes or name.replace("read_", "write_") in self.scopes for name in names)

    def demand(self, name: str, required: str, *scopes: str) -> None:
        """Raises FieldError when none of the scopes was granted."""
        if not self.has(*scopes):
            raise denied(name, required)


def denied(name: str, required: str) -> FieldError:
    told = f"Access denied for {name} field. Required access: {required}"
    return FieldError(told, "ACCESS_DENIED", documentation=SCOPES_PAGE, requiredAccess=required)
