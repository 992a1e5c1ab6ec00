"""The body of an upload, streamed to a file of ours up to a size.

The only `async def` of the pages: here the framework hands over untouched bytes, before anything has read them. Who is
calling is settled first, so that a stranger fills no disk.
"""

import os
import shutil
from asyncio import wait_for
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from tieout.web import guard
from tieout.web.guard import SignedIn

_FORM_OVERHEAD_BYTES = 64 * 1024
_IDLE_SECONDS = 60


class UploadTooLarge(Exception):
    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"an upload may have {limit_bytes} bytes")


class UploadBroken(Exception):
    """The body is no complete form with one file in it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """`filename` is what the visitor calls it, for showing only; the file itself has a name of ours."""

    filename: str
    path: Path
    size_bytes: int


async def received(request: Request, visitor: SignedIn) -> AsyncIterator[Upload]:
    """The uploaded file, gone again when the request has ended unless somebody moved it.

    Raises UploadTooLarge as soon as the limit is passed, UploadBroken, and Forged before the file is kept.
    """
    settings = guard.settings_of(request)
    limited = _limited(request, settings.upload_limit_bytes)
    try:
        form = await MultiPartParser(request.headers, limited, max_files=1, max_fields=8, max_part_size=4096).parse()
    except (MultiPartException, ClientDisconnect, TimeoutError, KeyError) as error:
        raise UploadBroken("the upload ended early or is no form") from error
    try:
        token, file = form.get("csrf"), form.get("file")
        if not isinstance(token, str) or not guard.is_own_token(request, token):
            raise guard.Forged("the form token is missing or of another session")
        if not isinstance(file, UploadFile) or not file.filename:
            raise UploadBroken("no file was chosen")
        path = await run_in_threadpool(_keep, file, settings.spool)
    finally:
        await form.close()
    try:
        yield Upload(file.filename, path, file.size or 0)
    finally:
        await run_in_threadpool(path.unlink, missing_ok=True)


async def _limited(request: Request, limit_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body, chunk by chunk. A client that sends nothing for a minute is given up."""
    seen_bytes, most_bytes = 0, limit_bytes + _FORM_OVERHEAD_BYTES
    if int(request.headers.get("content-length", "0")) > most_bytes:
        raise UploadTooLarge(limit_bytes)
    chunks = request.stream()
    while True:
        chunk = await wait_for(anext(chunks, b""), _IDLE_SECONDS)
        seen_bytes += len(chunk)
        if seen_bytes > most_bytes:
            raise UploadTooLarge(limit_bytes)
        if not chunk:
            return
        yield chunk


def _keep(file: UploadFile, spool: Path) -> Path:
    """A copy under a random name of ours: what the visitor calls it never becomes a path."""
    descriptor, name = mkstemp(prefix="upload-", dir=spool)
    with os.fdopen(descriptor, "wb") as kept:
        shutil.copyfileobj(file.file, kept)
    return Path(name)


Received = Annotated[Upload, Depends(received)]
