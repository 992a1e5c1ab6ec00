"""The labels of a settlement that no map knows: what is at stake with each, and saying what one means."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from tieout.api import settlement_shapes
from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined, Mistake, refused_whole
from tieout.api.idempotency import Repeatable
from tieout.api.raw import Body
from tieout.api.routes import Route
from tieout.api.settlement_shapes import Row
from tieout.api.shapes import Amount, Currency, Shape, amount, answered
from tieout.api.strict import Asked, parsed
from tieout.core.category import Category
from tieout.core.money import total
from tieout.core.settlement import Label, Settlement
from tieout.people.tokens import Scope
from tieout.store import settlements
from tieout.store.engine import read
from tieout.sync import mapping
from tieout.sync.settlements.rows import unknown_rows

_MISSING = "record_not_found"
_SAMPLES = 3


class UnknownLabel(Shape):
    """`label` is what the channel calls it, widest word first; `samples` are its first rows."""

    label: list[str]
    text: str
    amount: Amount
    currency: Currency
    rows: int
    samples: list[Row]


class UnknownLabels(Shape):
    """`version` is the mapping's: the ETag to send along with a meaning."""

    version: int
    labels: list[UnknownLabel]
    categories: list[str]


class Meaning(Asked):
    """What a label means, for this and every later settlement."""

    label: list[Annotated[str, Field(max_length=255)]] = Field(min_length=1, max_length=8)
    category: str = Field(min_length=1, max_length=64)


class Explained(Shape):
    version: int
    settlements_changed: int


def listing(calling: Calling, id: str) -> Response:
    """The unknown labels of a settlement, and what one may mean."""
    settlement, version = _settlement(calling, id), mapping.current(calling.tools, calling.organisation).version
    labels = dict.fromkeys(subtotal.label for subtotal in settlement.unknown)
    shown = UnknownLabels(
        version=version,
        labels=[_shown(calling, id, settlement, label) for label in labels],
        categories=[each.value for each in Category if each is not Category.UNKNOWN],
    )
    return answered(shown, etag=f'"{version}"')


def explain(
    request: Request,
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[Meaning, Depends(parsed(Meaning))],
    id: str,
) -> Response:
    """Say what a label means. Needs `If-Match` with the version that was seen; settlements move on by themselves."""
    return repeatable(body, lambda: _explained(request, calling, id, asked))


def _explained(request: Request, calling: Caller, id: str, asked: Meaning) -> Response:
    label = Label(tuple(asked.label))
    if label not in {subtotal.label for subtotal in _settlement(calling, id).unknown}:
        raise refused_whole([Mistake("label", "not_allowed", "No unknown row of this settlement has this label.")])
    seen = _seen(request, calling)
    try:
        changed = mapping.explain(calling.tools, calling.actor, label.words, asked.category, seen)
    except mapping.NotAMeaning as error:
        raise refused_whole([Mistake("category", "not_allowed", f"{error}.")]) from error
    except mapping.MappingMoved as moved:
        raise _moved(moved.version) from moved
    return answered(Explained(version=seen + 1, settlements_changed=changed), etag=f'"{seen + 1}"')


def _seen(request: Request, calling: Caller) -> int:
    header = request.headers.get("if-match")
    if header is None:
        raise Declined("version_required")
    version = header.removeprefix('"').removesuffix('"')
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise _moved(mapping.current(calling.tools, calling.organisation).version)
    return int(version)


def _moved(version: int) -> Declined:
    detail = f"The mapping is at version {version} now. Read the labels again, then decide."
    return Declined("version_mismatch", detail, headers={"ETag": f'"{version}"'})


def _settlement(calling: Caller, id: str) -> Settlement:
    """With only those labels unknown that nobody has explained since. Raises Declined."""
    with read(calling.tools.engines, calling.organisation) as db:
        kept = settlements.get(db, id)
    if kept is None:
        raise Declined(_MISSING)
    return kept.settlement.with_meanings(dict(mapping.current(calling.tools, calling.organisation).meanings))


def _shown(calling: Caller, id: str, settlement: Settlement, label: Label) -> UnknownLabel:
    held = [subtotal for subtotal in settlement.unknown if subtotal.label == label]
    samples = unknown_rows(calling.tools, calling.organisation, id, label, _SAMPLES)
    return UnknownLabel(
        label=list(label.words),
        text=str(label),
        amount=amount(total((subtotal.amount for subtotal in held), settlement.currency)),
        currency=settlement.currency,
        rows=sum(subtotal.rows for subtotal in held),
        samples=[settlement_shapes.row(each) for each in samples],
    )


ROUTES = (
    Route(
        "GET",
        "/api/settlements/{id}/labels",
        listing,
        Scope.SETTLEMENTS_READ,
        "listLabels",
        "The labels of a settlement that no map knows",
        {200: UnknownLabels},
        missing=_MISSING,
    ),
    Route(
        "POST",
        "/api/settlements/{id}/labels",
        explain,
        Scope.INTEGRATIONS_SETTINGS,
        "explainLabel",
        "Say what a label means",
        {200: Explained},
        ("version_required", "version_mismatch"),
        missing=_MISSING,
        body=Meaning,
        headers=("If-Match",),
    ),
)
