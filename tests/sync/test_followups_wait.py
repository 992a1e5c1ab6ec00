"""What follows a document never delays one: not those of the same send, and not those of the next."""

from tests.sync.conftest import House
from tieout.sync import settlements
from tieout.sync.followups import follow_up


def places(house: House, *words: str) -> list[int]:
    """Where in the log of the books' calls these words stand."""
    return [at for at, call in enumerate(house.world.calls) if any(call.path.endswith(word) for word in words)]


def test_the_next_send_does_not_wait_for_what_follows_the_one_before(house: House) -> None:
    house.connect()
    samples = ("amazon_v2_uk.txt", "amazon_v2_zero_reserved.txt", "amazon_v2_uk_two_months.txt")
    for id in [house.receive_sample(sample) for sample in samples]:
        settlements.approve(house.tools, house.actor, [id])
    house.jobs.run_all()
    sent, followed = places(house, "/Invoices"), places(house, "/Attachments", "/History")
    assert sent and followed and max(sent) < min(followed)
    assert sum(house.documents().values()) == 4


def test_a_document_that_is_due_goes_before_what_follows_others(house: House) -> None:
    house.connect()
    first = house.receive_sample("amazon_v2_uk.txt")
    settlements.approve(house.tools, house.actor, [first])
    kinds = house.jobs.kinds
    held, kinds["drive"] = kinds["drive"], lambda **_: None
    house.jobs.run_all()
    assert house.card(first).status == "sent" and places(house, "/Attachments") == []
    second = house.receive_sample("amazon_v2_zero_reserved.txt")
    operation = settlements.approve(house.tools, house.actor, [second])
    connection = settlements.approving.freeze_asked(house.tools, house.organisation, operation)
    assert connection and follow_up(house.tools, house.organisation, connection) == 0
    held(organisation=house.organisation, connection=connection)
    assert house.card(second).status == "sent"
    assert max(places(house, "/Invoices")) < min(places(house, "/Attachments", "/History"))
