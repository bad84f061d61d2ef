"""Requests a minute."""

from __future__ import annotations

from tracker.clock import MINUTE, SECOND
from tracker.collect.rates import Rate


def test_lets_in_as_many_as_the_limit_and_then_says_how_long_to_wait() -> None:
    rate = Rate(per_minute=2)
    assert [rate.hit("a", at) for at in (0, 0, 0, 30 * SECOND, 59 * SECOND + 1)] == [0, 0, 60, 30, 1]
    assert rate.hit("b", 0) == 0
    assert rate.hit("a", MINUTE) == 0


def test_asking_does_not_count() -> None:
    rate = Rate(per_minute=1)
    assert [rate.wait_seconds("a", 0), rate.wait_seconds("a", 0), rate.hit("a", 0)] == [0, 0, 0]
    assert rate.wait_seconds("a", 0) == 60


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    rate = Rate(per_minute=1)
    rate.hit("a", 1000 * MINUTE)
    assert rate.hit("a", 0) == 0


def test_forgets_all_keys_when_the_minute_is_over() -> None:
    rate = Rate(per_minute=1)
    for number in range(1000):
        rate.hit(number, 0)
    rate.hit("a", MINUTE)
    assert len(rate._counts) == 1
