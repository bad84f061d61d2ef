"""What happened in the shop, as wire JSON (docs/wire-format.md).  Pure.

Two kinds: what a page tells the snippet (`tell_*`: [type, data, extra], as kr() takes it), and what the shop's server signs.
An event's id is made of what it is about, so that the same fact has the same id however often it is told.
On the shop's pages prices are shown with VAT and so they are told; order events carry them without.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.clock import SECOND, Instant
from tracker.demo.goods import CATEGORIES, PRODUCTS, VARIANTS, Product, Variant
from tracker.demo.prices import CURRENCY, LineTotals, Totals, without_vat
from tracker.demo.state import Cart, Customer, Order, Refund, Return, Review, Ticket
from tracker.money import from_minor

Wire = dict[str, Any]
CARRIER = "PostNord"
CLUB = "lyngklubben"


def amount(minor: int) -> str:
    """Decimal text in major units: exact on the wire.  All currencies the shop sells in have two decimals."""
    return str(from_minor(minor, CURRENCY))


# --- what pages tell the snippet


def item(variant: Variant, lang: str, *, quantity: int = 1, index: int | None = None) -> Wire:
    """A product as shown to the buyer, price with VAT."""
    product = variant.product
    told: Wire = {
        "item_id": variant.sku,
        "item_group_id": product.key,
        "item_name": product.title(lang),
        "item_brand": "Lyng & Datter",
        "item_category": CATEGORIES[product.category].name.read(lang),
        "item_variant": f"{variant.size} / {variant.colour.name.read(lang)}",
        "price": amount(product.price_minor),
        "quantity": quantity,
    }
    if index is not None:
        told["index"] = index
    return told


def tell_items(variants: Iterable[Variant], lang: str) -> Wire:
    """The data of an event about products: view_item, add_to_wishlist, compare_items."""
    chosen = list(variants)
    value = sum(variant.product.price_minor for variant in chosen)
    return {"currency": CURRENCY, "value": amount(value), "items": [item(variant, lang) for variant in chosen]}


def tell_list(list_key: str, name: str, products: Iterable[Product], lang: str) -> Wire:
    """The data of view_item_list."""
    items = [item(product.variants[0], lang, index=i) for i, product in enumerate(products, 1)]
    return {"item_list_id": list_key, "item_list_name": name, "currency": CURRENCY, "items": items}


def tell_cart(cart: Cart, totals: Totals, lang: str) -> Wire:
    """The whole cart: view_cart, update_cart and the checkout's steps."""
    items = [
        {**item(VARIANTS[line.sku], lang, quantity=line.quantity), "price": amount(line.paid_minor // line.quantity)}
        for line in totals.lines
    ]
    told: Wire = {"currency": CURRENCY, "value": amount(totals.goods_minor - totals.discount_minor), "items": items}
    return {**told, "coupon": cart.coupon} if totals.discount_minor else told


# --- what the server sends: orders


def _of_order(order: Order, kind: str, event_id: str, at: Instant, data: Wire) -> Wire:
    """An order's event names its buyer; below statistics the collector joins it to no browsing."""
    event: Wire = {"event_id": event_id, "type": kind, "occurred_at": at, "consent": order.consent, "email": order.email}
    if order.customer_key:
        event["customer_key"] = order.customer_key
    return {**event, "data": {"transaction_id": order.order_key, **data}}


def _order_items(order: Order, lines: Iterable[LineTotals]) -> list[Wire]:
    items = []
    for line in lines:
        full_net = without_vat(line.full_minor)
        told = {
            **item(VARIANTS[line.sku], order.lang, quantity=line.quantity),
            "price": amount(line.net_minor // line.quantity),
        }
        if line.discount_minor:
            told["discount"] = amount(max(0, full_net - line.net_minor) // line.quantity)
        items.append(told)
    return items


def _totals(order: Order) -> Wire:
    totals = order.totals
    return {
        "currency": order.currency,
        "value": amount(totals.value_minor),
        "tax": amount(totals.tax_minor),
        "shipping": amount(totals.shipping_net_minor),
        "total_value": amount(totals.total_minor),
    }


def purchase(order: Order, customer_order_number: int) -> Wire:
    """An order was placed: with a card it waits for its money, cash on delivery it counts as it is."""
    totals = order.totals
    data: Wire = {
        **_totals(order),
        "discount": amount(totals.discount_net_minor),
        "payment_type": order.payment,
        "status": "placed_cod" if order.payment == "cod" else "placed",
        "customer_order_number": customer_order_number,
        "created_via": "checkout",
        "items": _order_items(order, totals.lines),
    }
    if order.coupon:
        data["coupon"] = order.coupon
    event = _of_order(order, "purchase", f"purchase-{order.order_key}", order.placed_at, data)
    event |= {"cart_key": order.cart_key, "country": "DK"}
    if order.visitor_key:
        event["visitor_key"] = order.visitor_key
    if order.user_agent:
        event["user_agent"] = order.user_agent
    return event


def paid(order: Order, at: Instant) -> Wire:
    return _of_order(order, "order_paid", f"paid-{order.order_key}", at, {"payment_type": order.payment})


def parcel_id(order: Order, parcel: int) -> str:
    return f"{order.parcel_key}-{parcel}" if parcel > 1 else str(order.parcel_key)


def shipped(order: Order, at: Instant, tracking_url: str, parcel: int = 1) -> Wire:
    data = {"parcel_id": parcel_id(order, parcel), "carrier": CARRIER, "tracking_url": tracking_url}
    return _of_order(order, "order_shipped", f"ship-{order.order_key}-{parcel}", at, data)


def delivered(order: Order, at: Instant, parcel: int = 1) -> Wire:
    data = {"parcel_id": parcel_id(order, parcel), "carrier": CARRIER}
    return _of_order(order, "order_delivered", f"deliver-{order.order_key}-{parcel}", at, data)


def fulfilled(order: Order, at: Instant) -> Wire:
    return _of_order(order, "order_fulfilled", f"packed-{order.order_key}", at, {"carrier": CARRIER})


def updated(order: Order, at: Instant) -> Wire:
    """The order as it is now; the instant is the version."""
    data = {**_totals(order), "version": at, "items": _order_items(order, order.totals.lines)}
    return _of_order(order, "order_updated", f"update-{order.order_key}-{at}", at, data)


def cancelled(order: Order, at: Instant, reason: str = "shop") -> Wire:
    return _of_order(order, "order_cancelled", f"cancel-{order.order_key}", at, {"reason": reason})


def refunded(order: Order, refund: Refund) -> Wire:
    data = {
        "refund_id": refund.refund_key,
        "currency": order.currency,
        "value": amount(refund.net_minor),
        "tax": amount(refund.paid_minor - refund.net_minor - refund.shipping_net_minor),
        "shipping": amount(refund.shipping_net_minor),
        "total_value": amount(refund.paid_minor),
        "items": _order_items(order, (line for line in order.totals.lines if line.sku in refund.skus)),
    }
    return _of_order(order, "refund", f"refund-{order.order_key}-{refund.refund_key}", refund.refunded_at, data)


def return_requested(order: Order, asked: Return) -> Wire:
    data = {
        "return_id": asked.return_key,
        "reason": asked.reason,
        "items": _order_items(order, (line for line in order.totals.lines if line.sku == asked.sku)),
    }
    event_id = f"return-{order.order_key}-{asked.return_key}"
    return _of_order(order, "return_requested", event_id, asked.requested_at, data)


def return_completed(order: Order, asked: Return, at: Instant) -> Wire:
    items = _order_items(order, (line for line in order.totals.lines if line.sku == asked.sku))
    event_id = f"returned-{order.order_key}-{asked.return_key}"
    return _of_order(order, "return_completed", event_id, at, {"return_id": asked.return_key, "items": items})


def refund_of(order: Order, skus: Iterable[str], at: Instant) -> Refund:
    """Of whole lines not yet given back; with the last of them goes the shipping.  The parts of an order add up to it."""
    chosen = [line for line in order.totals.lines if line.sku in set(skus) and line.sku not in order.refunded]
    is_rest = order.refunded | {line.sku for line in chosen} == {line.sku for line in order.totals.lines}
    shipping = order.totals.shipping_minor if is_rest else 0
    return Refund(
        refund_key=str(len(order.refunds) + 1),
        refunded_at=at,
        skus=[line.sku for line in chosen],
        paid_minor=sum(line.paid_minor for line in chosen) + shipping,
        net_minor=sum(line.net_minor for line in chosen),
        shipping_net_minor=order.totals.shipping_net_minor if is_rest else 0,
    )


# --- what the server sends: people


def _of_person(
    kind: str,
    event_id: str,
    at: Instant,
    data: Wire,
    *,
    email: str,
    customer_key: str | None,
    visitor_key: str | None,
    consent: str,
) -> Wire:
    event: Wire = {"event_id": event_id, "type": kind, "occurred_at": at, "consent": consent, "email": email}
    if customer_key:
        event["customer_key"] = customer_key
    if visitor_key:
        event["visitor_key"] = visitor_key
    return {**event, "data": data}


def signed_up(customer: Customer, at: Instant, visitor_key: str | None, consent: str) -> Wire:
    return _of_person(
        "sign_up", f"signup-{customer.customer_key}", at, {"method": "email"},
        email=customer.email, customer_key=customer.customer_key, visitor_key=visitor_key, consent=consent,
    )  # fmt: skip


def joined(customer: Customer, at: Instant, visitor_key: str | None, consent: str) -> Wire:
    return _of_person(
        "loyalty_joined", f"club-{customer.customer_key}", at, {"program_id": CLUB, "tier": "lyng"},
        email=customer.email, customer_key=customer.customer_key, visitor_key=visitor_key, consent=consent,
    )  # fmt: skip


def points_earned(customer: Customer, order: Order, points: int, at: Instant) -> Wire:
    data = {"program_id": CLUB, "points": points, "balance": customer.points, "reason": "purchase"}
    event = _of_order(order, "loyalty_points_earned", f"points-{order.order_key}", at, data)
    return {**event, "customer_key": customer.customer_key}


def points_redeemed(customer: Customer, points: int, value_minor: int, code: str, at: Instant) -> Wire:
    data = {
        "program_id": CLUB,
        "points": points,
        "balance": customer.points,
        "reason": "voucher",
        "currency": CURRENCY,
        "value": amount(value_minor),
    }
    return _of_person(
        "loyalty_points_redeemed", f"redeem-{code}", at, data,
        email=customer.email, customer_key=customer.customer_key, visitor_key=None, consent="statistics",
    )  # fmt: skip


def referral(kind: str, event_id: str, customer: Customer, at: Instant) -> Wire:
    """About the one who recommends: made a link, a friend came, a friend bought.  Names no order: it is the friend's."""
    data = {"referral_code": customer.referral, "role": "advocate", "method": "link"}
    return _of_person(
        kind, event_id, at, data,
        email=customer.email, customer_key=customer.customer_key, visitor_key=None, consent="statistics",
    )  # fmt: skip


def reviewed(review: Review, order: Order | None, visitor_key: str | None, consent: str, customer_key: str | None) -> Wire:
    product = PRODUCTS[review.product]
    review_id = f"{review.product}-{review.written_at}"
    data: Wire = {
        "item_id": product.key,
        "item_name": product.title("da"),
        "rating": review.rating,
        "review_id": review_id,
        "verified": order is not None,
        "has_text": bool(review.text),
    }
    if order is not None:
        data["transaction_id"] = order.order_key
    return _of_person(
        "review_submitted", f"review-{review_id}", review.written_at, data,
        email=review.email, customer_key=customer_key, visitor_key=visitor_key, consent=consent,
    )  # fmt: skip


def _of_ticket(kind: str, event_id: str, ticket: Ticket, at: Instant, data: Wire) -> Wire:
    told = {"ticket_id": ticket.ticket_key, "topic": ticket.topic, "channel": "form", **data}
    if ticket.order_key:
        told["transaction_id"] = ticket.order_key
    return _of_person(
        kind, event_id, at, told,
        email=ticket.email, customer_key=ticket.customer_key, visitor_key=ticket.visitor_key, consent=ticket.consent,
    )  # fmt: skip


def ticket_created(ticket: Ticket) -> Wire:
    return _of_ticket("support_ticket_created", f"ticket-{ticket.ticket_key}", ticket, ticket.created_at, {})


def ticket_closed(ticket: Ticket, at: Instant) -> Wire:
    seconds = (at - ticket.created_at) // SECOND
    return _of_ticket("support_ticket_closed", f"closed-{ticket.ticket_key}", ticket, at, {"resolution_seconds": seconds})
