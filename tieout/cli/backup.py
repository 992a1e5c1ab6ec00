"""`tieout backup`: verified copies of an embedded database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tieout.cli._doors import fail, looking, say


def add(commands: typer.Typer) -> None:
    commands.command("backup")(backup)


def backup(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Where to; else the folder backups beside the data.")] = None,
) -> None:
    """Copy the embedded database while it is in use, and prove the copy. The master key is not in it: keep that too."""
    from tieout.store.backup import BackupFailed, make

    with looking(context) as product:
        settings = product.environment
        try:
            made = make(
                product.tools.engines, settings.jobs_url, folder or settings.data / "backups", datetime.now(UTC)
            )
        except BackupFailed as error:
            fail(f"No backup was made: {error}.")
    say(f"Copied and verified: {made.product}")
    say(f"The key that opens its tokens lies in {settings.master_key}; keep a copy of it elsewhere.")
