"""What the shop's server says of an order, applied to it.  Any order of arrival gives the same money.

Each refund, parcel and return counts once by the platform's id of it; a cancellation makes the net 0 whatever was refunded;
totals of the highest platform version win.  Which states count, and what beside goods is revenue, are the shop's settings
(Terms).  The rate of a foreign currency is that of the moment the order was placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tracker import money
from tracker.attribution import share_out
from tracker.clock import Instant
from tracker.events.types import Event
from tracker.journey.state import MAX_ITEMS, MAX_REFUNDS, Cart, Item, Order, Refund, Return, Terms

# The events that make an order known; others about an unknown order are about the latest one.
FACTS = frozenset({"purchase", "order_paid", "order_updated", "order_cancelled", "refund"})

TEST = "test"  # the state of a trial order; never counted
_PAID = frozenset({"paid", "processing", "completed"})
_CANCELLED = frozenset({"cancelled", "canceled", "voided"})
_RENEWALS = frozenset({"subscription", "subscription_renewal", "renewal", "subscription_contract"})  # ways an order came in

_TOTALS = (("value", "value"), ("tax", "tax"), ("shipping", "shipping"), ("discount", "discount"), ("total", "total_value"))
_WORDS = (("payment", "payment_type"), ("via", "created_via"), ("coupon", "coupon"))


def is_renewal(event: Event) -> bool:
    """Whether the order is a further period of a subscription."""
    return event.type == "purchase" and event.data.get("created_via") in _RENEWALS


def apply(order: Order, event: Event, terms: Terms) -> None:
    """Change the order by one event about it; sets counted_at at the first event after which its state counts."""
    at, data = event.occurred_at, event.data
    match event.type:
        case "purchase" | "order_updated":
            if event.type == "purchase":
                order.placed_at = min(order.placed_at, at)
            _take_totals(order, event)
            _take_state(order, event)
        case "order_paid":
            order.paid_at = order.paid_at or at
            order.payment = data.get("payment_type") or order.payment
            if order.state != TEST:
                order.state = "paid"
        case "order_cancelled":
            order.cancelled_at = order.cancelled_at or at
        case "refund":
            _give_back(order, event, terms)
        case "order_fulfilled" | "order_shipped" | "order_delivered":
            _move_parcel(order, event)
        case "return_requested" | "return_completed":
            _take_back(order, event)
    _settle(order, terms)
    if order.counted_at is None and order.state != TEST and order.state in terms.counted_states:
        order.counted_at = at


def in_shop_currency(of: Order | Cart, minor: int, currency: str) -> int | None:
    """An amount of an order or a cart in the shop's currency, at its own rate; None when that is unknown."""
    if of.currency == currency:
        return minor
    return None if of.rate is None else money.convert(minor, of.currency, currency, Decimal(of.rate))


def net_by_product(order: Order, net: int) -> dict[str, int]:
    """The order's net revenue shared out over its products, to the last minor unit: by what they cost, less what was refunded
    of them by name.  What an order without items brought is that of "".
    """
    cost: dict[str, int] = {}
    pieces: dict[str, int] = {}
    for item in order.items:
        cost[item.product] = cost.get(item.product, 0) + item.price * item.quantity
        pieces[item.product] = pieces.get(item.product, 0) + item.quantity
    kept = dict(cost)
    for refund in order.refunds.values():
        for item in refund.items:
            if known := pieces.get(item.product):
                gone = item.price * item.quantity or cost[item.product] * item.quantity // known
                kept[item.product] = max(0, kept[item.product] - gone)
    weights = next((by for by in (kept, cost, pieces) if any(by.values())), {"": 1})
    return share_out(net, weights)


def rate_of(currency: str, at: Instant, terms: Terms) -> str | None:
    """What one unit of the currency was worth in the shop's; None when the table does not say."""
    rate = terms.rate_at(currency, at)
    return None if rate is None else str(rate)


