"""Where somebody who is signed in stands: their organisations with their roles, and what waits for them to answer."""

from dataclasses import dataclass

from tieout.people import roles
from tieout.people.needs import Needs
from tieout.people.ownership import proven_email
from tieout.people.roles import Right
from tieout.store import invitations, people, support, transfers
from tieout.store.engine import Db, read
from tieout.store.organisations import Organisation
from tieout.store.people import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """`offers` counts invitations and offers to this person, `requests` what they can decide in this organisation."""

    organisations: tuple[Organisation, ...]
    roles: dict[str, str]
    offers: int
    requests: int
    is_platform_admin: bool

    @property
    def waiting(self) -> int:
        return self.offers + self.requests


def of(needs: Needs, session: Session) -> Standing:
    """In one look, as every page asks for it."""
    now, person = needs.now(), session.person
    with read(needs.engines, "") as db:
        email = proven_email(person)
        offers = len(transfers.offered_to(db, person.id, email, now))
        offers += len(invitations.open_for(db, email, now)) if email else 0
        here = Db(db.connection, session.organisation.id)
        may_decide = roles.allows(session.role, Right.PEOPLE)
        return Standing(
            people.organisations_of(db, person.id),
            {member.organisation: member.role for member in people.memberships(db, person.id)},
            offers,
            len(invitations.requests(here)) if may_decide else 0,
            support.is_admin(db, person.id),
        )
