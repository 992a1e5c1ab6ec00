"""Letters to people: written as a row in the transaction of what they tell, delivered later by `sync.mailing`."""

from datetime import datetime

from tieout.people.needs import Needs
from tieout.store import letters as rows
from tieout.store.engine import Db


def enqueue(db: Db, needs: Needs, to: str, subject: str, text: str, link: str = "") -> str:
    """One letter goes out after this transaction has committed; its id. Nothing goes out if it is rolled back.

    `text` is plain words, paragraphs apart by an empty line. `link` is a path of ours (`/invitations/accept?token=…`)
    or a whole address; it stands on a line of its own below the text, with our public address before a path. Text and
    link are sealed until the letter is handed over, then erased.
    """
    id, now = needs.new_id(), needs.now()
    rows.add(db, needs.vault, id, to, " ".join(subject.split()), text.strip(), link, now)
    return id


def clock(at: datetime) -> str:
    """A moment in a letter, whose reader's zone nobody knows."""
    return f"{at:%d %B %Y, %H:%M} UTC"
