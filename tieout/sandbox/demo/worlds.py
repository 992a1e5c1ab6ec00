"""What the demo's stand-ins hold: a seller's books at Xero, a potter's at QuickBooks, and the potter's shop at Shopify.

Each keeps what it holds in a file of its own, so a second start finds it as the first one left it.
"""

from __future__ import annotations

from pathlib import Path

from tieout.sandbox import quickbooks, shopify, xero
from tieout.sandbox.quickbooks import scenarios as companies
from tieout.sandbox.shopify import scenarios as shops
from tieout.sandbox.world import World

COMPANY, REALM = "Ferry Lane Pottery Ltd", "9341453908059330"
SHOP, SHOP_NAME, TOKEN = "ferry-lane-pottery.myshopify.com", "Ferry Lane Pottery", "shpat_ferrylane00000000000000000000"
# Enough days for a handful of payouts over two weekends; each payout is a journal of its own.
SHOP_DAYS = 12
FILES = {"xero": "xero-stand-in.db", "quickbooks": "quickbooks-stand-in.db", "shopify": "shopify-stand-in.db"}


def seller_books(folder: Path, redirect_uri: str) -> World:
    """Raises Unusable for a file that another stand-in holds."""
    world = xero.books(folder / FILES["xero"], scenario="london")
    xero.app(xero.of(world).books, redirect_uris=(redirect_uri,))
    return world


def potter_books(folder: Path, redirect_uri: str) -> World:
    """One company in London that keeps its books in pounds. Raises as `seller_books`."""
    world = quickbooks.books(folder / FILES["quickbooks"], scenario="empty")
    books = quickbooks.of(world).books
    with books.shelf.change():
        quickbooks.app(books, redirect_uris=(redirect_uri,))
        if all(company.realm != REALM for company in books.companies()):
            companies.demo_company(books, REALM, COMPANY, "GB")
    return world


def potter_shop(folder: Path) -> World:
    """A shop with some days of trade, and the token of its own app. Raises as `seller_books`."""
    world = shopify.shops(folder / FILES["shopify"], scenario="empty")
    held = shopify.of(world).shops
    with held.shelf.change():
        if held.shelf.get("shop", SHOP) is None:
            shopify.shop(held, SHOP, name=SHOP_NAME, history_days=SHOP_DAYS)
            shopify.grant(held, shops.APP_ID, SHOP, shops.SCOPES, TOKEN)
    return world
