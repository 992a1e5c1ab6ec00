"""A caller of the QuickBooks stand-in in this process: signs in once, then asks; bodies come back as documents."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tieout.sandbox import Answer, Request
from tieout.sandbox.quickbooks import books, of
from tieout.sandbox.quickbooks.state import Company
from tieout.sandbox.world import World

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REDIRECT = "http://localhost:8000/callback"
SCOPES = "com.intuit.quickbooks.accounting openid profile email"
FORM = "application/x-www-form-urlencoded"


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
    def code(self) -> str:
        """The code of the first error, in either shape; empty when there is none."""
        fault = self.doc.get("Fault") or self.doc.get("fault") or {}
        errors = fault.get("Error") or fault.get("error") or [{"code": ""}]
        return str(errors[0]["code"])

    @property
    def detail(self) -> str:
        fault = self.doc.get("Fault") or self.doc.get("fault")
        error = (fault.get("Error") or fault.get("error"))[0]
        return str(error.get("Detail") or error.get("detail"))

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.answer.headers if key.lower() == name.lower()), None)


@dataclass
class Caller:
    world: World
    client_id: str = "tieout-demo"
    secret: str = "tieout-demo-secret"
    redirect: str = REDIRECT
    access: str = ""
    refresh: str = ""
    realm: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def company(self) -> Company:
        found = of(self.world).books.company(self.realm)
        assert found is not None
        return found

    @property
    def switches(self) -> dict[str, Any]:
        return of(self.world).switches

    def consent(self, scope: str = SCOPES, **more: str) -> dict[str, str]:
        """Posts the consent page; what came back in the redirect. `user`, `company`, `decision` may be told."""
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect, "scope": scope}
        body = urlencode(asked | {"state": "s1", "decision": "allow"} | more)
        answer = self.world.answer(Request.of("POST", "/connect/oauth2", body=body))
        place = dict(answer.headers).get("Location", "")
        return dict(parse_qsl(urlsplit(place).query)) if answer.status == 302 else {"page": answer.body.decode()}

    def token(self, headers: dict[str, str] | None = None, **form: str) -> Reply:
        sent = {"Authorization": self.basic, "Content-Type": FORM, "Accept": "application/json"} | (headers or {})
        return Reply(self.world.answer(Request.of("POST", "/oauth2/v1/tokens/bearer", sent, urlencode(form))))

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()

    def sign_in(self, scope: str = SCOPES, **more: str) -> Caller:
        found = self.consent(scope, **more)
        self.realm = found["realmId"]
        self.keep(self.token(grant_type="authorization_code", code=found["code"], redirect_uri=self.redirect))
        return self

    def keep(self, reply: Reply) -> None:
        assert reply.status == 200, reply.answer
        self.access, self.refresh = reply.doc["access_token"], reply.doc["refresh_token"]

    def renew(self, value: str = "") -> Reply:
        reply = self.token(grant_type="refresh_token", refresh_token=value or self.refresh)
        if reply.status == 200:
            self.keep(reply)
        return reply

    def revoke(self, token: str, *, form: bool = False) -> Reply:
        body = urlencode({"token": token}) if form else json.dumps({"token": token})
        headers = {"Authorization": self.basic, "Content-Type": FORM if form else "application/json"}
        return Reply(self.world.answer(Request.of("POST", "/v2/oauth2/tokens/revoke", headers, body)))

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Reply:
        """`target` is below the company unless it begins with a slash."""
        sent = {"Authorization": f"Bearer {self.access}", "Accept": "application/json"}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= self.extra | {name.replace("_", "-"): value for name, value in headers.items()}
        path = target if target.startswith("/") else f"/v3/company/{self.realm}/{target}"
        content = (
            body if isinstance(body, bytes | str) else json.dumps(body, default=float) if body is not None else b""
        )
        return Reply(self.world.answer(Request.of(method, path, sent, content)))

    def get(self, target: str, **headers: str) -> Reply:
        return self.ask("GET", target, **headers)

    def post(self, target: str, body: Any, **headers: str) -> Reply:
        return self.ask("POST", target, body, **headers)

    def query(self, statement: str) -> Any:
        """What a statement finds, as its QueryResponse."""
        reply = self.get(f"query?query={quote(statement)}&minorversion=75")
        assert reply.status == 200, reply.answer
        return reply.doc["QueryResponse"]

    def refused(self, statement: str) -> tuple[int, str]:
        """Status and code with which a statement is refused."""
        reply = self.get(f"query?query={quote(statement)}&minorversion=75")
        return reply.status, reply.code

    def made(self, entity: str, body: dict[str, Any], **more: str) -> Any:
        """A record, made and returned."""
        query = f"?{urlencode(more)}" if more else ""
        reply = self.post(f"{entity.lower()}{query}", body)
        assert reply.status == 200, reply.answer
        return reply.doc[entity]


def signed_in(**how: Any) -> Caller:
    """Somebody signed in to the first company; the clock stands still, so calls a second are not counted."""
    caller = Caller(books(**({"now": START} | how))).sign_in()
    caller.switches["per_second"] = 0
    return caller
