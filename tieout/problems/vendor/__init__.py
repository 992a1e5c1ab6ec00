"""Faults on the side of the books."""
