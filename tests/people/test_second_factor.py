"""Second factors: a code works once and only near its moment, recovery codes once ever, and no session comes before."""

import pyotp
import pytest
import sqlalchemy as sa

from tests.people.conftest import ELSEWHERE, GOOD_PASSWORD, HOME, Kit
from tests.people.mailbox import letters_of
from tieout.people import second_factor, sessions
from tieout.people.second_factor import WrongCode
from tieout.people.sessions import FactorNeeded, LinkUsed, TooManyTries
from tieout.store import people as rows
from tieout.store import second_factors as factors
from tieout.store.engine import read
from tieout.store.people import Person

EMAIL = "alice@example.com"


@pytest.fixture
def person(kit: Kit, alice: rows.Member) -> Person:
    with read(kit.engines, "") as db:
        found = rows.person(db, alice.person)
    assert found
    return found


@pytest.fixture
def secret(kit: Kit, person: Person) -> str:
    """Alice's app makes codes from it; a step has passed since its first one."""
    offer = second_factor.offer(kit, person)
    assert offer
    second_factor.confirm_code_app(kit, person, code(kit, offer.secret))
    kit.now.advance(seconds=60)
    return offer.secret


def code(kit: Kit, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(kit.now().timestamp()) + 30 * steps)


def pending(kit: Kit, visit: sessions.Visit = HOME) -> str:
    with pytest.raises(FactorNeeded) as needed:
        sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, visit)
    return needed.value.token


def test_the_secret_is_sealed_shown_until_it_is_proven_and_then_never_again(kit: Kit, person: Person) -> None:
    first, second = second_factor.offer(kit, person), second_factor.offer(kit, person)
    assert first and first == second and first.picture.startswith("data:image/svg+xml")
    with kit.engines.reading.begin() as connection:
        assert first.secret not in connection.execute(sa.select(factors.CODE_APPS.c.secret)).scalar_one()
    assert sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, HOME), "not asked for before it is proven"
    with pytest.raises(WrongCode):
        second_factor.confirm_code_app(kit, person, "000000")
    codes = second_factor.confirm_code_app(kit, person, code(kit, first.secret))
    assert len(set(codes)) == 10 and second_factor.offer(kit, person) is None
    assert [each.subject for each in letters_of(kit, EMAIL)] == ["A second factor was added at Tieout"]


def test_a_sign_in_is_a_session_only_behind_the_code(kit: Kit, secret: str) -> None:
    token = pending(kit)
    assert sessions.current(kit, token) is None
    with pytest.raises(WrongCode):
        second_factor.finish(kit, token, "123456", HOME)
    began = second_factor.finish(kit, token, code(kit, secret), HOME)
    assert sessions.current(kit, began)
    with pytest.raises(LinkUsed):
        second_factor.finish(kit, token, code(kit, secret, 1), HOME)


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(kit: Kit, secret: str, steps: int, is_taken: bool) -> None:
    token = pending(kit)
    if is_taken:
        assert second_factor.finish(kit, token, code(kit, secret, steps), HOME)
    else:
        with pytest.raises(WrongCode):
            second_factor.finish(kit, token, code(kit, secret, steps), HOME)


def test_a_code_that_was_used_and_every_earlier_one_is_refused(kit: Kit, secret: str) -> None:
    second_factor.finish(kit, pending(kit), code(kit, secret), HOME)
    for steps in (0, -1):
        with pytest.raises(WrongCode):
            second_factor.finish(kit, pending(kit), code(kit, secret, steps), HOME)
    assert second_factor.finish(kit, pending(kit), code(kit, secret, 1), HOME)


def test_a_waiting_sign_in_ends_after_ten_minutes_or_ten_tries(kit: Kit, secret: str) -> None:
    late = pending(kit)
    kit.now.advance(minutes=10)
    with pytest.raises(LinkUsed):
        second_factor.finish(kit, late, code(kit, secret), HOME)
    token, wrong = pending(kit, ELSEWHERE), 0
    for _ in range(40):
        try:
            second_factor.finish(kit, token, "000000", ELSEWHERE)
        except WrongCode:
            wrong += 1
        except TooManyTries as refused:
            kit.now.advance(seconds=refused.wait_seconds)
        except LinkUsed:
            break
    assert wrong == 10
    assert second_factor.waiting(kit, pending(kit)), "nobody is locked out: it begins again"


def test_who_guesses_codes_elsewhere_does_not_keep_a_known_browser_waiting(kit: Kit, person: Person) -> None:
    sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, HOME)
    offer = second_factor.offer(kit, person)
    assert offer
    second_factor.confirm_code_app(kit, person, code(kit, offer.secret))
    token = pending(kit, ELSEWHERE)
    for _ in range(5):
        with pytest.raises(WrongCode):
            second_factor.finish(kit, token, "000000", ELSEWHERE)
    with pytest.raises(TooManyTries):
        second_factor.finish(kit, token, "000000", ELSEWHERE)
    assert second_factor.finish(kit, pending(kit), code(kit, offer.secret, 1), HOME)


def test_a_recovery_code_works_once_however_it_is_typed_and_the_person_is_told(kit: Kit, person: Person) -> None:
    offer = second_factor.offer(kit, person)
    assert offer
    codes = second_factor.confirm_code_app(kit, person, code(kit, offer.secret))
    with kit.engines.reading.begin() as connection:
        kept = set(connection.scalars(sa.select(factors.RECOVERY_CODES.c.digest)))
    assert len(kept) == 10 and not kept & set(codes)
    assert second_factor.finish(kit, pending(kit), f" {codes[3].upper().replace('-', ' ')} ", HOME)
    with pytest.raises(WrongCode):
        second_factor.finish(kit, pending(kit), codes[3], HOME)
    assert second_factor.of_person(kit, person.id).codes_left == 9
    assert "9 are left" in letters_of(kit, EMAIL)[-1].text
    renewed = second_factor.new_recovery_codes(kit, person)
    with pytest.raises(WrongCode):
        second_factor.finish(kit, pending(kit), codes[4], HOME)
    assert second_factor.finish(kit, pending(kit), renewed[0], HOME)


def test_without_the_last_factor_there_are_no_recovery_codes_and_no_question(
    kit: Kit, person: Person, secret: str
) -> None:
    assert second_factor.remove_code_app(kit, person) and not second_factor.remove_code_app(kit, person)
    found = second_factor.of_person(kit, person.id)
    assert not found.any and found.codes_left == 0 and second_factor.new_recovery_codes(kit, person) == ()
    assert sessions.sign_in(kit, EMAIL, GOOD_PASSWORD, HOME)
    assert letters_of(kit, EMAIL)[-1].subject == "A second factor was removed at Tieout"


def test_whoever_lost_every_factor_comes_back_by_a_link_from_the_console(kit: Kit, secret: str) -> None:
    token = sessions.sign_in_link(kit)
    assert token and sessions.current(kit, sessions.sign_in_by_link(kit, token, HOME))
