"""What the control door shows of Amazon: every settlement with its figures, reports, authorisations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.amazon import settlements
from tieout.sandbox.amazon.state import Sellers


def show(sellers: Sellers, name: str, told: Doc) -> Any:
    """Raises LookupError with the names there are."""
    if name not in _SHOWN:
        raise LookupError(f"no evidence is called {name}; there are calls, {', '.join(sorted(_SHOWN))}")
    settlements.publish(sellers)
    return _SHOWN[name](sellers, told)


def _settlements(sellers: Sellers, told: Doc) -> Any:
    """Each settlement once, with the figures a reader must arrive at; `settlement` asks for one with all its tables."""
    found: dict[str, Doc] = {}
    for row in sellers.shelf.all("report"):
        if told.get("settlement") not in {None, row["settlement"]}:
            continue
        if row["settlement"] not in found:
            found[row["settlement"]] = _told(sellers, row, in_full=told.get("settlement") is not None)
        one = found[row["settlement"]]
        one["reports"].append(row["id"])
        one["documents"].append(row["document"])
        one["is_listed"] = one["is_listed"] or _is_listed(sellers, row)
    return list(found.values())


def _told(sellers: Sellers, row: Doc, *, in_full: bool) -> Doc:
    sheet = settlements.answers(sellers, row)
    kept = sheet if in_full else {key: sheet[key] for key in ("id", "currency", "start", "end", "total", "rows")}
    more: Doc = {"seller": row["seller"], "region": row["region"], "marketplaces": row["marketplaces"]}
    more |= {"reports": [], "documents": [], "is_listed": False, "encoding": settlements.encoding(row)}
    return kept | more | {"changed": sellers.shelf.get("content", row["settlement"]) is not None}


def _is_listed(sellers: Sellers, row: Doc) -> bool:
    return not row["hidden"] and row["status"] == "DONE" and row["created"] >= sellers.now() - settlements.RETAINED


def _reports(sellers: Sellers, told: Doc) -> Any:
    return [{key: row[key] for key in row if key != "made"} for row in sellers.shelf.all("report")]


def _grants(sellers: Sellers, told: Doc) -> Any:
    """Authorisations and how many tokens of each live; never a token itself."""
    now = sellers.now()
    return [
        {key: row[key] for key in ("seller", "region", "app", "roles", "revoked", "expires")}
        | {"access_live": sum(one["expires"] > now for one in sellers.shelf.find("access", "grant", token))}
        for token, row in ((row["refresh_token"], row) for row in sellers.shelf.all("grant"))
    ]


_SHOWN: dict[str, Callable[[Sellers, Doc], Any]] = {
    "settlements": _settlements,
    "reports": _reports,
    "tokens": _grants,
}
