"""What the shop's server says of an order, in any order of telling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, act, purchase, told
from tracker.clock import MINUTE
from tracker.events.types import Event
from tracker.journey.fold import fold
from tracker.journey.orders import net_by_product
from tracker.journey.state import Item, Order, Refund, Subject, Terms


def order_after(*events: Event) -> Order:
    subject = Subject()
    fold([act(event) for event in sorted(events, key=lambda e: e.position)], Terms(), subject)
    [order] = [order for journey in subject.journeys.values() for order in journey.orders()]
    return order


TRIAL = purchase(START, status="pending", data={"is_test": True})
PAID = told("order_paid", START + MINUTE, order_key="o1")
UPDATED = told("order_updated", START + 2 * MINUTE, order_key="o1", data={"version": 2, "status": "processing", "value": 900})


@pytest.mark.parametrize("later", [[PAID], [UPDATED], [PAID, UPDATED]], ids=["paid", "updated", "both"])
def test_a_trial_order_stays_one(later: list[Event]) -> None:
    assert order_after(TRIAL, *later).net == 0


def test_an_order_counted_before_it_was_known_to_be_a_trial_counts_no_more() -> None:
    early = told("order_paid", START - 1, order_key="o1")
    assert order_after(TRIAL, early, UPDATED).net == 0


def item(product: str, price: int, quantity: int = 1) -> Item:
    return Item(product, quantity, price)


def refund(value: int, *items: Item) -> Refund:
    return Refund(START, value, items=list(items))


@pytest.mark.parametrize(
    ("items", "refunds", "net", "expected"),
    [
        pytest.param([item("a", 300), item("b", 100, 2)], [], 500, {"a": 300, "b": 200}, id="as they cost"),
        pytest.param([item("a", 300), item("b", 100)], [], 200, {"a": 150, "b": 50}, id="a discount on all, by what they cost"),
        pytest.param([item("a", 1), item("b", 1), item("c", 1)], [], 100, {"a": 34, "b": 33, "c": 33}, id="no minor unit lost"),
        pytest.param([item("a", 300), item("a", 100)], [], 400, {"a": 400}, id="two variants of a product"),
        pytest.param([item("a", 300), item("b", 100)], [refund(300, item("a", 300))], 100, {"b": 100}, id="sent back by name"),
        pytest.param([item("a", 300, 2)], [refund(300, item("a", 0))], 300, {"a": 300}, id="without a price: its share"),
        pytest.param([item("a", 300), item("b", 100)], [refund(200)], 200, {"a": 150, "b": 50}, id="money back without names"),
        pytest.param(
            [item("a", 300), item("b", 100)], [refund(9, item("x", 9))], 391, {"a": 293, "b": 98}, id="an unknown name"
        ),
        pytest.param([item("a", 300)], [refund(200, item("a", 300))], 100, {"a": 100}, id="all back, but not all of the money"),
        pytest.param([item("a", 0, 3), item("b", 0)], [], 80, {"a": 60, "b": 20}, id="no prices: by pieces"),
        pytest.param([], [], 80, {"": 80}, id="no items"),
    ],
)
def test_net_revenue_is_shared_out_over_the_products(
    items: list[Item], refunds: list[Refund], net: int, expected: dict[str, int]
) -> None:
    order = Order("o1", START, "DKK", items=items, refunds={str(i): refund for i, refund in enumerate(refunds)})
    assert {product: share for product, share in net_by_product(order, net).items() if share} == expected


some_items = st.lists(st.builds(item, st.sampled_from("abc"), st.integers(0, 999), st.integers(1, 9)), max_size=5)


@given(
    some_items,
    st.lists(st.builds(refund, st.integers(0, 999), st.builds(item, st.sampled_from("abcd"), st.integers(0, 999))), max_size=3),
)
def test_shares_of_products_add_up_and_none_is_negative(items: list[Item], refunds: list[Refund]) -> None:
    order = Order("o1", START, "DKK", items=items, refunds={str(i): refund for i, refund in enumerate(refunds)})
    shares = net_by_product(order, 1_001)
    assert sum(shares.values()) == 1_001
    assert min(shares.values()) >= 0
