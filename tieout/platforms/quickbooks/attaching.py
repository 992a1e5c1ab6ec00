"""Files that hang on a document in QuickBooks: uploaded and linked, listed by what they hang on."""

import hashlib
import re

from tieout.calls import Call
from tieout.platforms import Access
from tieout.platforms._exact import Unreadable, encode
from tieout.platforms.quickbooks import wire
from tieout.platforms.quickbooks._asking import JSON, ask, opened, reading, rows
from tieout.platforms.quickbooks.errors import fault_in, read_error

_TYPES = {"csv": "text/csv", "txt": "text/plain", "pdf": "application/pdf", "xml": "text/xml", "zip": "application/zip"}
_NOT_IN_FILENAMES = re.compile(r"[^\w .()\[\]+=@#-]")
_LONGEST_NAME = 255


def attach(call: Call, access: Access, entity: str, record_id: str, filename: str, content: bytes, key: str) -> None:
    """Upload a file that hangs on a document, under the key. Ask `attached` first when it may be there.

    Raises OutcomeUnknown also when it was stored and the answer does not show what it hangs on.
    """
    name = attachable(filename)
    hangs_on = {"EntityRef": {"type": entity, "value": record_id}, "IncludeOnSend": False}
    content_type = _TYPES.get(name.rpartition(".")[2].lower(), "text/plain")
    about = encode({"AttachableRef": [hangs_on], "FileName": name, "ContentType": content_type})
    boundary = f"tieout-{hashlib.sha256(content).hexdigest()[:40]}"
    body = (
        _part(boundary, "file_metadata_01", "metadata.json", JSON, about)
        + _part(boundary, "file_content_01", name, content_type, content)
        + f"--{boundary}--\r\n".encode("ascii")
    )
    request = ask(access, "POST", "upload", None, body, key, f"multipart/form-data; boundary={boundary}")
    answer = call(request)
    found = opened(request, answer)
    with reading(request, answer):
        (element, *_) = wire.items(found, "AttachableResponse") or [None]
        if fault := fault_in(element):
            raise read_error(request, answer, fault)
        stored = element.get("Attachable") if isinstance(element, dict) else None
        if not isinstance(stored, dict) or not _hangs_on(stored, record_id):
            raise Unreadable("the answer does not show the file on its document")


def attached(call: Call, access: Access, entity: str, record_id: str) -> tuple[str, ...]:
    """The names of the files on a document."""
    found = rows(
        call,
        access,
        "Attachable",
        ("AttachableRef.EntityRef.Type", "=", entity),
        ("AttachableRef.EntityRef.value", "=", record_id),
    )
    return tuple(str(each["FileName"]) for each in found if "FileName" in each)


def attachable(filename: str) -> str:
    """The name without folder and without characters that end a header, at most 255 long with its ending."""
    name = _NOT_IN_FILENAMES.sub("_", filename.replace("\\", "/").rpartition("/")[2]).strip() or "file"
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= _LONGEST_NAME else f"{stem[: _LONGEST_NAME - 1 - len(ending)]}{dot}{ending}"[:255]


def _part(boundary: str, name: str, filename: str, content_type: str, content: bytes) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


def _hangs_on(stored: dict[str, object], record_id: str) -> bool:
    references = stored.get("AttachableRef", [])
    some = references if isinstance(references, list) else []
    named = [each.get("EntityRef", {}) for each in some if isinstance(each, dict)]
    return any(isinstance(each, dict) and each.get("value") == record_id for each in named)
