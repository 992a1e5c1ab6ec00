"""An account: made from an invitation, its address proven, its password changed or forgotten, its address changed.

Links go out by letter, work once and end by themselves; asking for one is answered alike whether the address is known
or not. Whatever changes how somebody signs in ends that person's other sessions, is told by letter, and is on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from tieout.core.actor import Actor
from tieout.people import acting, letters, passwords, tries
from tieout.people.digests import digest, new_token
from tieout.people.needs import Needs
from tieout.people.sessions import LinkUsed, Visit, WrongCredentials
from tieout.store import identities, second_factors
from tieout.store import people as rows
from tieout.store.engine import Db, read, write
from tieout.store.people import Person, Session

PROOF_ENDS, RESET_ENDS, NEW_EMAIL_ENDS = timedelta(days=3), timedelta(minutes=60), timedelta(hours=24)
CONFIRM = "/email/confirm"
RESET = "/sign-in/reset"


class AddressTaken(Exception):
    """Somebody else here signs in with this e-mail address."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`password_hash` is made with `passwords.make_hash` before the transaction; empty where another sign-in is used.

    `is_email_proven`: the person came by a link that was sent to this very address.
    """

    email: str
    name: str
    password_hash: str
    is_email_proven: bool = False


def create_account(db: Db, needs: Needs, wanted: NewAccount) -> Person:
    """In the caller's transaction, which may be one of an organisation. Raises AddressTaken, and then nothing is kept.

    A letter asks for the proof of an address that is not proven yet. Membership is the caller's affair.
    """
    now = needs.now()
    proven_at = now if wanted.is_email_proven else None
    email = wanted.email.strip().lower()
    person = Person(needs.new_id(), email, wanted.name, wanted.password_hash, now, proven_at)
    if not rows.add_person_unless_taken(db, person):
        raise AddressTaken("somebody else here signs in with this e-mail address")
    if not wanted.is_email_proven:
        _send_proof(db, needs, person, "verify", person.email)
    record(db, needs, person, "account-created")
    return person


def password_refusal(password: str, person: Person, *owned: str) -> str:
    """Why this password can't be chosen, as a sentence; empty when it can."""
    return passwords.refusal(password, person.name, person.email, *owned)


# --- Proof of the address ---------------------------------------------------------------------------------------------


def ask_proof(needs: Needs, person: Person) -> None:
    """Send a link to the person's address. Raises TooManyTries after some letters in a short time."""
    with write(needs.engines, "") as db:
        tries.count(db, (f"letter:{person.id}",), needs.now())
        _send_proof(db, needs, person, "verify", person.email)


def ask_new_email(needs: Needs, session: Session, email: str) -> None:
    """Send a link to the new address; nothing changes before it is opened. Raises TooManyTries.

    An address that somebody else here has gets none, and the asker is not told, as that would say who is here.
    """
    person = session.person
    with write(needs.engines, "") as db:
        tries.count(db, (f"letter:{person.id}",), needs.now())
        rows.drop_links(db, "new-email", person.id)
        if rows.person_by_email(db, email) is None:
            _send_proof(db, needs, person, "new-email", email.strip().lower())
        record(db, needs, person, "new-email-asked")


def link_email(needs: Needs, token: str) -> str:
    """Which address a link would prove; empty when it opens nothing any more. Looking does not use it up."""
    with read(needs.engines, "") as db:
        found = rows.link(db, digest(token), "verify", needs.now())
        found = found or rows.link(db, digest(token), "new-email", needs.now())
        person = rows.person(db, found.person) if found and found.person else None
    return found.email if found and person else ""


def confirm_email(needs: Needs, token: str) -> Person:
    """The address is proven, and the person's own from now on. Raises LinkUsed and AddressTaken.

    Of a change the old address is told, in case it was somebody else's doing.
    """
    now = needs.now()
    with write(needs.engines, "") as db:
        proof = rows.use_link(db, digest(token), "verify", now)
        change = None if proof else rows.use_link(db, digest(token), "new-email", now)
        found = proof or change
        person = rows.person(db, found.person) if found and found.person else None
        if found is None or person is None or (proof and proof.email != person.email):
            raise LinkUsed
        if proof:
            rows.prove_email(db, person.id, now)
            record(db, needs, person, "email-proven")
        else:
            _change_email(db, needs, person, found.email)
        return replace(person, email=found.email, email_proven_at=now)


def _change_email(db: Db, needs: Needs, person: Person, email: str) -> None:
    if not rows.set_email_unless_taken(db, person.id, email, needs.now()):
        raise AddressTaken("somebody else here signs in with this e-mail address by now")
    rows.drop_links(db, "reset", person.id)
    rows.drop_links(db, "verify", person.id)
    text = (
        f"Hello {person.name},\n\nfrom now on you sign in to Tieout with {email}. This address is not used any "
        "more.\n\nIf this was not you, ask whoever runs your Tieout at once to end your sessions and to change it back."
    )
    letters.enqueue(db, needs, person.email, "Your address at Tieout was changed", text)
    record(db, needs, person, "email-changed")


def _send_proof(db: Db, needs: Needs, person: Person, purpose: str, email: str) -> None:
    token = new_token()
    ends_after = PROOF_ENDS if purpose == "verify" else NEW_EMAIL_ENDS
    rows.add_link(db, digest(token), purpose, person.id, needs.now() + ends_after, email)
    text = (
        f"Hello {person.name},\n\nopen this link to show that {email} is your address at Tieout. It works once, until "
        f"{letters.clock(needs.now() + ends_after)}.\n\nIf you did not ask for it, leave it: nothing changes then."
    )
    _enqueue(db, needs, email, "Is this your address?", text, CONFIRM, token)


