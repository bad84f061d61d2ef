"""Segments: every row has an example, and the first that matches wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.customers.simulated import customers_of, histories
from tracker.customers.cells import Customer
from tracker.customers.segments import ROWS, SEGMENTS, Limits, Measures, limits, measure, segment_of

SHOP = Measures(gap=30, often=4, most=1_000_00)

# (days silent, orders, net) in a shop where 30 days are usual, 4 orders are often and 1,000.00 is much.
EXAMPLES = {
    "came last week for the sixth time, and spent a lot": (7, 6, 2_000_00, "champions"),
    "just as much as it takes": (60, 4, 1_000_00, "champions"),
    "often, but little": (7, 6, 999_99, "loyal"),
    "a second order": (60, 2, 90_00, "promising"),
    "one large order is not often": (5, 1, 9_000_00, "new"),
    "a first order today": (0, 1, 90_00, "new"),
    "on the last day of being new": (60, 1, 90_00, "new"),
    "a day later": (61, 1, 90_00, "needs_attention"),
    "the best, silent for two gaps and a day": (61, 4, 1_000_00, "cant_lose"),
    "the best, silent for eight gaps": (240, 9, 5_000_00, "cant_lose"),
    "the best, silent for longer": (241, 9, 5_000_00, "lost"),
    "came back before": (61, 2, 90_00, "at_risk"),
    "often, but little, and silent": (120, 9, 90_00, "at_risk"),
    "first order, four gaps ago": (120, 1, 90_00, "needs_attention"),
    "first order, longer ago": (121, 1, 90_00, "hibernating"),
    "two orders, longer ago": (240, 2, 90_00, "hibernating"),
    "never seen again": (4_000, 1, 90_00, "lost"),
    "a clock that is ahead": (-1, 1, 90_00, "new"),
    "more back than paid": (7, 4, -50_00, "loyal"),
}


@pytest.mark.parametrize(("silence", "orders", "net", "segment"), EXAMPLES.values(), ids=EXAMPLES)
def test_segment(silence: int, orders: int, net: int, segment: str) -> None:
    assert segment_of(silence, orders, net, SHOP) == segment


def test_every_segment_has_a_row_an_example_and_a_sentence_in_the_same_order() -> None:
    assert [row.segment for row in ROWS] == list(SEGMENTS)
    assert {segment for *_, segment in EXAMPLES.values()} == set(SEGMENTS)


def test_limits_are_whole_numbers_of_the_shop() -> None:
    assert limits(Measures(gap=10.4, often=5, most=700)) == [
        Limits("champions", 20, 5, 700),
        Limits("loyal", 20, 5, None),
        Limits("promising", 20, 2, None),
        Limits("new", 20, 1, None),
        Limits("cant_lose", 83, 5, 700),
        Limits("at_risk", 41, 2, None),
        Limits("needs_attention", 41, 1, None),
        Limits("hibernating", 83, 1, None),
        Limits("lost", None, 1, None),
    ]


measures = st.builds(
    Measures, gap=st.floats(7, 365), often=st.integers(3, 50), most=st.one_of(st.none(), st.integers(-(10**6), 10**9))
)


@given(measures, st.integers(-10, 10_000), st.integers(1, 1_000), st.integers(-(10**9), 10**12))
def test_everybody_has_a_segment_and_longer_silence_never_a_fresher_one(
    measures: Measures, silence: int, orders: int, net: int
) -> None:
    fresh = ["champions", "loyal", "promising", "new"]
    now, later = segment_of(silence, orders, net, measures), segment_of(silence + 1, orders, net, measures)
    assert now in SEGMENTS
    assert now in fresh or later not in fresh
    assert now != "lost" or later == "lost"


@pytest.mark.parametrize("orders", [0, -1])
def test_somebody_without_an_order_is_no_customer(orders: int) -> None:
    with pytest.raises(ValueError, match="a customer has at least one order"):
        segment_of(0, orders, 0, SHOP)


# --- a shop's measures


def every(gap: int, orders: int, net: int = 100) -> Customer:
    return Customer(orders, 0, gap * (orders - 1), net, 0)


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        ([], Measures()),
        ([every(10, 5)] * 4 + [every(0, 1)] * 15, Measures()),  # 16 gaps, 19 customers: too few
        ([every(10, 5)] * 5 + [every(0, 1)] * 10, Measures(gap=10, often=5)),  # enough gaps, too few customers
        ([every(0, 1, net) for net in range(1, 21)], Measures(most=17)),  # 4 of 20 have 17 or more
        ([every(10, 2)] * 30 + [every(50, 6)] * 7, Measures(gap=50, often=3, most=100)),  # 30 gaps of 10 days, 35 of 50
        ([every(10, 2)] * 30 + [every(50, 6)] * 8, Measures(gap=50, often=6, most=100)),  # a fifth have 6 orders
        ([every(10, 2)] * 30 + [every(50, 6)] * 5, Measures(gap=10, often=3, most=100)),
        ([every(1, 9)] * 20, Measures(gap=7, often=9, most=100)),
        ([every(3_000, 2)] * 20, Measures(gap=365, often=3, most=100)),
    ],
    ids=[
        "nobody", "too few", "few customers with many orders", "nobody came back", "gaps count, not customers",
        "often", "most gaps are short", "a lunch shop", "once in eight years",
    ],
)  # fmt: skip
def test_measures(customers: list[Customer], expected: Measures) -> None:
    assert measure(customers) == expected


@pytest.mark.parametrize("count", [50, 5_000])
def test_segments_are_filled_in_small_and_large_shops(count: int) -> None:
    customers = customers_of(histories(count))
    shop = measure(customers)
    sizes = dict.fromkeys(SEGMENTS, 0)
    for customer in customers:
        sizes[segment_of(1_000 - customer.last_day, customer.order_count, customer.net, shop)] += 1
    assert sum(size > 0 for size in sizes.values()) >= 7
    assert max(sizes.values()) < 0.6 * count
