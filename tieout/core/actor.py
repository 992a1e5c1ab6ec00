"""Actor: who asks for a change (a person, a token or a job) and for which organisation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is what the history shows. Rights are asked again when the work is carried out: they can go."""

    organisation: str
    person: str
    name: str
