"""What the shop's server says of an order, applied to it.  Any order of arrival gives the same money.

Each refund counts once by the platform's id of it; a cancellation makes the net 0 whatever was refunded; totals of the highest
platform version win.  Which states count is the shop's setting (Terms.counted_states).
"""

from __future__ import annotations

from tracker.events.types import Event
from tracker.journey.state import MAX_REFUNDS, Order, Terms

# The events that make an order known; others about an unknown order are about the latest one.
FACTS = frozenset({"purchase", "order_paid", "order_updated", "order_cancelled", "refund"})

TEST = "test"  # the state of a trial order; never counted

_TOTALS = (("value", "value"), ("tax", "tax"), ("shipping", "shipping"), ("discount", "discount"), ("total", "total_value"))


def apply(order: Order, event: Event, terms: Terms) -> None:
    """Change the order by one event about it; sets counted_at at the first event after which its state counts."""
    if event.type in ("purchase", "order_updated"):
        _take_totals(order, event)
        state = event.data.get("status")
        if event.data.get("is_test"):
            _stop_counting(order, event)
        elif state and order.state not in ("paid", TEST):  # what is paid stays paid, however late "placed" arrives
            order.state = state
    elif event.type == "order_paid" and order.state != TEST:
        order.state = "paid"
    elif event.type == "order_cancelled":
        order.cancelled_at = order.cancelled_at or event.occurred_at
    elif event.type == "refund" and len(order.refunds) < MAX_REFUNDS:
        order.refunds[str(event.data.get("refund_id") or event.event_id)] = int(event.data.get("value") or 0)
    elif event.type == "order_delivered":
        order.delivered_at = order.delivered_at or event.occurred_at
    if order.counted_at is None and order.state != TEST and order.state in terms.counted_states:
        order.counted_at = event.occurred_at


def _stop_counting(order: Order, event: Event) -> None:
    """A trial order stays one, whatever is told of it later; told too late, it ends like a cancelled one."""
    order.state = TEST
    if order.counted_at is not None:
        order.cancelled_at = order.cancelled_at or event.occurred_at


def _take_totals(order: Order, event: Event) -> None:
    version = int(event.data.get("version") or 0)
    if version < order.version:
        return
    order.version = version
    order.currency = event.data.get("currency") or order.currency
    for attribute, name in _TOTALS:
        if (amount := event.data.get(name)) is not None:
            setattr(order, attribute, amount)
