"""What a resource says of its addresses: the scope that each needs, what it answers, and what it may refuse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tieout.people.tokens import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `scope` None opens it to everybody.

    `answers`: the model by status. `refuses`: codes of its own, beside those that every address has. `missing`: the
    code when the path names nothing of this organisation. `body`: the model of a JSON body; `takes_file`: bytes
    instead. `headers`: those it reads, by name.
    """

    method: str
    path: str
    function: Callable[..., Any]
    scope: Scope | None
    name: str
    summary: str
    answers: dict[int, type[BaseModel]]
    refuses: tuple[str, ...] = ()
    missing: str = "not_found"
    body: type[BaseModel] | None = None
    takes_file: bool = False
    headers: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    @property
    def names_a_record(self) -> bool:
        return "{" in self.path
