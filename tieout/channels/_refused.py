"""Refused: a statement cannot be read. Findings: what one reading noticed, gathered so that a person sees all of it."""

import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tieout.core.settlement import Refusal, Warning

MOST = 50  # refusals and warnings kept of one file; a thousand say no more than fifty

# What a reader's own mistake raises. A file that is no longer there, or a want of memory, says nothing of the reader.
OWN_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Refused(Exception):
    """Carries every refusal found, so that one reading shows them all."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(refusal.message for refusal in refusals))


class Unrecognised(Refused):
    """No channel reads this file. `code` and `message` say what it is instead and which file is wanted."""

    def __init__(self, code: str, message: str, row: int = 0) -> None:
        self.code, self.message, self.row = code, message, row
        super().__init__(Refusal(code, message, row))


class Unreadable(ValueError):
    """One value is no amount or no date. Never leaves the room: it becomes a refusal with its row."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__(reason)


class Unusual(Unreadable):
    """What a quick reader leaves to the plain one, right or wrong; whoever feeds it asks that one then."""

    def __init__(self, reason: str) -> None:
        super().__init__("unusual", reason)


def broken_off(error: Exception) -> Refusal:
    """The last resort: one of OWN_ERRORS came out of a reader. Says where, and nothing of what the file holds."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
    return Refusal(
        "reader_failed",
        f"The reading of this file broke off by a mistake of Tieout's own ({place}), so nothing in it was taken over."
        " Please report this place; other files are not touched by it.",
    )


@dataclass(slots=True)
class Findings:
    """Refusals and warnings in the order of their discovery. Raises Refused once there are more than enough."""

    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)

    def refuse(self, code: str, message: str, row: int = 0, settlement: str = "") -> None:
        self.refusals.append(Refusal(code, message, row, settlement))
        if len(self.refusals) >= MOST:
            raise Refused(*self.refusals)

    def warn(self, code: str, message: str, row: int = 0) -> None:
        if len(self.warnings) < MOST:
            self.warnings.append(Warning(code, message, row))
