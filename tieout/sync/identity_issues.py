"""Somebody came in by another identity than their account has: an issue until it is linked, or half an hour is over.

It stands in the person's first organisation, since a person's own page has no issues.
"""

from dataclasses import replace
from datetime import datetime

from tieout import problems
from tieout.core.openid import SignInFacts, masked
from tieout.core.problem import Case, filled
from tieout.people import identities
from tieout.store import identities as rows
from tieout.store import issues, people
from tieout.store.engine import Db, read, write
from tieout.store.issues import Block, Seen
from tieout.sync import diagnosis
from tieout.sync.tools import Tools
from tieout.sync.vouchers import label

SIGN_IN = "sign-in"
_CODE = "login-identity-differs"


def of_person(tools: Tools, person: str) -> None:
    """Opens what waits to be linked by this person, and resolves what does not wait any more."""
    with read(tools.engines, "") as db:
        belongs = people.memberships(db, person)
    if belongs:
        with write(tools.engines, belongs[0].organisation) as db:
            settle(db, person, tools.now())


def settle(db: Db, person: str, now: datetime) -> None:
    """As `of_person`, in an open transaction of the organisation."""
    issues.hold(db)
    problem, keep = problems.named(_CODE), []
    assert problem is not None, "it has a file"
    for case in sign_in_cases(db, person, now):
        evidence = problem.detect(case)
        if evidence is not None and case.sign_in is not None:
            seen = Seen(
                code=problem.code,
                family=problem.family,
                root=evidence.root,
                title=filled(problem.title, case.names(), dict(evidence.names)),
                owner=problem.owner.value,
                retry=problem.retry.value,
                lines=evidence.lines,
                next_attempt_at=case.sign_in.ends_at,
            )
            keep.append(issues.see(db, seen, Block(SIGN_IN, person, f"{case.sign_in.ends_at}"), now))
    issues.release(db, SIGN_IN, person, now, keep)


def sign_in_cases(db: Db, person: str, now: datetime) -> tuple[Case, ...]:
    """The identity proven last that may be this person's; none while none waits."""
    waiting = rows.waiting_for(db, person, now - identities.PENDING)
    if not waiting:
        return ()
    newest = waiting[0]
    assert newest.proven_at is not None
    kinds = (label(each.provider) for each in rows.of_person(db, person))
    facts = SignInFacts(
        person=person,
        name=identities.name_of(db, person),
        provider=label(newest.provider),
        address=masked(newest.email),
        kinds=(*(f"a {name}" for name in identities.own_ways(db, person)), *kinds),
        ends_at=newest.proven_at + identities.PENDING,
        is_by_books=identities.is_by_books_of(db, newest),
    )
    return (replace(diagnosis.bare(db, now), sign_in=facts),)


def sign_in_held(db: Db, person: str) -> tuple[str, str, str, str, str] | None:
    """What an issue of this kind holds up: kind, id, name, link and state, as `issues.Held` has them."""
    name = identities.name_of(db, person)
    return (SIGN_IN, person, f"{name}'s sign-in", "/account/identities", "not linked") if name else None
