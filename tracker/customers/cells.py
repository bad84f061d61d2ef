"""Customers who are much alike, as sums.

In:  customers, each by what is known of their orders up to a day.
Out: cells, of which even a shop with 100,000 customers has only some thousand.  A cell of one customer is that customer.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import log
from typing import NamedTuple


class Customer(NamedTuple):
    """One customer's orders up to a day, in one currency.  `later_…`: after that day, held out to check a forecast."""

    order_count: int  # the days on which they ordered: what was forgotten and ordered an hour later is no coming back
    first_day: int
    last_day: int
    net: int  # the sum of …
    square: int  # … and the sum of the squares of what they brought on each of those days
    later_count: int = 0
    later_net: int = 0


class Cell(NamedTuple):
    """Sums over customers with about as many orders and about as long ago."""

    customers: int
    repeats: int  # orders that were not a customer's first
    span: int  # days from the first to the last order
    age: int  # days since the first order
    net: int
    customer_square: int  # of the squares of each customer's net
    order_square: int  # of the squares of each order's net
    later_count: int = 0
    later_net: int = 0


def summarise(orders: Iterable[tuple[int, int]], until: int) -> Customer | None:
    """A customer by their orders (day, net), however sorted: those after the day `until` are later.  None before the first."""
    past: dict[int, int] = {}
    later: dict[int, int] = {}
    for day, net in orders:
        when = past if day <= until else later
        when[day] = when.get(day, 0) + net
    if not past:
        return None
    nets = past.values()
    square = sum(net * net for net in nets)
    return Customer(len(past), min(past), max(past), sum(nets), square, len(later), sum(later.values()))


def cell_of(customer: Customer, until: int) -> Cell:
    """The cell of this customer alone.  An order dated after `until`, by a clock that is ahead, was placed on that day."""
    first = min(customer.first_day, until)
    last = min(customer.last_day, until)
    square = customer.net * customer.net
    return Cell(
        1, customer.order_count - 1, last - first, until - first, customer.net, square, customer.square,
        customer.later_count, customer.later_net,
    )  # fmt: skip


def gather(customers: Iterable[Customer], until: int) -> list[Cell]:
    """All customers in cells."""
    return merge(cell_of(customer, until) for customer in customers)


def merge(cells: Iterable[Cell]) -> list[Cell]:
    """Small cells in larger ones, which moves the forecast of a shop by about a thousandth: what counts is a cell's mean.

    Alike in how many orders, over how long, how long ago; not in their age, where an order just after the first could not be
    told from one long after.
    """
    sums: dict[tuple[int, int, int], list[int]] = {}
    for cell in cells:
        n = cell.customers
        key = (_class(cell.repeats // n, 0), _class(cell.span // n, 7), _class((cell.age - cell.span) // n, 7))
        if key in sums:
            sums[key] = [a + b for a, b in zip(sums[key], cell, strict=True)]
        else:
            sums[key] = list(cell)
    return [Cell(*sums[key]) for key in sorted(sums)]


@lru_cache(maxsize=10_000)
def _class(number: int, blur: int) -> int:
    """Classes that widen by a fifth each, so that small numbers have their own; numbers much smaller than `blur` share one."""
    return int(log(number + blur + 1) / log(1.2))
