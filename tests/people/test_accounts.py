"""Accounts: links work once, unknown addresses look like known ones, and whoever loses a password is told."""

import pytest
import sqlalchemy as sa

from tests.people.conftest import ELSEWHERE, GOOD_PASSWORD, HOME, Kit
from tests.people.mailbox import letters_of
from tieout.core.chained import INSTALLATION
from tieout.people import accounts, passwords, sessions
from tieout.people.accounts import AddressTaken, NewAccount
from tieout.people.sessions import LinkUsed, TooManyTries, WrongCredentials
from tieout.store import audit, identities
from tieout.store import people as rows
from tieout.store.engine import read, write
from tieout.store.identities import Identity
from tieout.store.people import Person, Session

NEW_PASSWORD = "seven green lanterns swim"
EMAIL = "alice@example.com"


@pytest.fixture
def session(kit: Kit, alice: rows.Member) -> Session:
    return opened(kit, sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, HOME))


def opened(kit: Kit, token: str) -> Session:
    found = sessions.current(kit, token)
    assert found
    return found


def acts(kit: Kit) -> list[str]:
    with read(kit.engines, "") as db:
        chain = sa.select(audit.AUDIT).where(audit.AUDIT.c.organisation == INSTALLATION).order_by(audit.AUDIT.c.number)
        return [row.act for row in db.execute(chain)]


def test_an_account_is_made_once_an_address_and_its_owner_is_asked_for_proof(kit: Kit, alice: rows.Member) -> None:
    with write(kit.engines, "") as db:
        bob = accounts.create_account(db, kit, NewAccount(" Bob@Example.com", "Bob", passwords.make_hash(NEW_PASSWORD)))
        with pytest.raises(AddressTaken):
            accounts.create_account(db, kit, NewAccount("bob@example.com", "Eve", ""))
    (letter,) = letters_of(kit)
    assert (letter.to, letter.subject) == ("bob@example.com", "Is this your address?")
    assert accounts.link_email(kit, letter.token) == "bob@example.com"
    assert accounts.confirm_email(kit, letter.token).email_proven_at == kit.now()
    with pytest.raises(LinkUsed):
        accounts.confirm_email(kit, letter.token)
    with read(kit.engines, "") as db:
        kept = rows.person(db, bob.id)
    assert kept and kept.email_proven_at == kit.now() and acts(kit)[-2:] == ["account-created", "email-proven"]


def test_whoever_came_by_a_link_to_the_address_has_proven_it(kit: Kit, alice: rows.Member) -> None:
    with write(kit.engines, alice.organisation) as db:
        accounts.create_account(db, kit, NewAccount("bob@example.com", "Bob", "", is_email_proven=True))
    assert letters_of(kit) == []


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once_and_ends_every_session(
    kit: Kit, session: Session
) -> None:
    accounts.ask_reset(kit, " ALICE@example.com ", ELSEWHERE)
    (letter,) = letters_of(kit, EMAIL)
    found = accounts.reset_person(kit, letter.token)
    assert found and found.email == EMAIL and accounts.reset_person(kit, letter.token), "looking uses nothing up"
    accounts.reset(kit, letter.token, NEW_PASSWORD)
    assert sessions.own(kit, session.person.id) == ()
    with pytest.raises(WrongCredentials):
        sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, HOME)
    assert sessions.sign_in(kit, EMAIL, NEW_PASSWORD, ELSEWHERE)
    with pytest.raises(LinkUsed):
        accounts.reset(kit, letter.token, NEW_PASSWORD)
    assert [each.subject for each in letters_of(kit)][1:] == ["Your password at Tieout was changed"]
    assert acts(kit) == ["password-reset-asked", "password-reset"]


def test_a_reset_link_ends_after_an_hour_and_with_the_next_one(kit: Kit, session: Session) -> None:
    for _ in range(2):
        accounts.ask_reset(kit, EMAIL, HOME)
    first, second = letters_of(kit, EMAIL)
    assert accounts.reset_person(kit, first.token) is None and accounts.reset_person(kit, second.token)
    kit.now.advance(minutes=60)
    with pytest.raises(LinkUsed):
        accounts.reset(kit, second.token, NEW_PASSWORD)


def test_an_unknown_address_is_answered_alike_and_gets_nothing(kit: Kit, alice: rows.Member) -> None:
    outcomes = []
    for email in (EMAIL, "nobody@example.com"):
        told: list[str] = []
        for _ in range(5):
            try:
                accounts.ask_reset(kit, email, HOME)
                told.append("asked")
            except TooManyTries as refused:
                told.append(str(refused))
        outcomes.append(told)
    assert outcomes[0] == outcomes[1] and outcomes[0].count("asked") == 3, "nobody's mailbox is filled by strangers"
    assert {each.to for each in letters_of(kit)} == {EMAIL}


def test_the_password_changes_with_the_current_one_and_the_other_sessions_end(kit: Kit, session: Session) -> None:
    other = sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, ELSEWHERE)
    with pytest.raises(WrongCredentials):
        accounts.change_password(kit, session, "wrong", NEW_PASSWORD, HOME)
    accounts.change_password(kit, session, GOOD_PASSWORD, NEW_PASSWORD, HOME)
    assert sessions.current(kit, other) is None
    assert [each.digest for each in sessions.own(kit, session.person.id)] == [session.digest]
    assert sessions.sign_in(kit, EMAIL, NEW_PASSWORD, HOME)
    with read(kit.engines, "") as db:
        assert not rows.knows_device(db, sessions.digest(ELSEWHERE.device), session.person.id)
    assert acts(kit) == ["password-changed"]


