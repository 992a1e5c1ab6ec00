"""The addresses of the Accounting API, below `/v3/company/{realmId}/`; names in any case."""

from __future__ import annotations

from tieout.sandbox import Answer, Doc
from tieout.sandbox.quickbooks import batch, denials, feed, finding, gate, ledger, papers, uploads, wire, writing
from tieout.sandbox.quickbooks.denials import Refused
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked

# The vendor has these; the stand-in does not, and says so instead of guessing.
ELSEWHERE = frozenset(
    "budget companyinfo creditcardpayment customertype entitlements estimate inventoryadjustment journalcode"
    " purchaseorder recurringtransaction reimbursecharge reports taxclassification taxpayment timeactivity".split()
)


def answer(asked: Asked, key: str) -> Answer:
    """The answer to one call that was let in; `key` is its requestid. Raises Fault or Refused."""
    rest, method = asked.request.segments[3:], asked.request.method
    match tuple(part.lower() for part in rest[:2]), len(rest), method:
        case ("query",), 1, "GET" | "POST":
            return _said(asked, finding.answer(asked, _statement(asked)))
        case ("batch",), 1, "POST":
            return _said(asked, batch.answer(asked))
        case ("cdc",), 1, "GET":
            return _said(asked, feed.answer(asked))
        case ("preferences",), 1, "GET":
            return _said(asked, {"Preferences": wire.shown(ledger.preferences(asked))})
        case ("companyinfo", _), 2, "GET":
            return _said(asked, {"CompanyInfo": wire.shown(ledger.about_company(asked))})
        case ("exchangerate",), 1, "GET":
            return _said(asked, {"ExchangeRate": wire.shown(_rate(asked))})
        case ("taxservice", "taxcode"), 2, "POST":
            return _said(asked, _write(asked, "TaxService", key))
        case ("upload",), 1, "POST":
            return _said(asked, uploads.answer(asked, key))
        case ("download", _), 2, "GET":
            return uploads.address(asked, rest[1])
    return _entity(asked, rest, key)


def _entity(asked: Asked, rest: tuple[str, ...], key: str) -> Answer:
    entity = writing.ENTITIES.get(rest[0].lower()) if rest else None
    if entity is None:
        if rest and rest[0].lower() in ELSEWHERE:
            raise Refused(denials.unknown(asked.request))
        raise fault("unsupported-operation", operation="/".join(rest) or asked.request.method)
    match rest[1:], asked.request.method:
        case (), "POST":
            return _said(asked, _write(asked, entity, key))
        case (row_id,), "GET":
            gate.may_read(asked)
            return _said(asked, {entity: wire.shown(ledger.read(asked, entity, row_id))})
        case (row_id, last), "GET" if last.lower() == "pdf":
            return papers.pdf(asked, entity, row_id)
        case (row_id, last), "POST" if last.lower() == "send":
            return _said(asked, papers.send(asked, entity, row_id))
    raise fault("unsupported-operation", operation=f"{asked.request.method} {entity}")


def _write(asked: Asked, entity: str, key: str) -> Doc:
    if "json" not in asked.request.header("content-type").lower():
        raise fault("unsupported-operation", operation="write without the content type application/json")
    return writing.write(asked, entity, wire.read_json(asked.request), asked.query.get("operation", ""), key)


def _statement(asked: Asked) -> str:
    if asked.request.method == "GET":
        return asked.query.get("query", "")
    kind = asked.request.header("content-type").lower().partition(";")[0].strip()
    if kind not in {"application/text", "text/plain"}:
        raise fault("query-parse", reason=f"the content type {kind or 'of nothing'} is no application/text")
    return asked.request.body.decode("utf-8", "replace")


def _rate(asked: Asked) -> Doc:
    currency = asked.query.get("sourcecurrencycode", "")
    if not currency:
        raise fault("param-missing", name="sourcecurrencycode")
    gate.may_read(asked)
    return ledger.exchange_rate(asked, currency, asked.query.get("asofdate", ""))


def _said(asked: Asked, doc: Doc) -> Answer:
    return wire.render(asked.request, 200, doc, asked.books.clock.now())
