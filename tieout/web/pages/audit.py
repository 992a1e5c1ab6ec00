"""Who changed what: every entry of the organisation's audit log, the newest first, and whether its chain holds."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response

from tieout.core.chained import Entry
from tieout.people.roles import Right
from tieout.sync import auditing
from tieout.web import guard, routes
from tieout.web.render import page

MENU = routes.Entry(37, "History", "/audit", "history", Right.AUDIT, aside=True)

# Where an object is shown, by the kind that a subject begins with.
_PAGES = {
    "settlement": "/settlements/{}",
    "operation": "/operations/{}",
    "issue": "/issues/{}",
    "connection": "/connection",
    "channel-account": "/channels/{}",
    "mapping": "/mapping/versions",
    "token": "/tokens",
    "person": "/people",
}
_NAMED_BY = ("number", "account", "filename", "name", "books", "email")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words. `link` is empty for what has no page."""

    number: int
    at: datetime
    who: str
    what: str
    subject: str
    link: str
    details: tuple[tuple[str, str], ...]


def show(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    person: str = "",
    act: str = "",
    before: int = 0,
) -> Response:
    """`person` and `act` choose; `before` is the number of the last entry seen."""
    found = auditing.page(tools, visitor.organisation, max(before, 0), person[:36], act[:64])
    chosen = {"person": person, "act": act}
    acts = [(each, words(each)) for each in found.acts]
    names = dict(found.names)
    lines = [_line(each, names) for each in found.entries]
    return page(request, "audit.html", found=found, lines=lines, acts=acts, **chosen)


def words(act: str) -> str:
    """`mapping-changed`: Mapping changed."""
    return act.replace("-", " ").capitalize()


def _line(entry: Entry, names: dict[str, str]) -> Line:
    event = entry.event
    kind, _, id = event.subject.partition(":")
    named = next((event.details[each] for each in _NAMED_BY if event.details.get(each)), "")
    short = id if len(id) < 12 and id != "all" else ""
    subject = f"{words(kind)} {named or names.get(id, short)}".strip()
    link = _PAGES.get(kind, "").format(id)
    details = tuple((name, names.get(text, text)) for name, text in event.details.items() if text != named)
    return Line(entry.number, event.at, event.name, words(event.act), subject, link, details)


ROUTES = (routes.get("/audit", show, Right.AUDIT),)
