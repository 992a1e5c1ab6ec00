"""Letters go out if and only if what they tell was kept, once, and are tried again until they are taken."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Clock
from tieout.mail import Letter, Undelivered
from tieout.store import letters as rows
from tieout.store.engine import write
from tieout.store.vault import ORGANISATION_KEYS
from tieout.sync import mailing
from tieout.sync.doctor import examine
from tieout.sync.tools import Tools


@dataclass
class Outbox:
    """Takes letters, or refuses them as a test says."""

    taken: list[Letter] = field(default_factory=list)
    refusal: Undelivered | None = None
    words: str = "an outbox"

    def hand_over(self, letter: Letter) -> None:
        if self.refusal:
            raise self.refusal
        self.taken.append(letter)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def posting(tools: Tools, outbox: Outbox) -> Tools:
    return replace(tools, post=outbox, url="https://books.example.com")


def ask(tools: Tools, organisation: str = "", **more: str) -> str:
    with write(tools.engines, organisation) as db:
        return mailing.enqueue(db, tools, "bob@example.com", "Prove\nit", "Words.", more.get("link", "/verify?token=x"))


def test_a_letter_is_kept_sealed_handed_over_once_and_then_erased(posting: Tools, outbox: Outbox) -> None:
    id = ask(posting)
    with posting.engines.reading.begin() as connection:
        row = connection.execute(sa.select(rows.LETTERS)).one()
    assert row.to == "bob@example.com" and "Words" not in row.text and "token" not in row.link
    assert mailing.deliver(posting) == 1 and mailing.deliver(posting) == 0
    (letter,) = outbox.taken
    assert (letter.id, letter.to, letter.subject) == (id, "bob@example.com", "Prove it")
    assert letter.text == "Words.\n\nhttps://books.example.com/verify?token=x\n"
    (kept,) = mailing.outgoing(posting)
    assert (kept.state, kept.text, kept.link) == ("sent", "", "") and mailing.outgoing(posting, unsent_only=True) == ()


def test_a_letter_of_a_change_that_was_rolled_back_never_goes_out(posting: Tools, outbox: Outbox) -> None:
    with pytest.raises(ZeroDivisionError), write(posting.engines, "") as db:
        mailing.enqueue(db, posting, "bob@example.com", "Subject", "Words.")
        _ = 1 // 0
    assert mailing.deliver(posting) == 0 and outbox.taken == []


def test_a_letter_of_an_organisation_is_sealed_with_its_key(posting: Tools, outbox: Outbox) -> None:
    with write(posting.engines, "org-1") as db:
        posting.vault.add_key(db, posting.now())
    ask(posting, "org-1", link="https://elsewhere.example/x")
    with posting.engines.reading.begin() as connection:
        assert set(connection.scalars(sa.select(ORGANISATION_KEYS.c.organisation))) == {"org-1"}
    assert [each.organisation for each in mailing.outgoing(posting, "org-1")] == ["org-1"]
    assert mailing.outgoing(posting, "org-2") == ()
    mailing.deliver(posting)
    assert outbox.taken[0].text.endswith("https://elsewhere.example/x\n")


def test_waits_grow_and_in_the_end_it_is_told_that_nobody_took_it(posting: Tools, outbox: Outbox, clock: Clock) -> None:
    ask(posting)
    outbox.refusal = Undelivered("451 try later", is_final=False)
    waits = []
    for _ in range(11):
        mailing.deliver(posting)
        (letter,) = mailing.outgoing(posting)
        if letter.due_at:
            waits.append((letter.due_at - clock.at) // timedelta(minutes=1))
            assert mailing.deliver(posting) == 0, "not before its time"
            clock.at = letter.due_at
    assert waits == [1, 2, 5, 15, 30, 60, 120, 240, 480, 960]
    (failed,) = mailing.outgoing(posting, unsent_only=True)
    assert (failed.state, failed.words, failed.text) == ("failed", "451 try later", "")


def test_a_refusal_for_good_ends_it_at_once(posting: Tools, outbox: Outbox) -> None:
    ask(posting)
    outbox.refusal = Undelivered("550 no such person", is_final=True)
    mailing.deliver(posting)
    assert mailing.outgoing(posting)[0].state == "failed"


def test_after_a_mended_setting_what_waits_goes_at_once(posting: Tools, outbox: Outbox) -> None:
    ask(posting)
    outbox.refusal = Undelivered("535 wrong password", is_final=False)
    mailing.deliver(posting)
    outbox.refusal = None
    assert mailing.deliver(posting) == 0
    assert mailing.try_again(posting) == 1 and mailing.deliver(posting) == 1


def test_a_worker_that_died_in_between_hands_over_the_same_letter_again(
    posting: Tools, outbox: Outbox, clock: Clock
) -> None:
    id = ask(posting)
    (due,) = mailing.outgoing(posting)
    with write(posting.engines, "") as db:
        assert rows.claim(db, due, clock.at + timedelta(minutes=2))
    with write(posting.engines, "") as db:
        assert not rows.claim(db, due, clock.at), "of two workers only one has it"
    assert mailing.deliver(posting) == 0
    clock.advance(minutes=2)
    assert mailing.deliver(posting) == 1 and [each.id for each in outbox.taken] == [id]


def test_a_closed_way_out_is_not_knocked_at_by_every_letter(posting: Tools, outbox: Outbox) -> None:
    for _ in range(9):
        ask(posting)
    outbox.refusal = Undelivered("not reached", is_final=False)
    mailing.deliver(posting)
    assert sorted(each.tries for each in mailing.outgoing(posting)) == [0] * 6 + [1] * 3


def test_the_doctor_says_when_the_way_out_is_closed(
    posting: Tools, outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    def told() -> tuple[bool, str]:
        return next((each.is_good, each.text) for each in examine(posting, tmp_path) if each.name == "mail")

    ask(posting)
    outbox.refusal = Undelivered("535 wrong password", is_final=False)
    for _ in range(3):
        assert told() == (True, "Letters go out by an outbox.")
        mailing.deliver(posting)
        clock.advance(minutes=30)
    assert told() == (False, "Not taken, after 3 tries or more: 1. 535 wrong password.")
    outbox.refusal = Undelivered("550 no such person", is_final=True)
    mailing.deliver(posting)
    assert told()[0] and "Refused for good: 1" in told()[1]
