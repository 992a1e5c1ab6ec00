"""One-time links: somebody who has the rights in the books connects them for an organisation, without an account here.

A link is good for seven days, in the first browser that begins with it, and until it has led to a connection. It
starts a consent for this organisation (and this connection) and does nothing else.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.connection import Connection
from tieout.people import acting
from tieout.people.roles import NotPermitted, Right
from tieout.store import connections, consent_links, drafts, organisations
from tieout.store.consent_links import Link
from tieout.store.engine import Db, read, write
from tieout.sync import mailing
from tieout.sync.connecting import begin_connect
from tieout.sync.tools import Tools

LIVES = timedelta(days=7)
_KEPT = timedelta(days=60)
_GOOD = ("open", "opened")


@dataclass(frozen=True, slots=True)
class Made:
    """A new link: `path` is below our own address. It is shown once; only its digest is kept."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link as the page behind it, and whoever made it, see it. `state`: open, opened, used, expired, withdrawn, gone.

    `gone`: whoever asked may no longer connect books here, or the connection was ended.
    """

    id: str
    state: str
    asked_by: str
    organisation: str
    platform: str
    label: str
    books: str
    made_at: datetime
    until: datetime
    sent_to: str
    opened_at: datetime | None
    used_at: datetime | None
    used_by: str

    @property
    def is_good(self) -> bool:
        return self.state in _GOOD


def make(tools: Tools, actor: Actor, platform: str, connection: str = "", to: str = "") -> Made:
    """A link to hand on, and to `to` by mail where an address is given. Raises NotPermitted, UnknownPlatform."""
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        return add(db, tools, actor, platform, connection, to)


def add(db: Db, tools: Tools, actor: Actor, platform: str, connection: str = "", to: str = "") -> Made:
    """The same in a transaction of the caller, who has asked whether the actor may. Raises UnknownPlatform."""
    now, token = tools.now(), f"{actor.organisation}.{secrets.token_urlsafe(32)}"
    link = Link(drafts.digest(token), platform, connection, actor.person, actor.name, now, to)
    label, path = platforms.named(platform).LABEL, f"/connect/{token}"
    consent_links.add(db, link, now - _KEPT)
    if to:
        ours = organisations.find(db)
        subject = f"{actor.name} asks you to connect {label} for {ours.name if ours else 'their organisation'}"
        mailing.enqueue(db, tools, to, subject, _letter(actor.name, label, now + LIVES), path)
    details = {"platform": platform, "connection": connection, "sent": "yes" if to else "no"}
    acting.record(db, actor, "consent-link-made", f"consent-link:{link.id[:16]}", now, details)
    return Made(link.id, path)


def state_for(db: Db, connection: Connection, now: datetime) -> str:
    """Whether somebody can begin with a link to renew this one: open, opened, or empty where there is none."""
    found = (_state(each, now, _may(db, each), connection) for each in consent_links.of_connection(db, connection.id))
    return next((state for state in found if state in _GOOD), "")


def look(tools: Tools, token: str) -> LinkView | None:
    """What a link is for; looking does not use it up. None for one that nobody was given."""
    organisation, link = _found(tools, token)
    return _view(tools, organisation, link) if link else None


def begin(tools: Tools, token: str, browser: str) -> str:
    """The address of the consent page. `browser` is known to this browser alone, and bound to the link.

    Empty when the link is used, withdrawn, too old, or was begun with in another browser.
    """
    organisation, link = _found(tools, token)
    if link is None or not _view(tools, organisation, link).is_good:
        return ""
    with write(tools.engines, organisation) as db:
        if not consent_links.open_in(db, link.id, drafts.digest(browser), tools.now()):
            return ""
    asks = Actor(organisation, link.made_by, link.made_by_name)
    return begin_connect(tools, asks, link.platform, browser, link.connection, link.id)


def listing(tools: Tools, organisation: str) -> tuple[LinkView, ...]:
    """Those of the last weeks, the newest first."""
    with read(tools.engines, organisation) as db:
        found = consent_links.listed(db)
    return tuple(_view(tools, organisation, link) for link in found)


def withdraw(tools: Tools, actor: Actor, link: str) -> bool:
    """Nobody can begin with it any more; False for one that was used, or is not there."""
    now = tools.now()
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        if not consent_links.withdraw(db, link, now):
            return False
        acting.record(db, actor, "consent-link-withdrawn", f"consent-link:{link[:16]}", now)
    return True


def _found(tools: Tools, token: str) -> tuple[str, Link | None]:
    organisation, _, secret = token.partition(".")
    if not organisation or not secret or len(token) > 200:
        return "", None
    with read(tools.engines, organisation) as db:
        return organisation, consent_links.find(db, drafts.digest(token))


def _view(tools: Tools, organisation: str, link: Link) -> LinkView:
    with read(tools.engines, organisation) as db:
        ours = organisations.find(db)
        meant = connections.find(db, link.connection) if link.connection else None
        may = _may(db, link)
    return LinkView(
        id=link.id,
        state=_state(link, tools.now(), may, meant),
        asked_by=link.made_by_name,
        organisation=ours.name if ours else "",
        platform=link.platform,
        label=platforms.named(link.platform).LABEL,
        books=meant.books_name if meant else "",
        made_at=link.made_at,
        until=link.made_at + LIVES,
        sent_to=link.sent_to,
        opened_at=link.opened_at,
        used_at=link.used_at,
        used_by=link.used_by_name,
    )


def _may(db: Db, link: Link) -> bool:
    """Whether whoever made it may still connect books here."""
    try:
        acting.ensure(db, Actor(db.organisation, link.made_by, link.made_by_name), Right.CONNECT)
    except NotPermitted:
        return False
    return True


def _state(link: Link, now: datetime, may: bool, meant: Connection | None) -> str:
    if link.used_at is not None:
        return "used"
    if link.withdrawn_at is not None:
        return "withdrawn"
    if now - link.made_at > LIVES:
        return "expired"
    if not may or (meant is None and link.connection) or (meant is not None and not meant.is_live):
        return "gone"
    return "opened" if link.opened_at else "open"


def _letter(name: str, label: str, until: datetime) -> str:
    return (
        f"{name} asks you to connect {label}, because you have the rights there.\n\n"
        "The link below leads to a page that says who asks and for what. You need no account with Tieout. "
        f"It works once, until {until:%d %B %Y}, in the browser in which you begin with it.\n\n"
        "If you do not know who asks, do nothing."
    )
