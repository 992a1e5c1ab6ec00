"""What a stand-in covers and how it knows: each behaviour documented, recorded or assumed; a page of its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tieout.sandbox.faults import NAMES

BASES = ("documented", "recorded", "assumed")
MEANING = {
    "documented": "the vendor, or somebody quoting the vendor, says so in writing",
    "recorded": "seen in a recorded answer of the real thing",
    "assumed": "nobody has confirmed it; a switch turns it where the answer matters",
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing the stand-in does. Basis is one of BASES."""

    area: str
    what: str
    basis: str


@dataclass(frozen=True, slots=True)
class Covered:
    """All that a stand-in says of itself. Addresses are (path, verbs); texts are (number, basis, sentence)."""

    title: str
    behaviours: Sequence[Behaviour]
    addresses: Sequence[tuple[str, str]]
    texts: Sequence[tuple[str, str, str]]
    switches: Mapping[str, object]
    missing: Sequence[str]


def page(covered: Covered) -> str:
    """The reference page in Markdown. Raises ValueError for a basis that is none."""
    bases = [one.basis for one in covered.behaviours] + [basis for _, basis, _ in covered.texts]
    unknown = set(bases) - set(BASES)
    if unknown:
        raise ValueError(f"a behaviour is documented, recorded or assumed, not {', '.join(sorted(unknown))}")
    counts = Counter(bases)
    told = ", ".join(f"{counts[basis]} {basis}" for basis in BASES)
    parts = [
        f"# {covered.title}",
        "Generated from the stand-in itself; do not edit.",
        f"It covers {len(bases)} behaviours and messages: {told}.",
        "\n".join(f"- **{basis}**: {MEANING[basis]}" for basis in BASES),
        "## Behaviours",
        _table(("area", "behaviour", "basis"), ((one.area, one.what, one.basis) for one in covered.behaviours)),
        "## Addresses",
        _table(("address", "verbs"), ((f"`{path}`", verbs) for path, verbs in covered.addresses)),
        "Every other address is answered 501 and named. Not covered:",
        "\n".join(f"- {one}" for one in covered.missing),
        "## Messages",
        _table(("number", "message", "basis"), ((number, f"`{text}`", basis) for number, basis, text in covered.texts)),
        "## Switches",
        _table(("switch", "at first"), ((f"`{name}`", f"`{value}`") for name, value in covered.switches.items())),
        "## Faults",
        "Their names are the same for every stand-in. `hand` is done at once; the others are armed and strike calls.",
        _table(("fault", "strikes", "does"), ((f"`{one.name}`", one.where, one.what) for one in NAMES.values())),
    ]
    return "\n\n".join(parts) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
