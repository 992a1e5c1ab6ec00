"""What hangs on a record: attachments as raw bytes, and the history of what was done to it."""

from __future__ import annotations

import hashlib
import re

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import fields, refusals, shape
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Invalid, Verdict
from tieout.sandbox.xero.state import Asked

MOST_ATTACHMENTS, LONGEST_NOTE = 10, 2500
SMALL_KINDS = frozenset({"ManualJournals", "Accounts"})
MEGABYTE = 1024 * 1024
HISTORY = Kind("HistoryRecords", "HistoryRecord", "", "")
_BAD_NAME = re.compile(r'[<>:"/\\?*+|\x00]')


def attachments(asked: Asked, kind: Kind, row: Doc, rest: tuple[str, ...]) -> Answer:
    """The list; one by id or name as raw bytes; PUT or POST keeps raw bytes under the name."""
    held = _held(asked, kind, row)
    if asked.request.method in {"PUT", "POST"}:
        if len(rest) != 1:
            raise Refused(refusals.not_found())
        return _attach(asked, kind, row, held, rest[0])
    if not rest:
        return shape.envelope(asked, "Attachments", [_bare(one) for one in held])
    wanted = fields.guid(rest[0])
    found = next((one for one in held if one["AttachmentID"] == wanted or one["FileName"] == rest[0]), None)
    if found is None:
        raise Refused(refusals.not_found())
    return Answer(200, found["_content"], found["MimeType"])


def _attach(asked: Asked, kind: Kind, row: Doc, held: list[Doc], name: str) -> Answer:
    verdict = Verdict()
    content = asked.request.body
    before = next((one for one in held if one["FileName"] == name), None)
    if _BAD_NAME.search(name) or not name.strip():
        verdict.error("attachment-name")
    if before is None and len(held) >= MOST_ATTACHMENTS:
        verdict.error("attachment-limit")
    most = 3 if kind.key in SMALL_KINDS else float(asked.books.switches["attachment_megabytes"])
    if len(content) > most * MEGABYTE:
        verdict.error("attachment-large")
    if not content:
        verdict.error("attachment-empty")
    try:
        verdict.check({"FileName": name}, "AttachmentID")
    except Invalid as invalid:
        raise Refused(refusals.validation(asked.request, [invalid.echo], "Attachment")) from invalid
    made = before or {"AttachmentID": asked.new_id(), "FileName": name}
    made = made | {
        "Url": f"https://api.xero.com/api.xro/2.0/{kind.key}/{row[kind.id]}/Attachments/{name}",
        "MimeType": asked.request.header("content-type") or "application/octet-stream",
        "ContentLength": len(content),
        "IncludeOnline": asked.flag("IncludeOnline", False),
        "_content": content,
        "_of": f"{kind.key}/{row[kind.id]}",
        "_digest": hashlib.sha256(content).hexdigest(),
    }
    asked.keep("Attachments", made["AttachmentID"], made)
    asked.keep(kind.key, row[kind.id], row | {"HasAttachments": True})
    key = asked.request.header("idempotency-key")
    asked.books.note_write(asked.tenant, "Attachments", made["AttachmentID"], name, key, asked.request.method)
    return shape.envelope(asked, "Attachments", [_bare(made)])


def history(asked: Asked, kind: Kind, row: Doc) -> Answer:
    """The notes on a record, newest first; PUT adds notes that nobody can change."""
    place = f"{kind.key}/{row[kind.id]}"
    if asked.request.method not in {"PUT", "POST"}:
        held = [note for note in reversed(asked.rows("History")) if note["_of"] == place]
        return shape.envelope(asked, "HistoryRecords", [_bare(note) for note in held])
    made = [_noted(asked, place, sent) for sent in fields.elements(asked.request, HISTORY)]
    return shape.envelope(asked, "HistoryRecords", [_bare(note) for note in made])


def _noted(asked: Asked, place: str, sent: Doc) -> Doc:
    verdict = Verdict()
    details = str(sent.get("Details") or "")
    if not details:
        verdict.error("field-missing", field="Details")
    if len(details) > LONGEST_NOTE:
        verdict.error("history-long")
    try:
        verdict.check(sent, "HistoryRecordID")
    except Invalid as invalid:
        raise Refused(refusals.validation(asked.request, [invalid.echo], "HistoryRecord")) from invalid
    note: Doc = {"Changes": "Note", "User": "System Generated", "Details": details}
    note |= {"DateUTCString": asked.now.strftime("%Y-%m-%dT%H:%M:%S"), "DateUTC": asked.now}
    return asked.keep("History", asked.new_id(), note | {"_of": place})


def _held(asked: Asked, kind: Kind, row: Doc) -> list[Doc]:
    return list(asked.find("Attachments", "_of", f"{kind.key}/{row[kind.id]}"))


def _bare(row: Doc) -> Doc:
    return {key: value for key, value in row.items() if not key.startswith("_")}
