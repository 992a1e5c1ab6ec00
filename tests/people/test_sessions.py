"""Sessions end when they should, are kept as hashes, and guessing passwords gets slower and slower."""

import threading

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from tests.people.conftest import ELSEWHERE, GOOD_PASSWORD, HOME, Kit
from tieout.people import sessions
from tieout.people.sessions import TooManyTries, WrongCredentials
from tieout.store import people as rows
from tieout.store.engine import write


def test_signing_in_gives_a_session_of_the_person_and_organisation(kit: Kit, alice: rows.Member) -> None:
    token = sessions.sign_in(kit, " ALICE@example.com ", GOOD_PASSWORD, HOME)
    session = sessions.current(kit, token)
    assert session is not None
    assert (session.person.id, session.organisation.id, session.role) == (alice.person, alice.organisation, "owner")


def test_every_sign_in_is_a_new_session_and_only_its_hash_is_kept(kit: Kit, alice: rows.Member) -> None:
    tokens = {sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, HOME) for _ in range(2)}
    assert len(tokens) == 2 and all(len(token) == 43 for token in tokens)
    with kit.engines.reading.begin() as connection:
        kept = {row.digest for row in connection.execute(sa.select(rows.SESSIONS))}
    assert kept == {sessions.digest(token) for token in tokens} and not kept & tokens


@pytest.mark.parametrize(("email", "password"), [("alice@example.com", "wrong"), ("bob@example.com", GOOD_PASSWORD)])
def test_a_wrong_password_and_an_unknown_address_are_told_alike(
    kit: Kit, alice: rows.Member, email: str, password: str
) -> None:
    with pytest.raises(WrongCredentials):
        sessions.sign_in(kit, email, password, HOME)


def test_a_session_ends_after_twelve_idle_hours(kit: Kit, alice: rows.Member) -> None:
    token = sessions.begin(kit, alice.person, HOME)
    for _ in range(3):
        kit.now.advance(hours=11, minutes=59)
        assert sessions.current(kit, token)
    kit.now.advance(hours=12)
    assert sessions.current(kit, token) is None


def test_a_session_ends_after_seven_days_however_busy(kit: Kit, alice: rows.Member) -> None:
    token = sessions.begin(kit, alice.person, HOME)
    for _ in range(20):
        kit.now.advance(hours=8)
        assert sessions.current(kit, token)
    kit.now.advance(hours=8)
    assert sessions.current(kit, token) is None


def test_signing_out_ends_one_session_or_all(kit: Kit, alice: rows.Member) -> None:
    one, two, three = (sessions.begin(kit, alice.person, HOME) for _ in range(3))
    sessions.sign_out(kit, one)
    assert sessions.current(kit, one) is None and sessions.current(kit, two)
    assert sessions.sign_out_everywhere(kit, alice.person) == 2
    assert sessions.current(kit, two) is None and sessions.current(kit, three) is None


def test_a_removed_member_has_no_session(kit: Kit, alice: rows.Member) -> None:
    token = sessions.begin(kit, alice.person, HOME)
    with write(kit.engines, alice.organisation) as db:
        db.execute(sa.delete(rows.MEMBERS))
    assert sessions.current(kit, token) is None


def test_wrong_passwords_slow_down_the_next_and_never_lock_out(kit: Kit, alice: rows.Member) -> None:
    waits = []
    for _ in range(18):
        try:
            sessions.sign_in(kit, "alice@example.com", "wrong", ELSEWHERE)
        except WrongCredentials:
            waits.append(0)
        except TooManyTries as refused:
            waits.append(refused.wait_seconds)
            kit.now.advance(seconds=refused.wait_seconds)
    assert [wait for wait in waits if wait] == [1, 2, 4, 8, 16, 32, 64]
    kit.now.advance(seconds=900)
    assert sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, ELSEWHERE)


def test_unknown_addresses_are_slowed_down_alike(kit: Kit, alice: rows.Member) -> None:
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            sessions.sign_in(kit, "bob@example.com", "wrong", ELSEWHERE)
    with pytest.raises(TooManyTries):
        sessions.sign_in(kit, "bob@example.com", "wrong", ELSEWHERE)


def test_whoever_guesses_from_outside_does_not_keep_a_known_browser_out(kit: Kit, alice: rows.Member) -> None:
    sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, HOME)
    with write(kit.engines, "") as db:  # ten thousand wrong guesses
        subject = sessions.digest("account:alice@example.com")
        rows.tries(db, subject, kit.now())
        rows.set_tries(db, subject, 10_000, kit.now())
    with pytest.raises(TooManyTries) as refused:
        sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, ELSEWHERE)
    assert refused.value.wait_seconds == 900
    assert sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, HOME)


def test_many_guesses_at_once_are_each_counted(kit: Kit, alice: rows.Member) -> None:
    outcomes: list[str] = []

    def guess() -> None:
        try:
            sessions.sign_in(kit, "alice@example.com", "wrong", ELSEWHERE)
        except (WrongCredentials, TooManyTries) as refused:
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("WrongCredentials") == 5 and len(outcomes) == 16


def test_many_names_tried_from_one_address_are_slowed_down(kit: Kit, alice: rows.Member) -> None:
    with write(kit.engines, "") as db:
        subject = sessions.digest("address:198.51.100.7")
        rows.tries(db, subject, kit.now())
        rows.set_tries(db, subject, 24, kit.now())
    with pytest.raises(TooManyTries):
        sessions.sign_in(kit, "carol@example.com", "wrong", ELSEWHERE)


def test_a_success_gives_an_address_its_try_back(kit: Kit, alice: rows.Member) -> None:
    for _ in range(3):
        sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, sessions.Visit("192.0.2.1", ""))
    with kit.engines.reading.begin() as connection:
        assert connection.execute(sa.select(rows.TRIES)).all() == []


def test_an_outdated_hash_is_made_again_at_sign_in(
    kit: Kit, alice: rows.Member, monkeypatch: pytest.MonkeyPatch
) -> None:

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD_PASSWORD)
    with write(kit.engines, "") as db:
        rows.set_password_hash(db, alice.person, weak)
    sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, HOME)
    with kit.engines.reading.begin() as connection:
        assert "m=8192" in connection.execute(sa.select(rows.PERSONS.c.password_hash)).scalar_one()


def test_a_sign_in_link_works_once_and_within_the_hour(kit: Kit, alice: rows.Member) -> None:
    token = sessions.sign_in_link(kit)
    assert token
    looked_at = [sessions.link_person(kit, token) for _ in range(2)]
    assert [person.id for person in looked_at if person] == [alice.person] * 2
    assert sessions.current(kit, sessions.sign_in_by_link(kit, token, HOME))
    with pytest.raises(sessions.LinkUsed):
        sessions.sign_in_by_link(kit, token, HOME)
    late = sessions.sign_in_link(kit)
    assert late
    kit.now.advance(minutes=60)
    with pytest.raises(sessions.LinkUsed):
        sessions.sign_in_by_link(kit, late, HOME)


def test_there_is_no_link_before_there_is_an_owner(kit: Kit) -> None:
    assert sessions.sign_in_link(kit) is None
