"""What a person finds in the mailbox: letters that wait to be handed over, opened."""

import re
from dataclasses import dataclass

from tieout.people.needs import Needs
from tieout.store import letters
from tieout.store.engine import read


@dataclass(frozen=True)
class Found:
    to: str
    subject: str
    text: str
    link: str

    @property
    def token(self) -> str:
        found = re.search(r"token=([\w-]+)", self.link)
        assert found, f"no link in {self.subject}"
        return found[1]


def letters_of(needs: Needs, to: str = "") -> list[Found]:
    """Oldest first."""
    with read(needs.engines, "") as db:
        rows = [each for each in reversed(letters.listed(db)) if to in ("", each.to)]
    return [Found(each.to, each.subject, *letters.opened(needs.vault, each)) for each in rows]
