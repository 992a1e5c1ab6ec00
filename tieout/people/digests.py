"""Texts of chance that let somebody in, and how they are kept: as a hash, which opens nothing when it is copied."""

import hashlib
import secrets


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """How a token is kept. It is random throughout, so a plain hash is right."""
    return hashlib.sha256(token.encode()).hexdigest()
