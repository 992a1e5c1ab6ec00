"""The pages a person sees at Xero: sign-in with consent, the error page, and the list of connected apps."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode, urlsplit

from tieout.sandbox import Answer, Doc, Request, page
from tieout.sandbox.xero import scopes, tokens
from tieout.sandbox.xero.limits import CONNECTIONS_BY_TIER
from tieout.sandbox.xero.state import Books

MAY_CONNECT = frozenset({"STANDARD", "FINANCIALADVISER", "SUBSCRIBER"})
UNCERTIFIED_APPS_MOST = 2
OVER_LIMIT = "needs to complete certification before they can connect to more Xero organisations"
DENIED = {"error": "access_denied", "error_description": "TenantConsent status DENIED"}
_ASKED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "acr_values",
)


def authorise(books: Books, request: Request) -> Answer:
    """GET shows the consent page; POST is the person's decision. Never redirects to an address not registered."""
    asked = _asked(request)
    wrong = _wrong(books, asked)
    if wrong:
        return error_page(wrong)
    if request.method == "GET":
        return page(200, _consent_page(books, asked))
    return decide(books, request)


def decide(books: Books, request: Request, *, tenant: str = "", without: tuple[str, ...] = ()) -> Answer:
    """The person's decision as posted; a fault may turn it to another organisation or to fewer scopes."""
    asked, form = _asked(request), request.form()
    wrong = _wrong(books, asked)
    if wrong:
        return error_page(wrong)
    if form.get("decision", "allow") != "allow":
        return redirect(asked, DENIED)
    app = books.shelf.get("app", asked["client_id"]) or {}
    user_id = form.get("user") or _first_user(books)
    chosen = [tenant] if tenant else [value for name, value in request.form_fields() if name == "tenant" and value]
    chosen = chosen or [_first_tenant(books, user_id)]
    if len(chosen) > 1 and not _bulk(app, asked):
        return page(403, _consent_page(books, asked, "Choose one organisation"))
    refusal = next(filter(None, (_refusal(books, app, user_id, one) for one in chosen)), "")
    if refusal:
        return page(403, _consent_page(books, asked, refusal))
    event = books.shelf.new_id()
    for one in chosen:
        connect(books, app["client_id"], user_id, one, event)
    held = [scope for scope in asked["scope"].split() if scope not in without]
    row = {"app": app["client_id"], "user": user_id, "scopes": held, "event": event, "nonce": asked["nonce"]}
    row |= {"redirect_uri": asked["redirect_uri"], "challenge": asked["code_challenge"]}
    return redirect(asked, {"code": tokens.new_code(books, row), "scope": " ".join(held)})


def connect(books: Books, app_id: str, user_id: str, tenant: str, event: str) -> Doc:
    """The connection of this person's app to the organisation: made, or the old one marked as consented again."""
    now = books.now()
    for row in books.connections(app_id, user_id):
        if row["tenant"] == tenant:
            return books.shelf.put("connection", row["id"], row | {"event": event, "updated": now})
    made = {"id": books.shelf.new_id(), "app": app_id, "user": user_id, "tenant": tenant, "event": event}
    return books.shelf.put("connection", made["id"], made | {"created": now, "updated": now})


def redirect(asked: Doc, more: Doc) -> Answer:
    joined = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    query = urlencode(more | ({"state": asked["state"]} if asked["state"] else {}))
    return Answer(302, headers=(("Location", f"{asked['redirect_uri']}{joined}{query}"), ("Cache-Control", "no-store")))


def cancelled(request: Request) -> Answer:
    return redirect(_asked(request), DENIED)


def over_limit(books: Books, request: Request) -> Answer:
    asked = _asked(request)
    app = books.shelf.get("app", asked["client_id"]) or {"name": "This app"}
    return page(403, _consent_page(books, asked, f"{app['name']} {OVER_LIMIT}"))


def error_page(reason: str) -> Answer:
    """Xero's own page: the browser stays there, nothing goes back to the app."""
    return page(400, _html("Sorry, something went wrong", f"<p>Error: {escape(reason)}</p><p>Code: 500</p>"))


def connected_apps(books: Books, request: Request) -> Answer:
    """Xero's page of connected apps: a row for each connecting person, without the name; POST `id` disconnects."""
    tenant = request.param("tenant") or request.form().get("tenant", "")
    if request.method == "POST":
        books.shelf.drop("connection", request.form().get("id", ""))
        return Answer(303, headers=(("Location", f"/connected-apps?{urlencode({'tenant': tenant})}"),))
    shown = [row for row in books.shelf.all("organisation") if tenant in {"", row["OrganisationID"]}]
    return page(200, _html("Connected apps", "".join(_organisation_rows(books, row) for row in shown)))


