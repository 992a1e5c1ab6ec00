"""Puts it together: environment → tools → doors and workers. The console script starts here."""

import contextlib
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from tieout import channels, environment, platforms
from tieout.calls import Transport
from tieout.core.posting import Timing
from tieout.core.secret import Secret
from tieout.environment import Environment, SettingsError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tieout.core.openid import Client
    from tieout.jobs import Held
    from tieout.jobs.runtime import DurableJobs
    from tieout.mail import Post
    from tieout.store.engine import Engines
    from tieout.sync.tools import Tools


_SPOOLED_SECONDS = 7200  # longer than the longest reading, of which another process may be in the middle
_EPOCH_SECONDS = 3600  # a backup of an hour ago, put back, is told from the database it was made of


class CannotStart(Exception):
    """One sentence for the console: what is in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running installation: its settings and tools, and what has to be closed in the end."""

    environment: Environment
    tools: "Tools"
    engine: "DurableJobs"
    held: "Held | None"

    @property
    def works(self) -> bool:
        """Whether jobs run in this process; else it only asks for them, and a server or worker does them."""
        return self.held is not None or not self.environment.is_sqlite

    def close(self, wait_seconds: int = 5) -> None:
        is_idle = self.engine.stop(wait_seconds)
        self.tools.transport.close()
        self.tools.engines.dispose()
        # While a job still runs the lock stays: whoever takes it next believes that this life is over.
        if self.held is not None and is_idle:
            self.held.release()


def read_environment(environ: Mapping[str, str]) -> Environment:
    """Raises SettingsError with every wrong setting at once."""
    return environment.read(environ, *addresses(), vouching_addresses())


def addresses() -> tuple[environment.Addresses, environment.Addresses]:
    """Where each platform, and each channel that can be asked, is reached unless a setting says otherwise."""
    return (
        {name: platforms.named(name).URLS for name in platforms.names()},
        {name: asked.URLS for name, asked in channels.askable().items()},
    )


def vouching_addresses() -> environment.Addresses:
    """Where everybody lives by whom people may sign in, unless a setting says otherwise."""
    from tieout.sync import vouchers

    return {name: provider.urls for name, provider in vouchers.known().items()}


@contextlib.contextmanager
def opened(settings: Environment, works: bool, timing: Timing | None = None) -> Iterator[Product]:
    """The product over its database. `works`: jobs run here; a command that finds a server running only asks it.

    Raises CannotStart for whatever is in the way, in one sentence.
    """
    product = open_product(settings, works, timing)
    try:
        yield product
    finally:
        product.close()


def open_product(settings: Environment, works: bool, timing: Timing | None = None) -> Product:
    """As `opened`, for a caller that closes it itself."""
    from tieout import log
    from tieout.jobs.runtime import DurableJobs
    from tieout.store import deployment
    from tieout.store.engine import make_engine, open_engines
    from tieout.sync import sweep, tending, work

    log.set_up(settings.log_level)
    held = _hold(settings) if works and settings.is_sqlite else None
    engines = open_engines(settings.database_url)
    try:
        with _in_one_sentence(settings):
            _prepare(settings, engines, works)
            engine = DurableJobs(settings.jobs_url, settings.database_url, make_engine)
            tools = _tools(settings, engines, engine, timing)
            _clear(settings.spool, works, held is not None)
            work.register(engine, tools)
            engine.register("epoch", lambda: deployment.advance(engines, settings.data) and None)
            engine.schedule("epoch", _EPOCH_SECONDS)
            if held is not None:
                sweep.recover(tools)
            if works:
                tending.look_at_start(tools)
                engine.start(held)
            else:
                engine.connect()
    except BaseException:
        engines.dispose()
        if held is not None:
            held.release()
        raise
    return Product(settings, tools, engine, held)


