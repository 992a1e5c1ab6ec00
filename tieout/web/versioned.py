"""Static files under names that carry their version: `tieout.3f2a9c41d0be.js` is these very bytes and no others."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from os import stat_result

from starlette.staticfiles import StaticFiles

_NAMED = re.compile(r"(?P<stem>.+)\.(?P<version>[0-9a-f]{12})(?P<ending>\.\w+)")


@cache
def static_url(name: str) -> str:
    """The address changes with the bytes, so browsers may keep the file for ever."""
    stem, dot, ending = name.rpartition(".")
    return f"/static/{stem}.{version_of(name)}{dot}{ending}"


@cache
def version_of(name: str) -> str:
    content = (files("tieout.web") / "static" / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


class Versioned(StaticFiles):
    """A file is found under its own version; another version of it is not here, so no page mixes two releases."""

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        named = _NAMED.fullmatch(path)
        if named is None:
            return super().lookup_path(path)
        name = named["stem"] + named["ending"]
        full, found = super().lookup_path(name)
        return (full, found) if found is not None and version_of(name) == named["version"] else ("", None)
