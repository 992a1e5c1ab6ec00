"""Writes the demo's files again: python -m tieout.sandbox.demo."""

from tieout.sandbox.demo import write

write()
