"""Webhooks of the stand-in: what is told, how it is signed, and what happens when nobody listens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.sandbox.calling import Caller, invoice, london
from tieout.sandbox.xero import of
from tieout.sandbox.xero.hooks import signature

KEY = "webhook-key"


@dataclass
class Receiver:
    """A receiver that checks signatures and answers 200 or 401, or whatever `status` says."""

    url: str = ""
    status: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            good = self.headers["x-xero-signature"] == signature(KEY, body)
            if good:
                found.bodies.append(json.loads(body))
            self.send_response(found.status or (200 if good else 401))
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    found.url = f"http://127.0.0.1:{server.server_port}/webhooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def caller(receiver: Receiver) -> Caller:
    found = london()
    found.world.hand("subscribe", url=receiver.url, key=KEY)
    return found


def deliver(caller: Caller, **told: Any) -> Any:
    return of(caller.world).deliver(told)


def test_the_handshake_mixes_good_and_bad_signatures_with_sequences_of_zero(caller: Caller, receiver: Receiver) -> None:
    assert deliver(caller, intent=True) == {"state": "ok", "replies": [{"status": one} for one in (200, 401, 200, 401)]}
    assert {(one["firstEventSequence"], one["lastEventSequence"], len(one["events"])) for one in receiver.bodies} == {
        (0, 0, 0)
    }


def test_events_are_numbered_without_gaps_and_sent_once(caller: Caller, receiver: Receiver) -> None:
    row = caller.put("Invoices", invoice("H-1")).first("Invoices")
    caller.world.clock.advance(1)
    caller.post("Invoices/H-1", {"Reference": "x"})
    assert deliver(caller)["state"] == "ok" and deliver(caller)["replies"] == []
    sent = receiver.bodies[0]
    assert (sent["firstEventSequence"], sent["lastEventSequence"]) == (1, 3)
    told = [(one["eventCategory"], one["eventType"]) for one in sent["events"]]
    assert told == [("CONTACT", "CREATE"), ("INVOICE", "CREATE"), ("INVOICE", "UPDATE")]
    assert sent["events"][1]["resourceId"] == row["InvoiceID"] and sent["events"][1]["tenantId"] == caller.tenant
    assert not sent["events"][1]["eventDateUtc"].endswith("Z")


def test_a_payment_shows_as_an_update_of_its_invoice_unless_switched_off(caller: Caller, receiver: Receiver) -> None:
    caller.put("Invoices", invoice("H-1"))
    deliver(caller)
    caller.world.hand("pay", number="H-1", amount="1")
    deliver(caller)
    assert [one["eventCategory"] for one in receiver.bodies[-1]["events"]] == ["INVOICE"]
    of(caller.world).switches["payment_raises_invoice_event"] = False
    caller.world.clock.advance(1)
    caller.world.hand("pay", number="H-1", amount="1")
    assert deliver(caller)["replies"] == []


def test_credit_notes_tell_their_type_and_status_and_a_disconnect_tells_nothing(
    caller: Caller, receiver: Receiver
) -> None:
    caller.put("CreditNotes", invoice(Type="ACCRECCREDIT", CreditNoteNumber="CN-1"))
    deliver(caller)
    assert receiver.bodies[0]["events"][-1]["data"] == {"Type": "ACCRECCREDIT", "Status": "AUTHORISED"}
    caller.world.hand("disconnect")
    assert deliver(caller)["replies"] == []


def test_a_receiver_that_fails_is_retried_every_quarter_of_an_hour_and_given_up_after_a_day(
    caller: Caller, receiver: Receiver
) -> None:
    receiver.status = 500
    caller.put("Invoices", invoice("H-1"))
    assert deliver(caller)["state"] == "retry" and deliver(caller)["replies"] == []
    for _ in range(96):
        caller.world.clock.advance(15 * 60)
        last = deliver(caller)
    assert last["state"] == "disabled" and "enable" in deliver(caller)["because"]
    receiver.status = 0
    receiver.bodies.clear()
    caller.world.hand("subscribe", url=receiver.url, key=KEY)
    assert deliver(caller)["state"] == "ok" and receiver.bodies[0]["events"]


def test_a_notice_may_be_lost_late_forged_or_come_often_and_out_of_order(caller: Caller, receiver: Receiver) -> None:
    world = caller.world
    caller.put("Contacts", {"Name": "A"})
    world.arm("hook-drop")
    assert deliver(caller)["replies"] == [] and deliver(caller)["replies"] == []
    caller.put("Contacts", {"Name": "B"})
    world.arm("hook-delay", seconds=60)
    assert "waits until" in deliver(caller)["because"]
    world.clock.advance(60)
    world.arm("hook-forge")
    assert deliver(caller) == {"state": "ok", "replies": [{"status": 401}]}
    caller.put("Contacts", {"Name": "C"})
    world.arm("hook-repeat", times=3)
    assert len(deliver(caller)["replies"]) == 6 and len(receiver.bodies) == 6


def test_a_new_key_is_not_announced(caller: Caller, receiver: Receiver) -> None:
    caller.world.hand("hook-key", key="rotated")
    caller.put("Contacts", {"Name": "A"})
    assert deliver(caller)["replies"] == [{"status": 401}] and receiver.bodies == []