def test_guessing_the_current_password_at_an_open_desk_gets_slower(kit: Kit, session: Session) -> None:
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            accounts.prove(kit, session, "wrong")
    with pytest.raises(TooManyTries):
        accounts.prove(kit, session, GOOD_PASSWORD)
    kit.now.advance(seconds=2)
    accounts.prove(kit, session, GOOD_PASSWORD)


def test_a_proof_lasts_ten_minutes_and_a_sign_in_is_one(kit: Kit, alice: rows.Member) -> None:
    token = sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, HOME)
    assert sessions.is_proven(opened(kit, token), kit)
    kit.now.advance(minutes=11)
    assert not sessions.is_proven(opened(kit, token), kit)
    accounts.prove(kit, opened(kit, token), GOOD_PASSWORD)
    kit.now.advance(minutes=10)
    assert sessions.is_proven(opened(kit, token), kit)


def test_a_new_address_is_proven_first_and_the_old_one_is_told(kit: Kit, session: Session) -> None:
    accounts.ask_new_email(kit, session, "Alice@New.example")
    (letter,) = letters_of(kit, "alice@new.example")
    assert opened_email(kit, session) == EMAIL, "nothing changes before the link is opened"
    accounts.confirm_email(kit, letter.token)
    assert opened_email(kit, session) == "alice@new.example"
    assert [each.subject for each in letters_of(kit, EMAIL)] == ["Your address at Tieout was changed"]
    assert sessions.sign_in(kit, "alice@new.example", GOOD_PASSWORD, HOME)
    assert acts(kit) == ["new-email-asked", "email-changed"]


def opened_email(kit: Kit, session: Session) -> str:
    with read(kit.engines, "") as db:
        found = rows.person(db, session.person.id)
    assert found
    return found.email


def test_an_address_of_somebody_else_cannot_be_had_not_even_later(kit: Kit, session: Session) -> None:
    with write(kit.engines, "") as db:
        accounts.create_account(db, kit, NewAccount("bob@example.com", "Bob", "", is_email_proven=True))
    accounts.ask_new_email(kit, session, "bob@example.com")
    assert letters_of(kit) == []
    accounts.ask_new_email(kit, session, "carol@example.com")
    (letter,) = letters_of(kit, "carol@example.com")
    with write(kit.engines, "") as db:
        accounts.create_account(db, kit, NewAccount("carol@example.com", "Carol", "", is_email_proven=True))
    with pytest.raises(AddressTaken):
        accounts.confirm_email(kit, letter.token)
    assert opened_email(kit, session) == EMAIL


def test_own_sessions_are_listed_and_ended_and_nobody_elses(kit: Kit, session: Session) -> None:
    phone = sessions.Visit("198.51.100.7", "", "Mozilla/5.0 (iPhone)")
    other = sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, phone)
    listed = sessions.own(kit, session.person.id)
    assert {each.agent for each in listed} == {"", "Mozilla/5.0 (iPhone)"} and len(listed) == 2
    stranger = rows.Person("somebody", "bob@example.com", "Bob", "", kit.now())
    assert not sessions.end_own(kit, stranger, sessions.digest(other)) and sessions.current(kit, other)
    assert sessions.end_own(kit, session.person, sessions.digest(other)) and not sessions.current(kit, other)
    third = sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, phone)
    assert sessions.end_others(kit, session) == 1 and not sessions.current(kit, third)
    assert acts(kit) == ["session-ended", "other-sessions-ended"]


@pytest.mark.parametrize("way", ["changed", "reset"])
def test_a_link_to_a_new_address_ends_with_the_password_under_which_it_was_asked_for(
    kit: Kit, session: Session, way: str
) -> None:
    accounts.ask_new_email(kit, session, "eve@example.net")
    (letter,) = letters_of(kit, "eve@example.net")
    if way == "changed":
        accounts.change_password(kit, session, GOOD_PASSWORD, NEW_PASSWORD, HOME)
    else:
        accounts.ask_reset(kit, EMAIL, ELSEWHERE)
        accounts.reset(kit, letters_of(kit, EMAIL)[-1].token, NEW_PASSWORD)
    with pytest.raises(LinkUsed):
        accounts.confirm_email(kit, letter.token)
    assert opened_email(kit, session) == EMAIL


def test_an_account_that_somebody_else_made_under_an_address_is_theirs_no_more_after_a_reset(
    kit: Kit, alice: rows.Member
) -> None:
    """Whoever invites sees the link too, and may have linked an identity of their own before the address was proven."""
    unproven = Person("bob", "bob@example.com", "Bob", "", kit.now())
    proven = Person("carol", "carol@example.com", "Carol", "", kit.now(), kit.now())
    with write(kit.engines, "") as db:
        for person in (unproven, proven):
            rows.add_person(db, person)
            vouched = (f"identity-{person.id}", "https://login.example", person.id, "google", person.id, person.email)
            identities.add(db, Identity(*vouched, kit.now()))
    for person in (unproven, proven):
        accounts.ask_reset(kit, person.email, ELSEWHERE)
        accounts.reset(kit, letters_of(kit, person.email)[0].token, NEW_PASSWORD)
    with read(kit.engines, "") as db:
        assert [len(identities.of_person(db, person.id)) for person in (unproven, proven)] == [0, 1]
    assert acts(kit).count("identities-unlinked") == 1
