#!/usr/bin/env python3
"""Runs a command beside a throw-away PostgreSQL: `scripts/with_postgres.py -- make something`.

The server listens on a free loopback port with a password of its own, keeps its files in a temporary folder with fsync
on, and is gone when the command ends. TIEOUT_TEST_PG_URL holds the address of an empty database. Its role owns that
database and may create others, but is no superuser: row security must hold for it as in production. PostgreSQL refuses
to run as root, so root hands it to the user postgres, or nobody. Standard library only; exits as the command does.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    binaries: Path
    folder: Path
    port: int
    user: dict[str, object]  # for subprocess: whom the server runs as

    def run(self, name: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.binaries / name), *arguments]
        return subprocess.run(command, input=text, cwd="/", capture_output=True, text=True, check=True, **self.user)  # type: ignore[call-overload,no-any-return]


def main(arguments: Sequence[str]) -> int:
    command = list(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if not command:
        print("usage: scripts/with_postgres.py -- COMMAND…", file=sys.stderr)
        return 2
    # An ending by SIGTERM must stop the server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with postgres() as url:
            return subprocess.run(command, env={**os.environ, "TIEOUT_TEST_PG_URL": url}, check=False).returncode
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as error:
        print(f"PostgreSQL could not be prepared: {error.stderr.strip() or error}", file=sys.stderr)
        return 1
    except (OSError, TimeoutError) as error:
        print(f"PostgreSQL could not be started: {error}", file=sys.stderr)
        return 1


@contextmanager
def postgres() -> Iterator[str]:
    """Yields the address of an empty database on a server of its own, in the form SQLAlchemy reads."""
    binaries = find_binaries()
    # Not the configured temporary folder: a socket's path may hold some hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="tieout-pg-", dir="/tmp"))
    try:
        server = Server(binaries, folder, free_port(), whom(folder))
        server.run("initdb", "-D", f"{folder}/data", "-U", "admin", "-E", "UTF8", "--locale=C",
                   "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync")  # fmt: skip
        with running(server):
            yield prepare(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    found = [path for place in PLACES for path in Path("/").glob(place.lstrip("/")) if (path / "initdb").exists()]
    if found:
        return max(
            found, key=lambda path: [int(n) for n in "".join(c if c.isdigit() else " " for c in str(path)).split()]
        )
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise OSError("it is not installed (on Debian, as root: `apt-get install postgresql`)")


def whom(folder: Path) -> dict[str, object]:
    """Whom to run as: oneself, but a person who is root lends the folder to another."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(server: Server) -> Iterator[None]:
    log = server.folder / "server.log"
    with log.open("wb") as output:
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "max_connections=200"]
        command = [str(server.binaries / "postgres"), "-D", f"{server.folder}/data", "-p", str(server.port)]
        # In a session of its own, so that Ctrl-C reaches the command first and the server is stopped by us.
        process = subprocess.Popen([*command, "-k", str(server.folder), *options], cwd="/", stdout=output,
                                   stderr=output, start_new_session=True, **server.user)  # type: ignore[call-overload] # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(server):
            if process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(log.read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # fast shutdown
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def is_ready(server: Server) -> bool:
    try:
        server.run("pg_isready", "-q", "-h", str(server.folder), "-p", str(server.port))
        return True
    except subprocess.CalledProcessError:
        return False


def prepare(server: Server) -> str:
    password = secrets.token_hex(16)
    admin = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(server.folder), "-p", str(server.port), "-U", "admin")
    role = f"CREATE ROLE tieout LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '{password}';\n"
    server.run("psql", *admin, "-d", "postgres", text=role + "CREATE DATABASE tieout OWNER tieout;\n")
    return f"postgresql+psycopg://tieout:{password}@127.0.0.1:{server.port}/tieout"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
