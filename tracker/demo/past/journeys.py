"""Strangers' journeys, each as far as it gets.  To add a kind: a step and its row in JOURNEYS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.demo import facts
from tracker.demo.goods import PRODUCTS, Product
from tracker.demo.past import carts
from tracker.demo.past.ordering import buy
from tracker.demo.past.people import COMPUTERS, PHONES, ROBOTS, Person, new_device
from tracker.demo.past.session import Session
from tracker.demo.past.ways import FIRST, STRAIGHT
from tracker.demo.past.world import World

NOW_CARTS = 7  # carts that somebody is busy with at `now`
_SEARCHES = [way for way in FIRST if way.labels == "" and way.landing == "journal"]
# How many sessions somebody takes who comes back; and how many before the one with the order.
SESSIONS: Mapping[int, int] = {2: 50, 3: 28, 4: 12, 5: 6, 7: 4}
SESSIONS_BEFORE: Mapping[int, int] = {1: 12, 2: 20, 3: 20, 4: 16, 5: 12, 7: 8, 9: 6, 11: 6}

Then = Callable[[World, Instant, Person], object]


def open_day(world: World, at: Instant, day: date, per_day: float) -> None:
    """Put the day's strangers on the agenda."""
    for _ in range(world.calendar.crowd(day, per_day, world.dice)):
        moment = world.calendar.moment(day, world.dice)
        if moment >= at:
            world.later(moment, world.pick(SALE_JOURNEYS if world.calendar.is_sale(moment) else JOURNEYS))


def _bounce(world: World, at: Instant) -> None:
    Session(world, world.stranger(), at).land()


def _look_around(world: World, at: Instant) -> None:
    session = Session(world, world.stranger(), at)
    session.land()
    for _ in range(world.dice.randint(1, 5)):
        what = world.dice.choice((session.browse, session.product, session.product, session.home, session.read, session.search))
        if what() == 0 and world.chance(0.4):  # searched, and found nothing
            return
    if world.chance(0.04):
        session.chat()
    if world.chance(0.04):
        session.subscribe()


def _seek(world: World, at: Instant) -> None:
    """Knows the need but not yet the product."""
    session = Session(world, world.stranger(), at, world.dice.choice(_SEARCHES) if world.chance(0.5) else None)
    session.land()
    world.dice.choice((session.seek, session.search))()
    for _ in range(world.dice.randint(0, 3)):
        world.dice.choice((session.product, session.search, session.read))()


def _decide_later(world: World, at: Instant) -> None:
    """Reads the banner after the first page: what came before was anonymous."""
    session = Session(world, world.stranger("anonymous"), at)
    session.land()
    session.grant(world.dice.choice(("statistics", "marketing")))
    carts.shop(world, session, buys=0.04)


def _research(world: World, at: Instant, then: Then | None = None) -> None:
    """Some sessions over days, about the same few products."""
    person = world.stranger()
    if world.chance(0.25):
        person.devices.append(new_device(world.dice, person.country, COMPUTERS, person.device.consent))
    wanted = world.dice.sample(list(PRODUCTS.values()), 2)
    _weigh(world, at, person, wanted, world.pick(SESSIONS_BEFORE if then else SESSIONS), then)


def _weigh(world: World, at: Instant, person: Person, wanted: Sequence[Product], left: int, then: Then | None) -> None:
    """One of these sessions; `left` counts it."""
    is_first = all(device.sequence == 0 for device in person.devices)
    session = Session(world, person, at, device=person.device if is_first else world.dice.choice(person.devices))
    if is_first or world.chance(0.6):
        session.land()
    session.product(
        wanted[0], *world.dice.sample(("view_reviews", "view_size_guide", "select_item_variant", "add_to_wishlist"), 2)
    )
    world.dice.choice(
        (lambda: session.browse(filtered=True), lambda: session.compare(wanted), lambda: session.product(wanted[1]))
    )()
    if is_first and world.chance(0.25):
        session.subscribe()
    if left == 2 and world.chance(0.25):
        session.take(wanted[0])
    if left > 1:
        gap = world.between(5 * HOUR, 4 * DAY) if left < 6 else world.between(5 * HOUR, 2 * DAY)
        world.later(session.at + gap, _weigh, person, wanted, left - 1, then)
    elif then is not None:
        world.later(session.at + world.between(HOUR, 2 * DAY), then, person)


