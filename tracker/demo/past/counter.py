"""Where no browser is: the phone, the till, the fair; and the shop trying its own checkout."""

from __future__ import annotations

from datetime import date

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tracker.demo import facts
from tracker.demo.past import carts, mails
from tracker.demo.past.ordering import pay, place_without_visit, settle, some_skus, tell
from tracker.demo.past.people import Person
from tracker.demo.past.session import Session
from tracker.demo.past.world import World

FAIR_AT = 0.45  # of the days: a weekend at a fair
FAIR_CONTACTS = 16
PHONE_ORDERS, TILL_ORDERS, SHOP_VISITS = 0.3, 0.35, 0.7  # a day
TEST_ORDERS = 4
_OPEN_HOURS = (0,) * 10 + (3, 5, 6, 5, 5, 6, 7, 4) + (0,) * 6


def open_day(world: World, at: Instant, day: date) -> None:
    """What a day brings without a browser."""
    for per_day, step in ((PHONE_ORDERS, _order_by_phone), (TILL_ORDERS, _order_at_till), (SHOP_VISITS, _visit_shop)):
        if world.chance(per_day):
            moment = world.calendar.moment(day, world.dice, _OPEN_HOURS)
            if moment >= at:
                world.later(moment, step)


def plan_rest(world: World) -> None:
    """The fair, and the shop's own trial orders."""
    calendar = world.calendar
    for number in range(FAIR_CONTACTS):
        world.later(calendar.opened_at + round(calendar.days * FAIR_AT) * DAY + number * 35 * MINUTE, _meet_at_fair)
    for number in range(TEST_ORDERS):
        world.later(calendar.opened_at + (number * 2 + 1) * calendar.days * DAY // (2 * TEST_ORDERS), _try_checkout)


def _somebody(world: World) -> Person:
    """A customer, or somebody new who leaves an address."""
    return world.dice.choice(world.customers) if world.customers and world.chance(0.6) else world.stranger()


def _meet(world: World, at: Instant, person: Person, kind: str, location: str, **more: str) -> None:
    world.send(mails.of_person(world, "offline_contact", person, at, {"kind": kind, "location": location, **more}))
    if world.chance(0.3):
        world.later(at + world.between(3 * HOUR, 9 * DAY), _come_after, person)


def _come_after(world: World, at: Instant, person: Person) -> None:
    session = Session(world, person, at)
    session.land()
    carts.shop(world, session, 0.4)


def _visit_shop(world: World, at: Instant) -> None:
    _meet(world, at, _somebody(world), "shop_visit", "Herning")


def _meet_at_fair(world: World, at: Instant) -> None:
    _meet(world, at, _somebody(world), "fair", "Formland, Herning", campaign="formland")


def _order_by_phone(world: World, at: Instant) -> None:
    person = _somebody(world)
    _meet(world, at - 5 * MINUTE, person, "phone", "Kundeservice")
    payment = "invoice" if world.chance(0.7) and person.market.currency != "EUR" else "card"
    order = place_without_visit(world, at, person, some_skus(world, person), payment, "phone", "home")
    tell(world, person, order)
    settle(world, at, person, order)


def _order_at_till(world: World, at: Instant) -> None:
    """Paid and taken home.  Half of them show the club's card, the others stay unknown."""
    is_known = world.chance(0.5)
    person = _somebody(world) if is_known else world.stranger()
    if not is_known:
        person.email = ""
    order = place_without_visit(world, at, person, some_skus(world, person), "card", "pos", is_customer=is_known)
    tell(world, person, order)
    pay(world, at + MINUTE, order)
    order.delivered_at = at + MINUTE


def _try_checkout(world: World, at: Instant) -> None:
    """The shop's own people see whether it works."""
    person = world.stranger()
    person.email, person.country = "test@example.com", "DK"
    order = place_without_visit(world, at, person, {"dug-hav-50x70": 1}, "card", "checkout", is_customer=False)
    order.is_test = True
    tell(world, person, order)
    world.send(facts.paid(order, at + 3 * SECOND))