def given_back(order: Order) -> Iterator[tuple[Instant, str, int]]:
    """(when, "refunded" or "cancelled", how much): what has to be taken off the counted revenue, on its own day.

    Together with the net it is exactly the revenue: a refund of more than is left takes what is left, and a cancellation takes
    what no refund took before.
    """
    if order.counted_at is None:
        return
    left = order.revenue
    changes: list[tuple[Instant, int, str, int]] = [(r.at, 0, "refunded", r.value) for r in order.refunds.values()]
    if order.cancelled_at is not None:
        changes.append((order.cancelled_at, 1, "cancelled", left))
    for at, _, kind, amount in sorted(changes):
        taken = min(left, amount)
        left -= taken
        yield at, kind, taken


def items_of(data: Mapping[str, Any]) -> list[Item]:
    """The items that an event tells, different products only; beyond MAX_ITEMS they are left out."""
    return list(_items(data.get("items") or ()))[:MAX_ITEMS]


def _items(told: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    for item in told:
        key = item.get("item_group_id") or item.get("item_id") or item.get("item_name")
        if key is not None:
            quantity = item.get("quantity")
            yield Item(
                str(key), 1 if quantity is None else int(quantity), int(item.get("price") or 0), item.get("item_category")
            )


def _take_totals(order: Order, event: Event) -> None:
    version = int(event.data.get("version") or 0)
    if version < order.version:
        return
    order.version = version
    order.currency = event.data.get("currency") or order.currency
    for attribute, name in _TOTALS:
        if (amount := event.data.get(name)) is not None:
            setattr(order, attribute, amount)
    for attribute, name in _WORDS:
        if word := event.data.get(name):
            setattr(order, attribute, word)
    if "items" in event.data:
        order.items = items_of(event.data)


def _take_state(order: Order, event: Event) -> None:
    state = event.data.get("status")
    if event.data.get("is_test"):
        # A trial order stays one, whatever is told of it later; told too late, it ends like a cancelled one.
        order.state = TEST
        if order.counted_at is not None:
            order.cancelled_at = order.cancelled_at or event.occurred_at
    elif state in _CANCELLED:
        order.cancelled_at = order.cancelled_at or event.occurred_at
    elif state and order.state not in ("paid", TEST):  # what is paid stays paid, however late "placed" arrives
        order.state = state
    if state in _PAID:
        order.paid_at = order.paid_at or event.occurred_at


def _settle(order: Order, terms: Terms) -> None:
    """What follows from its amounts."""
    order.revenue = _revenue(order.value, order.tax, order.shipping, terms)
    order.rate = rate_of(order.currency, order.placed_at, terms)


def _revenue(value: int, tax: int, shipping: int, terms: Terms) -> int:
    return value + (tax if "tax" in terms.revenue else 0) + (shipping if "shipping" in terms.revenue else 0)


def _give_back(order: Order, event: Event, terms: Terms) -> None:
    key = str(event.data.get("refund_id") or event.event_id)
    known = order.refunds.get(key)
    if known is None and len(order.refunds) >= MAX_REFUNDS:
        return
    value, tax, shipping, total = (int(event.data.get(n) or 0) for n in ("value", "tax", "shipping", "total_value"))
    at = known.at if known else event.occurred_at
    order.refunds[key] = Refund(at, _revenue(value, tax, shipping, terms), tax, shipping, total, items_of(event.data))


def _move_parcel(order: Order, event: Event) -> None:
    at = event.occurred_at
    if event.type == "order_fulfilled":
        order.fulfilled_at = order.fulfilled_at or at
        return
    key = str(event.data.get("parcel_id") or "")
    if key not in order.parcels and len(order.parcels) >= MAX_REFUNDS:
        return
    parcel = order.parcels.setdefault(key, [0, 0])
    place = 0 if event.type == "order_shipped" else 1
    parcel[place] = parcel[place] or at
    if event.type == "order_delivered":
        order.delivered_at = order.delivered_at or at


def _take_back(order: Order, event: Event) -> None:
    key = str(event.data.get("return_id") or "")
    known = order.returns.get(key)
    if known is None and len(order.returns) >= MAX_REFUNDS:
        return
    requested_at, completed_at, items = known or (0, 0, [])
    if event.type == "return_requested":
        requested_at = requested_at or event.occurred_at
    else:
        completed_at = completed_at or event.occurred_at
    order.returns[key] = Return(requested_at, completed_at, items_of(event.data) or items)
