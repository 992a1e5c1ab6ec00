"""The environment, read once and frozen: every setting of an installation, with its default and its check.

A setting is a variable `TIEOUT_…`; a secret may instead stand in a file that `TIEOUT_…_FILE` names. Whatever is
wrong is said at once, each in a sentence with what to do, and nothing starts.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

NAME = "TIEOUT_"
DATABASES = ("sqlite:///", "postgresql+psycopg://", "postgresql://", "postgres://")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable. `name` is without TIEOUT_, `default` as it would be written; blank is told in `meaning`."""

    name: str
    default: str
    meaning: str


# The reference page is made of these two tables, and no variable is read that is not in them.
SETTINGS = (
    Setting(
        "DATA",
        "~/.local/share/tieout",
        "Folder of everything kept, made where it is missing, for its owner only. `XDG_DATA_HOME` moves the default.",
    ),
    Setting(
        "DATABASE_URL",
        "",
        "Address of the database: `postgresql://user@host/name`, or `sqlite:////folder/app.db`. Unset: `app.db` in the "
        "data folder. Jobs are kept in the same PostgreSQL, or in `jobs.db` beside the SQLite file.",
    ),
    Setting(
        "MASTER_KEY_FILE",
        "",
        "File of the key that seals tokens; it may not lie in the data folder. Unset: the systemd credential "
        "`tieout-master-key`, else `~/.config/tieout/master.key` (`XDG_CONFIG_HOME` moves it), made at first start.",
    ),
    Setting("URL", "http://localhost:8080", "Address people and platforms reach the pages at; https beyond loopback."),
    Setting("HOST", "127.0.0.1", "Address the pages listen on."),
    Setting("PORT", "8080", "Port the pages listen on, 0 to 65535; 0 takes a free one."),
    Setting("UPLOAD_LIMIT_MB", "256", "Largest file a page takes, 1 to 10240 MB. The command line has no limit."),
    Setting(
        "SMTP_HOST",
        "",
        "Mail server that letters to people are handed to. Unset: each letter is a file in the folder `mail` of the "
        "data folder.",
    ),
    Setting("SMTP_PORT", "587", "Port of the mail server, 1 to 65535: 587 with starttls, 465 with tls."),
    Setting(
        "SMTP_SECURITY",
        "starttls",
        "How the way to the mail server is encrypted: `starttls`, `tls`, or `none` for a server on this machine only.",
    ),
    Setting("SMTP_USER", "", "User name at the mail server. Unset: no sign-in there."),
    Setting("SMTP_PASSWORD", "", "Password of that user."),
    Setting("SMTP_PASSWORD_FILE", "", "File that holds the password, in the place of the variable above."),
    Setting("SMTP_FROM", "", "Who letters are from: `Tieout <books@example.com>`. Needed with SMTP_HOST."),
    Setting("LOG_LEVEL", "info", "Least level that is logged: debug, info, warning or error."),
)
_USES = {
    "login": "Where people consent.",
    "token": "Where tokens are issued.",
    "identity": "Where tokens are issued and revoked.",
    "api": "Where it is read and written.",
    "issuer": "Who its identity tokens name as their issuer, letter by letter.",
    "discovery": "Where its OpenID document lies. Unset, while the issuer is set: below the issuer.",
}


def app_settings(urls: Mapping[str, str]) -> tuple[Setting, ...]:
    """What can be set of our app at one platform or channel; `urls` are its own addresses, by use."""
    return (
        Setting("CLIENT_ID", "", "Client id of your app there."),
        Setting("CLIENT_SECRET", "", "Secret of that app."),
        Setting("CLIENT_SECRET_FILE", "", "File that holds the secret, in the place of the variable above."),
        *(Setting(f"{use.upper()}_URL", url, _USES.get(use, f"Its address `{use}`.")) for use, url in urls.items()),
    )


_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


class SettingsError(Exception):
    """Settings that cannot be worked with; `faults` holds a sentence for each, the text all of them."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class AppSettings:
    """Our registered app at one platform or channel; `urls` are the addresses that were set, by use."""

    client_id: str
    client_secret: str = field(repr=False)
    urls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail server that letters go to; no `host`: they are written into a folder."""

    host: str = ""
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """`master_key_may_be_made`: nobody named a key, so the first start makes one at `master_key`."""

    data: Path
    database_url: str = field(repr=False)  # may hold a password
    jobs_url: str = field(repr=False)
    master_key: Path
    master_key_may_be_made: bool
    url: str
    host: str
    port: int
    upload_limit_bytes: int
    log_level: str
    platforms: Mapping[str, AppSettings]  # those with a registered app
    channels: Mapping[str, AppSettings] = field(default_factory=dict)  # all that can be asked, registered or not
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    vouching: Mapping[str, AppSettings] = field(default_factory=dict)  # those by whom people may sign in

    @property
    def spool(self) -> Path:
        """Folder of files in passing: emptied at every start, and never part of a backup."""
        return self.data / "spool"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


