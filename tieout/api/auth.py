"""Who is calling: the token, the organisation it works on, its scopes, and how often it may call.

Sessions of the pages count for nothing here: a cookie is sent by a browser whatever page asks for it, a token only by
a program that means it, so no address of the API can be reached by a forged form.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from tieout.api.errors import Declined
from tieout.core.actor import Actor
from tieout.people import tokens
from tieout.people.tokens import PREFIX, RIGHTS, Bearer, Scope, Unusable
from tieout.sync import door_issues
from tieout.sync.tools import Tools

CALLS_A_MINUTE = 600
_MINUTE = timedelta(minutes=1)
_MOST_COUNTED = 10_000
_TOKEN_NAMES = {"access_token", "token", "api_token", "api_key", "apikey", "authorization", "bearer"}
_WHY = {
    Unusable.UNKNOWN: "It is not one of ours, or was copied incompletely.",
    Unusable.EXPIRED: "It has expired. Make a new one: tieout tokens create.",
    Unusable.REVOKED: "It was revoked. Make a new one: tieout tokens create.",
    Unusable.PERSON_LEFT: "Its person no longer belongs to the organisation.",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """A token that was believed, for one organisation that it covers."""

    tools: Tools
    bearer: Bearer
    organisation: str

    @property
    def actor(self) -> Actor:
        person = self.bearer.person.id if self.bearer.person else ""
        return Actor(self.organisation, person, self.bearer.name)


class Meter:
    """Counts the calls of each token in its present minute; each server counts for itself."""

    def __init__(self, a_minute: int = CALLS_A_MINUTE) -> None:
        self.a_minute = a_minute
        self._counted: dict[str, tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def wait_seconds(self, token: str, now: datetime) -> int:
        """Zero, and the call is counted; or how long the token has to wait."""
        with self._lock:
            since, made = self._counted.get(token, (now, 0))
            if now - since >= _MINUTE:
                since, made = now, 0
            if made >= self.a_minute:
                return max(int((since + _MINUTE - now).total_seconds()), 1)
            if len(self._counted) >= _MOST_COUNTED:
                self._counted = {key: each for key, each in self._counted.items() if now - each[0] < _MINUTE}
            self._counted[token] = since, made + 1
            return 0


def tools_of(request: Request) -> Tools:
    tools: Tools = request.app.state.tools
    return tools


def no_token_in_address(request: Request) -> None:
    """Also on addresses that need none: whoever sends one there should learn that it is lost."""
    for name, value in request.query_params.multi_items():
        if name.lower() in _TOKEN_NAMES or value.startswith(PREFIX):
            raise Declined("token_in_query")


def bearer(request: Request) -> Bearer:
    """Raises Declined for a call without a token, with one that is none, and for one that calls too often."""
    header = request.headers.get("authorization", "")
    kind, _, text = header.partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise Declined("unauthenticated", headers={"WWW-Authenticate": "Bearer"})
    tools = tools_of(request)
    found = tokens.bearer(tools, text.strip())
    if isinstance(found, Unusable):
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise Declined("invalid_token", _WHY[found], headers=challenge)
    meter: Meter = request.app.state.meter
    if wait_seconds := meter.wait_seconds(found.token.id, tools.now()):
        raise Declined("too_many_requests", after_seconds=wait_seconds)
    return found


def caller(request: Request, found: Annotated[Bearer, Depends(bearer)]) -> Caller:
    """The organisation is the token's only one, or the one that the call names; any other looks like none at all."""
    covered, named = found.organisations, request.headers.get("tieout-organization")
    if named is None and len(covered) > 1:
        raise Declined("organization_required")
    if named is not None and named not in covered:
        raise Declined("organization_not_found")
    return Caller(tools_of(request), found, named or covered[0])


Calling = Annotated[Caller, Depends(caller)]
Open = Annotated[Tools, Depends(tools_of)]


class Needs:
    """A dependency that refuses a token without the scope, and one whose person's role is too small."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, calling: Calling) -> None:
        if missing := calling.bearer.lacks(calling.organisation, self.scope):
            is_role = self.scope is Scope.INTEGRATIONS_CONNECT and self.scope in calling.bearer.token.scopes
            if is_role:
                door_issues.met(calling.tools, calling.actor, door_issues.ROLE, {"right": RIGHTS[self.scope].value})
            problem = door_issues.ROLE if is_role else None
            raise Declined("insufficient_scope", f"It lacks {missing}.", problem=problem)
