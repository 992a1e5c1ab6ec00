"""A caller of the Xero stand-in in this process: signs in once, then asks; bodies come back as documents."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tieout.sandbox import Answer, Request
from tieout.sandbox.world import World
from tieout.sandbox.xero import books

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REDIRECT = "http://localhost:8000/callback"
SCOPES = (
    "openid profile email offline_access accounting.invoices accounting.payments accounting.banktransactions"
    " accounting.manualjournals accounting.contacts accounting.settings accounting.attachments"
)


@dataclass
class Reply:
    """An answer with its body read, decimals exact."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def doc(self) -> Any:
        return json.loads(self.answer.body, parse_float=Decimal)

    @property
    def messages(self) -> list[str]:
        """Every validation message, of all elements and of what is nested in them."""
        return list(dict.fromkeys(_messages(self.doc)))

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.answer.headers if key.lower() == name.lower()), None)

    def first(self, key: str) -> Any:
        return self.doc[key][0]


def _messages(found: Any) -> list[str]:
    if isinstance(found, list):
        return [message for item in found for message in _messages(item)]
    if not isinstance(found, dict):
        return []
    own = [one["Message"] for one in found.get("ValidationErrors", [])]
    return own + [message for value in found.values() for message in _messages(value)]


@dataclass
class Caller:
    world: World
    client_id: str = "tieout-demo"
    secret: str = "tieout-demo-secret"
    access: str = ""
    refresh: str = ""
    tenant: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def consent(self, scope: str = SCOPES, **more: str) -> dict[str, str]:
        """Posts the consent page; what came back in the redirect. `user`, `tenant`, `decision` may be told."""
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT, "scope": scope}
        body = urlencode(asked | {"state": "s1", "decision": "allow"} | more)
        answer = self.world.answer(Request.of("POST", "/identity/connect/authorize", body=body))
        place = dict(answer.headers).get("Location", "")
        return dict(parse_qsl(urlsplit(place).query)) if answer.status == 302 else {"page": answer.body.decode()}

    def token(self, **form: str) -> Reply:
        sent = {"client_id": self.client_id, "client_secret": self.secret} | form
        return Reply(self.world.answer(Request.of("POST", "/connect/token", body=urlencode(sent))))

    def sign_in(self, scope: str = SCOPES, **more: str) -> Caller:
        code = self.consent(scope, **more)["code"]
        self.keep(self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT, **_verifier(more)))
        self.tenant = more.get("tenant") or self.get("/connections").doc[0]["tenantId"]
        return self

    def keep(self, reply: Reply) -> None:
        assert reply.status == 200, reply.answer
        self.access, self.refresh = reply.doc["access_token"], reply.doc.get("refresh_token", "")

    def renew(self) -> Reply:
        reply = self.token(grant_type="refresh_token", refresh_token=self.refresh)
        if reply.status == 200:
            self.keep(reply)
        return reply

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Reply:
        """`target` is below the Accounting API unless it begins with a slash."""
        sent = {"Authorization": f"Bearer {self.access}", "Accept": "application/json", "xero-tenant-id": self.tenant}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= self.extra | {name.replace("_", "-"): value for name, value in headers.items()}
        path = target if target.startswith("/") else f"/api.xro/2.0/{target}"
        content = body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else b""
        return Reply(self.world.answer(Request.of(method, path, sent, content)))

    def get(self, target: str, **headers: str) -> Reply:
        return self.ask("GET", target, **headers)

    def put(self, target: str, body: Any, **headers: str) -> Reply:
        return self.ask("PUT", target, body, **headers)

    def post(self, target: str, body: Any, **headers: str) -> Reply:
        return self.ask("POST", target, body, **headers)


def _verifier(more: dict[str, str]) -> dict[str, str]:
    return {"code_verifier": more["code_verifier"]} if "code_verifier" in more else {}


def london(**how: Any) -> Caller:
    """Somebody signed in to the London organisation; the clock stands still unless told otherwise."""
    return Caller(books(**({"now": START} | how))).sign_in()


def invoice(number: str = "S-1", *lines: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """An approved sales invoice to Amazon; lines are (amount, account, tax type), tax inside the amounts."""
    wanted = lines or (("120.00", "TO-200", "OUTPUT2"), ("-30.00", "TO-203", "INPUT2"))
    return {
        "Type": "ACCREC",
        "InvoiceNumber": number,
        "Contact": {"Name": "Amazon UK"},
        "Date": "2026-11-10",
        "DueDate": "2026-11-10",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Inclusive",
        "LineItems": [
            {"Description": account, "Quantity": 1, "UnitAmount": float(amount), "AccountCode": account, "TaxType": tax}
            for amount, account, tax in wanted
        ],
    } | more
