"""The call budget: no window of a minute ever holds too many, people keep their reserve, orders are obeyed."""

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tieout.core.budget import LONGEST_CALL, MINUTE, REPORT_TRUSTED, Allowance, Lane, Usage, day_left, minute_left, wait

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ALLOWED = Allowance(at_once=5, a_minute=60, a_day=1000)
SECOND = timedelta(seconds=1)


def ended(count: int, ago: timedelta = timedelta()) -> tuple[datetime, ...]:
    return tuple(NOW - ago for _ in range(count))


def test_an_unused_budget_lets_everybody_through() -> None:
    assert all(wait(ALLOWED, Usage(), lane, NOW) is None for lane in Lane)
    assert (day_left(ALLOWED, Usage(), NOW), minute_left(ALLOWED, Usage(), NOW)) == (1000, 60)


def test_the_last_of_five_at_once_and_a_few_of_sixty_are_kept_for_people() -> None:
    four = Usage(under_way=ended(4))
    assert wait(ALLOWED, four, Lane.BACKGROUND, NOW) is not None and wait(ALLOWED, four, Lane.INTERACTIVE, NOW) is None
    assert wait(ALLOWED, Usage(under_way=ended(5)), Lane.INTERACTIVE, NOW) is not None
    many = Usage(ended=ended(58))
    assert wait(ALLOWED, many, Lane.BACKGROUND, NOW) is not None and wait(ALLOWED, many, Lane.INTERACTIVE, NOW) is None
    assert wait(ALLOWED, Usage(ended=ended(60)), Lane.INTERACTIVE, NOW) is not None


def test_a_fifth_of_the_day_is_kept_for_people() -> None:
    used = Usage(made_today=800)
    refusal = wait(ALLOWED, used, Lane.BACKGROUND, NOW)
    assert (
        refusal is not None and refusal.code == "rate-limit-day" and refusal.until == datetime(2026, 11, 3, tzinfo=UTC)
    )
    assert wait(ALLOWED, used, Lane.INTERACTIVE, NOW) is None
    assert wait(ALLOWED, Usage(made_today=1000), Lane.INTERACTIVE, NOW) is not None


def test_the_platforms_own_count_of_the_day_is_believed_while_it_is_fresh() -> None:
    told = Usage(made_today=10, day_left=50, day_left_at=NOW - timedelta(minutes=5), made_since=3)
    assert day_left(ALLOWED, told, NOW) == 47
    refusal = wait(ALLOWED, told, Lane.BACKGROUND, NOW)
    assert refusal is not None and refusal.until == NOW - timedelta(minutes=5) + REPORT_TRUSTED
    old = Usage(made_today=10, day_left=50, day_left_at=NOW - REPORT_TRUSTED)
    assert day_left(ALLOWED, old, NOW) == 990 and wait(ALLOWED, old, Lane.BACKGROUND, NOW) is None


def test_an_order_to_wait_is_obeyed_to_the_moment_by_everybody() -> None:
    until = NOW + timedelta(seconds=26, milliseconds=1)
    used = Usage(blocked_until=until, blocked_code="rate-limit-day")
    for lane in Lane:
        refusal = wait(ALLOWED, used, lane, NOW)
        assert refusal is not None and (refusal.until, refusal.code) == (until, "rate-limit-day")
        assert refusal.seconds(NOW) == 27  # rounded up: nobody comes back too early
        assert wait(ALLOWED, used, lane, until) is None


def test_there_is_room_again_as_soon_as_the_oldest_has_left_the_minute() -> None:
    used = Usage(ended=(NOW - timedelta(seconds=50), *ended(59, timedelta(seconds=5))))
    refusal = wait(ALLOWED, used, Lane.INTERACTIVE, NOW)
    assert refusal is not None and refusal.until == NOW + timedelta(seconds=10)
    assert wait(ALLOWED, used, Lane.INTERACTIVE, refusal.until) is None
    background = wait(ALLOWED, used, Lane.BACKGROUND, NOW)
    assert background is not None and background.until == NOW + timedelta(seconds=55)


def test_the_slot_of_a_worker_that_died_comes_back() -> None:
    dead = Usage(under_way=(NOW - LONGEST_CALL,) * 5)
    assert wait(ALLOWED, dead, Lane.INTERACTIVE, NOW) is None
    assert minute_left(ALLOWED, dead, NOW) == 55 and minute_left(ALLOWED, dead, NOW + MINUTE) == 60