def _organisation_rows(books: Books, organisation: Doc) -> str:
    tenant = organisation["OrganisationID"]
    found = [row for row in books.shelf.all("connection") if row["tenant"] == tenant]
    lines = "".join(
        f"<li><form method=post action=/connected-apps><span>{escape(_app_name(books, row['app']))}</span> "
        f"<input type=hidden name=id value={row['id']}><input type=hidden name=tenant value={tenant}>"
        f"<button>Disconnect</button></form></li>"
        for row in found
    )
    return f"<h2>{escape(organisation['Name'])}</h2><ul>{lines or '<li>No connected apps</li>'}</ul>"


def _app_name(books: Books, app_id: str) -> str:
    return str((books.shelf.get("app", app_id) or {"name": app_id})["name"])


def _asked(request: Request) -> Doc:
    sent = dict(request.query) | (request.form() if request.method == "POST" else {})
    return {name: sent.get(name, "") for name in _ASKED}


def _wrong(books: Books, asked: Doc) -> str:
    app = books.shelf.get("app", asked["client_id"])
    if app is None or app["type"] == "custom":
        return "unauthorized_client: Unknown client or client not enabled"
    uri = urlsplit(asked["redirect_uri"])
    local = uri.scheme == "http" and uri.hostname == "localhost"
    if asked["redirect_uri"] not in app["redirect_uris"] or not (uri.scheme == "https" or local):
        return "unauthorized_client: Invalid redirect_uri"
    if asked["response_type"] != "code":
        return "unsupported_response_type"
    wanted = asked["scope"].split()
    if not wanted or scopes.refused(app, wanted, books.now()):
        return "invalid_scope: Invalid scope for client"
    if asked["code_challenge"] and asked["code_challenge_method"] != "S256":
        return "invalid_request: Transform algorithm not supported"
    if app["type"] == "pkce" and not asked["code_challenge"]:
        return "invalid_request: code challenge required"
    return ""


def _refusal(books: Books, app: Doc, user_id: str, tenant: str) -> str:
    organisation = books.organisation(tenant)
    if books.shelf.get("user", user_id) is None or organisation is None:
        return "Choose a user and an organisation"
    if books.role(tenant, user_id) not in MAY_CONNECT:
        return "You do not have permission to connect this organisation to an app"
    if organisation["OrganisationStatus"] != "ACTIVE":
        return "This organisation cannot be connected"
    connected = {row["tenant"] for row in books.connections(app["client_id"])}
    if tenant in connected:
        return ""
    others = {row["app"] for row in books.shelf.all("connection") if row["tenant"] == tenant}
    uncertified = [other for other in others if not (books.shelf.get("app", other) or {}).get("certified")]
    too_many = not app["certified"] and len(uncertified) >= UNCERTIFIED_APPS_MOST
    if too_many or len(connected) >= CONNECTIONS_BY_TIER[app["tier"]]:
        return f"{app['name']} {OVER_LIMIT}"
    return ""


def _bulk(app: Doc, asked: Doc) -> bool:
    """Whether several organisations may be chosen at once: from the Advanced tier on, unless the app forbids it."""
    return app["tier"] in {"advanced", "enterprise"} and "bulk_connect:false" not in asked["acr_values"]


def _first_user(books: Books) -> str:
    return next((str(row["id"]) for row in books.shelf.all("user")), "")


def _first_tenant(books: Books, user_id: str) -> str:
    members = (row for row in books.shelf.all("member") if row["user"] == user_id and row["role"] in MAY_CONNECT)
    return next((str(row["tenant"]) for row in members), "")


def _consent_page(books: Books, asked: Doc, refusal: str = "") -> str:
    app = books.shelf.get("app", asked["client_id"]) or {"name": "This app", "tier": ""}
    several = " multiple" if _bulk(app, asked) else ""
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in asked.items() if v)
    users = "".join(
        f'<option value="{row["id"]}">{escape(row["first_name"])} {escape(row["last_name"])} ({escape(row["email"])})'
        "</option>"
        for row in books.shelf.all("user")
    )
    chosen = "".join(
        f'<option value="{row["OrganisationID"]}">{escape(row["Name"])}</option>'
        for row in books.shelf.all("organisation")
    )
    wanted = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in asked["scope"].split())
    told = f'<p class="refusal" role="alert">{escape(refusal)}</p>' if refusal else ""
    return _html(
        f"{escape(app['name'])} wants access to:",
        f'{told}<form method="post" action="/identity/connect/authorize">{hidden}'
        f'<p><label>Sign in as <select name="user">{users}</select></label></p>'
        f'<p><label>Organisation <select name="tenant"{several}>{chosen}</select></label></p><ul>{wanted}</ul>'
        '<p><button name="decision" value="allow">Allow access</button> '
        '<button name="decision" value="cancel">Cancel</button></p></form>',
    )


def _html(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title} · Xero stand-in</title><style>body{{font:16px/1.5 sans-serif;max-width:34rem;margin:3rem auto;"
        "padding:0 1rem}button{font:inherit;padding:.5rem 1rem}.refusal{color:#a00}</style>"
        f"<p><small>Xero stand-in: nothing here reaches Xero.</small></p><h1>{title}</h1>{body}</html>"
    )
