"""The untouched bytes of a request, up to a size; the only `async def` of this room.

Who is calling is settled first, so that a stranger's bytes are never read; a notice alone is proven by its bytes.
"""

import os
from asyncio import wait_for
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tieout.api.auth import Calling
from tieout.api.errors import Declined
from tieout.api.settings import ApiSettings
from tieout.sync import settlements

JSON_BYTES = 1024 * 1024
NOTICE_BYTES = 8 * 1024 * 1024  # a genuine notice may speak of ten thousand things
FILE_TYPES = ("application/octet-stream", "text/plain", "text/csv", "text/tab-separated-values")
_IDLE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that was written to a file of ours; gone again when the request has ended."""

    path: Path
    digest: str


async def body(request: Request, calling: Calling) -> bytes:
    """The bytes of a JSON body. Raises Declined for another type and for more than 1 MB."""
    _check_type(request, ("application/json",))
    parts = [part async for part in _limited(request, JSON_BYTES)]
    return b"".join(parts)


async def notice(request: Request) -> bytes:
    """The bytes that somebody signed, whatever they are said to be. Raises Declined for more than 8 MB."""
    parts = [part async for part in _limited(request, NOTICE_BYTES)]
    return b"".join(parts)


def reader(request: Request, calling: Calling) -> Iterator[None]:
    """What takes in a large file gets ready while the file arrives."""
    length = request.headers.get("content-length", "")
    with settlements.expected(int(length) if length.isascii() and length.isdigit() else 0):
        yield


async def upload(request: Request, calling: Calling, _ready: Annotated[None, Depends(reader)]) -> AsyncIterator[Upload]:
    """The bytes of a file. Raises Declined for another type, and as soon as the limit is passed."""
    _check_type(request, FILE_TYPES)
    settings: ApiSettings = request.app.state.settings
    descriptor, name = mkstemp(prefix="api-", dir=settings.spool)
    path, digest = Path(name), sha256()
    try:
        with os.fdopen(descriptor, "wb") as kept:
            async for part in _limited(request, settings.upload_limit_bytes):
                digest.update(part)
                await run_in_threadpool(kept.write, part)
        yield Upload(path, digest.hexdigest())
    finally:
        path.unlink(missing_ok=True)


async def _limited(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """The body, part by part. A client that sends nothing for a minute is given up."""
    headers, seen_bytes = request.headers, 0
    if "transfer-encoding" in headers and "content-length" in headers:
        raise Declined("malformed_request")
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > most_bytes:
        raise Declined("body_too_large")
    parts = request.stream()
    while True:
        try:
            part = await wait_for(anext(parts, None), _IDLE_SECONDS)
        except (ClientDisconnect, TimeoutError) as error:
            raise Declined("malformed_request", "The body ended early. Nothing of it was kept.") from error
        if part is None:
            return
        seen_bytes += len(part)
        if seen_bytes > most_bytes:
            raise Declined("body_too_large")
        yield part


def _check_type(request: Request, wanted: tuple[str, ...]) -> None:
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.strip().lower()
    is_packed = request.headers.get("content-encoding", "identity") != "identity"
    if is_packed or kind.strip().lower() not in wanted or (charset and charset != "charset=utf-8"):
        allowed = f"Send the body as {' or '.join(wanted)}, in UTF-8 and without Content-Encoding."
        raise Declined("unsupported_media_type", allowed)


Body = Annotated[bytes, Depends(body)]
Received = Annotated[Upload, Depends(upload)]