def _come_and_buy(world: World, at: Instant, person: Person) -> None:
    session = Session(world, person, at, device=world.dice.choice(person.devices))
    session.land()
    buy(world, session)


def _buy_at_once(world: World, at: Instant) -> None:
    session = Session(world, world.stranger(), at)
    session.land()
    session.product()
    buy(world, session)


def _buy_after_thought(world: World, at: Instant) -> None:
    _research(world, at, _come_and_buy)


def _sign_up_and_switch(world: World, at: Instant) -> None:
    """Keeps a wish list with an account on the phone, and orders days later on the computer."""
    person = world.stranger(world.dice.choice(("statistics", "marketing")))
    phone = new_device(world.dice, person.country, PHONES, person.device.consent)
    computer = new_device(world.dice, person.country, COMPUTERS, person.device.consent)
    person.devices = [phone, computer]
    session = Session(world, person, at)
    session.land()
    session.product(None, "view_size_guide", "add_to_wishlist")
    make_account(world, session)
    if world.chance(0.5):
        session.take()
        computer.cart = phone.cart  # the account's, on both
    world.later(session.at + world.between(5 * HOUR, 6 * DAY), _go_on_at_computer, person)


def _go_on_at_computer(world: World, at: Instant, person: Person) -> None:
    session = Session(world, person, at, device=person.devices[1])
    session.land()
    session.log_in()
    if world.chance(0.7):
        buy(world, session)
        person.device.cart = None
    elif session.cart.lines:
        carts.leave(world, session)


def make_account(world: World, session: Session) -> None:
    """The server tells of it and names the visitor; the browser is logged in."""
    person, device = session.person, session.device
    person.customer_key = device.logged_in = world.key("c-")
    session.account()
    world.send(facts.signed_up(person.as_customer(), session.at, device.joinable_key, device.consent))


def _abandon(world: World, at: Instant) -> None:
    session = Session(world, world.stranger(), at)
    session.land()
    for _ in range(world.dice.randint(1, 2)):
        session.take()
    carts.leave(world, session)


def busy_now(world: World, at: Instant) -> None:
    """In the last hour before now: some are in the cart, some in the checkout."""
    for number in range(NOW_CARTS):
        world.later(world.now - world.between(6 * MINUTE, 55 * MINUTE), _be_busy, number % 5 - 1)


def _be_busy(world: World, at: Instant, steps: int) -> None:
    session = Session(world, world.stranger("statistics"), at)
    session.take()
    carts.leave(world, session, steps)


def _crawl(world: World, at: Instant) -> None:
    """A robot: it goes through the shelf and has no consent to give."""
    robot = world.stranger("anonymous")
    robot.device.agent = world.dice.choice(ROBOTS)
    session = Session(world, robot, at, STRAIGHT)
    session.land()
    for product in world.dice.sample(list(PRODUCTS.values()), world.dice.randint(3, 9)):
        session.product(product)


JOURNEYS: Mapping[Callable[[World, Instant], object], int] = {
    _bounce: 380,
    _look_around: 265,
    _seek: 60,
    _decide_later: 40,
    _research: 90,
    _abandon: 80,
    _buy_at_once: 5,
    _buy_after_thought: 12,
    _sign_up_and_switch: 5,
    _crawl: 14,
}
# In the sale week more of those who come have made up their mind.
SALE_JOURNEYS = {**JOURNEYS, _bounce: 330, _buy_at_once: 32, _buy_after_thought: 18, _abandon: 120}
