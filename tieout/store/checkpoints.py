"""Checkpoints of the audit log: where each chain ended at a moment, signed with Ed25519, to be kept somewhere else.

Who can write to the database can rewrite a chain from its beginning. A checkpoint that lies where they cannot reach
shows it. The signing key is derived from the master key, which is not in the database.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tieout.core.chained import Head
from tieout.store.vault import Vault

FORMAT = "tieout audit checkpoint 1"
_PURPOSE = "checkpoints of the audit log"


class NotACheckpoint(ValueError):
    """A text that is no checkpoint, or was changed since it was signed."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`is_ours`: signed with this installation's present master key; else by the key that the text itself names."""

    made_at: datetime
    heads: tuple[Head, ...]
    is_ours: bool


def write(vault: Vault, heads: Sequence[Head], now: datetime) -> str:
    """The checkpoint as a text file of JSON."""
    key = _key(vault)
    told: dict[str, object] = {
        "format": FORMAT,
        "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "heads": [{"chain": each.chain, "number": each.number, "digest": each.digest} for each in heads],
        "public_key": key.public_key().public_bytes_raw().hex(),
    }
    return json.dumps(told | {"signature": key.sign(_signed(told)).hex()}, indent=2) + "\n"


def read(vault: Vault, text: str) -> Checkpoint:
    """Raises NotACheckpoint, with a sentence that says why."""
    try:
        told = json.loads(text)
        signature, public = bytes.fromhex(told.pop("signature")), bytes.fromhex(told["public_key"])
        assert told["format"] == FORMAT
        heads = tuple(Head(str(each["chain"]), int(each["number"]), str(each["digest"])) for each in told["heads"])
        made_at = datetime.fromisoformat(told["made_at"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(told))
    except InvalidSignature as error:
        raise NotACheckpoint("it was changed since it was signed") from error
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as error:
        raise NotACheckpoint(f"it is not of the format '{FORMAT}'") from error
    return Checkpoint(made_at, heads, public == _key(vault).public_key().public_bytes_raw())


def keep(folder: Path, text: str, now: datetime) -> Path | None:
    """The first of a day, in a file of its own that only its owner reads; None where the day has one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"audit-{now:%Y-%m-%d}.json"
    if path.exists():
        return None
    made = path.with_suffix(".part")
    made.write_text(text, "utf-8")
    made.chmod(0o600)
    made.replace(path)
    return path


def newest(folder: Path) -> Path | None:
    return max(folder.glob("audit-*.json"), default=None)


def _key(vault: Vault) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.derived(_PURPOSE))


def _signed(told: dict[str, object]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
