"""A person's cart: one thing over visits and devices, whose content is the latest snapshot.

It belongs to the open journey and ends with it: filled, then emptied, ordered or expired.  "Abandoned" is no state but derived
by who asks: filled, and idle for longer than the shop's time.  Source: the project's design, section 4 "Cart".
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.clock import Instant
from tracker.events.types import Event
from tracker.journey.orders import items_of, rate_of
from tracker.journey.state import EMPTIED, EXPIRED, MAX_CARTS, MAX_ITEMS, ORDERED, Cart, Item, Journey, Order, Terms
from tracker.stages.tagging import STEPS

_CHANGES = frozenset({"add_to_cart", "remove_from_cart"})
_SNAPSHOTS = frozenset({"update_cart", "view_cart", "begin_checkout"})
CART_STEPS = ("cart", *STEPS)  # how far a cart can get, in order
_TOUCHES = _CHANGES | _SNAPSHOTS | frozenset(STEPS) | {"checkout_error", "apply_coupon", "coupon_denied"}
MAX_CART_KEYS = 5


def pieces(journey: Journey | None) -> int:
    """In the cart that is filled now."""
    cart = journey.cart if journey else None
    return cart.pieces if cart else 0


def tells_of_nothing(event: Event, journey: Journey | None) -> bool:
    """An empty cart told of somebody who has none: the platform's doing, after an order."""
    return event.type in ("update_cart", "view_cart") and event.data.get("items") == [] and pieces(journey) == 0


def follow(journey: Journey, event: Event, terms: Terms) -> None:
    """What the event says of the cart of this open journey."""
    if event.type == "email_sent":
        if event.data.get("purpose") == "cart" and (cart := journey.cart):
            cart.messaged_at = cart.messaged_at or event.occurred_at
        return
    if event.type not in _TOUCHES:  # nor is `items` a list of items in an event of the shop's own kind
        return
    items = _content(journey.cart, event)
    if not items:
        _end(journey, EMPTIED, event.occurred_at)
        return
    cart = journey.cart or _fill(journey, event)
    if cart is None:
        return
    cart.touched_at = event.occurred_at
    if items is not cart.items:
        cart.items = items
        cart.value = sum(item.quantity * item.price for item in items)
    if event.type in _SNAPSHOTS and event.data.get("value") is not None:
        cart.value = event.data["value"]
    cart.currency = event.data.get("currency") or cart.currency or terms.currency
    cart.rate = rate_of(cart.currency, cart.began_at, terms) if cart.currency != terms.currency else None
    if event.type in CART_STEPS:
        cart.step = max(cart.step, event.type, key=CART_STEPS.index)
    if event.cart_key and event.cart_key not in cart.keys and len(cart.keys) < MAX_CART_KEYS:
        cart.keys.append(event.cart_key)
    for item in items:
        if len(journey.carted) < MAX_ITEMS:
            journey.carted.setdefault(item.product, item.category or "")


def order(journey: Journey, made: Order) -> None:
    """The cart of the journey became this order; one that was filled after the order was placed is not of it."""
    cart = journey.cart
    if cart is not None and cart.began_at <= made.placed_at:
        cart.order_key = made.key
        _end(journey, ORDERED, made.placed_at)
    for ordered in journey.carts:
        if ordered.order_key == made.key and ordered.messaged_at is not None:
            ordered.recovered = made.is_live and made.paid_at is not None and ordered.messaged_at < made.placed_at


def carry(journey: Journey, into: Journey) -> None:
    """What is filled while a journey is answered goes on in the next one."""
    cart = journey.carts.pop()
    into.carts.append(cart)
    into.carted = {item.product: item.category or "" for item in cart.items}


def expires_at(journey: Journey, terms: Terms) -> Instant | None:
    cart = journey.cart
    return cart.touched_at + terms.cart_expiry if cart else None


def expire(journey: Journey, at: Instant) -> None:
    """It is not bought any more."""
    _end(journey, EXPIRED, at)


def _end(journey: Journey, state: str, at: Instant) -> None:
    if cart := journey.cart:
        cart.state, cart.ended_at = state, at


def _fill(journey: Journey, event: Event) -> Cart | None:
    if len(journey.carts) >= MAX_CARTS:
        return None
    cart = Cart(event.occurred_at, event.occurred_at)
    journey.carts.append(cart)
    return cart


def _content(cart: Cart | None, event: Event) -> list[Item]:
    """What the cart holds after the event; empty: nothing."""
    held = cart.items if cart else []
    if event.type == "add_to_cart":
        return _put(held, items_of(event.data) or [Item("", 1, int(event.data.get("value") or 0))])
    if event.type == "remove_from_cart":
        return _take(held, items_of(event.data))
    if "items" in event.data and event.type in _SNAPSHOTS:
        return _put([], items_of(event.data))
    if event.type in STEPS and not held:  # a shop that tells of its checkout and not of its cart
        return [Item("", 1, int(event.data.get("value") or 0))]
    return held


def _put(held: list[Item], added: Iterable[Item]) -> list[Item]:
    found = {item.product: item for item in held}
    for item in added:
        before = found.get(item.product)
        found[item.product] = item._replace(quantity=item.quantity + before.quantity) if before else item
    return list(found.values())[:MAX_ITEMS]


def _take(held: list[Item], removed: Iterable[Item]) -> list[Item]:
    found = {item.product: item for item in held}
    for item in removed:
        before = found.pop(item.product, None)
        if before is not None and before.quantity > item.quantity:
            found[item.product] = before._replace(quantity=before.quantity - item.quantity)
    return list(found.values())
