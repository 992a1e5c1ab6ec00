"""A turn comes once in its time, whoever counts."""

from datetime import UTC, datetime, timedelta

from tieout.jobs.timetable import FORGET_EVERY_SECONDS, Timetable

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class Asked:
    def __init__(self) -> None:
        self.keys: list[str] = []
        self.forgotten = 0
        self.table = Timetable(lambda kind, key, lane: self.keys.append(key), self.forget)
        self.table.add("sweep", 10, "background")
        self.table.add("daily", 86_400, "background")

    def forget(self, now: datetime) -> int:
        self.forgotten += 1
        return 0


def test_every_kind_is_asked_for_at_the_first_tick_and_then_when_its_turn_changes() -> None:
    asked = Asked()
    for second in range(35):
        asked.table.tick(NOON + timedelta(seconds=second))
    sweeps = [key for key in asked.keys if key.startswith("sweep")]
    assert len(sweeps) == len(set(sweeps)) == 4
    assert len(asked.keys) - len(sweeps) == 1


def test_two_workers_count_alike_so_that_one_key_names_one_turn() -> None:
    first, second = Asked(), Asked()
    first.table.tick(NOON)
    second.table.tick(NOON + timedelta(seconds=9))
    assert first.keys == second.keys


def test_a_turn_that_was_slept_through_is_not_made_up_for() -> None:
    asked = Asked()
    asked.table.tick(NOON)
    asked.table.tick(NOON + timedelta(hours=3))
    assert sum(key.startswith("sweep") for key in asked.keys) == 2


def test_what_has_ended_is_forgotten_once_an_hour() -> None:
    asked = Asked()
    for second in range(0, FORGET_EVERY_SECONDS * 3, 600):
        asked.table.tick(NOON + timedelta(seconds=second))
    assert asked.forgotten == 3
