"""From the cart to the parcel at the door: payment, change, cancellation, shipping.

In:  a session with a cart, or the goods of an order that no browser made.
Out: the order in the shop's books, told by the shop's server as its platform would; World.follow goes on from the delivery.
To add a way of paying: its share in PAYMENTS, and its row in PAYING.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tracker.demo import facts
from tracker.demo.goods import VARIANTS
from tracker.demo.past import mails, shelf
from tracker.demo.past.people import Device, Person
from tracker.demo.past.session import COUPONS, Session, Tell
from tracker.demo.past.ways import STRAIGHT
from tracker.demo.past.world import PastOrder, World
from tracker.demo.prices import Coupon, Priced, Totals, totals

PAYMENTS: Mapping[str, Mapping[str, int]] = {
    "DKK": {"card": 38, "mobilepay": 32, "klarna": 10, "invoice": 5, "bank_transfer": 5, "cod": 10},
    "SEK": {"card": 40, "klarna": 50, "invoice": 10},
    "EUR": {"card": 60, "klarna": 30, "bank_transfer": 10},
}
GATEWAY_OUT = "mobilepay"  # whose webhook is off for two days
UNHEARD_SHARE = 0.02  # of all other orders of the checkout
CANCELLED_SHARE = 0.035
CHANGED_SHARE = 0.05
TOLD_THRICE_SHARE = 0.03
TWO_PARCELS_SHARE = 0.3  # of orders with several lines
UNPAID_SHARE = 0.3  # of bank transfers
ATTEMPT_SHARE = 0.04  # of card orders: placed, never paid, placed again
TRACKING = "https://tracking.postnord.com/dk/?id="
RECEIPT_SHARE = 0.95  # the others close the window before it


class Paying(NamedTuple):
    """The order's state when it is placed, and from when to when its money comes; None: with the parcel, or never told."""

    status: str
    within: tuple[Instant, Instant] | None


PAYING: Mapping[str, Paying] = {
    "card": Paying("placed", (SECOND, 4 * SECOND)),
    "mobilepay": Paying("placed", (4 * SECOND, 50 * SECOND)),
    "klarna": Paying("processing", None),  # taken when the parcel leaves
    "invoice": Paying("processing", (8 * DAY, 25 * DAY)),
    "bank_transfer": Paying("pending", (20 * HOUR, 4 * DAY)),
    "cod": Paying("placed_cod", None),
}


def buy(world: World, session: Session) -> None:
    """Fill the cart if it is empty, check out, and see the receipt."""
    person, device = session.person, session.device
    if not session.cart.lines:
        for _ in range(world.pick({1: 52, 2: 30, 3: 12, 4: 6})):
            session.take()
    if world.chance(0.08):
        session.change_cart()
    session.see_cart(*_codes(world, session))
    payment = world.pick(PAYMENTS[session.market.currency])
    shipping = world.dice.choice(("parcel_shop", "parcel_shop", "home"))
    session.check_out(4, payment, shipping)
    if payment == "card" and world.chance(ATTEMPT_SHARE):
        _try_in_vain(world, session, shipping)
    order = _place_cart(world, session, payment, shipping)
    device.cart = None
    _count(world, person, order)
    if not _is_heard(world, order):
        world.later(session.at + 4 * DAY, _arrive_unheard, order)
        return
    tell(world, person, order)
    session.at += 3 * SECOND
    if world.chance(RECEIPT_SHARE):
        _see_receipt(session, order)
    mails.send(world, session.at + 5 * SECOND, person, "order", "ordre", order_key=order.order_key, opened=0.6)
    settle(world, session.at, person, order)


def _codes(world: World, session: Session) -> list[str]:
    """Some have none and try one that they found somewhere."""
    codes = [world.dice.choice(("SOMMER24", "GRATISFRAGT", "TAK10"))] if world.chance(0.07) else []
    if session.is_sale and world.chance(0.6):
        return [*codes, "LYNGUGE20"]
    if session.person.reads_since is not None and session.person.order_count == 0 and world.chance(0.7):
        return [*codes, "VELKOMMEN10"]
    return [*codes, "SOMMER15"] if world.chance(0.1) else codes


