"""The hash chain: it holds for what was written, and every way to meddle with it is found at its place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from tieout.core.chained import Break, Entry, Event, Head, beginning, canonical, compare, follow, verify

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def event(number: int) -> Event:
    return Event(NOW + timedelta(minutes=number), "p-1", "Olive", "label-mapped", f"label:{number}", {"to": "Fees ☂"})


def chain(length: int, name: str = "org-1") -> tuple[list[Entry], Head]:
    head, entries = beginning(name), []
    for number in range(1, length + 1):
        entries.append(follow(head, event(number)))
        head = Head(name, number, entries[-1].digest)
    return entries, head


def test_a_chain_holds_and_an_empty_one_too() -> None:
    assert verify(*chain(5)) is None
    assert verify(*chain(0)) is None


def test_every_way_to_meddle_is_found_at_its_place() -> None:
    entries, head = chain(5)
    edited = replace(entries[2], event=replace(entries[2].event, name="Somebody else"))
    third, fourth = entries[2], entries[3]
    swapped = [replace(fourth, number=3), replace(third, number=4)]
    last, forged = chain(4)[1], replace(head, digest="0" * 64)
    table: list[tuple[str, list[Entry], Head, int]] = [
        ("edited", [*entries[:2], edited, *entries[3:]], head, 3),
        ("deleted", [*entries[:2], *entries[3:]], head, 3),
        ("first deleted", entries[1:], head, 1),
        ("reordered", [*entries[:2], *swapped, entries[4]], head, 3),
        ("doubled", [*entries[:3], entries[2], *entries[3:]], head, 4),
        ("cut off", entries[:3], head, 4),
        ("emptied", [], head, 1),
        ("added past the head", entries, last, 5),
        ("another head", entries, forged, 5),
        ("of another chain", entries, replace(head, chain="org-2"), 1),
    ]
    for name, meddled, its_head, place in table:
        found = verify(meddled, its_head)
        assert found is not None and found.number == place, (name, found)


def test_each_part_of_an_event_is_covered() -> None:
    whole = event(1)
    for part, other in {
        "at": NOW,
        "person": "p-2",
        "name": "x",
        "act": "x",
        "subject": "x",
        "details": {"to": "x"},
    }.items():
        assert canonical(1, replace(whole, **{part: other})) != canonical(1, whole), part
    assert canonical(2, whole) != canonical(1, whole)


def test_the_same_event_has_one_form() -> None:
    details = {"b": "2", "a": "1"}
    one = Event(NOW, "p", "n", "a", "s", details)
    other = Event(NOW.astimezone(timezone(timedelta(hours=3))), "p", "n", "a", "s", dict(sorted(details.items())))
    assert canonical(1, one) == canonical(1, other)


def test_a_chain_rewritten_with_its_head_is_found_by_a_head_kept_elsewhere() -> None:
    entries, head = chain(5)
    assert compare(head, entries[4].digest) is None
    found = compare(head, "0" * 64)
    assert found == Break("org-1", 5, "entries up to here were rewritten since the checkpoint was made")
    gone = compare(head, None)
    assert gone is not None and "cut off" in gone.why
