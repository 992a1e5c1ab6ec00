"""What is done in Intuit's portal and app centre: apps, webhooks, disconnecting; evidence of grants and calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import apps, hooks, limits, tokens
from tieout.sandbox.quickbooks.state import Books


def _app(books: Books, told: Doc) -> Any:
    """`client_id`, `secret`, `environment`, `redirect_uris`, `verifier`: a new app, or an old one anew."""
    known = {key: value for key, value in told.items() if key in {"environment", "name", "redirect_uris", "verifier"}}
    row = apps.app(books, str(told.get("client_id", apps.APP_ID)), str(told.get("secret", apps.APP_SECRET)), **known)
    return {"client_id": row["client_id"]}


def _subscribe(books: Books, told: Doc) -> Any:
    return hooks.subscribe(books, told)


def _hook_key(books: Books, told: Doc) -> Any:
    """A new verifier token (`verifier`) of the app."""
    row = _only(books, "app", "client_id", told)
    books.shelf.put("app", row["client_id"], row | {"verifier": str(told.get("verifier", "another-verifier"))})
    return {"app": row["client_id"]}


def _hook_off(books: Books, told: Doc) -> Any:
    row = _only(books, "hook", "app", told)
    books.shelf.drop("hook", row["app"])
    return {"app": row["app"]}


def _ends(state: str) -> Callable[[Books, Doc], Any]:
    def end(books: Books, told: Doc) -> Any:
        changed = [row for row in books.shelf.all("grant") if _is_meant(row, told)]
        for row in changed:
            books.shelf.put("grant", row["id"], row | {"state": state})
        return {"grants": [row["id"] for row in changed]}

    return end


def _listed(books: Books, told: Doc) -> Any:
    """A grant from an older consent of somebody else (`user`) for the company."""
    company = books.companies()[0] if not _realm(told) else books.company(_realm(told))
    if company is None:
        raise LookupError(f"no company {_realm(told)}")
    app = _only(books, "app", "client_id", told)
    who = str(told.get("user", "somebody.else@example.com"))
    return {"grant": tokens.new_grant(books, app["client_id"], company.realm, who, list(_SCOPES))["id"]}


def _only(books: Books, table: str, field: str, told: Doc) -> Doc:
    found = next((row for row in books.shelf.all(table) if told.get("app") in {None, row[field]}), None)
    if found is None:
        raise LookupError(f"no {table} of the app {told.get('app', '')}")
    return found


def _realm(told: Doc) -> str:
    return str(told.get("realm") or told.get("tenant") or "")


def _is_meant(row: Doc, told: Doc) -> bool:
    return _realm(told) in {"", row["realm"]} and told.get("app") in {None, row["app"]}


_SCOPES = ("com.intuit.quickbooks.accounting",)
HANDS: dict[str, Callable[[Books, Doc], Any]] = {
    "app": _app,
    "subscribe": _subscribe,
    "hook-key": _hook_key,
    "hook-off": _hook_off,
    "disconnect": _ends("disconnected"),  # calls 403, refresh invalid_grant
    "tenant-gone": _ends("gone"),  # calls 403; refresh still works
    "tenant-listed": _listed,
}


def _writes(books: Books, told: Doc) -> Any:
    rows = [row for row in books.shelf.all("write") if _realm(told) in {"", row["realm"]}]
    ids: dict[str, set[str]] = {}
    for row in rows:
        if row["number"]:
            ids.setdefault(row["number"], set()).add(f"{row['realm']}/{row['entity']}/{row['id']}")
    return {
        "count": len(rows),
        "by_key": dict(Counter(row["key"] for row in rows if row["key"])),
        "by_number": dict(Counter(row["number"] for row in rows if row["number"])),
        "documents_by_number": {number: len(found) for number, found in ids.items()},
        "writes": rows,
    }


def _tokens(books: Books, told: Doc) -> Any:
    """Grants and how many tokens of each live; never a token itself."""
    now = books.now()
    return [
        {key: grant[key] for key in ("app", "realm", "who", "scopes", "state", "begun", "hard_ends")}
        | {
            "access_live": sum(row["expires"] > now for row in books.shelf.find("access", "grant", grant["id"])),
            "refresh_live": sum(
                row["turned"] is None and row["expires"] > now
                for row in books.shelf.find("refresh", "grant", grant["id"])
            ),
        }
        for grant in books.shelf.all("grant")
    ]


def _reads(books: Books, told: Doc) -> Any:
    """Metered reads by app and month, and how many are left in this one."""
    most = int(books.switches["reads_per_month"])
    now = {app["client_id"]: limits.reads(books, app["client_id"]) for app in books.shelf.all("app")}
    return {"months": list(books.shelf.all("meter")), "now": now, "most": most}


EVIDENCE: dict[str, Callable[[Books, Doc], Any]] = {
    "writes": _writes,
    "tokens": _tokens,
    "reads": _reads,
    "offline": lambda books, told: list(books.shelf.all("offline")),
    "conflicts": lambda books, told: list(books.shelf.all("conflict")),
    "mails": lambda books, told: list(books.shelf.all("mail")),
    "events": lambda books, told: list(books.shelf.all("event")),
}
