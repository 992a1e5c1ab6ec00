"""The one control door: reset, scenario, faults, clock, hands, switches, deliver, evidence.

It lies apart from the vendor's paths. Every request carries the header `X-Sandbox-Secret`. Bodies and answers are JSON.
A mistake is a 400 that says what to do.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.faults import NAMES
from tieout.sandbox.world import World

CONTROL = "/__control"
SECRET_HEADER = "X-Sandbox-Secret"


def answer_control(world: World, request: Request) -> Answer:
    if not hmac.compare_digest(request.header(SECRET_HEADER).encode(), world.secret.encode()):
        return _json(403, {"error": f"The control door asks for its secret in the header {SECRET_HEADER}"})
    door, *rest = request.segments[1:] or ("",)
    behind = _DOORS.get((request.method, door))
    if behind is None:
        return _json(404, {"error": f"No such door: {request.method} {request.path}", "doors": _listed()})
    try:
        told = json.loads(request.body, parse_float=Decimal) if request.body.strip() else dict(request.query)
        if not isinstance(told, dict):
            raise ValueError("the body must be one JSON object")
        return _json(200, behind(world, rest, told))
    except (ValueError, KeyError, LookupError, TypeError, ArithmeticError) as error:
        return _json(400, {"error": str(error) or type(error).__name__})


def _listed() -> list[str]:
    return [f"{method} {CONTROL}/{door}" for method, door in sorted(_DOORS)]


def _index(world: World, rest: list[str], told: Doc) -> Any:
    return {"stand_in": world.stand_in.name, "doors": _listed(), "clock": world.clock.state()}


def _reset(world: World, rest: list[str], told: Doc) -> Any:
    return world.reset(str(told.get("scenario", "")))


def _scenario(world: World, rest: list[str], told: Doc) -> Any:
    return world.reset(str(told.get("name") or (rest[0] if rest else "")))


def _faults(world: World, rest: list[str], told: Doc) -> Any:
    return {
        "armed": [fault.shown() for fault in world.faults.armed()],
        "names": {named.name: {"where": named.where, "what": named.what} for named in NAMES.values()},
    }


def _arm(world: World, rest: list[str], told: Doc) -> Any:
    how = {key: float(value) if isinstance(value, Decimal) else value for key, value in told.items()}
    name = str(how.pop("name", rest[0] if rest else ""))
    if name in NAMES and NAMES[name].where == "hand":
        return {"done": world.hand(name, **how)}
    return {"armed": world.arm(name, **how).shown()}


def _disarm(world: World, rest: list[str], told: Doc) -> Any:
    with world.lock:
        if not rest:
            world.faults.clear()
            return {"armed": []}
        if not world.faults.disarm(int(rest[0])):
            raise LookupError(f"no armed fault has the id {rest[0]}")
        return {"armed": [fault.shown() for fault in world.faults.armed()]}


def _clock(world: World, rest: list[str], told: Doc) -> Any:
    return world.clock.state()


def _set_clock(world: World, rest: list[str], told: Doc) -> Any:
    with world.lock:
        now = told.get("now")
        speed = told.get("speed")
        if now is not None and datetime.fromisoformat(now).tzinfo is None:
            raise ValueError("the moment in `now` must carry its zone, as in 2026-11-20T09:00:00+00:00")
        world.clock.set(
            None if now is None else datetime.fromisoformat(now),
            None if speed is None else float(speed),
            told.get("frozen"),
        )
        if told.get("advance_seconds") is not None:
            world.clock.advance(float(told["advance_seconds"]))
        world.settle()
        return world.clock.state()


def _hand(world: World, rest: list[str], told: Doc) -> Any:
    if not rest:
        raise LookupError("name the hand, as in POST /__control/hands/pay")
    return world.hand(rest[0], **told)


def _evidence(world: World, rest: list[str], told: Doc) -> Any:
    name = rest[0] if rest else "writes"
    if name == "calls":
        with world.lock:
            return [dataclasses.asdict(call) for call in world.calls]
    return world.evidence(name, **told)


def _switches(world: World, rest: list[str], told: Doc) -> Any:
    return world.stand_in.switches


def _set_switches(world: World, rest: list[str], told: Doc) -> Any:
    with world.lock:
        known = world.stand_in.switches
        for name, value in told.items():
            if name not in known:
                raise LookupError(f"no switch is called {name}; there are {', '.join(sorted(known))}")
            known[name] = float(value) if isinstance(value, Decimal) else value
        return known


def _deliver(world: World, rest: list[str], told: Doc) -> Any:
    return world.stand_in.deliver(told)


_DOORS: dict[tuple[str, str], Callable[[World, list[str], Doc], Any]] = {
    ("GET", ""): _index,
    ("POST", "reset"): _reset,
    ("POST", "scenario"): _scenario,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _arm,
    ("DELETE", "faults"): _disarm,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "hands"): _hand,
    ("GET", "evidence"): _evidence,
    ("GET", "switches"): _switches,
    ("POST", "switches"): _set_switches,
    ("POST", "deliver"): _deliver,
}


def _json(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body, default=_plain).encode(), "application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be shown")
