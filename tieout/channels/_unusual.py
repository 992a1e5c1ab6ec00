"""Unusual: a quick reader leaves a file to the plain one."""


class Unusual(Exception):
    """Something that only the plain reader judges, whether it is right or wrong. Never leaves the room but to it."""
