"""Nine named places for customers, by how long they have been silent, how often they ordered and what they brought.

In:  a customer's silence in days, order count and net revenue; the shop's own measures (`Measures`).
Out: one key of SEGMENTS.  The first row of ROWS that matches wins, so order is meaning.
A row compares three whole numbers with limits, so a report can write `limits(measures)` as one CASE and GROUP BY it.
Silence is told in *gaps*, the shop's median time between two orders of a customer: of gaps that ended with an order, about a
quarter last longer than 2, one in sixteen longer than 4, one in 256 longer than 8 (if orders come at random).
To add a segment: its sentence in SEGMENTS, its row here, an example in tests/customers/test_segments.py, its line in
docs/customers.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

from tracker.customers.cells import Customer
from tracker.texts import N_

SEGMENTS: dict[str, str] = {
    "champions": N_("Order often, spend the most, and were here not long ago"),
    "loyal": N_("Order often, and were here not long ago"),
    "promising": N_("Came back once or more, and were here not long ago"),
    "new": N_("A first order not long ago"),
    "cant_lose": N_("Ordered often and spent the most, but have been silent unusually long"),
    "at_risk": N_("Came back before, but have been silent unusually long"),
    "needs_attention": N_("A first order, and now silent for longer than most who come back"),
    "hibernating": N_("Silent for very long"),
    "lost": N_("Silent for so long that hardly anybody comes back"),
}


class Row(NamedTuple):
    """One line of the table."""

    segment: str
    gaps: float | None = None  # silent no longer than so many gaps
    min_orders: int = 1
    often: bool = False  # and as many orders as the shop's frequent customers
    most: bool = False  # and as much net revenue as the shop's best fifth


ROWS: tuple[Row, ...] = (
    Row("champions", 2, often=True, most=True),
    Row("loyal", 2, often=True),
    Row("promising", 2, min_orders=2),
    Row("new", 2),
    Row("cant_lose", 8, often=True, most=True),
    Row("at_risk", 4, min_orders=2),
    Row("needs_attention", 4),
    Row("hibernating", 8),
    Row("lost"),
)

ENOUGH = 20  # fewer gaps or customers say nothing about a shop
DEFAULT_GAP = 45  # days; with it, four gaps are the usual lapse time
MIN_GAP, MAX_GAP = 7, 365


@dataclass(frozen=True, slots=True)
class Measures:
    """What is usual in a shop.  The defaults are for one of which too little is known."""

    gap: float = DEFAULT_GAP  # median days from one order to the next of the same customer, within MIN_GAP … MAX_GAP
    often: int = 3  # orders that a fifth of those who came back reach; at least 3
    most: int | None = None  # net revenue that a fifth of customers reach; None: any


class Limits(NamedTuple):
    """A row in the shop's own numbers; None: no limit."""

    segment: str
    max_silence: int | None  # days
    min_orders: int
    min_net: int | None


def measure(customers: Iterable[Customer]) -> Measures:
    """A shop's measures.  Gaps of one customer count as equally long.  A gap that has not ended yet is left out, so a young
    shop seems to have shorter ones."""
    customers = list(customers)
    back = [customer for customer in customers if customer.order_count > 1]
    gaps = sorted(((c.last_day - c.first_day) / (c.order_count - 1), c.order_count - 1) for c in back)
    measures = Measures()
    if sum(times for _, times in gaps) >= ENOUGH:
        gap = min(max(_weighted_median(gaps), MIN_GAP), MAX_GAP)
        measures = replace(measures, gap=gap, often=max(3, _reached_by_a_fifth(c.order_count for c in back)))
    if len(customers) >= ENOUGH:
        measures = replace(measures, most=_reached_by_a_fifth(c.net for c in customers))
    return measures


def _weighted_median(values: list[tuple[float, int]]) -> float:
    """Of sorted values, each with how often it counts."""
    sums = list(accumulate(times for _, times in values))
    return values[bisect_left(sums, sums[-1] / 2)][0]


def _reached_by_a_fifth(numbers: Iterable[int]) -> int:
    ordered = sorted(numbers, reverse=True)
    return ordered[(len(ordered) - 1) // 5]


def limits(measures: Measures) -> list[Limits]:
    """The rows in the shop's own numbers, to be tried in order; the last matches always."""
    return [
        Limits(
            row.segment,
            max_silence=None if row.gaps is None else int(row.gaps * measures.gap),
            min_orders=measures.often if row.often else row.min_orders,
            min_net=measures.most if row.most else None,
        )
        for row in ROWS
    ]


def segment_of(silence: int, order_count: int, net: int, measures: Measures) -> str:
    """Raises ValueError for somebody without an order, who is no customer."""
    if order_count < 1:
        raise ValueError(f"order_count is {order_count}; a customer has at least one order")
    return next(
        row.segment
        for row in limits(measures)
        if (row.max_silence is None or silence <= row.max_silence)
        and order_count >= row.min_orders
        and (row.min_net is None or net >= row.min_net)
    )
