"""What the stand-in holds at first: apps, sellers and their series of settlements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.amazon import settlements
from tieout.sandbox.amazon.gate import ROLE
from tieout.sandbox.amazon.marketplaces import of_country
from tieout.sandbox.amazon.state import Sellers

APP_ID = "amzn1.application-oa2-client.tieoutdemo00000000000000000000000"
APP_SECRET = "amzn1.oa2-cs.v1.tieout-demo-secret"
SELLER = "A1TIEOUTDEMO01"
REFRESH_TOKEN = "Atzr|a1tieoutdemo01-eu-demo"
HISTORY_DAYS, PERIODS_MOST = 126, 400


def named(name: str) -> Callable[[Sellers], Doc]:
    """Raises LookupError for an unknown scenario."""
    if name not in _SCENARIOS:
        raise LookupError(f"no scenario is called {name}; there are {', '.join(sorted(_SCENARIOS))}")
    return _SCENARIOS[name]


def app(sellers: Sellers, client_id: str = APP_ID, secret: str = APP_SECRET) -> Doc:
    return sellers.shelf.put("app", client_id, {"client_id": client_id, "secret": secret})


def seller(sellers: Sellers, seller_id: str, name: str) -> Doc:
    return sellers.shelf.put("seller", seller_id, {"id": seller_id, "name": name})


def grant(sellers: Sellers, seller_id: str, region: str, client_id: str = APP_ID, roles: tuple[str, ...] = ()) -> Doc:
    """A refresh token as Seller Central shows it to somebody who authorises an app of his own; it lives a year."""
    token = f"Atzr|{seller_id.lower()}-{region}-demo"
    row: Doc = {"refresh_token": token, "app": client_id, "seller": seller_id, "region": region, "revoked": False}
    row |= {"roles": list(roles or (ROLE,)), "expires": sellers.now() + timedelta(days=365)}
    return sellers.shelf.put("grant", token, row)


def series(sellers: Sellers, seller_id: str, countries: str, **more: Any) -> Doc:
    """Settlements of one currency in the marketplaces of the countries, from 126 days ago on, every 14 days.

    `shapes` names what happened in a period by its number, in the words of `statements.Shape`.
    """
    places = [of_country(country) for country in countries.split()]
    number = sellers.shelf.count("series") + 1
    offset = timedelta(days=(number * 3) % 14, hours=number, minutes=10, seconds=10)
    weights = [max(1, 60 // (at + 1)) for at in range(len(places))]
    row: Doc = {"id": f"{seller_id}/{number}", "seller": seller_id, "region": places[0].region, "digits": number}
    row |= {"marketplaces": [place.id for place in places], "currency": places[0].currency, "form": places[0].form}
    row |= {"sites": [[place.site, weight] for place, weight in zip(places, weights, strict=True)], "lines": 240}
    row |= {"first": _midnight(sellers.now()) - timedelta(days=HISTORY_DAYS) + offset, "days": 14, "next": 0}
    row |= {"periods": PERIODS_MOST, "shapes": {}} | more
    return sellers.shelf.put("series", row["id"], row)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0)


def _empty(sellers: Sellers) -> Doc:
    return {"app": app(sellers)["client_id"]}


def _london(sellers: Sellers) -> Doc:
    """One seller in Europe: sterling from the United Kingdom, euros from four marketplaces in one settlement."""
    app(sellers)
    seller(sellers, SELLER, "Harbour & Finch Ltd")
    given = grant(sellers, SELLER, "eu")
    # A reserve that is held in one period and comes back in the next, and a period that ends in a debt.
    reserve: Doc = {"3": {"reserve_out": 18_150}, "4": {"reserve_in": 18_150}}
    series(sellers, SELLER, "GB", shapes=reserve)
    series(sellers, SELLER, "DE FR IT ES", shapes={"6": {"cost_percent": 4000}})
    settlements.publish(sellers)
    return {"refresh_token": given["refresh_token"], "seller": SELLER, "region": "eu"}


def _world(sellers: Sellers) -> Doc:
    """A seller in every region: London's, one in the United States and Canada, one in Japan and Australia."""
    told = {"eu": _london(sellers)["refresh_token"]}
    for seller_id, region, groups in (
        ("A2TIEOUTDEMO02", "na", ("US", "CA")),
        ("A3TIEOUTDEMO03", "fe", ("JP", "AU")),
    ):
        seller(sellers, seller_id, "Harbour & Finch overseas")
        told[region] = grant(sellers, seller_id, region)["refresh_token"]
        for countries in groups:
            tax = "facilitator" if countries == "US" else "split"
            series(sellers, seller_id, countries, shapes={str(at): {"tax": tax} for at in range(60)})
    settlements.publish(sellers)
    return {"refresh_tokens": told}


_SCENARIOS: dict[str, Callable[[Sellers], Doc]] = {"london": _london, "world": _world, "empty": _empty}
