"""A step: a part of a job whose result is journalled, so that a job that is run again does not do it again."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def step(name: str, function: Callable[..., T], /, **arguments: Any) -> T:
    """The result of `function(**arguments)`, from the journal where an earlier life of this job finished the step.

    A step that was cut off before its result was kept runs again: at least once, never exactly once. Results are
    journalled in clear and obey the rules of arguments; an expected outcome is a result, not an exception. Steps of a
    job come in the same order in every life. Outside a job this is a plain call.
    """
    dbos = sys.modules.get("dbos")  # not imported: then no job is running either
    if dbos is None or dbos.DBOS.workflow_id is None:
        return function(**arguments)
    result: T = dbos.DBOS.run_step({"name": name}, lambda: function(**arguments))
    return result