# --- The password -----------------------------------------------------------------------------------------------------


def ask_reset(needs: Needs, email: str, visit: Visit) -> None:
    """Send a link to this address, if somebody has it here. Raises TooManyTries, alike for known and unknown ones."""
    email = email.strip().lower()[:254]
    with write(needs.engines, "") as db:
        tries.count(db, (f"letter:reset:{email}", f"asking:{visit.address}"), needs.now())
        person = rows.person_by_email(db, email)
        if person is None:
            return
        token, ends_at = new_token(), needs.now() + RESET_ENDS
        rows.drop_links(db, "reset", person.id)
        rows.add_link(db, digest(token), "reset", person.id, ends_at, email)
        text = (
            f"Hello {person.name},\n\nsomebody, probably you, forgot the password of {email} at Tieout. This link lets "
            f"you choose a new one. It works once, until {letters.clock(ends_at)}.\n\nIf it was not you, leave it: "
            "your password stays as it is."
        )
        _enqueue(db, needs, email, "Choose a new password", text, RESET, token)
        record(db, needs, person, "password-reset-asked")


def reset_person(needs: Needs, token: str) -> Person | None:
    """Whose password a link would set; looking does not use it up."""
    with read(needs.engines, "") as db:
        found = rows.link(db, digest(token), "reset", needs.now())
        return rows.person(db, found.person) if found and found.person else None


def reset(needs: Needs, token: str, password: str) -> Person:
    """The new password stands, every session ends, and the address is proven. Raises LinkUsed.

    It signs nobody in: whoever has a second factor still needs it. Where nobody had proven the address before, whoever
    made the account need not be who has it: identities linked until now sign nobody in any more.
    """
    if reset_person(needs, token) is None:  # before the hash, which takes time that a stranger could use up
        raise LinkUsed
    password_hash, now = passwords.make_hash(password), needs.now()
    with write(needs.engines, "") as db:
        found = rows.use_link(db, digest(token), "reset", now)
        person = rows.person(db, found.person) if found and found.person else None
        if found is None or person is None or found.email != person.email:
            raise LinkUsed
        if person.email_proven_at is None and identities.drop_of(db, person.id):
            record(db, needs, person, "identities-unlinked")
        rows.prove_email(db, person.id, now)
        _set_password(db, needs, person, password_hash, "", "")
        tries.forgive(db, (f"account:{person.email}",), now)
        record(db, needs, person, "password-reset")
    return person


def change_password(needs: Needs, session: Session, current: str, new: str, visit: Visit) -> None:
    """The new password stands, and every other session ends. Raises WrongCredentials and TooManyTries.

    Somebody who has no password yet is not asked for one; the page then asks for another proof.
    """
    _prove(needs, session, current, needs_password=False)
    password_hash = passwords.make_hash(new)
    with write(needs.engines, "") as db:
        _set_password(db, needs, session.person, password_hash, session.digest, digest(visit.device))
        record(db, needs, session.person, "password-changed")


def prove(needs: Needs, session: Session, password: str) -> None:
    """The person behind the session is at the keyboard: counts for ten minutes. As `change_password` raises."""
    _prove(needs, session, password, needs_password=True)
    with write(needs.engines, "") as db:
        rows.prove_session(db, session.digest, needs.now())


def _prove(needs: Needs, session: Session, password: str, needs_password: bool) -> None:
    known = session.person.password_hash
    if not known and not needs_password:
        return
    subjects = (f"prove:{session.person.id}",)
    with write(needs.engines, "") as db:
        tries.count(db, subjects, needs.now())
    if not passwords.matches(known, password):
        raise WrongCredentials
    with write(needs.engines, "") as db:
        tries.forgive(db, subjects, needs.now())


def _set_password(db: Db, needs: Needs, person: Person, password_hash: str, session: str, device: str) -> None:
    """Sessions and known browsers but this one are strangers again; links to a new password or address are void."""
    rows.set_password_hash(db, person.id, password_hash)
    rows.end_sessions_of(db, person.id, but=session)
    rows.forget_devices(db, person.id, but=device)
    rows.drop_links(db, "reset", person.id)
    rows.drop_links(db, "new-email", person.id)  # asked for, perhaps, by whoever the new password shuts out
    second_factors.drop_pending_of(db, person.id)
    notify(db, needs, person, "Your password at Tieout was changed", "your password at Tieout was changed just now")


# --- Shared -----------------------------------------------------------------------------------------------------------


def notify(db: Db, needs: Needs, person: Person, subject: str, what: str) -> None:
    """Tell the person by letter what was done with the account, in case it was not them."""
    text = (
        f"Hello {person.name},\n\n{what} ({letters.clock(needs.now())}).\n\nIf this was not you, choose a new password "
        "with this link, and ask whoever runs your Tieout to look at your account:"
    )
    letters.enqueue(db, needs, person.email, subject, text, "/sign-in/forgotten")


def record(db: Db, needs: Needs, person: Person, act: str, details: Mapping[str, str] = {}) -> None:
    """What somebody did with the own account, in the audit log of the transaction's organisation or installation."""
    acting.record(db, Actor(db.organisation, person.id, person.name), act, f"person:{person.id}", needs.now(), details)


def _enqueue(db: Db, needs: Needs, to: str, subject: str, text: str, path: str, token: str) -> None:
    letters.enqueue(db, needs, to, subject, text, f"{path}?{urlencode({'token': token})}")
