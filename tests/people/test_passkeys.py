"""Passkeys sign in by themselves, for our own address, once a challenge, and only when the device knew its owner."""

from dataclasses import replace

import pytest

from tests.people.conftest import GOOD_PASSWORD, HOME, Kit
from tests.people.device import Device
from tests.people.mailbox import letters_of
from tieout.people import passkeys, second_factor, sessions
from tieout.people.identities import LastWayIn
from tieout.people.passkeys import Party, PasskeyRefused
from tieout.people.sessions import FactorNeeded
from tieout.store import identities
from tieout.store import people as rows
from tieout.store.engine import Engines, read, write
from tieout.store.identities import Identity
from tieout.store.people import Person

PARTY = Party("books.example.com", "https://books.example.com")
BROWSER = "alice's browser"


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    """Nothing here is asked differently on another database."""
    return sqlite_engines


@pytest.fixture
def person(kit: Kit, alice: rows.Member) -> Person:
    with read(kit.engines, "") as db:
        found = rows.person(db, alice.person)
    assert found
    return found


@pytest.fixture
def device(kit: Kit, person: Person) -> Device:
    """Alice's, with a passkey of hers."""
    made = Device(PARTY.origin)
    register(kit, person, made)
    return made


def register(kit: Kit, person: Person, device: Device, name: str = "Phone") -> tuple[str, ...]:
    answer = device.create(passkeys.creation(kit, PARTY, person, BROWSER))
    return passkeys.add(kit, PARTY, person, BROWSER, answer, name)


def sign_in(kit: Kit, device: Device, pending: str = "") -> str:
    return passkeys.sign_in(kit, PARTY, BROWSER, device.get(passkeys.request(kit, PARTY, BROWSER)), HOME, pending)


def test_a_passkey_is_a_whole_sign_in_and_brings_recovery_codes(kit: Kit, person: Person) -> None:
    device = Device(PARTY.origin)
    assert len(register(kit, person, device)) == 10
    (kept,) = second_factor.of_person(kit, person.id).passkeys
    assert (kept.name, kept.used_at) == ("Phone", None)
    session = sessions.current(kit, sign_in(kit, device))
    assert session and session.person.id == person.id
    assert second_factor.of_person(kit, person.id).passkeys[0].used_at == kit.now()
    assert letters_of(kit)[0].subject == "A second factor was added at Tieout"


def test_behind_a_password_it_is_the_second_factor_of_that_very_person(
    kit: Kit, person: Person, device: Device
) -> None:
    with pytest.raises(FactorNeeded) as needed:
        sessions.sign_in(kit, person.email, GOOD_PASSWORD, HOME)
    assert sign_in(kit, device, needed.value.token)
    with pytest.raises(PasskeyRefused, match="not of the account"):
        sign_in(kit, device, "somebody else's beginning")


def test_an_answer_is_taken_once_in_time_and_from_the_browser_that_was_asked(
    kit: Kit, person: Person, device: Device
) -> None:
    asked = passkeys.request(kit, PARTY, BROWSER)
    answer = device.get(asked)
    with pytest.raises(PasskeyRefused, match="another window"):
        passkeys.sign_in(kit, PARTY, "another browser", answer, HOME)
    assert passkeys.sign_in(kit, PARTY, BROWSER, answer, HOME)
    with pytest.raises(PasskeyRefused, match="answered before"):
        passkeys.sign_in(kit, PARTY, BROWSER, answer, HOME)
    late = device.get(passkeys.request(kit, PARTY, BROWSER))
    kit.now.advance(minutes=10)
    with pytest.raises(PasskeyRefused, match="too long"):
        passkeys.sign_in(kit, PARTY, BROWSER, late, HOME)


@pytest.mark.parametrize("cheat", ["not verified", "another site", "another party", "copied", "stranger", "nonsense"])
def test_what_proves_nothing_signs_nobody_in(kit: Kit, person: Person, device: Device, cheat: str) -> None:
    asked = passkeys.request(kit, PARTY, BROWSER)
    match cheat:
        case "not verified":
            device.verifies = False
        case "another site":
            device.origin = "https://books.example.com.evil.example"
        case "another party":
            asked = passkeys.request(kit, replace(PARTY, id="evil.example"), BROWSER)
        case "copied":
            sign_in(kit, device)
            device.uses = 0
        case "stranger":
            device = Device(PARTY.origin)
    answer = "{}" if cheat == "nonsense" else device.get(asked)
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(kit, PARTY, BROWSER, answer, HOME)


def test_a_key_that_does_not_ask_for_its_owner_or_is_here_already_is_not_added(
    kit: Kit, person: Person, device: Device
) -> None:
    with pytest.raises(PasskeyRefused):
        register(kit, person, Device(PARTY.origin, verifies=False))
    with pytest.raises(PasskeyRefused, match="here already"):
        register(kit, person, device)


def test_it_proves_its_own_person_at_an_open_session_and_is_removed_by_that_person_alone(
    kit: Kit, person: Person, device: Device
) -> None:
    token = sign_in(kit, device)
    kit.now.advance(minutes=11)
    session = sessions.current(kit, token)
    assert session and not sessions.is_proven(session, kit)
    bob = replace(session, person=replace(person, id="bob"))
    with pytest.raises(PasskeyRefused, match="another account"):
        passkeys.prove(kit, PARTY, bob, BROWSER, device.get(passkeys.request(kit, PARTY, BROWSER)))
    passkeys.prove(kit, PARTY, session, BROWSER, device.get(passkeys.request(kit, PARTY, BROWSER)))
    session = sessions.current(kit, token)
    assert session and sessions.is_proven(session, kit)
    (key,) = second_factor.of_person(kit, person.id).passkeys
    assert not passkeys.remove(kit, bob.person, key.id) and passkeys.remove(kit, person, key.id)
    assert not second_factor.of_person(kit, person.id).any
    with pytest.raises(PasskeyRefused, match="not known"):
        sign_in(kit, device)


def test_an_address_in_numbers_has_no_passkeys() -> None:
    assert PARTY.is_usable and Party("localhost", "").is_usable
    assert not Party("192.0.2.1", "").is_usable and not Party("::1", "").is_usable


def test_the_last_way_in_is_not_removed(kit: Kit, person: Person, device: Device) -> None:
    """With a password, an identity or another passkey it is not the last."""
    with write(kit.engines, "") as db:
        rows.set_password_hash(db, person.id, "")
    (key,) = second_factor.of_person(kit, person.id).passkeys
    with pytest.raises(LastWayIn):
        passkeys.remove(kit, person, key.id)
    assert not passkeys.remove(kit, replace(person, id="bob"), key.id), "somebody else's is told as one that is gone"
    register(kit, person, Device(PARTY.origin), "Laptop")
    assert passkeys.remove(kit, person, key.id)
    (key,) = second_factor.of_person(kit, person.id).passkeys
    with write(kit.engines, "") as db:
        identities.add(db, Identity("i", "https://login.example", "her", "google", person.id, "a@x.example", kit.now()))
    assert passkeys.remove(kit, person, key.id)
