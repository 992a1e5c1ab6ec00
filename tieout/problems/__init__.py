"""What can be wrong: one file a problem, one folder a family, found by looking. The file name is the code.

A module is a problem when it has a docstring (the explanation, then "Seen as:" and "Tieout does:"), TITLE, OWNER,
RETRY, FAULTS (how to cause it in the sandbox), `detect(case)` and `fixes(case)`. None names a platform or a channel.
"""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, filled

# Which cause wins when several fit: the first of these. An entry is a family, or one problem of a family.
ORDER = (
    "vendor",
    "network",
    "grant/token-keeps-expiring",
    "grant/grant-idle-expired",
    "grant/grant-stale-after-billing",
    "grant/reconnect-needs-clean-start",
    "grant/grant-killed-by-security-change",
    "grant",
    "connect",
    "organisation",
    "rights",
    "limit",
    "channel",
    "source",
    "mapping",
    "tax",
    "bank",
    "currency",
    "document/period-locked",
    "contact",
    "document",
    "payment",
    "conflict",
    "send",
)
# It fits everything, so no failure is ever without a diagnosis.
LAST = "provider-error-unrecognised"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem as its file says it. `faults` are lines such as "chart-edit: act=archive"."""

    code: str
    family: str
    title: str
    cause: str
    seen_as: str
    does: str
    owner: Owner
    retry: RetryClass
    faults: tuple[str, ...]
    detect: Callable[[Case], Evidence | None]
    fixes: Callable[[Case], tuple[Fix, ...]]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The root cause of a case; `others` are the codes of what fits too and hangs under it."""

    problem: Problem
    evidence: Evidence
    title: str
    others: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return self.problem.code


@cache
def problems() -> tuple[Problem, ...]:
    """Every problem, in the order in which causes win."""
    found = []
    for family in pkgutil.iter_modules(__path__):
        if family.ispkg:
            inside = import_module(f"{__name__}.{family.name}")
            found += [_problem(family.name, module.name) for module in pkgutil.iter_modules(inside.__path__)]
    return tuple(sorted(found, key=lambda problem: (_place(problem), problem.code)))


def named(code: str) -> Problem | None:
    return next((problem for problem in problems() if problem.code == code), None)


def families() -> dict[str, str]:
    """What each family is about, in the order in which causes win."""
    names = dict.fromkeys(problem.family for problem in problems())
    return {name: inspect.cleandoc(import_module(f"{__name__}.{name}").__doc__ or "") for name in names}


def rank(code: str) -> int:
    """The smaller wins."""
    return next(place for place, problem in enumerate(problems()) if problem.code == code)


def diagnose(case: Case) -> Diagnosis:
    """The first problem in order that the facts prove, with what it rests on."""
    found = fitting(case)
    assert found, f"{LAST} fits everything"
    problem, evidence = found[0]
    others = tuple(other.code for other, _ in found[1:] if other.code != LAST)
    return Diagnosis(problem, evidence, filled(problem.title, case.names(), dict(evidence.names)), others)


def fitting(case: Case) -> list[tuple[Problem, Evidence]]:
    """Everything that the facts prove, the root first."""
    return [(problem, evidence) for problem in problems() if (evidence := problem.detect(case)) is not None]


def spoken(problem: Problem) -> str:
    """The title with every fact left open, as on the page about the problem itself."""
    return filled(problem.title)


def _place(problem: Problem) -> int:
    if problem.code == LAST:
        return len(ORDER) + 1
    own = f"{problem.family}/{problem.code}"
    return next(
        (at for at, entry in enumerate(ORDER) if entry in (own, problem.family) and _is(entry, own)), len(ORDER)
    )


def _is(entry: str, own: str) -> bool:
    """A family stands for those of its problems that have no place of their own."""
    return entry == own if "/" in entry else own not in ORDER


def _problem(family: str, name: str) -> Problem:
    module = import_module(f"{__name__}.{family}.{name}")
    text = " ".join(inspect.cleandoc(module.__doc__ or "").split())
    cause, _, rest = text.partition(" Seen as: ")
    seen_as, _, does = rest.partition(" Tieout does: ")
    assert cause and seen_as and does, f"{module.__name__}: say the cause, then 'Seen as:' and 'Tieout does:'"
    return Problem(
        code=name.replace("_", "-"),
        family=family,
        title=module.TITLE,
        cause=cause,
        seen_as=seen_as[:1].upper() + seen_as[1:],
        does=does[:1].upper() + does[1:],
        owner=module.OWNER,
        retry=module.RETRY,
        faults=module.FAULTS,
        detect=module.detect,
        fixes=module.fixes,
    )
