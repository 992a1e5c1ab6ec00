"""Compares the Xero stand-in with the published OpenAPI files: which addresses it answers, and each field it writes.

`python tools/compare_spec.py [folder]`; the folder is `../shared/specs/xero` beside the project unless named. Where
there is none it says so and ends well, for the project builds without it. Ends with 1 when the stand-in writes a field
that the spec does not know, or one of another type.
"""

from __future__ import annotations

import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tieout.sandbox import Request
from tieout.sandbox.world import World
from tieout.sandbox.xero import books, of
from tieout.sandbox.xero.gate import bearer
from tieout.sandbox.xero.kinds import KINDS

ROOT = Path(__file__).parent.parent
SPEC = "xero_accounting.yaml"
Schema = dict[str, Any]
# Recorded on the wire and absent from the spec.
RECORDED = {
    "DateString",
    "DueDateString",
    "DateUTCString",
    "HasValidationErrors",
    "HasErrors",
    "IsBlank",
    "ValidationErrors",
}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (Decimal, int),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def compared(schemas: dict[str, Schema], schema: Schema, found: Any, place: str) -> Iterator[str]:
    """Every field of an answer that the schema does not know, or knows as another type."""
    schema = _resolved(schemas, schema)
    wanted = TYPES.get(str(schema.get("type", "")))
    if wanted and not (isinstance(found, wanted) and (bool in wanted or not isinstance(found, bool))):
        yield f"{place}: {type(found).__name__} where the spec says {schema['type']}"
        return
    if isinstance(found, list):
        for item in found:
            yield from compared(schemas, schema.get("items", {}), item, f"{place}[]")
    properties = schema.get("properties")
    if isinstance(found, dict) and properties is not None:
        for name, value in found.items():
            if name in properties:
                yield from compared(schemas, properties[name], value, f"{place}.{name}")
            elif name not in RECORDED:
                yield f"{place}.{name}: not in the spec"


def _resolved(schemas: dict[str, Schema], schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


class Asker:
    """Somebody signed in with every right by a custom connection, which needs no browser."""

    def __init__(self) -> None:
        self.world: World = books(scenario="four")
        of(self.world).switches["minute_limit"] = 100_000
        app = of(self.world).shelf.get("app", "custom-app") or {}
        held = [f"accounting.{name}" for name in ("manualjournals", "attachments", *app["scopes"])]
        scopes = [name for name in held if name.count(".") == 1] + list(app["scopes"])
        of(self.world).shelf.put("app", "custom-app", app | {"scopes": scopes})
        basic = {"Authorization": "Basic " + b64encode(b"custom-app:custom-secret").decode()}
        answer = self.world.answer(Request.of("POST", "/connect/token", basic, "grant_type=client_credentials"))
        self.headers = {
            "Authorization": f"Bearer {json.loads(answer.body)['access_token']}",
            "Accept": "application/json",
        }
        assert bearer(of(self.world).books, Request.of("GET", "/", self.headers))

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = self.headers | {"Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body)
        answer = self.world.answer(Request.of(method, f"/api.xro/2.0/{path}", headers, content))
        is_json = (answer.content_type or "").startswith("application/json")
        return answer.status, json.loads(answer.body, parse_float=Decimal) if is_json else answer.body


def answers(asker: Asker) -> Iterator[tuple[str, str, Any]]:
    """(list, schema, one answered record) for one record of each kind that can be written, and of the settings."""
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 10, "AccountCode": "TO-200", "TaxType": "OUTPUT2"}
    document = {"Contact": {"Name": "Amazon"}, "Date": "2026-11-10", "DueDate": "2026-11-10", "LineItems": [line]}
    document |= {"Status": "AUTHORISED"}
    sent: dict[str, Any] = {
        "Contacts": {"Name": "Spec", "EmailAddress": "a@b.example"},
        "ContactGroups": {"Name": "G"},
        "Invoices": document | {"Type": "ACCREC", "InvoiceNumber": "SPEC-1"},
        "CreditNotes": document | {"Type": "ACCRECCREDIT"},
        "Payments": {"Invoice": {"InvoiceNumber": "SPEC-1"}, "Account": {"Code": "090"}, "Amount": 1},
        "BankTransactions": document | {"Type": "RECEIVE-PREPAYMENT", "BankAccount": {"Code": "090"}},
        "BankTransfers": {"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "091"}, "Amount": 1},
        "ManualJournals": {
            "Narration": "n",
            "JournalLines": [{"LineAmount": 1, "AccountCode": "400"}, {"LineAmount": -1, "AccountCode": "404"}],
        },
        "Items": {"Code": "I", "SalesDetails": {"UnitPrice": 1, "AccountCode": "200"}},
        "TrackingCategories": {"Name": "T"},
        "Quotes": document | {"Status": "DRAFT"},
    }
    for key, body in sent.items():
        status, doc = asker.ask("PUT", key, {key: [body]})
        assert status == 200, (key, doc)
    for key, kind in KINDS.items():
        for one in asker.ask("GET", f"{kind.key}?page=1")[1].get(kind.key, []) if key != "journals" else []:
            yield kind.key, kind.one, one
    for one in asker.ask("GET", "Organisation/Actions")[1]["Actions"]:
        yield "Organisation/Actions", "Action", one


def unanswered(asker: Asker, paths: dict[str, Any]) -> Iterator[str]:
    """The spec's addresses that the stand-in answers with 501 by name."""
    nobody = "11111111-1111-4111-8111-111111111111"
    for path, verbs in paths.items():
        verb = next((one for one in ("get", "put", "post", "delete") if one in verbs), "get").upper()
        status, body = asker.ask(verb, re.sub(r"\{[^}]+\}", nobody, path).lstrip("/"))
        if status == 501 and isinstance(body, bytes) and b"has no address" in body:
            yield path


def main(folder: Path) -> int:
    file = folder / SPEC
    if not file.exists():
        print(f"No {SPEC} in {folder}: nothing to compare with.")
        return 0
    import yaml

    spec = yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    schemas, asker = spec["components"]["schemas"], Asker()
    wrong: list[str] = []
    seen = 0
    for key, name, found in answers(asker):
        seen += 1
        wrong += compared(schemas, schemas[name], found, key)
    missing = list(unanswered(asker, spec["paths"]))
    print(
        f"{len(spec['paths']) - len(missing)} of {len(spec['paths'])} addresses of {spec['info']['version']} answered"
    )
    print(f"{seen} records compared field by field")
    for sentence in dict.fromkeys(wrong):
        print(sentence)
    if missing:
        print("Not answered: " + " ".join(missing))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "specs" / "xero"))
