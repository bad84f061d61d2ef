"""Shops made up by the model's own assumptions, with known habits: what a fit must find again."""

from __future__ import annotations

import random

from tracker.customers.cells import Cell, Customer, summarise
from tracker.customers.habits import Habits

Orders = list[tuple[int, int]]  # day, net

HABITS = Habits(r=2.0, alpha=150.0, a=0.9, b=1.6)  # two months between orders, a third leave after each


def histories(
    count: int, habits: Habits = HABITS, *, days: int = 1_000, later: int = 0, seed: int = 1, skewed: bool = False
) -> list[Orders]:
    """Each customer's orders up to the day `days` + `later`; first orders on days 1 … `days`.  A mean order of 500.00, between
    customers ± 200, between orders of one ± 150: normally distributed, or skewed as prices are."""
    chance = random.Random(seed)

    def about(mean: float, spread: float) -> float:
        shape = (mean / spread) ** 2
        return chance.gammavariate(shape, mean / shape) if skewed else chance.gauss(mean, spread)

    made = []
    for _ in range(count):
        day = chance.randint(1, days)
        rate, leaving = chance.gammavariate(habits.r, 1 / habits.alpha), chance.betavariate(habits.a, habits.b)
        mean, at = about(50_000, 20_000), day + 0.5
        orders = [(day, round(about(mean, 15_000)))]
        while chance.random() >= leaving:
            at += chance.expovariate(rate)
            if at >= days + later + 1:
                break
            orders.append((int(at), round(about(mean, 15_000))))
        made.append(orders)
    return made


def customers_of(orders: list[Orders], until: int = 1_000) -> list[Customer]:
    return [customer for one in orders if (customer := summarise(one, until))]


def alone(repeats: int = 0, span: int = 0, age: int = 0, net: int = 50_000) -> Cell:
    """A cell of one customer, all of whose orders brought the same."""
    return Cell(1, repeats, span, age, net * (1 + repeats), (net * (1 + repeats)) ** 2, net * net * (1 + repeats))
