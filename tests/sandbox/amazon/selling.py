"""A caller of the Amazon stand-in in this process: gets its token, then asks; bodies come back as documents."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from tieout.sandbox import Answer, Request
from tieout.sandbox.amazon import sellers
from tieout.sandbox.amazon.scenarios import APP_ID, APP_SECRET, REFRESH_TOKEN
from tieout.sandbox.world import World

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
V2 = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
API = "/eu/reports/2021-06-30"
FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


@dataclass
class Reply:
    """An answer with its body read."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def doc(self) -> Any:
        return json.loads(self.answer.body, parse_float=Decimal)

    @property
    def error(self) -> tuple[int, str, str, str]:
        """Status, code, message and details of the first error."""
        told = self.doc["errors"][0]
        return self.status, told["code"], told["message"], told["details"]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.answer.headers if key.lower() == name.lower()), None)


@dataclass
class Caller:
    world: World
    refresh: str = REFRESH_TOKEN
    access: str = ""

    def token(self, **more: str) -> Reply:
        told = {"grant_type": "refresh_token", "refresh_token": self.refresh, "client_id": APP_ID}
        told |= {"client_secret": APP_SECRET} | more
        kept = {name: value for name, value in told.items() if value}
        return Reply(self.world.answer(Request.of("POST", "/auth/o2/token", FORM, urlencode(kept))))

    def sign_in(self) -> Caller:
        reply = self.token()
        assert reply.status == 200, reply.answer
        self.access = reply.doc["access_token"]
        return self

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Reply:
        sent = {"x-amz-access-token": self.access, "content-type": "application/json"} | headers
        content = b"" if body is None else json.dumps(body).encode()
        return Reply(self.world.answer(Request.of(method, target, sent, content)))

    def reports(self, **query: str) -> Reply:
        told = {"reportTypes": V2} | query
        return self.ask("GET", f"{API}/reports?{urlencode({k: v for k, v in told.items() if v})}")

    def all_reports(self, **query: str) -> list[Any]:
        return list(self.reports(pageSize="100", **query).doc["reports"])

    def download(self, document_id: str) -> tuple[bytes, str]:
        """The bytes of a document, unpacked where they were packed, and the Content-Type they came with."""
        told = self.ask("GET", f"{API}/documents/{document_id}").doc
        answer = self.fetch(told["url"])
        assert answer.status == 200, answer
        body = gzip.decompress(answer.body) if told.get("compressionAlgorithm") == "GZIP" else answer.body
        return body, str(answer.content_type)

    def fetch(self, url: str, **headers: str) -> Answer:
        where = urlsplit(url)
        return self.world.answer(Request.of("GET", f"{where.path}?{where.query}", headers))


def london(**how: Any) -> Caller:
    """Somebody signed in to the London seller; the clock stands still unless told otherwise."""
    return Caller(sellers(**({"now": START} | how))).sign_in()


def total_and_sum(body: bytes, encoding: str, sign: str = ".") -> tuple[Decimal, Decimal]:
    """What a settlement says it comes to, and what its rows add up to."""
    lines = [line.split("\t") for line in body.decode(encoding).splitlines()]
    rows = [Decimal(line[14].replace(sign, ".")) for line in lines[2:]]
    return Decimal(lines[1][4].replace(sign, ".")), sum(rows, Decimal(0))
