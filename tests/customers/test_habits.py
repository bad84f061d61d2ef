"""How customers order and leave: numbers worked by hand, the published formulas, and known habits found again."""

from __future__ import annotations

from itertools import pairwise
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.customers.simulated import HABITS, alone, customers_of, histories
from tracker.customers.cells import Cell, gather
from tracker.customers.habits import Habits, assume, fit_habits, log_likelihood

EASY = Habits(r=1, alpha=10, a=1, b=1)


def orders_to_come(habits: Habits, days: int, **customer: int) -> float:
    return sum(habits.exceeding(alone(**customer), days))


@pytest.mark.parametrize(
    ("repeats", "span", "age", "alive"),
    [
        (0, 0, 0, 1 / 2),  # left after the first order, or not
        (0, 0, 10, 1 / 3),  # 1 : 1/2 after ten days of silence
        (1, 10, 30, 1 / 3),  # left after the second, at one in three : stayed and was silent, (20 / 40) ** 2 * 2 in three
        (1, 10, 10, 2 / 3),
    ],
)
def test_alive_by_hand(repeats: int, span: int, age: int, alive: float) -> None:
    cell = alone(repeats, span, age)
    assert EASY.alive(cell) == pytest.approx(alive)
    assert EASY.leaving(cell) == pytest.approx(1 - alive)


def test_orders_to_come_by_hand() -> None:
    """Just after a first order, over as many days as alpha: who stays wants more than j orders with 1/2, 1/4, 1/8 … and stays
    after the first of them with 2/3, after the second with 3/4."""
    found = list(EASY.exceeding(alone(), 10))
    assert found[:3] == pytest.approx([1 / 2 * 1 / 2, 1 / 2 * 1 / 4 * 2 / 3, 1 / 2 * 1 / 8 * 2 / 3 * 3 / 4])


@pytest.mark.parametrize(
    ("repeats", "span", "age", "likelihood"),
    [
        (0, 0, 10, 1 / 2 + 1 / 2 * 10 / 20),  # left at once, or stayed and silent
        (1, 10, 30, 10 * 1 / 2 * (1 / 3 / 20**2 + 2 / 3 / 40**2)),
    ],
)
def test_likelihood_by_hand(repeats: int, span: int, age: int, likelihood: float) -> None:
    cell = alone(repeats, span, age)
    assert log_likelihood(EASY, [cell]) == pytest.approx(log(likelihood))
    assert log_likelihood(EASY, [cell] * 3) == pytest.approx(3 * log(likelihood))


def published(habits: Habits, x: int, t: int, age: int, days: int) -> float:
    """The expectation as Hoppe and Wagner give it, with Gauss's hypergeometric function as its series."""
    r, alpha, a, b = habits.r, habits.alpha, habits.a, habits.b
    z, term, series, k = days / (alpha + age + days), 1.0, 0.0, 0
    while term > 1e-15:
        series += term
        term *= (r + x + k) * (b + x + 1 + k) / ((a + b + x + k) * (k + 1)) * z
        k += 1
    alive = 1 / (1 + a / (b + x) * ((alpha + age) / (alpha + t)) ** (r + x))
    return (a + b + x) / (a - 1) * (1 - (1 - z) ** (r + x) * series) * alive


@pytest.mark.parametrize("habits", [Habits(0.525, 43.3, 0.891, 1.614), Habits(3, 200, 2.5, 4), Habits(0.2, 5, 0.3, 8)])
@pytest.mark.parametrize(("x", "t", "age"), [(0, 0, 0), (0, 0, 400), (2, 213, 272), (9, 300, 310), (40, 700, 701)])
@pytest.mark.parametrize("days", [1, 90, 365])
def test_expectation_is_the_published_one(habits: Habits, x: int, t: int, age: int, days: int) -> None:
    found = orders_to_come(habits, days, repeats=x, span=t, age=age)
    assert found == pytest.approx(published(habits, x, t, age, days), rel=1e-6, abs=1e-8)


def test_known_habits_are_found_again() -> None:
    found, _ = fit_habits(gather(customers_of(histories(10_000)), 1_000))
    assert found.alpha / found.r == pytest.approx(HABITS.alpha / HABITS.r, rel=0.06)
    assert found.r == pytest.approx(HABITS.r, rel=0.1)
    assert found.a == pytest.approx(HABITS.a, rel=0.1)
    assert found.b == pytest.approx(HABITS.b, rel=0.1)


def test_the_fit_is_likelier_than_the_truth_and_than_its_neighbours() -> None:
    cells = gather(customers_of(histories(3_000)), 1_000)
    found, nearby = fit_habits(cells)
    best = log_likelihood(found, cells)
    assert best > log_likelihood(HABITS, cells)
    for pair in nearby:
        for habits in pair:
            assert best - log_likelihood(habits, cells) == pytest.approx(0.5, abs=0.15)  # what one standard error costs


