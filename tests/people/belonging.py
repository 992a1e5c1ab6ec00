"""What the tests of members share: people who join, what was written to whom, what the audit log says."""

from tests.people.conftest import Kit
from tieout.core.actor import Actor
from tieout.people import members
from tieout.store import audit, letters, memberships
from tieout.store import people as rows
from tieout.store.engine import read, write
from tieout.store.organisations import Organisation, create
from tieout.store.people import Member, Person


def join(kit: Kit, organisation: str, name: str, role: str) -> Actor:
    """Somebody of this name, with a proven address, who is a member from now on."""
    person = name.lower()
    with write(kit.engines, organisation) as db:
        if rows.person(db, person) is None:
            rows.add_person(db, Person(person, f"{person}@example.com", name, "", kit.now(), kit.now()))
        memberships.add(db, person, role, kit.now())
    return Actor(organisation, person, name)


def known(kit: Kit, name: str) -> str:
    """Somebody with an account, who belongs nowhere."""
    with write(kit.engines, "") as db:
        rows.add_person(db, Person(name.lower(), f"{name.lower()}@example.com", name, "", kit.now(), kit.now()))
    return name.lower()


def second(kit: Kit, id: str = "org-second") -> str:
    with write(kit.engines, id) as db:
        create(db, kit.vault, Organisation(id, f"Organisation {id}", "GB", "Europe/London", kit.now()))
    return id


def owner_of(member: Member) -> Actor:
    return Actor(member.organisation, member.person, "Alice")


def roles_in(kit: Kit, organisation: str) -> dict[str, str]:
    return {each.person: each.role for each in members.listed(kit, organisation)}


def acts(kit: Kit, organisation: str) -> list[str]:
    """What the audit log says happened, in order."""
    with read(kit.engines, organisation) as db:
        told = [entry.event.act for entry in reversed(audit.newest(db))]
    return told[1:] if told[:1] == ["organisation-created"] else told  # with which every chain begins


def written_to(kit: Kit) -> list[tuple[str, str]]:
    """Every letter: to whom, and about what."""
    with read(kit.engines, "") as db:
        return [(each.to, each.subject) for each in letters.listed(db, (letters.WAITING,))]
