"""Brings a database to the tables that this release expects."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import tieout.store
from tieout.store.engine import Engines
from tieout.store.metadata import METADATA


def load_tables() -> None:
    """Imports every module of the store, so that METADATA knows every table: a new table's file needs no list."""
    for module in iter_modules(tieout.store.__path__):
        if not module.ispkg:
            import_module(f"tieout.store.{module.name}")


def prepare(engines: Engines, backup_folder: Path | None = None) -> None:
    """Makes what is missing."""
    load_tables()
    METADATA.create_all(engines.writing)
