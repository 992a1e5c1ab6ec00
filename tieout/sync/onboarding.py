"""The set-up in five steps, left and resumed at any time: each step's state follows from facts, its drafts stand apart.

Starting over throws away drafts and unfinished attempts, never anything that was connected, saved or posted.
"""

from collections.abc import Mapping

from tieout.core.actor import Actor
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import drafts, onboarding, settlements
from tieout.store.engine import Db, read, write
from tieout.store.onboarding import StepDraft
from tieout.sync import door_issues, setup_facts
from tieout.sync.setup_facts import STEPS, Setup, Step
from tieout.sync.tools import Tools

DISCARDED = "It was thrown away, to begin again."
_LONGEST = 500


def view(tools: Tools, organisation: str) -> Setup:
    """Every step as it stands now."""
    with read(tools.engines, organisation) as db:
        return setup_facts.setup(db)


def bar(tools: Tools, organisation: str) -> Setup | None:
    """The set-up while it is open, for the bar on other pages; None costs two short reads."""
    with read(tools.engines, organisation) as db:
        if not setup_facts.is_open(db, onboarding.find(db), settlements.first_channel(db) is not None):
            return None
        found = setup_facts.setup(db)
    return found if found.is_open else None


def leads_here(tools: Tools, organisation: str) -> bool:
    """Whether somebody who comes in should land on the set-up: it is open, and nobody has put it aside."""
    return bar(tools, organisation) is not None


def save(tools: Tools, actor: Actor, step: str, entered: Mapping[str, str]) -> None:
    """What was entered in a step and is not finished; the next visit resumes there. Raises NotPermitted.

    No secret may be among it.
    """
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        _begun(tools, db, actor, step)
        kept = {name[:64]: text.strip()[:_LONGEST] for name, text in entered.items() if text.strip()}
        onboarding.save(db, StepDraft(step, kept, tools.now(), actor.name))
        onboarding.go_to(db, step)
    door_issues.look(tools, actor.organisation)


def go_to(tools: Tools, actor: Actor, step: str) -> None:
    """The step that the next visit shows first. Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        _begun(tools, db, actor, step)
        onboarding.go_to(db, step)


def start_over(tools: Tools, actor: Actor, step: str = "") -> str:
    """Throws away the drafts and unfinished attempts of one step, or of all; says what they were.

    Raises NotPermitted.
    """
    meant = (step,) if step else STEPS
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        _begun(tools, db, actor, meant[0])
        thrown = []
        for each in (found for found in setup_facts.setup(db).steps if found.name in meant):
            thrown += _thrown_away(each)
            onboarding.discard(db, each.name)
            for tried in each.tries:
                drafts.end(db, tried.id, "", DISCARDED, tools.now())
                drafts.forget(db, tried.id)
        onboarding.go_to(db, meant[0])
        if not step:
            onboarding.open_again(db)
        told = "; ".join(thrown) or "there was nothing to throw away"
        record(db, actor, "setup-begun-again", f"setup:{step or 'all'}", tools.now(), {"thrown": told[:500]})
    door_issues.look(tools, actor.organisation)
    return told


def what_would_go(setup: Setup, step: str = "") -> tuple[str, ...]:
    """What starting over would throw away, a line each."""
    return tuple(line for each in setup.steps if step in ("", each.name) for line in _thrown_away(each))


def put_aside(tools: Tools, actor: Actor) -> None:
    """Nobody is led to the set-up any more; its page stays. Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        _begun(tools, db, actor, STEPS[0])
        onboarding.end(db, tools.now())
        record(db, actor, "setup-put-aside", "setup:all", tools.now())
    door_issues.look(tools, actor.organisation)


def _thrown_away(step: Step) -> list[str]:
    found = []
    if step.entered:
        told = ", ".join(f"{name}: {text}" for name, text in step.entered.items())
        found.append(f"the draft of step {step.number}, {step.title.lower()} ({told})")
    if step.tries:
        number = len(step.tries)
        found.append(f"{number} unfinished attempt{'s' if number != 1 else ''} to connect ({step.title.lower()})")
    return found


def _begun(tools: Tools, db: Db, actor: Actor, step: str) -> None:
    assert step in STEPS, "the doors let only steps in"
    if onboarding.begin(db, actor.person, step, tools.now()):
        record(db, actor, "setup-begun", "setup:all", tools.now())
