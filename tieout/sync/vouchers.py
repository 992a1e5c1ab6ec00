"""Everybody who may vouch for people, found by looking: platforms that say so themselves, and those without books."""

from collections.abc import Mapping

from tieout import platforms
from tieout.core.openid import Provider
from tieout.people import vouching


def known() -> Mapping[str, Provider]:
    """By name; of a platform, its own."""
    own = {name: found for name in platforms.names() if (found := platforms.openid(name))}
    return {provider.name: provider for provider in vouching.providers()} | own


def label(name: str) -> str:
    found = known().get(name)
    return found.label if found else name.title()
