"""An organisation's own app at a platform, chosen before the installation's; its secret goes in and never comes out.

A grant is renewed by the app that got it, whatever has been entered since: `app_of_grant` finds that by its client id.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout import platforms
from tieout.calls import make_call
from tieout.core.actor import Actor
from tieout.core.connection import REVOKED, ConnectionState, Verdict
from tieout.core.failure import NotAllowed, RemoteError
from tieout.core.secret import Secret
from tieout.people import acting
from tieout.people.roles import Right
from tieout.platforms import App
from tieout.store import connections, own_apps
from tieout.store import grants as grant_rows
from tieout.store.engine import Db, read, write
from tieout.store.own_apps import OwnApp
from tieout.sync.tools import Tools

_USE_ON_RECORD = timedelta(days=1)
LONGEST_ID, LONGEST_SECRET = 128, 512


@dataclass(frozen=True, slots=True)
class ShownApp:
    """Which app connects an organisation at a platform. `expects` pairs each setting there with what it must be.

    `is_own`: the organisation's; its secret is never shown. `takes_custom`: apps that need no person's consent exist.
    """

    platform: str
    label: str
    client_id: str
    is_own: bool
    is_custom: bool
    changed_at: datetime | None
    changed_by_name: str
    expects: tuple[tuple[str, str], ...]
    takes_custom: bool


def app_of(tools: Tools, organisation: str, platform: str) -> App:
    """The organisation's own registration at a platform, else the installation's. Raises NotAllowed without any."""
    with read(tools.engines, organisation) as db:
        own = own_apps.find(db, platform)
    if own is not None:
        return _opened(tools, own)
    if platform not in tools.apps:
        words = f"no app is registered here for {platform}: set TIEOUT_{platform.upper()}_CLIENT_ID and its secret"
        raise NotAllowed(words, code="connect-error-shown")
    return tools.apps[platform]


def app_of_grant(tools: Tools, platform: str, client_id: str, grant: str, beside: str = "") -> App:
    """The registration that a grant was made by, and is renewed by. Raises NotAllowed when nobody here has it.

    `beside` is an organisation that the grant served until a moment ago.
    """
    with read(tools.engines, "") as db:
        own = own_apps.of_grant(db, platform, client_id, grant, beside)
    return _ours_or(tools, platform, client_id, own)


def app_of_draft(tools: Tools, organisation: str, platform: str, client_id: str) -> App:
    """The registration that a consent was begun with: this organisation's own or ours, never another's."""
    with read(tools.engines, organisation) as db:
        own = own_apps.find(db, platform)
    return _ours_or(tools, platform, client_id, own if own is not None and own.client_id == client_id else None)


def _ours_or(tools: Tools, platform: str, client_id: str, own: OwnApp | None) -> App:
    ours = tools.apps.get(platform)
    if ours is not None and ours.client_id == client_id:
        return ours
    if own is not None:
        return _opened(tools, own)
    if ours is None:
        raise NotAllowed("the app that these books were connected by is no longer here", code="connect-error-shown")
    return ours


def is_known(platform: str) -> bool:
    """Whether there is a platform of this name, with or without an app."""
    return platform in platforms.names()


def everywhere() -> tuple[tuple[str, str], ...]:
    """Name and label of every platform there is."""
    return tuple((name, platforms.named(name).LABEL) for name in platforms.names())


def offered(tools: Tools, organisation: str) -> tuple[tuple[str, str], ...]:
    """Name and label of every platform at which the organisation or this installation has an app."""
    with read(tools.engines, organisation) as db:
        own = {each.platform for each in own_apps.listed(db)}
    return tuple((name, platforms.named(name).LABEL) for name in sorted(own | set(tools.apps)))


def shown(tools: Tools, organisation: str, platform: str) -> ShownApp:
    """What the page of the app shows. Raises UnknownPlatform."""
    there = platforms.named(platform)
    with read(tools.engines, organisation) as db:
        own = own_apps.find(db, platform)
    ours = tools.apps.get(platform)
    client_id = own.client_id if own else ours.client_id if ours else ""
    return ShownApp(
        platform=platform,
        label=there.LABEL,
        client_id=client_id,
        is_own=own is not None,
        is_custom=own is not None and own.is_custom,
        changed_at=own.changed_at if own else None,
        changed_by_name=own.changed_by_name if own else "",
        expects=expected(tools, platform, client_id),
        takes_custom=there.TAKES_CUSTOM_APPS,
    )


def expected(tools: Tools, platform: str, client_id: str) -> tuple[tuple[str, str], ...]:
    """What must be set at the platform for our app, by name."""
    return (
        ("redirect address", _redirect(tools, platform)),
        ("client id", client_id or "none is entered here"),
        ("client secret", "the one that belongs to this client id; it is never shown"),
        ("scopes", " ".join(platforms.named(platform).SCOPES)),
    )


def put(tools: Tools, actor: Actor, platform: str, client_id: str, secret: Secret, is_custom: bool = False) -> None:
    """Another app from here on. Connections made by another client id need a new consent; their links stay."""
    organisation, now = actor.organisation, tools.now()
    sealed = tools.vault.seal(organisation, "own_apps", "secret", platform, secret)
    app = OwnApp(organisation, platform, client_id, sealed, is_custom, now, actor.name)
    with write(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        own_apps.put(db, app)
        _cut_loose(db, platform, client_id, actor, now)
        acting.record(db, actor, "own-app-changed", f"own-app:{platform}", now, {"client_id": client_id})


def remove(tools: Tools, actor: Actor, platform: str) -> bool:
    """The installation's app again; False where there was none of the organisation's own."""
    now = tools.now()
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        if not own_apps.remove(db, platform):
            return False
        ours = tools.apps.get(platform)
        _cut_loose(db, platform, ours.client_id if ours else "", actor, now)
        acting.record(db, actor, "own-app-removed", f"own-app:{platform}", now)
    return True


def used(tools: Tools, organisation: str, platform: str) -> None:
    """Puts the use of the secret on record, once a day."""
    now = tools.now()
    with read(tools.engines, organisation) as db:
        if own_apps.find(db, platform) is None:
            return
    with write(tools.engines, organisation) as db:
        if own_apps.used(db, platform, now, now - _USE_ON_RECORD):
            acting.record(db, Actor(organisation, "", "Tieout"), "own-app-used", f"own-app:{platform}", now)


def check_settings(tools: Tools, actor: Actor, platform: str) -> tuple[bool, str]:
    """Whether the platform knows our client id and secret, and a sentence; nothing is connected by it."""
    with read(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
    label = platforms.named(platform).LABEL
    try:
        app = app_of(tools, actor.organisation, platform)
        refusal = platforms.named(platform).keys_refused(make_call(tools.transport), app)
    except RemoteError as error:
        return False, f"{label} gave no clear answer: {error}. Try again in a minute."
    if refusal is not None:
        return (
            False,
            f"{label} refuses the client id or its secret: {refusal.sentence}. Correct them, then check again.",
        )
    return True, (
        f"{label} knows the client id and its secret. If connecting still fails, compare the redirect address there "
        "letter by letter, and the permissions of the app."
    )


def _cut_loose(db: Db, platform: str, client_id: str, actor: Actor, now: datetime) -> None:
    """What was connected by another app can be renewed no more."""
    for each in connections.listed(db):
        grant = grant_rows.find(db, each.grant) if each.platform == platform and each.is_live else None
        if grant is not None and grant.client_id != client_id:
            words = f"{actor.name or 'Somebody'} chose another app here; reconnect to use it."
            verdict = Verdict(ConnectionState.NEEDS_RECONNECT, REVOKED, words)
            connections.judge(db, each.id, verdict, now, actor.name or "Tieout")


def _opened(tools: Tools, own: OwnApp) -> App:
    secret = tools.vault.open(own.organisation, "own_apps", "secret", own.platform, own.secret)
    ours = tools.apps.get(own.platform)
    if ours is not None:
        return replace(ours, client_id=own.client_id, client_secret=secret, calls_a_day=0, is_custom=own.is_custom)
    urls = platforms.named(own.platform).URLS
    return App(own.client_id, secret, _redirect(tools, own.platform), urls, is_custom=own.is_custom)


def _redirect(tools: Tools, platform: str) -> str:
    """Ours at this platform; without an app there, that of another one with the name changed."""
    if platform in tools.apps:
        return tools.apps[platform].redirect_uri
    for name, app in tools.apps.items():
        return app.redirect_uri.replace(f"/{name}/", f"/{platform}/")
    return f"{tools.url}/oauth/{platform}/callback"
