"""What a shop's customers will bring, how far off that may be, and how right it was before.

In:  cells as of a day.
Out: a model fitted to them, or that there is too little to fit; forecasts for any cells; a comparison with what came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import erf, inf, sqrt
from typing import Any

from tracker.customers.cells import Cell
from tracker.customers.habits import Habits, fit_habits
from tracker.customers.spending import Spending, fit_spending

YEAR = 365  # days
COVERAGE = 0.8  # of intervals: one in ten lies above, one in ten below
_Z = 1.2815515655446004  # the normal distribution's 0.9 quantile

MIN_CUSTOMERS = 50
MIN_REPEATS = 20  # orders that were not a customer's first

ORDER_CLASSES = ((1, 1), (2, 2), (3, 3), (4, 6), (7, None))  # the fewest and the most orders


@dataclass(frozen=True, slots=True)
class NotEnough:
    """Too little to fit a model to: it takes MIN_CUSTOMERS and MIN_REPEATS."""

    customers: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Model:
    """A shop's customers as fitted, to be asked about so many days ahead."""

    days: int
    customers: int
    repeats: int
    habits: Habits
    spending: Spending
    error: float  # of the number of orders, relative, since the habits are known only so well


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect, each with its interval: COVERAGE of them hold what then comes, if customers go on as the model thinks."""

    customers: int
    alive: float  # how many of them have not left
    orders: float
    orders_low: float
    orders_high: float
    net: int
    net_low: int
    net_high: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A forecast and what came, for customers with min_orders … max_orders (None: any number more) when it was made."""

    min_orders: int
    max_orders: int | None
    forecast: Forecast
    orders: int
    net: int


def fit(cells: Iterable[Cell], days: int = YEAR) -> Model | NotEnough:
    """A model to ask about the next `days`.  About a second for 100,000 customers."""
    cells = list(cells)
    customers, repeats = sum(cell.customers for cell in cells), sum(cell.repeats for cell in cells)
    if customers < MIN_CUSTOMERS or repeats < MIN_REPEATS:
        return NotEnough(customers, repeats)
    habits, nearby = fit_habits(cells)
    error = sqrt(sum((_orders(cells, ahead, days) - _orders(cells, behind, days)) ** 2 for behind, ahead in nearby)) / 2
    return Model(days, customers, repeats, habits, fit_spending(cells), error / (_orders(cells, habits, days) or 1))


def _orders(cells: Iterable[Cell], habits: Habits, days: int) -> float:
    return sum(cell.customers * sum(habits.exceeding(cell, days)) for cell in cells)


def load_model(stored: Mapping[str, Any]) -> Model:
    """From what orjson makes of one."""
    return Model(**{**stored, "habits": Habits(**stored["habits"]), "spending": Spending(**stored["spending"])})


def expect(model: Model, cells: Iterable[Cell]) -> Forecast:
    """Of all these customers together."""
    cells = list(cells)
    if sum(cell.customers for cell in cells) == 1:
        return _expect_one(model, cells[0])
    customers, alive, orders, net = 0, 0.0, 0.0, 0.0
    orders_variance = net_variance = by_the_mean = 0.0
    spending = model.spending
    for cell in cells:
        count = cell.customers
        exceeding = list(model.habits.exceeding(cell, model.days))
        mean = sum(exceeding)
        square = sum((2 * j + 1) * chance for j, chance in enumerate(exceeding))
        weight = spending.weight(1 + cell.repeats / count)
        value, unsure = spending.expected(cell), spending.between * (1 - weight)
        customers += count
        alive += count * model.habits.alive(cell)
        orders += count * mean
        orders_variance += count * (square - mean * mean)
        net += count * mean * value
        net_variance += count * (mean * spending.within + (square - mean * mean) * value * value + square * unsure)
        by_the_mean += count * mean * (1 - weight)
    orders_variance += (model.error * orders) ** 2
    net_variance += (model.error * net) ** 2 + spending.mean_variance * by_the_mean**2
    low, high = _interval(orders, orders_variance)
    net_low, net_high = _interval(net, net_variance)
    return Forecast(customers, alive, orders, low, high, round(net), round(net_low), round(net_high))


def _interval(mean: float, variance: float) -> tuple[float, float]:
    """That of a gamma distribution of this mean and variance, by Wilson and Hilferty's cube: a sum of orders is skewed like one
    while it is small, and normal when it is large."""
    if mean <= 0:
        return mean - _Z * sqrt(variance), mean + _Z * sqrt(variance)
    c = variance / (9 * mean * mean)
    return mean * max(0.0, 1 - c - _Z * sqrt(c)) ** 3, mean * max(0.0, 1 - c + _Z * sqrt(c)) ** 3


def _expect_one(model: Model, cell: Cell) -> Forecast:
    """Of one customer the distribution itself is known; what is unsure about the shop is nothing beside it."""
    exceeding = list(model.habits.exceeding(cell, model.days))
    value = model.spending.expected(cell)
    unsure = model.spending.between * (1 - model.spending.weight(1 + cell.repeats))
    chances = [before - after for before, after in pairwise([1.0, *exceeding, 0.0])]
    spreads = [sqrt(2 * (j * model.spending.within + j * j * unsure)) for j in range(len(chances))]

    def below(net: float) -> float:
        """The chance that they bring no more; sums of orders are taken as normal around what so many orders bring."""
        return sum(
            chance * ((1 + erf((net - j * value) / spread)) / 2 if spread else net >= j * value)
            for j, (chance, spread) in enumerate(zip(chances, spreads, strict=True))
        )

    def quantile(part: float) -> int:
        high = (len(chances) - 1) * abs(value) + 5 * spreads[-1] + 1
        low = 0.0 if value >= 0 else -high
        while high - low > 0.5:
            middle = (low + high) / 2
            low, high = (low, middle) if below(middle) >= part else (middle, high)
        return round(low)

    tail = (1 - COVERAGE) / 2
    return Forecast(
        customers=1,
        alive=model.habits.alive(cell),
        orders=sum(exceeding),
        orders_low=sum(chance > 1 - tail for chance in exceeding),
        orders_high=sum(chance > tail for chance in exceeding),
        net=round(sum(exceeding) * value),
        net_low=quantile(tail),
        net_high=quantile(1 - tail),
    )


def check(model: Model, cells: Iterable[Cell]) -> list[Comparison]:
    """The forecast beside what came in the `days` of the model, which the cells hold as later: first of all customers, then by
    how many orders they had.  Only a model of what was known before can be checked: fit it to the same cells."""
    cells = list(cells)
    found = [_compare(model, cells, 1, None)]
    for fewest, most in ORDER_CLASSES:
        members = [cell for cell in cells if fewest <= 1 + cell.repeats / cell.customers < (most or inf) + 1]
        if members:
            found.append(_compare(model, members, fewest, most))
    return found


def _compare(model: Model, cells: list[Cell], fewest: int, most: int | None) -> Comparison:
    return Comparison(fewest, most, expect(model, cells), sum(c.later_count for c in cells), sum(c.later_net for c in cells))