Addresses = Mapping[str, Mapping[str, str]]  # by use, of each platform or channel


def read(
    environ: Mapping[str, str],
    platforms: Addresses,
    channels: Addresses | None = None,
    vouching: Addresses | None = None,
) -> Environment:
    """The settings, checked, with the data folder made where it was missing.

    `vouching` are those by whom people may sign in; one that is a platform too is reached with the platform's own app.
    `platforms` and `channels` are those that can be connected; each has its own `TIEOUT_<NAME>_…`, among them one
    variable for each of its addresses. Raises SettingsError with every fault at once.
    """
    reader = _Reader(environ)
    data = reader.folder("DATA", _default_folder(environ))
    database_url, jobs_url = reader.databases(data)
    master_key, may_be_made = reader.master_key(data)
    apps = {name: app for name, urls in platforms.items() if (app := reader.app(name, urls)).client_id}
    settings = Environment(
        data=data,
        database_url=database_url,
        jobs_url=jobs_url,
        master_key=master_key,
        master_key_may_be_made=may_be_made,
        host=reader.text("HOST"),
        port=reader.number("PORT", least=0, most=65_535),
        url=reader.url("URL", _DEFAULTS["URL"]) or "",
        upload_limit_bytes=reader.number("UPLOAD_LIMIT_MB", least=1, most=10_240) * 1024 * 1024,
        log_level=reader.choice("LOG_LEVEL", ("debug", "info", "warning", "error")),
        platforms=apps,
        channels={name: reader.app(name, urls) for name, urls in (channels or {}).items()},
        smtp=reader.smtp(),
        vouching={
            name: app
            for name, urls in (vouching or {}).items()
            if (app := reader.vouching(name, urls, apps.get(name), name in platforms)).client_id
        },
    )
    reader.unknown_names()
    if reader.faults:
        raise SettingsError(tuple(reader.faults))
    return settings


