"""The weekly newsletter, and one more in the sale week: most do not open it, some come, few leave the list."""

from __future__ import annotations

from tracker.clock import HOUR, MINUTE, SECOND, Instant
from tracker.demo.facts import Wire
from tracker.demo.past import carts, mails
from tracker.demo.past.people import Person
from tracker.demo.past.session import Session
from tracker.demo.past.ways import NEWSLETTER, SALE_MAIL, Way
from tracker.demo.past.world import World

AT_ONCE = 100  # messages of which one request of the mail platform tells
# What becomes of one message.
HARD_BOUNCE_SHARE = 0.004
SOFT_BOUNCE_SHARE = 0.008
OPENED_SHARE = 0.36
CLICKED_SHARE = 0.14  # of those who open
UNSUBSCRIBED_SHARE = 0.012
COMPLAINED_SHARE = 0.003
BUYS = {False: 0.06, True: 0.32}  # of those who click; in the sale week


def send(world: World, at: Instant, campaign: str, way: Way) -> None:
    """To all who read it now."""
    sent: list[Wire] = []
    for person in list(world.readers):
        data = mails.message(world, "newsletter", campaign)
        sent.append(mails.of_person(world, "email_sent", person, at + len(sent) * 40, data))
        chance = world.dice.random()
        if chance < HARD_BOUNCE_SHARE + SOFT_BOUNCE_SHARE:
            kind = "hard" if chance < HARD_BOUNCE_SHARE else "soft"
            world.later(at + MINUTE, mails.bounce, person, data, kind)
        elif world.chance(OPENED_SHARE):
            world.later(at + round(world.dice.expovariate(1 / (5 * HOUR))) + 20 * SECOND, _open, person, data, way)
    for start in range(0, len(sent), AT_ONCE):
        world.send(*sent[start : start + AT_ONCE])


def send_weekly(world: World, at: Instant) -> None:
    send(world, at, f"uge-{world.calendar.week(at)}", NEWSLETTER)


def send_sale(world: World, at: Instant) -> None:
    send(world, at, "lyng-uge", SALE_MAIL)


def _open(world: World, at: Instant, person: Person, data: Wire, way: Way) -> None:
    mails.open_mail(world, at, person, data)
    chance = world.dice.random()
    if person.reads_since is None:
        return
    if chance < UNSUBSCRIBED_SHARE:
        world.later(at + MINUTE, mails.unsubscribe, person)
    elif chance < UNSUBSCRIBED_SHARE + COMPLAINED_SHARE:
        world.later(at + MINUTE, mails.complain, person, data)
    elif chance > 1 - CLICKED_SHARE:
        clicked_at = at + world.between(4 * SECOND, 2 * MINUTE)
        world.later(clicked_at, mails.click, person, data)
        world.later(clicked_at + 2 * SECOND, _come, person, way)


def _come(world: World, at: Instant, person: Person, way: Way) -> None:
    session = Session(world, person, at, way)
    session.land()
    carts.shop(world, session, BUYS[session.is_sale])
