"""Hypothesis without a stopwatch: on a busy machine a slow example is no failure."""

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
