"""Notices: what a sales channel tells us of. Its signature is all that opens this door; what it says is only a hint."""

from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.responses import Response

from tieout.api.auth import Open
from tieout.api.errors import Declined
from tieout.api.raw import notice
from tieout.api.routes import Route
from tieout.api.shapes import Shape, answered
from tieout.sync import channel_notices


class Noted(Shape):
    status: Literal["noted"]


def take_in(request: Request, tools: Open, channel: str, body: Annotated[bytes, Depends(notice)]) -> Response:
    """Where a channel sends its notices. What is signed makes the account due; nothing is called before the answer."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not channel_notices.take_in(tools, channel, headers, body):
        raise Declined("signature_invalid")
    return answered(Noted(status="noted"))


ROUTES = (
    Route(
        "POST",
        "/hooks/channels/{channel}",
        take_in,
        None,
        "takeInNotice",
        "Take in a channel's notice",
        {200: Noted},
        ("signature_invalid", "body_too_large"),
    ),
)
