"""Clients of other people in environments of their own: what they need never meets what the product needs."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Refused(Exception):
    """The client raised; `kind` is the name of its exception, `told` its words, `code` its own number if it has one."""

    def __init__(self, kind: str, told: str, code: Any) -> None:
        super().__init__(f"{kind}: {told}")
        self.kind, self.told, self.code = kind, told, code


def python_of(name: str) -> Path:
    """The interpreter of an environment with exactly what `<name>.lock` lists, by hash; made on first use.

    What its makers publish as source alone stands in `<name>-source.lock` and is built with what the first list brings.
    It lies inside the environment of the tests, so that nothing outside is touched and one removal removes both.
    """
    lists = [each for each in (HERE / f"{name}.lock", HERE / f"{name}-source.lock") if each.is_file()]
    content = b"".join(each.read_bytes() for each in lists)
    mark = hashlib.sha256(content + sys.version.encode()).hexdigest()[:16]
    place = Path(sys.prefix) / "clients" / f"{name}-{mark}"
    place.parent.mkdir(exist_ok=True)
    with place.with_suffix(".making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)  # two workers of one run want it at the same moment
        if not (place / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
            for packages in lists:
                _install(place, packages)
            (place / "complete").touch()
    return place / "bin" / "python"


def _install(place: Path, packages: Path) -> None:
    form = (
        ["--no-binary", ":all:", "--no-build-isolation"]
        if packages.stem.endswith("-source")
        else ["--only-binary", ":all:"]
    )
    install = [place / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    strict = ["--require-hashes", "--no-deps", *form, "--requirement", packages]
    subprocess.run([*install, *strict], check=True)


class Driven:
    """A script in that environment, asked line by line; see `answering` in each script."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def do(self, verb: str, /, **told: Any) -> Any:
        """Raises Refused when the client did."""
        assert self._child.stdin and self._child.stdout
        self._child.stdin.write(json.dumps([verb, told]) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line, f"the script ended while it did {verb}"
        found = json.loads(line)
        if "raised" in found:
            raise Refused(*found["raised"])
        return found["result"]


@contextmanager
def driven(name: str, environ: Mapping[str, str]) -> Iterator[Driven]:
    """`<name>_client.py` running in its own environment with these variables and no others of ours."""
    script = HERE / f"{name}_client.py"
    command = [python_of(name), "-I", "-W", "ignore", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(environ)
    ) as child:
        try:
            yield Driven(child)
        finally:
            if child.stdin:
                child.stdin.close()
            child.terminate()
