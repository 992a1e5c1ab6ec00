"""Role: what an account is for. Every category books to one role.

Sales tax is a liability, what the channel holds back is an asset, and a debt between the seller and the channel never
touches profit and loss.
"""

from enum import StrEnum

from tieout.core.category import Category


class Role(StrEnum):
    """One place in a channel's block of accounts; the value is what a mapping calls it."""

    SALES = "sales"
    REFUNDS = "refunds"
    REIMBURSEMENTS = "reimbursements"  # other income: never sales, never taxed with them
    FEES = "fees"
    FULFILMENT = "fulfilment"
    STORAGE = "storage"
    ADVERTISING = "advertising"
    SALES_TAX = "sales_tax"  # owed to the tax office, or collected and withheld by the marketplace
    LOANS = "loans"
    RESERVED = "reserved"  # what the channel owes us, less what we owe it
    DEFERRED = "deferred"  # earned, not yet released; documents of its own
    MONTH_ROLL = "month_roll"  # carries a month's activity to the part that meets the deposit
    GIFT_CARDS = "gift_cards"
    COST_OF_GOODS = "cost_of_goods"
    TAX_CREDITS = "tax_credits"  # tax withheld from us that we claim back; no usual account
    CLEARING = "clearing"  # money that comes by another way; one account a gateway, no usual account


_BY_ROOT = {
    "sales": Role.SALES,
    "promo": Role.SALES,  # a discount reduces the income it was given on
    "tax": Role.SALES_TAX,
    "refund": Role.REFUNDS,
    "dispute": Role.REFUNDS,
    "fee": Role.FEES,
    "reimbursement": Role.REIMBURSEMENTS,
    "liquidation": Role.SALES,
    "income": Role.REIMBURSEMENTS,
    "adjustment": Role.REIMBURSEMENTS,
    "reserve": Role.RESERVED,
    "balance": Role.RESERVED,
    "transfer": Role.RESERVED,  # a payout that failed is money the channel still holds
    "loan": Role.LOANS,
    "cost": Role.COST_OF_GOODS,
    "clearing": Role.CLEARING,
    "fx": Role.CLEARING,
}

_BY_CATEGORY = {
    Category.PROMO_TAX: Role.SALES_TAX,
    Category.REFUND_TAX: Role.SALES_TAX,
    Category.REFUND_PROMO_TAX: Role.SALES_TAX,
    Category.TAX_WITHHELD_TCS: Role.TAX_CREDITS,
    Category.TAX_WITHHELD_TDS: Role.TAX_CREDITS,
    Category.TAX_WITHHELD_INCOME: Role.TAX_CREDITS,
    Category.SALES_GIFT_CARD: Role.GIFT_CARDS,
    Category.SALES_GIFT_CARD_REDEEMED: Role.GIFT_CARDS,
    Category.LIQUIDATION_FEE: Role.FEES,
    Category.FEE_FBA_FULFILMENT: Role.FULFILMENT,
    Category.FEE_FBA_INBOUND: Role.FULFILMENT,
    Category.FEE_FBA_PREP: Role.FULFILMENT,
    Category.FEE_FBA_REMOVAL: Role.FULFILMENT,
    Category.FEE_FBA_DISPOSAL: Role.FULFILMENT,
    Category.FEE_FBA_RETURNS: Role.FULFILMENT,
    Category.FEE_FBA_OTHER: Role.FULFILMENT,
    Category.FEE_MCF: Role.FULFILMENT,
    Category.FEE_REMOTE_FULFILMENT_CREDIT: Role.FULFILMENT,
    Category.FEE_GRADE_RESELL: Role.FULFILMENT,
    Category.FEE_SHIPPING_SERVICES: Role.FULFILMENT,
    Category.FEE_FBA_STORAGE: Role.STORAGE,
    Category.FEE_FBA_LONGTERM_STORAGE: Role.STORAGE,
    Category.FEE_AWD: Role.STORAGE,
    Category.FEE_ADVERTISING: Role.ADVERTISING,
    Category.FEE_COUPON: Role.ADVERTISING,
    Category.FEE_DEAL: Role.ADVERTISING,
    Category.FEE_VINE: Role.ADVERTISING,
    Category.FEE_AFFILIATE: Role.ADVERTISING,
}


def role_of(category: Category) -> Role | None:
    """Where a category books. None for UNKNOWN alone: nobody may guess a place for money nobody understands."""
    if category is Category.UNKNOWN:
        return None
    return _BY_CATEGORY.get(category) or _BY_ROOT[category.value.partition(".")[0]]


def role_at(scope: str) -> Role | None:
    """The role of a place in the mapping, a role's or a category's; None for everything at once."""
    if not scope:
        return None
    return Role(scope) if scope in set(Role) else role_of(Category(scope))
