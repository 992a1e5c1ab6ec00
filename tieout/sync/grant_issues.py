"""What people are told of an authorisation by letter: once for each cause, to who connected and to who administers."""

from tieout.core.authorisation import WARNED
from tieout.core.connection import Connection
from tieout.people.letters import enqueue
from tieout.people.roles import Role
from tieout.problems import named
from tieout.store import issues, memberships
from tieout.store.engine import Db
from tieout.store.issues import Issue
from tieout.store.memberships import Membership
from tieout.sync import diagnosis
from tieout.sync.tools import Tools

_FAMILY = "grant"
_BY_ITSELF = ("access-token-expired",)  # healed before anybody has read a letter
_SOON = "grant-expiring-soon"
_TOLD = "told by letter"
_ADMINISTER = (Role.OWNER.value, Role.ADMIN.value)


def tell(db: Db, tools: Tools, connection: Connection) -> int:
    """Letters about the open issues of this connection's authorisation that nobody was told of; how many.

    Whoever calls it has just brought those issues up to date, in the same transaction. A cause that is met again within
    a day is the same issue, so it is told once; the end of a consent is told at each of its two warnings.
    """
    letters = 0
    for kind in (diagnosis.CONSENT,) if connection.may_post else (diagnosis.CONNECTION, diagnosis.CONSENT):
        for id in issues.of_subject(db, kind, connection.id):
            issue = issues.get(db, id)
            if issue is not None and issue.is_open and _is_due(issue):
                letters += _tell(db, tools, connection, issue)
    return letters


def _is_due(issue: Issue) -> bool:
    if issue.family != _FAMILY or issue.code in _BY_ITSELF:
        return False
    told = sum(line["what"].startswith(_TOLD) for line in issue.history)
    return told < (min(issue.count, len(WARNED)) if issue.code == _SOON else 1)


def _tell(db: Db, tools: Tools, connection: Connection, issue: Issue) -> int:
    problem = named(issue.code)
    assert problem is not None, "it was diagnosed a moment ago"
    people = addressed(db, connection)
    text = f"{issue.title}\n\n{problem.cause}\n\nWhat Tieout does: {problem.does}\n\nWhat you can do stands here:"
    for person in people:
        enqueue(db, tools, person.email, issue.title, text, f"/issues/{issue.id}")
    names = ", ".join(person.name for person in people) or "nobody who could act"
    issues.say(db, issue, tools.now(), f"{_TOLD}: {names}")
    return len(people)


def addressed(db: Db, connection: Connection) -> list[Membership]:
    """Who connected these books, while they belong to the organisation, and its owners and administrators."""
    standing = [each for each in memberships.listed(db) if each.suspended_at is None and each.email]
    return [each for each in standing if each.person == connection.connected_by or each.role in _ADMINISTER]
