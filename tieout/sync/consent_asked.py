"""A consent that a program asked for: begun with its token, finished in a browser by the very person of that token.

The program gets an address of ours, never the provider's: whoever opens it must be signed in as that person, and only
then the attempt is bound to that browser's session and goes on to the consent page. A token of nobody starts none.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.consent import LIVES
from tieout.people import acting
from tieout.people.roles import Right
from tieout.store import drafts
from tieout.store.engine import read, write
from tieout.sync import own_apps
from tieout.sync.connecting import begin_connect, find_draft
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Asked:
    """`url` is where the person goes on, until `expires_at`; `scopes` are asked for, each with its reason."""

    attempt: str
    url: str
    expires_at: datetime
    scopes: tuple[tuple[str, str], ...]


def begin(tools: Tools, actor: Actor, platform: str, reconnects: str = "") -> Asked:
    """Raises NotPermitted, and NotAllowed where no app is registered."""
    assert actor.person, "somebody has to finish it"
    url = begin_connect(tools, actor, platform, secrets.token_urlsafe(32), reconnects)
    state = parse_qs(urlsplit(url).query)["state"][0]
    known = platforms.named(platform)
    path = f"{tools.url}/connection/approve?{urlencode({'state': state})}"
    scopes = tuple((each, known.WHY.get(each, "")) for each in known.SCOPES)
    return Asked(drafts.digest(state), path, tools.now() + LIVES, scopes)


def go_on(tools: Tools, actor: Actor, state: str, session_binding: str) -> tuple[str, str] | None:
    """The consent page's address and the platform's name for people; from here on only this browser may come back.

    None where this person did not ask for it, or it was used or is too old. Raises NotPermitted.
    """
    organisation, draft = find_draft(tools, state)
    is_ours = draft is not None and draft.person == actor.person and organisation == actor.organisation
    if draft is None or not is_ours or draft.used_at is not None or tools.now() - draft.begun_at > LIVES:
        return None
    with write(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        drafts.bind(db, draft.id, drafts.digest(session_binding))
    app = own_apps.app_of(tools, organisation, draft.platform)
    verifier = tools.vault.open(organisation, "connection_drafts", "verifier", draft.id, draft.verifier)
    platform = platforms.named(draft.platform)
    return platform.authorise_url(app, state, verifier.reveal()), platform.LABEL


def is_known(tools: Tools, actor: Actor, state: str) -> str:
    """The platform's name for people, where this person may go on; empty else."""
    organisation, draft = find_draft(tools, state)
    if draft is None or draft.person != actor.person or organisation != actor.organisation:
        return ""
    with read(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
    is_open = draft.used_at is None and tools.now() - draft.begun_at <= LIVES
    return platforms.named(draft.platform).LABEL if is_open else ""
