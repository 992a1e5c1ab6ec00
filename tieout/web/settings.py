"""What the pages are told about the installation."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`public_url` is the address people type, without a slash at its end; uploads wait in `spool` until they are read.

    `trusts_proxy`: a proxy of ours stands in front, so the last X-Forwarded-For entry is the visitor's address.
    """

    public_url: str
    spool: Path
    upload_limit_bytes: int = 256 * 1024 * 1024
    trusts_proxy: bool = False

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @property
    def origin(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"
