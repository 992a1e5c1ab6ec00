"""The same verbs, typed. A file a group of commands; every command that prints can print JSON instead."""

from collections.abc import Sequence

from tieout.cli._doors import Doors, Exit, complain

__all__ = ["Doors", "run"]


def run(doors: Doors, arguments: Sequence[str]) -> int:
    """Run one command; its exit code. A wrong setting or a start that cannot be is one sentence, never a trace."""
    from tieout.cli._commands import make_commands

    try:
        make_commands()(list(arguments), prog_name="tieout", obj=doors)
    except (doors.SettingsError, doors.CannotStart) as error:
        complain(str(error))
        return Exit.CANNOT_START
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Exit.FAILED
    return Exit.DONE
