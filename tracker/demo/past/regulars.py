"""Customers from before, with rhythms of their own, and everybody else once they have ordered.

Before the shop's opening to the tracker only their orders are told, as an import of the platform's history would.
"""

from __future__ import annotations

from math import log

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tracker.demo import facts
from tracker.demo.past import carts, mails
from tracker.demo.past.ordering import TRACKING, buy, place_without_visit, some_skus, tell
from tracker.demo.past.people import COMPUTERS, Person, new_device
from tracker.demo.past.session import Session
from tracker.demo.past.ways import WIN_BACK
from tracker.demo.past.world import World

OLDEST_DAYS = 640  # before the opening
MEDIAN_RHYTHM_DAYS = 100
SHORTEST_DAYS, LONGEST_DAYS = 13, 330
MOST_ORDERS = 12
NO_SECOND_SHARE = 0.48  # of customers who order once and no more
LOST_SHARE = 0.16  # after each further order
ACCOUNT_SHARE = 0.6
READER_SHARE = 0.62
ORDERS_SHARE = 0.6  # of those who come when it is time
LOOKS = {0: 40, 1: 30, 2: 18, 3: 12}  # before it
MAILED_AGAIN_DAYS = 60
BY_ITSELF_SHARE = 0.06  # of the lapsed who come back without being asked


def remember(world: World) -> None:
    """A customer from before: their first order."""
    person = world.stranger()
    if person.device.consent == "none" or world.chance(0.4):
        person.device.consent = "marketing"  # who has bought before trusts the shop
    if world.chance(0.3):
        person.devices.append(new_device(world.dice, person.country, COMPUTERS, person.device.consent))
    if world.chance(ACCOUNT_SHARE):
        person.customer_key = world.key("c-")
    person.is_member = person.customer_key is not None and world.chance(0.3)
    person.points = world.dice.randrange(0, 400, 25) if person.is_member else 0
    opened_at = world.calendar.opened_at
    first = opened_at - world.between(4 * DAY, OLDEST_DAYS * DAY)
    if world.chance(READER_SHARE):
        world.later(max(first, opened_at), World.subscribe, person)
    _be_due(world, first, person)


def plan_next(world: World, at: Instant, person: Person) -> None:
    """When they will come again, if ever."""
    if person.order_count == 1:
        days = min(LONGEST_DAYS, max(SHORTEST_DAYS, world.dice.lognormvariate(log(MEDIAN_RHYTHM_DAYS), 0.6)))
        person.rhythm = round(days * DAY)
    is_lost = world.chance(NO_SECOND_SHARE if person.order_count == 1 else LOST_SHARE)
    if not is_lost and person.order_count < MOST_ORDERS:
        _be_due(world, at + round(person.rhythm * world.dice.uniform(0.7, 1.4)), person)
    elif world.chance(BY_ITSELF_SHARE):
        lapse = world.shop.settings.lapse_days
        _be_due(world, at + world.between((lapse + 5) * DAY, (lapse + 200) * DAY), person)


def _be_due(world: World, at: Instant, person: Person) -> None:
    person.due_at = at
    world.later(at, come_again, person)


def come_again(world: World, at: Instant, person: Person, looks: int | None = None) -> None:
    """It is time for the next order, after some looks.  Who does not order then, comes later."""
    if at != person.due_at and looks is None:
        return  # an order in between has moved it
    if at < world.calendar.opened_at:
        _order_before(world, at, person)
        plan_next(world, at, person)
        return
    if looks is None:
        looks = world.pick(LOOKS)
    session = Session(world, person, at, device=world.dice.choice(person.devices))
    session.land()
    if world.chance(0.4):
        session.log_in()
    if looks:
        session.product()
        world.later(session.at + world.between(4 * HOUR, 5 * DAY), come_again, person, looks - 1)
        return
    before = person.order_count
    carts.shop(world, session, ORDERS_SHARE)
    if person.order_count == before:
        _be_due(world, at + max(4 * DAY, person.rhythm // 4), person)


def _order_before(world: World, at: Instant, person: Person) -> None:
    payment = "mobilepay" if person.market.currency == "DKK" and world.chance(0.3) else "card"
    order = place_without_visit(world, at, person, some_skus(world, person), payment, "checkout", "parcel_shop")
    order.paid_at, order.shipped_at, order.delivered_at = at + MINUTE, at + DAY, at + 3 * DAY
    tell(world, person, order)
    world.send(facts.paid(order, order.paid_at))
    world.send(facts.shipped(order, order.shipped_at, f"{TRACKING}{order.parcel_key}"))
    world.send(facts.delivered(order, order.delivered_at))


def win_back(world: World, at: Instant) -> None:
    """A mail to those who have been silent for longer than the lapse time; few answer, some of them order."""
    lapse = world.shop.settings.lapse_days * DAY
    for person in world.customers:
        is_lapsed = person.last_order_at < at - lapse
        if is_lapsed and person.takes_mail and person.mailed_at < at - MAILED_AGAIN_DAYS * DAY:
            person.mailed_at = at
            world.later(at + world.between(0, 20 * MINUTE), _mail_lapsed, person)


def _mail_lapsed(world: World, at: Instant, person: Person) -> None:
    data = mails.send(world, at, person, "win_back", "vi-savner-dig", opened=0.3)
    if world.chance(0.11):
        clicked_at = at + world.between(5 * MINUTE, 40 * HOUR)
        world.later(clicked_at, mails.click, person, data)
        world.later(clicked_at + 2 * SECOND, _answer, person)


def _answer(world: World, at: Instant, person: Person) -> None:
    session = Session(world, person, at, WIN_BACK)
    session.land()
    if world.chance(0.35):
        buy(world, session)
    else:
        carts.shop(world, session, 0)