def _try_in_vain(world: World, session: Session, shipping: str) -> None:
    """The bank says no after the order was placed: it stays unpaid, the platform cancels it, and the buyer tries again."""
    order = _place_cart(world, session, "card", shipping)
    tell(world, session.person, order)
    world.later(session.at + HOUR, cancel, order, "unpaid")
    session.at += 2 * MINUTE
    session.check_out(4, "card", shipping)


def _see_receipt(session: Session, order: PastOrder) -> None:
    path = f"{session.t('/kvittering', '/receipt')}/{order.order_key}"
    tells = [Tell("purchase", {"transaction_id": order.order_key})]
    if session.dice.random() < 0.3:
        asked = {"survey_id": "efter-koeb", "type": "ces", "question": "Hvor let var det at handle?"}
        asked["transaction_id"] = order.order_key
        tells.append(Tell("survey_shown", asked))
        if session.dice.random() < 0.4:
            score = session.dice.choice((7, 7, 6, 6, 5, 3))
            tells.append(Tell("survey_submitted", {**asked, "score": score, "scale_max": 7}))
    session.page(path, "receipt", session.t("Tak for din ordre", "Thank you"), *tells)


# --- the order in the books


def place(
    world: World,
    at: Instant,
    person: Person,
    amounts: Totals,
    payment: str,
    *,
    created_via: str,
    device: Device | None = None,
    cart_key: str = "",
    coupon: str | None = None,
) -> PastOrder:
    """Write it down.  Without a device no browser had a part in it, and the order's facts may be kept as the contract needs."""
    order = PastOrder(
        order_key=world.order_key(at),
        cart_key=cart_key,
        placed_at=at,
        lang=person.lang,
        email=person.email,
        name="",
        phone="",
        street="",
        postcode="",
        city="",
        payment=payment,
        shipping="",
        totals=amounts,
        coupon=coupon,
        customer_key=person.customer_key,
        visitor_key=device.joinable_key if device else None,
        consent=device.consent if device else "statistics",
        user_agent=device.agent if device else "",
        currency=person.market.currency,
        created_via=created_via,
        placed_as=PAYING[payment].status,
    )
    order.parcel_key = f"3707{order.order_key}"
    world.orders.append(order)
    return order


def _place_cart(world: World, session: Session, payment: str, shipping: str) -> PastOrder:
    cart = session.cart
    return place(
        world, session.at, session.person, session.totals(shipping), payment, created_via="checkout", device=session.device,
        cart_key=cart.cart_key, coupon=cart.coupon,
    )  # fmt: skip


def place_without_visit(
    world: World,
    at: Instant,
    person: Person,
    skus: Mapping[str, int],
    payment: str,
    created_via: str,
    shipping: str = "",
    *,
    is_customer: bool = True,
) -> PastOrder:
    """On the phone, at the till, by itself; of a customer from before.  Not `is_customer`: the shop cannot tell who it was."""
    lines = [Priced(sku, person.market.price(VARIANTS[sku].product.price_minor), count) for sku, count in skus.items()]
    goods = totals(lines, None, 0)
    amounts = totals(lines, None, person.market.shipping(shipping, goods.goods_minor)) if shipping else goods
    order = place(world, at, person, amounts, payment, created_via=created_via)
    if is_customer:
        _count(world, person, order)
    return order


def some_skus(world: World, person: Person) -> dict[str, int]:
    """What somebody buys whom no browser saw choose."""
    chosen = [shelf.choose_product(world.dice, person.taste) for _ in range(world.pick({1: 55, 2: 30, 3: 15}))]
    return {world.dice.choice(shelf.on_sale(product.key)).sku: 1 for product in chosen}


def _count(world: World, person: Person, order: PastOrder) -> None:
    """Who orders is a customer from now on."""
    person.order_count += 1
    person.last_order_at = order.placed_at
    if person.order_count == 1:
        world.customers.append(person)


def _is_heard(world: World, order: PastOrder) -> bool:
    is_out = order.payment == GATEWAY_OUT and world.calendar.is_outage(order.placed_at)
    return not is_out and not world.chance(UNHEARD_SHARE)


def _arrive_unheard(world: World, at: Instant, order: PastOrder) -> None:
    """The shop sold it and sent it; only the collector does not know."""
    order.paid_at, order.delivered_at = order.placed_at, at


