"""Looking around with a cart: it is ordered, or left, remembered, mailed about, and taken up again."""

from __future__ import annotations

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tracker.demo.past import mails
from tracker.demo.past.ordering import buy
from tracker.demo.past.people import Device, Person
from tracker.demo.past.session import DEAD_CODES, Session
from tracker.demo.past.ways import CART_MAIL
from tracker.demo.past.world import World
from tracker.demo.state import Cart

MAILED_SHARE = 0.7  # of left carts whose owner's address is known
OPENED_SHARE = 0.45
CLICKED_SHARE = 0.2
RECOVERED_SHARE = 0.5  # of those who click


def shop(world: World, session: Session, buys: float) -> None:
    """A look around; ends in an order as often as `buys` says, else now and then in a cart that is left."""
    for _ in range(world.dice.randint(0, 3)):
        world.dice.choice((session.product, session.product, session.browse, session.search, session.read))()
    if world.chance(buys):
        buy(world, session)
    elif world.chance(0.15):
        session.take()
        leave(world, session)


def leave(world: World, session: Session, steps: int | None = None) -> None:
    """What happens before a cart is left: a look at it, perhaps some steps of the checkout."""
    if world.chance(0.6):
        session.see_cart(*([world.dice.choice(list(DEAD_CODES))] if world.chance(0.15) else []))
    if world.chance(0.07):
        session.change_cart(empty=True)
        return
    if steps is None:
        steps = world.pick({-1: 55, 0: 10, 1: 14, 2: 11, 3: 10})
    if steps >= 0:
        session.check_out(steps)
    is_known = session.person.customer_key is not None or steps >= 1
    if session.device.is_joined and is_known and world.chance(MAILED_SHARE):
        world.later(session.at + world.between(90 * MINUTE, 4 * HOUR), _remind, session.person, session.device, session.cart)
    elif world.chance(0.12):
        world.later(session.at + world.between(6 * HOUR, 5 * DAY), _take_up, session.person, session.device, session.cart)


def _remind(world: World, at: Instant, person: Person, device: Device, cart: Cart) -> None:
    """A mail about the cart, if it still lies there."""
    if device.cart is not cart or not person.takes_mail:
        return
    data = mails.message(world, "cart", "glemt-kurv")
    world.send(mails.of_person(world, "email_sent", person, at, data))
    if world.chance(OPENED_SHARE):
        opened_at = at + world.between(MINUTE, 9 * HOUR)
        world.later(opened_at, mails.open_mail, person, data)
        if world.chance(CLICKED_SHARE / OPENED_SHARE):
            clicked_at = opened_at + world.between(5 * SECOND, 2 * MINUTE)
            world.later(clicked_at, mails.click, person, data)
            world.later(clicked_at + 2 * SECOND, _take_up, person, device, cart, is_mailed=True)


def _take_up(world: World, at: Instant, person: Person, device: Device, cart: Cart, *, is_mailed: bool = False) -> None:
    """Comes back to a cart of days ago."""
    if device.cart is not cart or not cart.lines:
        return
    session = Session(world, person, at, CART_MAIL if is_mailed else None, device)
    if is_mailed or world.chance(0.5):
        session.see_cart()
    else:
        session.land()
    if world.chance(RECOVERED_SHARE):
        buy(world, session)
