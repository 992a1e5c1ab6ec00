"""The body of an upload, streamed to a file of ours up to a size.

The only `async def` of the pages stand here: the framework hands over untouched bytes, before anything has read them.
Who is calling is settled first, so that a stranger fills no disk.
"""

import os
import shutil
from asyncio import wait_for
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from tieout.sync import settlements
from tieout.web import guard
from tieout.web.guard import SignedIn

MOST_FILES = 50

_FORM_OVERHEAD_BYTES = 64 * 1024
_IDLE_SECONDS = 60


class UploadTooLarge(Exception):
    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"an upload may have {limit_bytes} bytes")


class UploadBroken(Exception):
    """The body is no complete form with a file in it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """`filename` is what the visitor calls it, for showing only; the file itself has a name of ours."""

    filename: str
    path: Path
    size_bytes: int


def reader(request: Request, visitor: SignedIn) -> Iterator[None]:
    """What takes in a large file gets ready while the file arrives."""
    length = request.headers.get("content-length", "")
    with settlements.expected(int(length) if length.isascii() and length.isdigit() else 0):
        yield


async def received(
    request: Request, visitor: SignedIn, _ready: Annotated[None, Depends(reader)]
) -> AsyncIterator[tuple[Upload, ...]]:
    """The uploaded files, gone again when the request has ended unless somebody moved them.

    Raises UploadTooLarge as soon as all of them pass the limit, UploadBroken, and Forged before a file is kept.
    """
    settings = guard.settings_of(request)
    limited = _limited(request, settings.upload_limit_bytes)
    parser = MultiPartParser(request.headers, limited, max_files=MOST_FILES, max_fields=8, max_part_size=4096)
    kept: list[Upload] = []
    try:
        try:
            form = await parser.parse()
        except (MultiPartException, ClientDisconnect, TimeoutError, KeyError) as error:
            raise UploadBroken(f"the upload ended early or is no form of up to {MOST_FILES} files") from error
        try:
            files = _chosen(request, form)
            for file in files:
                path = await run_in_threadpool(_keep, file, settings.spool)
                kept.append(Upload(file.filename or "", path, file.size or 0))
        finally:
            await form.close()
        yield tuple(kept)
    finally:
        for upload in kept:
            await run_in_threadpool(upload.path.unlink, missing_ok=True)


def _chosen(request: Request, form: FormData) -> list[UploadFile]:
    token = form.get("csrf")
    if not isinstance(token, str) or not guard.is_own_token(request, token):
        raise guard.Forged("the form token is missing or of another session")
    files = [file for file in form.getlist("file") if isinstance(file, UploadFile) and file.filename]
    if not files:
        raise UploadBroken("no file was chosen")
    return files


async def _entered(request: Request) -> tuple[tuple[str, str], ...]:
    """Every field of a form that is no file, in its order; the framework has read it already."""
    form = await request.form()
    return tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))


Entered = Annotated[tuple[tuple[str, str], ...], Depends(_entered)]


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


Received = Annotated[tuple[Upload, ...], Depends(received)]
