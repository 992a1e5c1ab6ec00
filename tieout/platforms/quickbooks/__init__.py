"""QuickBooks Online: its verbs. Each makes its calls once, in the order shown; what did not work is a RemoteError.

A settlement becomes a JournalEntry; up to thirty go in one batch, whose items stand alone and are judged one by one.
Numbers of journals are not unique, so they are looked for before anything is sent again. There are no drafts.
"""

from collections.abc import Mapping
from urllib.parse import quote

from tieout.calls import Call
from tieout.core.chart import Books
from tieout.core.openid import Provider
from tieout.core.records import DocumentKind, Form
from tieout.platforms import Access
from tieout.platforms.quickbooks import attaching, wire
from tieout.platforms.quickbooks.attaching import attachable
from tieout.platforms.quickbooks.chart_wire import adopt
from tieout.platforms.quickbooks.company import probe, rate, read_books, tracking
from tieout.platforms.quickbooks.consent import (
    GRACE_SECONDS,
    IDLE_DAYS,
    SCOPES,
    authorise_url,
    connections,
    credentials,
    disconnect,
    exchange,
    keys_refused,
    lacking,
    refresh,
    refused,
    revoke,
)
from tieout.platforms.quickbooks.customers import contact
from tieout.platforms.quickbooks.errors import limits_of
from tieout.platforms.quickbooks.journals import MOST_DOCUMENTS, find, gone, how_many_fit, is_void, send, to_wire
from tieout.platforms.quickbooks.permissions import KEEPS_LIST, TELLS_RIGHTS, WHY, outdated, try_write
from tieout.platforms.quickbooks.records import (
    Change,
    Changes,
    changed_records,
    create_record,
    query_records,
    read_record,
    update_record,
    void_record,
)

__all__ = [
    "APPROVED",
    "CALLS_AT_ONCE",
    "CALLS_A_DAY",
    "CALLS_A_MINUTE",
    "CALLS_A_SECOND",
    "DRAFT",
    "FOLLOWUPS",
    "FORM",
    "GRACE_SECONDS",
    "IDLE_DAYS",
    "KEEPS_LIST",
    "LABEL",
    "LONGEST",
    "MOST_ATTACHED_BYTES",
    "MOST_DOCUMENTS",
    "NAME",
    "NUMBER_UNIQUE",
    "READS_A_MONTH",
    "SCOPES",
    "TAKES_CUSTOM_APPS",
    "TELLS_RIGHTS",
    "URLS",
    "WHY",
    "WRITES_A_MINUTE",
    "Change",
    "Changes",
    "adopt",
    "attach",
    "attachable",
    "attachments",
    "authorise_url",
    "changed_records",
    "connections",
    "contact",
    "create_record",
    "credentials",
    "disconnect",
    "exchange",
    "find",
    "gone",
    "home",
    "how_many_fit",
    "is_void",
    "keys_refused",
    "lacking",
    "limits_of",
    "link",
    "note",
    "notes",
    "outdated",
    "probe",
    "query_records",
    "rate",
    "read_books",
    "read_record",
    "refresh",
    "refused",
    "revoke",
    "send",
    "to_wire",
    "tracking",
    "try_write",
    "update_record",
    "void_record",
]

NAME, LABEL = "quickbooks", "QuickBooks"
# The document lies on another host than the issuer; only userinfo tells the e-mail address, and whether it was proven.
OPENID = Provider(
    name=NAME,
    label="Intuit",
    issuer="https://oauth.platform.intuit.com/op/v1",
    discovery="https://developer.api.intuit.com/.well-known/openid_configuration",
    verified="emailVerified",
    asks_userinfo=True,
)
TAKES_CUSTOM_APPS = False
FORM = Form.JOURNALS
NUMBER_UNIQUE: Mapping[DocumentKind, bool] = {DocumentKind.JOURNAL: False}
URLS: Mapping[str, str] = {
    "login": "https://appcenter.intuit.com",
    "identity": "https://developer.api.intuit.com",  # where the discovery document lies
    "api": "https://quickbooks.api.intuit.com",
}
APPROVED, DRAFT = wire.POSTED, wire.POSTED
CALLS_A_MINUTE, CALLS_AT_ONCE, CALLS_A_DAY = 500, 10, 0
CALLS_A_SECOND = 7  # of 10: connecting makes a few outside any budget
WRITES_A_MINUTE = 40  # batches
READS_A_MONTH = 500_000  # of the smallest tier, of all companies together
FOLLOWUPS = ("attach",)
MOST_ATTACHED_BYTES = 20_000_000  # Intuit takes more, but a file is held whole while it is sent
# The longest texts that documents may carry, by the name of our field.
LONGEST: Mapping[str, int] = {"number": 21, "reference": 3800, "description": 4000}

_ENTITIES = {DocumentKind.JOURNAL: wire.JOURNAL, DocumentKind.INVOICE: "Invoice", DocumentKind.BILL: "Bill"}
_PAGES = {DocumentKind.JOURNAL: "journal", DocumentKind.INVOICE: "invoice", DocumentKind.BILL: "bill"}


def attach(
    call: Call, access: Access, kind: DocumentKind, document_id: str, filename: str, content: bytes, key: str
) -> None:
    """Attach a file. Ask `attachments` first when it may be there."""
    attaching.attach(call, access, _ENTITIES[kind], document_id, filename, content, key)


def attachments(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    """The names of the files on a document."""
    return attaching.attached(call, access, _ENTITIES[kind], document_id)


def note(call: Call, access: Access, kind: DocumentKind, document_id: str, text: str, key: str) -> None:
    """Never asked: a journal's own note holds what there is to say."""
    raise AssertionError("documents have no notes here")


def notes(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    return ()


def link(books: Books, kind: DocumentKind, document_id: str) -> str:
    """Where a person sees the document, in the right company whatever the browser has open. Source: observed links."""
    page = quote(f"{_PAGES[kind]}?txnId={document_id}", safe="")
    if books.is_demo:
        return f"https://sandbox.qbo.intuit.com/login?deeplinkcompanyid={books.id}&pagereq={page}"
    return f"https://qbo.intuit.com/app/login?pagereq={page}&deeplinkcompanyid={books.id}"


def home(books: Books) -> str:
    """Where a person finds these books, whatever company the browser has open. Source: observed links."""
    if books.is_demo:
        return f"https://sandbox.qbo.intuit.com/login?deeplinkcompanyid={books.id}&pagereq=homepage"
    return f"https://qbo.intuit.com/app/login?pagereq=homepage&deeplinkcompanyid={books.id}"
