"""What an order of a customer brings.

Every customer has a mean of their own, around that of the shop; their orders lie around it.  What is expected of a customer is
their own mean, drawn towards the shop's as far as their orders are few and uneven (empirical Bayes, normal and normal).  The
gamma-gamma model of Fader and Hardie (2013) says nearly the same, but knows no order that brings nothing or less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.customers.cells import Cell


@dataclass(frozen=True, slots=True)
class Spending:
    """Net revenue of an order, in minor units: the mean over customers, and the variances."""

    mean: float
    between: float  # of customers' own means
    within: float  # of the orders of one customer
    mean_variance: float  # of `mean`, since only so many customers are known

    def weight(self, orders: float) -> float:
        """How much a customer's own mean counts after so many orders, 0…1."""
        known = self.between * orders
        return known / (known + self.within) if known else 0.0

    def expected(self, cell: Cell) -> float:
        """The mean of the orders to come of a customer of the cell."""
        orders = cell.customers + cell.repeats
        weight = self.weight(orders / cell.customers)
        return weight * cell.net / orders + (1 - weight) * self.mean


def fit_spending(cells: Iterable[Cell]) -> Spending:
    """By the analysis of variance for groups of unequal size, from sums alone.  There must be a customer."""
    cells = list(cells)
    customers = sum(cell.customers for cell in cells)
    repeats = sum(cell.repeats for cell in cells)
    orders = customers + repeats
    plain = sum(cell.net for cell in cells) / orders
    inside = outside = sizes = 0.0
    for cell in cells:
        size = 1 + cell.repeats / cell.customers
        inside += max(0.0, cell.order_square - cell.customer_square / size)
        outside += cell.customer_square / size - 2 * plain * cell.net + plain * plain * size * cell.customers
        sizes += size * size * cell.customers
    within = inside / repeats if repeats else 0.0
    between = 0.0
    if customers > 1:
        between = max(0.0, (outside / (customers - 1) - within) * (customers - 1) / (orders - sizes / orders))
    if not between:
        return Spending(plain, 0.0, within, within / orders)
    # The mean over customers, each counted by how well their orders show their own mean.
    unsure = Spending(plain, between, within, 0.0)
    weights = [cell.customers * unsure.weight(1 + cell.repeats / cell.customers) for cell in cells]
    means = (weight * cell.net / (cell.customers + cell.repeats) for weight, cell in zip(weights, cells, strict=True))
    return Spending(sum(means) / sum(weights), between, within, between / sum(weights))