def tell(world: World, person: Person, order: PastOrder) -> None:
    """The platform's `purchase`; from now on the collector knows of it."""
    event = facts.purchase(order, max(1, person.order_count)) | {"country": person.country}
    event["data"] |= {"status": order.placed_as, "created_via": order.created_via}
    if order.is_test:
        event["data"]["is_test"] = True
    order.is_heard = world.send(event)


# --- its money


def pay(world: World, at: Instant, order: PastOrder) -> None:
    """The same payment is told once, or by the gateway, its retry and the platform."""
    if order.cancelled_at is not None:
        return
    order.paid_at = at
    paid = facts.paid(order, at)
    world.send(paid)
    if world.chance(TOLD_THRICE_SHARE):
        world.send(paid, late=90 * SECOND)
        world.send({**paid, "event_id": f"capture-{order.order_key}", "occurred_at": at + 2 * SECOND})


def cancel(world: World, at: Instant, order: PastOrder, reason: str) -> None:
    order.cancelled_at = at
    world.send(facts.cancelled(order, at, reason))


# --- what the shop does with it


def settle(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """Its money, a change perhaps, and its parcels, unless it is cancelled."""
    within = PAYING[order.payment].within
    ready_at = at
    if order.payment == "bank_transfer" and world.chance(UNPAID_SHARE):
        world.later(at + 10 * DAY, cancel, order, "unpaid")
        return
    if within is not None:
        paid_at = order.placed_at + world.between(*within)
        world.later(paid_at, pay, order)
        if order.payment == "bank_transfer":
            ready_at = paid_at
    if world.chance(CANCELLED_SHARE):
        reason = world.dice.choice(("customer", "customer", "out_of_stock", "shop"))
        world.later(ready_at + world.between(20 * MINUTE, 8 * HOUR), cancel, order, reason)
        return
    if world.chance(CHANGED_SHARE):
        world.later(ready_at + world.between(10 * MINUTE, 3 * HOUR), _change, order)
    world.later(ready_at + world.between(9 * HOUR, 40 * HOUR), _ship, person, order)


def _change(world: World, at: Instant, order: PastOrder) -> None:
    """The buyer writes and takes one more.  Sometimes the version before arrives after the last."""
    before = facts.updated(order, at - MINUTE)
    first, *others = [Priced(line.sku, line.unit_minor, line.quantity) for line in order.totals.lines]
    coupon = Coupon(order.coupon, percent=COUPONS[order.coupon]) if order.coupon else None
    order.totals = totals([replace(first, quantity=first.quantity + 1), *others], coupon, order.totals.shipping_minor)
    world.send(facts.updated(order, at))
    if world.chance(0.4):
        world.send(before, late=2 * HOUR)


def _ship(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    order.shipped_at = at
    if len(order.totals.lines) > 1 and world.chance(TWO_PARCELS_SHARE):
        order.parcels = 2
    world.send(facts.fulfilled(order, at - 40 * MINUTE))
    if order.payment == "klarna":
        pay(world, at, order)
    for parcel in range(1, order.parcels + 1):
        sent_at = at + (parcel - 1) * world.between(DAY, 2 * DAY)
        world.later(sent_at, _send_parcel, order, parcel)
        world.later(sent_at + world.between(20 * HOUR, 60 * HOUR), _deliver, person, order, parcel)
    if world.chance(0.3):
        mails.send(world, at + MINUTE, person, "shipping", "pakke-afsted", order_key=order.order_key, opened=0.7)
    if world.chance(0.35):
        world.later(at + world.between(2 * HOUR, 20 * HOUR), _track, person, order)


def _send_parcel(world: World, at: Instant, order: PastOrder, parcel: int) -> None:
    world.send(facts.shipped(order, at, f"{TRACKING}{facts.parcel_id(order, parcel)}", parcel))


def _deliver(world: World, at: Instant, person: Person, order: PastOrder, parcel: int) -> None:
    """The last parcel's arrival is the order's."""
    world.send(facts.delivered(order, at, parcel))
    order.parcels_delivered += 1
    if order.parcels_delivered == order.parcels:
        order.delivered_at = at
        world.follow(world, at, person, order)


def _track(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    see_order(world, at, person, order, "", "order_tracking")


def see_order(world: World, at: Instant, person: Person, order: PastOrder, below: str, kind: str) -> None:
    session = Session(world, person, at, STRAIGHT)
    session.page(f"{session.t('/ordre', '/order')}/{order.order_key}{below}", kind, session.t("Din ordre", "Your order"))