class _Reader:
    """Takes settings one by one, remembering which names are known and what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.known: set[str] = set()
        self.faults: list[str] = []

    def given(self, name: str) -> str | None:
        """The trimmed value; an empty one counts as none, as in a compose file whose variable is not set."""
        self.known.add(NAME + name)
        return self.environ.get(NAME + name, "").strip() or None

    def fault(self, name: str, wrong: str, remedy: str) -> None:
        self.faults.append(f"{NAME}{name} {wrong}: {remedy}")

    def text(self, name: str) -> str:
        return self.given(name) or _DEFAULTS[name]

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name).lower()
        if value not in choices:
            self.fault(name, f"is {value!r}", f"use one of {', '.join(choices)}")
        return value

    def number(self, name: str, least: int, most: int) -> int:
        default, value = int(_DEFAULTS[name]), self.given(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            self.fault(name, f"is {value!r}, not a whole number from {least} to {most}", f"write it like {default}")
            return default
        return int(value)

    def url(self, name: str, default: str | None) -> str | None:
        """An address without a slash at its end. Beyond this machine it must be https: tokens pass over it."""
        value = self.given(name)
        if value is None:
            return default
        parts = _split(value)
        shown = repr(value) if "@" not in value else "something with a password in it"
        if (
            parts is None
            or parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
        ):
            self.fault(name, f"is {shown}, not a web address", "write it like https://books.example.com")
        elif parts.username or parts.password:
            self.fault(name, "holds a user name or password", "leave them out of the address")
        elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
            self.fault(name, f"is {value!r}, which is not encrypted", f"use https for {parts.hostname}")
        return value.rstrip("/")

    def secret(self, name: str) -> str | None:
        """The value itself, or the content of the file that its _FILE names."""
        value, path = self.given(name), self.given(name + "_FILE")
        if value and path:
            self.fault(name, f"and {NAME}{name}_FILE are both set", "keep one of them")
        if path is None:
            return value
        try:
            return Path(path).expanduser().read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            self.fault(name + "_FILE", f"names {path}, which cannot be read ({_reason(error)})", "put the secret there")
            return "?"  # its lack is said already

    def folder(self, name: str, default: Path) -> Path:
        """Made where it is missing, for its owner only, and tried by writing to it."""
        path = Path(self.given(name) or default).expanduser().absolute()
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            trial = path / f".trial-{os.getpid()}"
            trial.touch()
            trial.unlink()
        except OSError as error:
            remedy = "make it writable for the user that runs Tieout, or name another folder"
            self.fault(name, f"names {path}, which cannot be written ({_reason(error)})", remedy)
        return path

    def databases(self, data: Path) -> tuple[str, str]:
        """Product and jobs: two files on SQLite, which would wait for each other in one; the same on PostgreSQL."""
        url = self.given("DATABASE_URL") or f"sqlite:///{data / 'app.db'}"
        scheme = next((scheme for scheme in DATABASES if url.startswith(scheme)), "")
        rest = url.removeprefix(scheme)
        if not scheme or not rest or rest.startswith(":"):
            remedy = "write sqlite:////folder/app.db or postgresql://user@host/name"
            self.fault("DATABASE_URL", "is no address of a database that Tieout can use", remedy)
        elif scheme == "sqlite:///":
            jobs = Path(rest).absolute().with_name("jobs.db")
            if jobs == Path(rest).absolute():
                self.fault(
                    "DATABASE_URL", "names jobs.db, the file of the job engine", "name another file, like app.db"
                )
            return url, f"sqlite:///{jobs}"
        elif (parts := _split(url)) is None or not parts.path.strip("/"):
            self.fault("DATABASE_URL", "names no database", "write it like postgresql://user@host/name")
        return f"postgresql+psycopg://{rest}", f"postgresql+psycopg://{rest}"

    def master_key(self, data: Path) -> tuple[Path, bool]:
        """The file that is named, else the credential systemd hands over, else our own, outside the data folder."""
        named, folder = self.given("MASTER_KEY_FILE"), self.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / "tieout-master-key" if folder else None
        if named:
            path = Path(named).expanduser().absolute()
        elif credential and credential.exists():
            path = credential
        else:
            return _default_config(self.environ) / "master.key", True
        if path.resolve().is_relative_to(data.resolve()):
            remedy = "move it elsewhere, so that a copy of the folder opens nothing"
            self.fault("MASTER_KEY_FILE", f"lies inside the data folder {data}", remedy)
        elif not path.is_file():
            remedy = "put the key's file back, or unset it to have one made"
            self.fault("MASTER_KEY_FILE", f"names {path}, which is not there", remedy)
        return path, False

    def app(self, name: str, urls: Mapping[str, str]) -> AppSettings:
        """Without an id and a secret there is none: a platform cannot be connected then, a channel perhaps."""
        upper = name.upper()
        client_id, secret = self.given(f"{upper}_CLIENT_ID"), self.secret(f"{upper}_CLIENT_SECRET")
        told = {use: url for use in urls if (url := self.url(f"{upper}_{use.upper()}_URL", None))}
        if client_id and not secret:
            remedy = f"set {NAME}{upper}_CLIENT_SECRET or …_CLIENT_SECRET_FILE as well"
            self.fault(f"{upper}_CLIENT_ID", "is set without its secret", remedy)
        elif secret and not client_id:
            self.fault(f"{upper}_CLIENT_SECRET", "is set without its id", f"set {NAME}{upper}_CLIENT_ID as well")
        return AppSettings(client_id, secret, told) if client_id and secret else AppSettings("", "", told)

    def vouching(self, name: str, urls: Mapping[str, str], own: AppSettings | None, is_platform: bool) -> AppSettings:
        """The app of a platform serves for both; of anybody else it is read here.

        A platform that was put elsewhere, as a stand-in is, vouches only where its issuer was put elsewhere too: else
        people would be sent to the real one with an app that it does not know.
        """
        found = own or (AppSettings("", "") if is_platform else self.app(name, {}))
        told = {use: url for use in urls if (url := self.url(f"{name.upper()}_{use.upper()}_URL", None))}
        if found.urls and "issuer" not in told:
            return AppSettings("", "", told)
        return AppSettings(found.client_id, found.client_secret, told)

    def smtp(self) -> SmtpSettings:
        """Beyond this machine the way to the mail server is encrypted: links that open accounts pass over it."""
        host, user, sender = (self.given(f"SMTP_{name}") or "" for name in ("HOST", "USER", "FROM"))
        port = self.number("SMTP_PORT", least=1, most=65_535)
        security = self.choice("SMTP_SECURITY", ("starttls", "tls", "none"))
        password = self.secret("SMTP_PASSWORD") or ""
        local, _, domain = parseaddr(sender)[1].rpartition("@")
        if sender and not (local and domain and sender.isprintable()):
            self.fault("SMTP_FROM", f"is {sender!r}, not a sender", "write it like Tieout <books@example.com>")
        if host and not sender:
            self.fault("SMTP_HOST", "is set without a sender", f"set {NAME}SMTP_FROM as well")
        if security == "none" and host and host not in LOOPBACK:
            self.fault("SMTP_SECURITY", f"is none, and {host} is another machine", "use starttls or tls")
        if bool(user) != bool(password):
            lacking = "SMTP_PASSWORD" if user else "SMTP_USER"
            self.fault(lacking, "is missing", "set user name and password together, or neither")
        return SmtpSettings(host, port, security, user, password, sender)

    def unknown_names(self) -> None:
        """A name that nobody reads is a typing error, or a setting that somebody believes to be in force."""
        for name in sorted(set(self.environ) - self.known):
            if name.startswith(NAME) and not name.startswith(NAME + "TEST_"):
                nearest = difflib.get_close_matches(name, sorted(self.known), n=1)
                meant = f"did you mean {nearest[0]}?" if nearest else "unset it"
                self.faults.append(f"{name} is no setting of Tieout: {meant}")


def _default_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_DATA_HOME") or _home(environ) / ".local" / "share") / "tieout"


def _default_config(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or _home(environ) / ".config") / "tieout"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or "~").expanduser()


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not text"
