"""What the API is told about the installation."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Uploads wait in `spool` until they are read. `public_url` is the address other programs reach us at."""

    public_url: str
    spool: Path
    upload_limit_bytes: int = 256 * 1024 * 1024

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"
