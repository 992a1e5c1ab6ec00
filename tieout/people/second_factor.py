"""The second factor: codes of an app, each usable once, and recovery codes; and the sign-in that waits for either.

Time-based codes as RFC 6238 has them: six digits, thirty seconds, one step of grace either way.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from tieout.core.secret import Secret
from tieout.people import accounts, tries
from tieout.people.digests import digest
from tieout.people.needs import Needs
from tieout.people.sessions import LinkUsed, Visit, begin_proven
from tieout.store import people as rows
from tieout.store import second_factors as factors
from tieout.store.engine import Db, read, write
from tieout.store.people import Person, Session
from tieout.store.second_factors import CodeApp, Passkey
from tieout.store.vault import INSTALLATION, ensure_installation_key

STEP_SECONDS = 30
RECOVERY_CODES = 10
MOST_TRIES = 10  # with one beginning of a sign-in; then it starts at the password again
NAME = "Tieout"

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another; 16 of them hold 79 bits


class WrongCode(Exception):
    """The code is not one of this moment, or was used before."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has besides the password."""

    code_app: CodeApp | None
    passkeys: tuple[Passkey, ...]
    codes_left: int

    @property
    def any(self) -> bool:
        return self.code_app is not None or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an app needs to make codes: `picture` is an SVG as an address, to be photographed; `secret` to be typed."""

    secret: str
    picture: str


def of_person(needs: Needs, person: str) -> Factors:
    with read(needs.engines, "") as db:
        app = factors.code_app(db, person)
        proven = app if app and app.proven_at else None
        return Factors(proven, factors.passkeys(db, person), factors.recovery_codes_left(db, person))


# --- An app that makes codes ------------------------------------------------------------------------------------------


def offer(needs: Needs, person: Person) -> Offer | None:
    """The secret for an app, the same until it is proven by a code or taken back; None where one is in use already."""
    from pyotp import random_base32

    with write(needs.engines, "") as db:
        app = factors.code_app(db, person.id)
        if app is not None and app.proven_at:
            return None
        if app is None:
            ensure_installation_key(db, needs.vault, needs.now())
            secret = random_base32()
            sealed = needs.vault.seal(INSTALLATION, "code_apps", "secret", person.id, Secret(secret), db)
            factors.set_code_app(db, CodeApp(person.id, sealed, needs.now(), None, 0))
            return _offer(person, secret)
    return _offer(person, _secret(needs, app))


def confirm_code_app(needs: Needs, person: Person, code: str) -> tuple[str, ...]:
    """From now on a sign-in asks for codes of this app. The recovery codes, if there were none, shown this once.

    Raises WrongCode and TooManyTries.
    """
    _count(needs, (f"second:{person.id}",))
    with read(needs.engines, "") as db:
        app = factors.code_app(db, person.id)
    step = _step(needs, app, code) if app else None
    with write(needs.engines, "") as db:
        if app is None or step is None or not factors.use_step(db, person.id, step):
            raise WrongCode
        tries.forgive(db, (f"second:{person.id}",), needs.now())
        factors.prove_code_app(db, person.id, needs.now())
        return added(db, needs, person, "an app that makes codes")


def remove_code_app(needs: Needs, person: Person) -> bool:
    """False when there was none. A secret that was never proven goes without a word."""
    with write(needs.engines, "") as db:
        app = factors.code_app(db, person.id)
        is_gone = factors.drop_code_app(db, person.id)
        if app and app.proven_at:
            removed(db, needs, person, "the app that makes codes")
        return is_gone


def added(db: Db, needs: Needs, person: Person, what: str) -> tuple[str, ...]:
    """After a factor was added, in its transaction: told, on record, and recovery codes if there are none yet."""
    accounts.record(db, needs, person, "second-factor-added", {"factor": what})
    accounts.notify(db, needs, person, "A second factor was added at Tieout", f"{what} was added to your account")
    return () if factors.recovery_codes_left(db, person.id) else _make_codes(db, person)


def removed(db: Db, needs: Needs, person: Person, what: str) -> None:
    """After a factor was removed, in its transaction: told, on record; without any factor no recovery codes remain."""
    accounts.record(db, needs, person, "second-factor-removed", {"factor": what})
    accounts.notify(db, needs, person, "A second factor was removed at Tieout", f"{what} was removed from your account")
    if not factors.has_any(db, person.id):
        factors.set_recovery_codes(db, person.id, ())


def new_recovery_codes(needs: Needs, person: Person) -> tuple[str, ...]:
    """Ten new ones in the place of all earlier ones, shown this once; none for somebody without a second factor."""
    with write(needs.engines, "") as db:
        if not factors.has_any(db, person.id):
            return ()
        accounts.record(db, needs, person, "recovery-codes-made")
        return _make_codes(db, person)


# --- A sign-in that waits ---------------------------------------------------------------------------------------------


def waiting(needs: Needs, token: str) -> Person | None:
    """Whose sign-in waits for a second factor under this token."""
    with read(needs.engines, "") as db:
        found = factors.pending(db, digest(token), needs.now())
        return rows.person(db, found) if found else None


def finish(needs: Needs, token: str, code: str, visit: Visit) -> str:
    """A new session's token. Raises WrongCode, TooManyTries, and LinkUsed when the sign-in has to begin again.

    A browser that has signed in before has a count of its own, as at the password.
    """
    person = waiting(needs, token)
    if person is None:
        raise LinkUsed
    with read(needs.engines, "") as db:
        is_known = bool(visit.device) and rows.knows_device(db, digest(visit.device), person.id)
    subjects = (f"second:{visit.device}:{person.id}",) if is_known else (f"second:{person.id}",)
    _count(needs, subjects)
    with write(needs.engines, "") as db:
        if not factors.count_pending(db, digest(token), MOST_TRIES):
            raise LinkUsed
    if not _takes(needs, person, code):
        raise WrongCode
    with write(needs.engines, "") as db:
        if not factors.drop_pending(db, digest(token)):
            raise LinkUsed
        tries.forgive(db, subjects, needs.now())
        return begin_proven(db, needs, person, visit)


def prove(needs: Needs, session: Session, code: str) -> None:
    """As `accounts.prove`, by a code. Raises WrongCode and TooManyTries."""
    subjects = (f"prove:{session.person.id}",)
    _count(needs, subjects)
    if not _takes(needs, session.person, code):
        raise WrongCode
    with write(needs.engines, "") as db:
        tries.forgive(db, subjects, needs.now())
        rows.prove_session(db, session.digest, needs.now())


def _takes(needs: Needs, person: Person, code: str) -> bool:
    """Whether the code is right, of the app or a recovery code; either is used up by it."""
    tidy = "".join(letter for letter in code.lower() if letter.isalnum())
    with read(needs.engines, "") as db:
        app = factors.code_app(db, person.id)
    if app and app.proven_at and len(tidy) == 6:
        step = _step(needs, app, tidy)
        with write(needs.engines, "") as db:
            return step is not None and factors.use_step(db, person.id, step)
    with write(needs.engines, "") as db:
        is_right = factors.use_recovery_code(db, person.id, _code_digest(person, tidy))
        if is_right:
            left = factors.recovery_codes_left(db, person.id)
            accounts.record(db, needs, person, "recovery-code-used", {"left": str(left)})
            what = f"a recovery code was used to sign in; {left} are left"
            accounts.notify(db, needs, person, "A recovery code was used at Tieout", what)
        return is_right


def _count(needs: Needs, subjects: tuple[str, ...]) -> None:
    with write(needs.engines, "") as db:
        tries.count(db, subjects, needs.now())


def _step(needs: Needs, app: CodeApp, code: str) -> int | None:
    """The step that a code belongs to: this one, the one before or the one after; None for a wrong code."""
    from pyotp import TOTP

    totp = TOTP(_secret(needs, app))
    now, tidy = _step_at(needs.now()), "".join(code.split())
    right = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(totp.generate_otp(step), tidy)]
    return right[0] if right and len(tidy) == 6 else None


def _step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def _secret(needs: Needs, app: CodeApp) -> str:
    return needs.vault.open(INSTALLATION, "code_apps", "secret", app.person, app.secret).reveal()


def _offer(person: Person, secret: str) -> Offer:
    import segno
    from pyotp import TOTP

    address = TOTP(secret).provisioning_uri(name=person.email, issuer_name=NAME)
    return Offer(secret, segno.make(address, error="m").svg_data_uri(scale=5, border=2, light="white"))


def _make_codes(db: Db, person: Person) -> tuple[str, ...]:
    codes = tuple("".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES))
    factors.set_recovery_codes(db, person.id, tuple(_code_digest(person, code) for code in codes))
    return tuple("-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes)


def _code_digest(person: Person, code: str) -> str:
    """With the person in it; the code has 79 random bits, so a plain hash is right."""
    return digest(f"{person.id}:{code}")
