"""Webhooks: both forms, the signature over the raw bytes, the ladder of retries, and everything that goes wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.sandbox.quickbooks.calling import Caller, signed_in
from tieout.sandbox.quickbooks.hooks import signature


@dataclass
class Receiver:
    """Keeps what comes with whether it was signed with `key`; answers `status`."""

    url: str = ""
    key: str = "tieout-demo-verifier"
    status: int = 200
    got: list[tuple[bool, Any]] = field(default_factory=list)

    @property
    def events(self) -> list[Any]:
        """Every CloudEvent that was signed well, in order."""
        return [event for is_good, events in self.got if is_good for event in events]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.headers["intuit-signature"] == signature(found.key, body), json.loads(body)))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    found.url = f"http://127.0.0.1:{server.server_port}/hooks?for=quickbooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def caller(receiver: Receiver) -> Caller:
    found = signed_in()
    found.world.hand("subscribe", url=receiver.url, entities=["Customer", "JournalEntry"])
    return found


def deliver(caller: Caller, **told: Any) -> Any:
    return caller.world.stand_in.deliver(told)


def test_an_event_names_the_record_and_carries_nothing_of_it(caller: Caller, receiver: Receiver) -> None:
    made = caller.made("Customer", {"DisplayName": "A"})
    assert deliver(caller) == {"state": "ok", "replies": [{"status": 200}]}
    (event,) = receiver.events
    assert event["specversion"] == "1.0" and event["type"] == "qbo.customer.created.v1" and event["data"] == {}
    assert (event["intuitentityid"], event["intuitaccountid"]) == (made["Id"], caller.realm)
    assert event["time"] == "2026-11-20T09:00:00.000000000Z" and event["id"] and event["source"].startswith("intuit.")
    assert deliver(caller)["replies"] == []


def test_one_delivery_mixes_companies(receiver: Receiver) -> None:
    caller = signed_in(scenario="everywhere")
    caller.world.hand("subscribe", url=receiver.url)
    realms = [company.realm for company in caller.company.books.companies()][:2]
    for realm in realms:
        Caller(caller.world).sign_in(company=realm).made("Customer", {"DisplayName": "A"})
    deliver(caller)
    assert len(receiver.got) == 1 and {event["intuitaccountid"] for event in receiver.events} == set(realms)


def test_the_old_form_by_switch(caller: Caller, receiver: Receiver) -> None:
    caller.switches["hook_form"] = "old"
    made = caller.made("Customer", {"DisplayName": "A"})
    caller.world.clock.advance(1)
    caller.post("customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "x"})
    deliver(caller)
    ((is_good, body),) = receiver.got
    (company,) = body["eventNotifications"]
    entities = company["dataChangeEvent"]["entities"]
    assert is_good and company["realmId"] == caller.realm
    assert [(one["name"], one["operation"], one["id"]) for one in entities] == [
        ("Customer", "Create", made["Id"]),
        ("Customer", "Update", made["Id"]),
    ]


def test_only_what_was_subscribed_and_only_while_connected(caller: Caller, receiver: Receiver) -> None:
    caller.made("Vendor", {"DisplayName": "V"})
    assert deliver(caller)["replies"] == []
    caller.revoke(caller.refresh)
    caller.company.put("Customer", {"Id": "900", "DisplayName": "Unseen"})
    assert deliver(caller)["replies"] == [] and receiver.got == []


def test_a_failure_climbs_the_ladder_and_later_events_wait(caller: Caller, receiver: Receiver) -> None:
    receiver.status = 500
    caller.made("Customer", {"DisplayName": "A"})
    waits = []
    for _ in range(10):
        assert deliver(caller)["state"] == "retry"
        before = caller.world.clock.now()
        assert "waits until" in deliver(caller)["because"]
        while "because" in deliver(caller) and (caller.world.clock.now() - before).total_seconds() < 30_000:
            seen = len(receiver.got)
            caller.world.clock.advance(10)
            if len(receiver.got) > seen:
                break
            if not _is_waiting(caller):
                break
        waits.append(int((caller.world.clock.now() - before).total_seconds()))
    assert waits == [10, 20, 30, 300, 1_200, 7_200, 14_400, 21_600, 21_600, 21_600]
    caller.renew()
    receiver.status, receiver.got = 200, []
    caller.made("Customer", {"DisplayName": "B"})
    assert deliver(caller)["state"] == "ok" and len(receiver.events) == 2


def _is_waiting(caller: Caller) -> bool:
    hook = caller.company.books.shelf.get("hook", "tieout-demo")
    assert hook is not None
    return hook["retry_at"] is not None and caller.world.clock.now() < hook["retry_at"]


def test_204_is_no_200(caller: Caller, receiver: Receiver) -> None:
    receiver.status = 204
    caller.made("Customer", {"DisplayName": "A"})
    assert deliver(caller)["state"] == "retry"


def test_duplicates_carry_the_same_id_in_any_order(caller: Caller, receiver: Receiver) -> None:
    for name in "AB":
        caller.made("Customer", {"DisplayName": name})
    caller.world.arm("hook-repeat", times=3)
    deliver(caller)
    ids = [event["id"] for event in receiver.events]
    assert len(ids) == 6 and len(set(ids)) == 2


def test_lost_late_and_forged(caller: Caller, receiver: Receiver) -> None:
    caller.made("Customer", {"DisplayName": "A"})
    caller.world.arm("hook-delay", seconds=90)
    assert deliver(caller)["state"] == "waiting"
    caller.world.clock.advance(90)
    caller.world.arm("hook-forge")
    deliver(caller)
    assert [is_good for is_good, _ in receiver.got] == [False]
    caller.world.arm("hook-forge", form="missing")
    deliver(caller)
    caller.world.arm("hook-drop")
    assert deliver(caller)["replies"] == [] and deliver(caller)["replies"] == []
    assert receiver.events == []


def test_a_new_key_signs_what_comes_after(caller: Caller, receiver: Receiver) -> None:
    caller.world.hand("hook-key", verifier="new-verifier")
    caller.made("Customer", {"DisplayName": "A"})
    receiver.key = "new-verifier"
    deliver(caller)
    assert len(receiver.events) == 1
    caller.switches["hook_signature"], receiver.key = "secret", "tieout-demo-secret"
    caller.made("Customer", {"DisplayName": "B"})
    deliver(caller)
    assert len(receiver.events) == 2


def test_switched_off_nobody_is_told(caller: Caller) -> None:
    caller.world.hand("hook-off")
    with pytest.raises(LookupError, match="no app has subscribed"):
        deliver(caller)
