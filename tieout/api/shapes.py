"""The forms of the contract: money as decimal strings, moments in UTC, pages, the one error body.

The words are those its readers know (`organization_id`); inside the house they are our own.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from starlette.responses import Response

from tieout.core.money import Money

Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["45.00"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["GBP"])]


def moment_text(at: datetime) -> str:
    """RFC 3339 in UTC; a fraction only where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(moment_text, return_type=str)]
Day = date


OwnerWord = Literal["user", "org-admin", "platform-admin", "vendor", "product"]
RetryWord = Literal["auto_now", "auto_later", "after_fix", "after_reauth", "decision", "never"]


class Shape(BaseModel):
    """What we answer. Every field is written out, empty ones as null."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


Item = TypeVar("Item", bound=BaseModel)


class PageOf(Shape):
    limit: int
    next_cursor: str | None


class Page(Shape, Generic[Item]):
    data: list[Item]
    page: PageOf


class FieldMistake(Shape):
    path: str
    code: str
    message: str


class Retry(Shape):
    class_: RetryWord = Field(alias="class")
    after_seconds: int | None


class Action(Shape):
    label: str
    method: str
    href: str


class Problem(Shape):
    """The body of every answer with a status of 400 or more (RFC 9457, with additions)."""

    type: str = Field(examples=["/errors/record_not_found"])
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    fields: list[FieldMistake]
    problem: str | None
    issue_id: str | None
    operation_id: str | None
    retry: Retry
    actions: list[Action]


def amount(money: Money) -> str:
    """The exact decimal in the places of its currency."""
    return f"{money.amount:f}"


def amount_or_none(money: Money | None) -> str | None:
    return None if money is None else amount(money)


def answered(shape: BaseModel, status: int = 200, **headers: str) -> Response:
    """`headers`: names in small letters, with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(shape.model_dump_json(by_alias=True), status, named, media_type="application/json")


def page_of(
    data: list[Any], limit: int, next_cursor: str | None, item: Callable[[Any], Any] = lambda each: each
) -> Any:
    """A page of the contract; `item` shapes each entry."""
    return Page[Any](data=[item(each) for each in data], page=PageOf(limit=limit, next_cursor=next_cursor))