def serve(product: Product, on_ready: Callable[[str], None] | None = None) -> None:
    """Pages until interrupted. Raises CannotStart when the port is taken."""
    import uvicorn

    settings = product.environment
    listener = _listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    config = uvicorn.Config(web_app(product), log_config=None, access_log=False, timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    if on_ready:
        on_ready(settings.url if settings.port else f"http://localhost:{port}")
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()


def web_app(product: Product) -> "FastAPI":
    """The pages of one installation, and the API beside them."""
    from tieout import api
    from tieout.web import make_app
    from tieout.web.settings import WebSettings

    settings = product.environment
    app = make_app(product.tools, WebSettings(settings.url, settings.spool, settings.upload_limit_bytes))
    api.mount(app, product.tools, api.ApiSettings(settings.url, settings.spool, settings.upload_limit_bytes))
    return app


def entry() -> None:
    """The console script: ends at once, since an engine's idle threads would hold the process up for seconds."""
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(arguments: list[str] | None = None) -> int:
    """The `tieout` command; its exit codes stand in docs/reference/cli.md."""
    from tieout.cli import Doors, run

    doors = Doors(os.environ, read_environment, opened, serve, SettingsError, CannotStart)
    return run(doors, sys.argv[1:] if arguments is None else arguments)


def _hold(settings: Environment) -> "Held":
    from tieout.jobs import FolderInUse, UnsafeFolder, hold

    try:
        return hold(settings.data)
    except (FolderInUse, UnsafeFolder) as error:
        raise CannotStart(str(error)) from error


def _prepare(settings: Environment, engines: "Engines", works: bool) -> None:
    """The tables of this release; and, before any work, that this is the database it worked on last."""
    from tieout.store import deployment, schema

    schema.prepare(engines, settings.data / "backups")
    if works:
        deployment.check(engines, settings.data)
        deployment.advance(engines, settings.data)


def _clear(spool: Path, works: bool, is_alone: bool) -> None:
    """Make the folder of files in passing; what a killed process left there may name buyers, so it goes at a start.

    On a shared database other processes may be reading files of theirs: only what none of them can still use goes.
    """
    spool.mkdir(mode=0o700, exist_ok=True)
    if not works:
        return
    oldest = datetime.now(UTC).timestamp() - (0 if is_alone else _SPOOLED_SECONDS)
    for left in spool.iterdir():
        if is_alone or left.stat().st_mtime < oldest:
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


@contextlib.contextmanager
def _in_one_sentence(settings: Environment) -> Iterator[None]:
    """What a database or key says against a start, as the sentence it was written as."""
    from tieout.jobs.runtime import JobsMisplaced
    from tieout.store.backup import BackupFailed
    from tieout.store.deployment import WrongDatabase
    from tieout.store.engine import driver_fault
    from tieout.store.schema import UnknownSchema
    from tieout.store.vault import KeyMissing

    try:
        yield
    except (JobsMisplaced, BackupFailed, WrongDatabase, UnknownSchema, KeyMissing) as error:
        raise CannotStart(str(error)) from error
    except Exception as error:
        fault = driver_fault(error)
        if fault is None:
            raise
        place = settings.data if settings.is_sqlite else "named by TIEOUT_DATABASE_URL"
        raise CannotStart(
            f"the database {place} cannot be used ({fault}): see that it is there, whole and running, "
            "or restore a copy from the folder backups"
        ) from error


def _tools(settings: Environment, engines: "Engines", jobs: "DurableJobs", timing: Timing | None) -> "Tools":
    from tieout.store.vault import Vault, make_master_key, read_master_keys
    from tieout.sync.tools import STANDARD, Tools

    may_be_made = settings.master_key_may_be_made and not settings.master_key.exists()
    keys = make_master_key(settings.master_key) if may_be_made else read_master_keys(settings.master_key)
    return Tools(
        engines=engines,
        vault=Vault(engines, keys),
        transport=Transport(),
        jobs=jobs,
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        apps={name: _app(settings, name) for name in settings.platforms},
        worker=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
        timing=timing or STANDARD,
        scratch=settings.spool,
        checkpoints=settings.data.with_name(f"{settings.data.name}-checkpoints"),
        channel_apps={name: _registration(settings, name) for name in settings.channels},
        post=_post(settings),
        url=settings.url,
        vouching={name: _client(settings, name) for name in settings.vouching},
    )


def _post(settings: Environment) -> "Post":
    from tieout.mail import Folder, Server

    smtp = settings.smtp
    if not smtp.host:
        return Folder(settings.data / "mail", smtp.sender) if smtp.sender else Folder(settings.data / "mail")
    return Server(smtp.host, smtp.port, smtp.security, smtp.sender, smtp.user, Secret(smtp.password))


def _client(settings: Environment, name: str) -> "Client":
    from tieout.core.openid import Client
    from tieout.sync import vouchers

    app = settings.vouching[name]
    redirect = f"{settings.url}/sign-in/{name}/callback"
    return Client(vouchers.known()[name].at(app.urls), app.client_id, Secret(app.client_secret), redirect)


def _app(settings: Environment, name: str) -> platforms.App:
    app = settings.platforms[name]
    urls = {**platforms.named(name).URLS, **app.urls}
    redirect = f"{settings.url}/oauth/{name}/callback"
    return platforms.App(app.client_id, Secret(app.client_secret), redirect, urls)


def _registration(settings: Environment, name: str) -> channels.Registration:
    """Without one at the channel too: some need none. Notices reach us over https only."""
    app = settings.channels[name]
    return channels.Registration(
        client_id=app.client_id,
        client_secret=Secret(app.client_secret),
        redirect_uri=f"{settings.url}/channels/{name}/callback",
        hook_url=f"{settings.url}/hooks/channels/{name}" if settings.url.startswith("https:") else "",
        urls={**channels.askable()[name].URLS, **app.urls},
    )


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"the address {host}:{port} cannot be used ({error.strerror}): stop what listens there, "
            "or set TIEOUT_PORT to a free port and TIEOUT_URL to match"
        ) from error
    return listener


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): it begins with the time, so ids sort in the order they were made."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | 7 << 76 | secrets.randbits(12) << 64
    return str(UUID(int=value | 2 << 62 | secrets.randbits(62)))
