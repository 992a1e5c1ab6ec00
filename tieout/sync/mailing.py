"""Mailing: letters that were asked for are handed over, again and again with growing waits until they are taken.

    mailing.enqueue(db, tools, to, subject, text, link="") -> str      # the letter's id

writes a letter into the transaction `db` (see `people.letters`, where verbs of `people` call it under the same name):
it goes out if and only if that transaction commits. `tools` may be anything with `vault`, `now` and `new_id`; `link` is
a path of ours or a whole address. Delivery is a job of its own. A crash between the handing over and its record hands
the same letter over once more, under the same Message-ID, which receiving servers take for one.
"""

from datetime import timedelta

from tieout.mail import Letter, Undelivered
from tieout.people.letters import enqueue
from tieout.store import letters as rows
from tieout.store.engine import read, write
from tieout.store.letters import FAILED, SENT, WAITING, Outgoing
from tieout.store.vault import KeyMissing, Tampered
from tieout.sync.tools import Tools

__all__ = ["deliver", "enqueue", "outgoing", "test", "try_again"]

EVERY_SECONDS = 5
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 960))
_HELD = timedelta(minutes=2)  # longer than one handing over: a worker that died in it blocks the letter no longer
_KEPT = timedelta(days=30)
_MOST_FAILURES = 3  # in a row, after which the way out is taken to be closed until the next turn


def deliver(tools: Tools) -> int:
    """Hand over what is due; how many letters were taken. Safe to repeat and to run twice at once."""
    with read(tools.engines, "") as db:
        due = rows.due(db, tools.now())
    taken = failures = 0
    for letter in due:
        if failures >= _MOST_FAILURES:
            break
        ended = _deliver_one(tools, letter)
        taken, failures = taken + (ended is True), failures + 1 if ended is False else 0
    if due:
        with write(tools.engines, "") as db:
            rows.forget(db, tools.now() - _KEPT)
    return taken


def outgoing(tools: Tools, organisation: str = "", unsent_only: bool = False) -> tuple[Outgoing, ...]:
    """The letters of one organisation or of all, newest first; their words stay sealed."""
    with read(tools.engines, organisation) as db:
        return rows.listed(db, (WAITING, FAILED) if unsent_only else (WAITING, SENT, FAILED))


def try_again(tools: Tools) -> int:
    """Whatever waits is tried at once, as after a wrong setting was mended; how many letters that are."""
    with write(tools.engines, "") as db:
        hurried = rows.hurry(db, tools.now())
    tools.jobs.enqueue("mail", f"mail:{tools.new_id()}", {})
    return hurried


def test(tools: Tools, to: str) -> str:
    """Hand one letter over at once, past the rows; why it was not taken, empty when it was."""
    text = "This letter shows that Tieout can send mail. There is nothing to do.\n"
    try:
        tools.post.hand_over(Letter(tools.new_id(), to, "Tieout can send mail", text, tools.now()))
    except Undelivered as error:
        return str(error)
    return ""


def _deliver_one(tools: Tools, letter: Outgoing) -> bool | None:
    """Whether it was taken; None when another worker has it."""
    with write(tools.engines, "") as db:
        if not rows.claim(db, letter, tools.now() + _HELD):
            return None
    try:
        text, link = rows.opened(tools.vault, letter)
        tools.post.hand_over(
            Letter(letter.id, letter.to, letter.subject, _with_link(tools, text, link), letter.asked_at)
        )
    except (Undelivered, Tampered, KeyMissing) as error:
        _keep_failure(tools, letter, error)
        return False
    with write(tools.engines, "") as db:
        rows.end(db, letter, SENT, "", tools.now())
    return True


def _keep_failure(tools: Tools, letter: Outgoing, error: Exception) -> None:
    is_final = not isinstance(error, Undelivered) or error.is_final or letter.tries >= len(_WAITS)
    with write(tools.engines, "") as db:
        if is_final:
            rows.end(db, letter, FAILED, str(error), tools.now())
        else:
            rows.put_off(db, letter, str(error), tools.now() + _WAITS[letter.tries])


def _with_link(tools: Tools, text: str, link: str) -> str:
    address = tools.url + link if link.startswith("/") else link
    return f"{text}\n\n{address}\n" if address else f"{text}\n"
