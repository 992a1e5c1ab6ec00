"""The pages a person sees at Intuit: sign-in with consent for one company, the blank error page, connected apps."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode, urlsplit

from tieout.sandbox import Answer, Doc, Request, page
from tieout.sandbox.quickbooks import apps, tokens
from tieout.sandbox.quickbooks.state import Books, Company

ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = frozenset({ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address"})
NOT_ADMIN = "Only an admin of the company can connect it to an app"
OVER_LIMIT = "has reached the number of companies it may be connected to"
_ASKED = ("client_id", "response_type", "scope", "redirect_uri", "state", "nonce")


def authorise(books: Books, request: Request) -> Answer:
    """GET shows the consent page; POST is the person's decision. Never redirects to an address not registered."""
    asked = _asked(request)
    wrong = _wrong(books, asked)
    if wrong:
        return error_page(wrong)
    return page(200, _consent_page(books, asked)) if request.method == "GET" else decide(books, request)


def decide(books: Books, request: Request, *, realm: str = "", without: tuple[str, ...] = ()) -> Answer:
    """The person's decision as posted: `user`, `company`, `decision`; a fault may turn it to another company."""
    asked, form = _asked(request), request.form()
    wrong = _wrong(books, asked)
    if wrong:
        return error_page(wrong)
    if form.get("decision", "allow") != "allow":
        return cancelled(request)
    app = books.shelf.get("app", asked["client_id"]) or {}
    who = form.get("user") or _first_person(books, app)
    company = books.company(realm or form.get("company") or _first_company(books, app, who))
    refusal = _refusal(app, company, who)
    if company is None or refusal:
        return page(403, _consent_page(books, asked, refusal))
    held = [scope for scope in asked["scope"].split() if scope not in without]
    row: Doc = {"app": app["client_id"], "realm": company.realm, "who": who.lower(), "scopes": held}
    code = tokens.new_code(books, row | {"redirect_uri": asked["redirect_uri"], "nonce": asked["nonce"]})
    return _redirect(asked, {"code": code, "realmId": company.realm})


def cancelled(request: Request) -> Answer:
    return _redirect(_asked(request), {"error": "access_denied"})


def over_limit(books: Books, request: Request) -> Answer:
    asked = _asked(request)
    app = books.shelf.get("app", asked["client_id"]) or {"name": "This app"}
    return page(403, _consent_page(books, asked, f"{app['name']} {OVER_LIMIT}"))


def error_page(reason: str) -> Answer:
    """Intuit's own page, which says nothing of use; the reason stands in a comment for whoever debugs the stand-in."""
    told = f"<!-- {escape(reason)} --><p>Sorry, but undefined didn't connect</p><p>Please try again later.</p>"
    return page(400, _html("Uh oh, there's a connection problem", told))


def connected_apps(books: Books, request: Request) -> Answer:
    """The company's list of connected apps; POST `grant` disconnects."""
    grant = books.shelf.get("grant", request.form().get("grant", "")) if request.method == "POST" else None
    if grant is not None:
        books.shelf.put("grant", grant["id"], grant | {"state": "disconnected"})
        return Answer(303, headers=(("Location", "/app/apps"),))
    rows = "".join(
        f'<tr><td>{escape(row["app"])}</td><td>{escape(row["realm"])}</td><td><form method="post">'
        f'<button name="grant" value="{escape(row["id"])}">Disconnect</button></form></td></tr>'
        for row in books.shelf.all("grant")
        if row["state"] == "live"
    )
    return page(200, _html("Connected apps", f"<table>{rows}</table>"))


def people(books: Books, app: Doc) -> dict[str, str]:
    """Everybody who belongs to a company of the app's environment: mail address and name, in order."""
    found: dict[str, str] = {}
    for company in _companies(books, app):
        for user in company.facts["users"]:
            found.setdefault(str(user["email"]).lower(), str(user["name"]))
    return found


def role(company: Company, who: str) -> str:
    users = (user for user in company.facts["users"] if str(user["email"]).lower() == who.lower())
    return next((str(user["role"]) for user in users), "none")


def _asked(request: Request) -> Doc:
    form = request.form() if request.method == "POST" else {}
    return {name: form.get(name) or request.param(name) or "" for name in _ASKED}


def _wrong(books: Books, asked: Doc) -> str:
    app = books.shelf.get("app", asked["client_id"])
    if app is None:
        return "client_id is not known"
    uri = asked["redirect_uri"]
    if uri not in app["redirect_uris"] or not apps.takes(app["environment"], uri):
        return "redirect_uri is not registered"
    if asked["response_type"] != "code":
        return "response_type is not code"
    wanted = set(asked["scope"].split())
    if not wanted or wanted - SCOPES:
        return "scope is not valid"
    return "" if asked["state"] else "state is missing"


def _refusal(app: Doc, company: Company | None, who: str) -> str:
    if company is None or not _is_seen(company, app):
        return "Choose a company"
    return "" if role(company, who) == "admin" else NOT_ADMIN


def _companies(books: Books, app: Doc) -> list[Company]:
    return [company for company in books.companies() if _is_seen(company, app)]


def _is_seen(company: Company, app: Doc) -> bool:
    """Development keys see sandbox companies, production keys the others; a company may be seen from both."""
    wanted = "sandbox" if app.get("environment") == "development" else "production"
    return company.facts["environment"] in {"", wanted}


def _first_person(books: Books, app: Doc) -> str:
    admins = (user for company in _companies(books, app) for user in company.facts["users"] if user["role"] == "admin")
    return next((str(user["email"]) for user in admins), "")


def _first_company(books: Books, app: Doc, who: str) -> str:
    return next((company.realm for company in _companies(books, app) if role(company, who) == "admin"), "")


def _redirect(asked: Doc, more: Doc) -> Answer:
    joined = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    query = urlencode(more | {"state": asked["state"]})
    return Answer(302, headers=(("Location", f"{asked['redirect_uri']}{joined}{query}"), ("Cache-Control", "no-store")))


def _consent_page(books: Books, asked: Doc, refusal: str = "") -> str:
    app = books.shelf.get("app", asked["client_id"]) or {"name": "This app"}
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in asked.items() if v)
    users = "".join(
        f'<option value="{escape(email)}">{escape(name)} ({escape(email)})</option>'
        for email, name in people(books, app).items()
    )
    chosen = "".join(
        f'<option value="{company.realm}">{escape(company.facts["name"])}</option>'
        for company in _companies(books, app)
    )
    wanted = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in asked["scope"].split())
    told = f'<p class="refusal" role="alert">{escape(refusal)}</p>' if refusal else ""
    return _html(
        f"{escape(app['name'])} wants access to your company",
        f'{told}<form method="post" action="/connect/oauth2">{hidden}'
        f'<p><label>Sign in as <select name="user">{users}</select></label></p>'
        f'<p><label>Company <select name="company">{chosen}</select></label></p><ul>{wanted}</ul>'
        '<p><button name="decision" value="allow">Connect</button> '
        '<button name="decision" value="cancel">Cancel</button></p></form>',
    )


def _html(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title} · QuickBooks stand-in</title><style>body{{font:16px/1.5 sans-serif;max-width:34rem;"
        "margin:3rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem}.refusal{color:#a00}</style>"
        f"<p><small>QuickBooks stand-in: nothing here reaches Intuit.</small></p><h1>{title}</h1>{body}</html>"
    )
