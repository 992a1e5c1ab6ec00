"""Uploads: parts of a form, plain or in base64, each pair of metadata and content an Attachable; files to be had."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from email.message import Message

from tieout.sandbox import Answer, Doc, text
from tieout.sandbox.quickbooks import denials, ledger, wire
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked, Fault

_NAME = re.compile(r"file_(metadata|content)_(\d+)")
_BREAK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of the form: its field, the file's name and kind, and what it holds."""

    field: str
    filename: str
    content_type: str
    content: bytes


def answer(asked: Asked, key: str) -> Doc:
    """One element for each file. Raises Fault 2010 or 2020 for a form that is none or holds no file."""
    parts = {part.field: part for part in _parts(asked)}
    numbers = sorted(match[2] for name in parts if (match := _NAME.fullmatch(name)) and match[1] == "content")
    if not numbers:
        raise fault("param-missing", name="file_content_01")
    found = [_kept(asked, parts.get(f"file_metadata_{one}"), parts[f"file_content_{one}"], key) for one in numbers]
    return {"AttachableResponse": found}


def address(asked: Asked, row_id: str) -> Answer:
    """Where the file of an Attachable can be had, as plain text; good for a while."""
    row = ledger.read(asked, "Attachable", row_id)
    return text(200, str(row.get("TempDownloadUri", "")))


def _kept(asked: Asked, metadata: _Part | None, part: _Part, key: str) -> Doc:
    books, company = asked.books, asked.company
    try:
        with books.shelf.change():
            told = _told(metadata) | {"ContentType": part.content_type}
            made = ledger.create(asked, "Attachable", told | {"FileName": told.get("FileName") or part.filename})
            books.note_write(company.realm, "Attachable", made, key, "create")
            secret = books.shelf.new_secret(32)
            place = f"/download/{company.realm}/{made['Id']}?key={secret}"
            more: Doc = {"Size": len(part.content), "TempDownloadUri": f"{_base(asked)}{place}"}
            more |= {"FileAccessUri": f"/v3/company/{company.realm}/download/{made['Id']}"}
            whole = (company.get("Attachable", made["Id"]) or made) | more
            row = company.put("Attachable", whole | {"_content": part.content, "_key": secret})
            return {"Attachable": wire.shown(row)}
    except Fault as refused:
        return denials.fault_doc(books, refused)


def _base(asked: Asked) -> str:
    # Under the vendor's own names the file is had from there too, through the same proxy.
    host = asked.request.header("host")
    return f"https://{host}" if host.lower().endswith(".intuit.com") else asked.books.world.base_url


def _told(metadata: _Part | None) -> Doc:
    if metadata is None:
        return {}
    try:
        found = json.loads(metadata.content, parse_float=Decimal)
    except ValueError as error:
        raise fault("property-unknown", name=metadata.field) from error
    if not isinstance(found, dict):
        raise fault("property-unknown", name=metadata.field)
    return {name: value for name, value in found.items() if name != "Id"}


def _parts(asked: Asked) -> list[_Part]:
    header = Message()
    header["Content-Type"] = asked.request.header("content-type")
    boundary = header.get_param("boundary")
    if header.get_content_maintype() != "multipart" or not isinstance(boundary, str):
        raise fault("unsupported-operation", operation="upload without a multipart body")
    # Some clients end their lines with a bare line feed, and put an empty line before each boundary.
    pieces = re.split(
        rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?=\r?\n|$)", asked.request.body
    )
    return [_part(piece) for piece in pieces[1:] if _BREAK.search(piece)]


def _part(piece: bytes) -> _Part:
    found = _BREAK.search(piece.lstrip(b"\r\n"))
    assert found is not None, "only pieces with a head come here"
    head, content = piece.lstrip(b"\r\n")[: found.start()], piece.lstrip(b"\r\n")[found.end() :]
    said = Message()
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        said[name.strip()] = value.strip()
    field = str(said.get_param("name", "", header="content-disposition"))
    filename = str(said.get_param("filename", "", header="content-disposition"))
    if str(said.get("Content-Transfer-Encoding", "")).lower() == "base64":
        content = _decoded(field, content)
    return _Part(field, filename, said.get_content_type(), content)


def _decoded(field: str, content: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error as error:
        raise fault("property-unknown", name=field) from error