BATCHED = Allowance(at_once=10, a_minute=500, a_day=0, a_second=10, writes_a_minute=40, reads_a_month=100)


def test_writes_have_a_minute_of_their_own_and_reads_pass_them() -> None:
    used = Usage(ended=ended(40), written=ended(40, 20 * SECOND))
    refusal = wait(BATCHED, used, Lane.BACKGROUND, NOW + SECOND)
    assert refusal is not None and refusal.until == NOW + 40 * SECOND
    assert wait(BATCHED, used, Lane.BACKGROUND, NOW + SECOND, is_write=False) is None
    assert wait(BATCHED, used, Lane.BACKGROUND, refusal.until) is None


def test_no_second_holds_more_than_the_platform_allows() -> None:
    used = Usage(ended=ended(10, timedelta(milliseconds=400)))
    refusal = wait(BATCHED, used, Lane.INTERACTIVE, NOW, is_write=False)
    assert refusal is not None and refusal.until == NOW + timedelta(milliseconds=600)


def test_where_nobody_counts_days_no_call_waits_for_one() -> None:
    assert wait(BATCHED, Usage(made_today=10**6), Lane.BACKGROUND, NOW) is None


def test_reads_of_a_month_stop_before_the_platform_does_and_writes_go_on() -> None:
    used = Usage(reads_this_month=99)
    refusal = wait(BATCHED, used, Lane.BACKGROUND, NOW, is_write=False)
    assert refusal is not None
    assert (refusal.code, refusal.until) == ("rate-limit-month", datetime(2026, 12, 1, tzinfo=UTC))
    assert wait(BATCHED, used, Lane.BACKGROUND, NOW) is None
    assert wait(BATCHED, used, Lane.INTERACTIVE, NOW, is_write=False) is None
    assert wait(BATCHED, Usage(reads_this_month=100), Lane.INTERACTIVE, NOW, is_write=False) is not None


@dataclass
class Run:
    """Workers that want to call all the time; each call arrives and ends after a random while, on a clock of ours."""

    seed: int
    latency: float
    lanes: tuple[Lane, ...]
    now: datetime = NOW
    arrivals: list[datetime] = field(default_factory=list)
    most_at_once: int = 0

    def go(self, minutes: int) -> None:
        chance, under_way, over = Random(self.seed), [], []  # type: ignore[var-annotated]
        queue = [(NOW, index) for index in range(len(self.lanes))]
        finishing: dict[int, datetime] = {}
        while queue[0][0] < NOW + timedelta(minutes=minutes):
            self.now, worker = heapq.heappop(queue)
            if worker in finishing:
                under_way.remove(finishing.pop(worker))
                over.append(self.now)
                over = [end for end in over if self.now - end < 2 * MINUTE]
            refusal = wait(
                ALLOWED, Usage(under_way, over, day_left=10**6, day_left_at=self.now), self.lanes[worker], self.now
            )
            if refusal is not None:
                heapq.heappush(queue, (max(refusal.until, self.now + SECOND / 100), worker))
                continue
            under_way.append(self.now)
            self.most_at_once = max(self.most_at_once, len(under_way))
            finishing[worker] = self.now
            took = timedelta(seconds=chance.uniform(0.2, 1.8) * self.latency)
            self.arrivals.append(self.now + took * chance.random())
            heapq.heappush(queue, (self.now + took, worker))


@pytest.mark.parametrize("latency", [0.01, 0.2, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_minute_anywhere_holds_more_than_sixty_and_hardly_a_call_is_given_away(seed: int, latency: float) -> None:
    run = Run(seed, latency, (Lane.INTERACTIVE,) * 3 + (Lane.BACKGROUND,) * 4)
    run.go(minutes=10)
    arrivals = sorted(run.arrivals)
    assert run.most_at_once <= 5
    for index, arrival in enumerate(arrivals[60:]):
        assert arrival - arrivals[index] >= MINUTE, "61 calls arrived within a minute"
    assert len(arrivals) >= 10 * 60 * 0.95


def test_background_work_alone_leaves_people_their_share_and_uses_the_rest() -> None:
    run = Run(7, 0.2, (Lane.BACKGROUND,) * 6)
    run.go(minutes=10)
    assert run.most_at_once == 4 and 10 * 58 * 0.97 <= len(run.arrivals) <= 10 * 58 + 58
