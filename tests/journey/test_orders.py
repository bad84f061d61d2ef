"""What the shop's server says of an order, in any order of telling."""

from __future__ import annotations

import pytest

from tests.builders import START, act, purchase, told
from tracker.clock import MINUTE
from tracker.events.types import Event
from tracker.journey.fold import fold
from tracker.journey.state import Order, Subject, Terms


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