def test_standard_errors_shrink_with_the_root_of_the_number_of_customers() -> None:
    def error(count: int) -> float:
        _, nearby = fit_habits(gather(customers_of(histories(count)), 1_000))
        return max(abs(ahead.r - behind.r) for behind, ahead in nearby)

    assert error(400) / error(6_400) == pytest.approx(4, rel=0.4)


# --- which way things go

habits = st.builds(Habits, r=st.floats(0.1, 10), alpha=st.floats(5, 500), a=st.floats(0.1, 5), b=st.floats(0.1, 20))


@given(habits, st.integers(0, 30), st.lists(st.integers(0, 1_000), min_size=2, max_size=6))
def test_the_longer_silent_the_less_is_to_come(habits: Habits, repeats: int, silences: list[int]) -> None:
    for shorter, longer in pairwise(sorted(silences)):
        before, after = (
            alone(repeats, 100 if repeats else 0, (100 if repeats else 0) + silence) for silence in (shorter, longer)
        )
        assert habits.alive(before) >= habits.alive(after)
        assert sum(habits.exceeding(before, 365)) >= sum(habits.exceeding(after, 365)) - 1e-6


@given(habits, st.integers(1, 500))
def test_of_customers_who_just_ordered_the_more_frequent_will_order_more(habits: Habits, span: int) -> None:
    to_come = [orders_to_come(habits, 365, repeats=repeats, span=span, age=span) for repeats in range(1, 12)]
    assert to_come == sorted(to_come)


def test_the_same_silence_is_worse_for_who_orders_often() -> None:
    """60 days: long for somebody who came every two weeks, nothing for somebody who comes once a year."""
    often, seldom = alone(10, 140, 200), alone(3, 1_095, 1_155)
    assert HABITS.leaving(often) > 0.4 > 0.2 > HABITS.leaving(seldom)


def test_own_gaps_count_more_the_more_there_are() -> None:
    """Orders every 30 days in a shop where 300 are usual: the chance that who stays orders within 30 days goes from the shop's,
    one in ten, to their own, five in eight."""
    shop = Habits(r=2, alpha=600, a=1, b=2)
    regulars = [alone(repeats, 30 * repeats, 30 * repeats) for repeats in (0, 1, 5, 20, 200)]
    chances = [next(shop.exceeding(cell, 30)) / shop.alive(cell) for cell in regulars]
    assert chances == sorted(chances)
    assert chances[0] == pytest.approx(0.1, abs=0.01)
    assert chances[-1] == pytest.approx(0.625, abs=0.03)


def test_assumed_habits_have_the_shops_median_gap() -> None:
    for gap in (7, 45, 365):
        shop = assume(gap)
        never_leaves = Habits(shop.r, shop.alpha, 1e-9, 1)
        assert next(never_leaves.exceeding(alone(), gap)) == pytest.approx(0.5)
        assert shop.leaving(alone()) == pytest.approx(1 / 3)
        assert shop.leaving(alone(1, gap, gap)) == pytest.approx(1 / 4)


# --- extremes


@pytest.mark.parametrize(
    ("repeats", "span", "age", "least", "most"),
    [
        (0, 0, 0, 0.5, 20),  # one order, today
        (499, 499, 499, 200, 365),  # 500 orders, one a day
        (499, 0, 0, 400, 3_000),  # 500 orders, all today
        (20_000, 2_000, 2_000, 3_000, 3_651),  # ten a day: its chances are smaller than a float can be
        (0, 0, 40_000, 0, 0.01),  # silent for a hundred years
        (500, 500, 40_000, 0, 1e-9),
    ],
)
def test_orders_to_come_of_extreme_customers(repeats: int, span: int, age: int, least: float, most: float) -> None:
    assert least <= orders_to_come(HABITS, 365, repeats=repeats, span=span, age=age) <= most
    assert 0 <= HABITS.leaving(alone(repeats, span, age)) <= 1


@given(habits, st.integers(0, 600), st.integers(0, 4_000), st.integers(0, 4_000), st.integers(0, 400))
def test_chances_are_chances(habits: Habits, repeats: int, span: int, silence: int, days: int) -> None:
    cell = alone(repeats, span if repeats else 0, (span if repeats else 0) + silence)
    chances = [habits.alive(cell), *habits.exceeding(cell, days)]
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)


@pytest.mark.parametrize(
    "cells",
    [
        [alone(0, 0, age) for age in range(100)],
        [alone(5, 100, 100)] * 100,
        [alone()] * 100,
        [alone(3, 0, 0)] * 100,
        [alone(1, 1, 20_000)] * 100,
    ],
    ids=["nobody came back", "all alike and still here", "all today", "all their orders today", "all gone for 50 years"],
)
def test_a_fit_ends_with_finite_habits_whatever_customers_did(cells: list[Cell]) -> None:
    found, nearby = fit_habits(cells)
    for one in (found, *(habits for pair in nearby for habits in pair)):
        assert all(1e-6 < value < 1e6 for value in (one.r, one.alpha, one.a, one.b))
