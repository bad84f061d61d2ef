"""What follows an order once the goods are there.  To add something: a step and its row in AFTERWARDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tracker.demo import facts
from tracker.demo.facts import Wire, amount
from tracker.demo.goods import VARIANTS
from tracker.demo.past import mails
from tracker.demo.past.journeys import make_account
from tracker.demo.past.mails import of_person
from tracker.demo.past.ordering import buy, place_without_visit, see_order, settle, tell
from tracker.demo.past.people import Person
from tracker.demo.past.regulars import plan_next
from tracker.demo.past.session import Session, Tell
from tracker.demo.past.ways import FRIEND, STRAIGHT
from tracker.demo.past.world import PastOrder, World
from tracker.demo.state import Return, Review, Ticket

STARS = {5: 46, 4: 26, 3: 12, 2: 9, 1: 7}
NPS = {10: 30, 9: 24, 8: 16, 7: 10, 6: 7, 5: 4, 4: 3, 3: 3, 1: 2, 0: 1}
CSAT = {5: 45, 4: 30, 3: 12, 2: 8, 1: 5}
REASONS = {"too_small": 30, "too_large": 22, "regret": 20, "not_as_shown": 14, "damaged": 8, "late": 6}
TOPICS = {"delivery": 35, "return": 20, "product": 25, "complaint": 20}
DISCARDED = ("for dyrt", "har nok nu", "prøvede bare")
PLAN = "Sæsonens viskestykker"
PLAN_SKU = "dug-hav-50x70"
TRIAL_DAYS = 14
OLD_PLANS = 9


def follow(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """The next order in their own time, the club's points, and whatever else comes about."""
    if order.created_via != "subscription":
        plan_next(world, at, person)
        for step, share in AFTERWARDS.items():
            if world.chance(share):
                world.later(at + world.between(4 * HOUR, 5 * DAY), step, person, order)
    if person.is_member:
        _earn(world, at + MINUTE, person, order)


def _session(world: World, at: Instant, person: Person) -> Session:
    """Straight to the shop, on any device; who has an account is often logged in."""
    session = Session(world, person, at, STRAIGHT, world.dice.choice(person.devices))
    if world.chance(0.5):
        session.log_in()
    return session


# --- what they say


def _review(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    product = VARIANTS[order.totals.lines[0].sku].product
    stars = world.pick(STARS)
    mails.send(world, at - 2 * HOUR, person, "review_request", "anmeld", order_key=order.order_key, opened=1.0)
    review = Review(product.key, person.email, "", stars, "", "…" if world.chance(0.6) else "", at)
    event = facts.reviewed(review, order, order.visitor_key, order.consent, person.customer_key)
    event["event_id"] = f"review-{product.key}-{order.order_key}"
    event["data"]["review_id"] = f"{product.key}-{order.order_key}"
    world.send(event)


def _answer_nps(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    data: Wire = {
        "survey_id": "efter-levering",
        "type": "nps",
        "question": "Vil du anbefale os?",
        "transaction_id": order.order_key,
    }
    mails.send(world, at - HOUR, person, "survey", "nps", order_key=order.order_key, opened=1.0)
    score = world.pick(NPS)
    if world.chance(0.4):
        data["answer"] = "Smuk kvalitet og hurtig levering" if score > 8 else "Leveringen tog for lang tid"
    world.send(of_person(world, "survey_submitted", person, at, {**data, "score": score, "scale_max": 10}))


def _ask_support(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """Asked, answered, settled, and asked how it was."""
    topic = world.pick(TOPICS)
    asked = Ticket(
        world.key("t-"), at, person.email, topic, "", person.customer_key, order.order_key, order.visitor_key, order.consent
    )
    channel = world.dice.choice(("form", "email", "email", "phone", "chat"))
    created = facts.ticket_created(asked)
    created["data"]["channel"] = channel
    world.send(created)
    first = round(world.dice.lognormvariate(8.6, 1.0)) + 60  # about an hour and a half, sometimes a day
    world.later(at + (first + world.dice.randrange(600, 2 * 86_400)) * SECOND, _close_ticket, person, asked, channel, first)


def _close_ticket(world: World, at: Instant, person: Person, ticket: Ticket, channel: str, first_seconds: int) -> None:
    closed = facts.ticket_closed(ticket, at)
    closed["data"] |= {"channel": channel, "first_response_seconds": first_seconds}
    world.send(closed)
    if world.chance(0.4):
        data = {"survey_id": "support", "type": "csat", "score": world.pick(CSAT), "scale_max": 5}
        data["transaction_id"] = ticket.order_key or ""
        world.later(at + 3 * HOUR, _say_satisfaction, person, data)


def _say_satisfaction(world: World, at: Instant, person: Person, data: Wire) -> None:
    world.send(of_person(world, "survey_submitted", person, at, data))


def _chat(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    _session(world, at, person).chat()


# --- goods that come back


def _send_back(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """Some or all lines; each comes back, and its money is given back, by itself."""
    lines = order.totals.lines if world.chance(0.45) else order.totals.lines[:1]
    for number, line in enumerate(lines, 1):
        asked = Return(str(number), at + number * SECOND, line.sku, world.pick(REASONS))
        world.send(facts.return_requested(order, asked))
        world.later(at + world.between(2 * DAY, 7 * DAY), _take_back, order, asked)


def _take_back(world: World, at: Instant, order: PastOrder, asked: Return) -> None:
    world.send(facts.return_completed(order, asked, at))
    world.later(at + HOUR, _give_back, order, asked)


def _give_back(world: World, at: Instant, order: PastOrder, asked: Return) -> None:
    refund = facts.refund_of(order, [asked.sku], at)
    order.refunds.append(refund)
    event = facts.refunded(order, refund)
    event["data"]["reason"] = asked.reason
    world.send(event)


# --- the club, friends


def _earn(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    points = order.totals.value_minor // 1_000
    person.points += points
    world.send(facts.points_earned(person.as_customer(), order, points, at))


def _join_club(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    if person.is_member:
        return
    session = _session(world, at, person)
    if person.customer_key is None:
        make_account(world, session)
    person.is_member, person.points = True, 50
    device = session.device
    world.send(facts.joined(person.as_customer(), session.at, device.joinable_key, device.consent))
    _earn(world, session.at + MINUTE, person, order)
    session.account()


def _redeem(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    if person.is_member and person.points >= 100:
        points = person.points // 100 * 100
        person.points -= points
        world.send(facts.points_redeemed(person.as_customer(), points, points * 10, world.key("p-"), at))


def _share(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    session = _session(world, at, person)
    product = VARIANTS[order.totals.lines[0].sku].product
    told = {"method": world.dice.choice(("whatsapp", "link", "facebook")), "content_type": "product", "item_id": product.key}
    session.page(f"{session.t('/vare', '/product')}/{product.key}", "product", product.title(person.lang), Tell("share", told))


def _recommend(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """A link for friends; some follow it, some of them buy."""
    if person.customer_key is None:
        make_account(world, _session(world, at, person))
    world.send(facts.referral("referral_link_created", f"friend-link-{order.order_key}", person.as_customer(), at + 5 * MINUTE))
    for _ in range(world.pick({0: 30, 1: 40, 2: 20, 3: 10})):
        world.later(at + world.between(3 * HOUR, 12 * DAY), _come_as_friend, person)


def _come_as_friend(world: World, at: Instant, advocate: Person) -> None:
    session = Session(world, world.stranger(), at, FRIEND)
    world.send(facts.referral("referral_visit", world.key("friend-"), advocate.as_customer(), at))
    came = Tell("referral_visit", {"referral_code": advocate.referral, "role": "friend"})
    session.page(
        f"{session.t('/ven', '/friend')}/{advocate.referral}", "campaign", session.t("En gave fra en ven", "A gift"), came
    )
    session.product()
    if world.chance(0.3):
        buy(world, session)
        world.send(facts.referral("referral_converted", world.key("bought-"), advocate.as_customer(), session.at))


# --- using it


def _get_started(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    see_order(world, at, person, order, "/kom-godt-i-gang", "getting_started")


def _read_guide(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    session = _session(world, at, person)
    session.page(session.t("/guide/hoer", "/guide/linen"), "guide", session.t("Pas på din hør", "Caring for linen"))


def _visit_account(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    session = _session(world, at, person)
    if person.customer_key is None:
        make_account(world, session)  # with the address that the guest ordered with
    else:
        session.log_in()
        session.account()


def _scan_label(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """The care label's code is read with a phone, now and then for weeks."""
    product = VARIANTS[order.totals.lines[0].sku].product
    for number in range(world.dice.randint(1, 3)):
        data = {"item_id": product.key, "item_name": product.title("da"), "feature": "care_label", "count": 1}
        world.later(at + number * world.between(5 * DAY, 20 * DAY), _use, person, {**data, "transaction_id": order.order_key})


def _use(world: World, at: Instant, person: Person, data: Wire) -> None:
    world.send(of_person(world, "product_used", person, at, data))


def _share_computer(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    """Somebody else of the household, at the same computer, with an account of their own."""
    other = world.stranger(person.device.consent)
    other.country, other.devices = person.country, [person.device]
    session = Session(world, other, at)
    session.land()
    person.device.logged_in = None
    make_account(world, session)
    if world.chance(0.8):
        buy(world, session)
    person.device.logged_in = None


def _subscribe(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    session = _session(world, at, person)
    session.subscribe("account")


# --- a subscription of goods


def _try_plan(world: World, at: Instant, person: Person, order: PastOrder) -> None:
    data: Wire = {"subscription_id": world.key("s-"), "plan": PLAN}
    world.send(of_person(world, "subscription_trial_started", person, at, {**data, "trial_days": TRIAL_DAYS}))
    ends_at = at + TRIAL_DAYS * DAY
    if world.chance(0.65):
        world.later(ends_at, _start_plan, person, data)
    else:
        world.later(ends_at - world.between(DAY, 9 * DAY), _end_plan, person, data, ends_at)


def renew_old_plans(world: World, at: Instant) -> None:
    """Of those who subscribed before the tracker came."""
    for person in world.dice.sample(world.customers, min(OLD_PLANS, len(world.customers))):
        data: Wire = {"subscription_id": world.key("s-"), "plan": PLAN}
        renewed_at = at + world.between(0, 30 * DAY)
        world.later(renewed_at, _renew, person, data, "subscription_renewed", world.dice.randint(2, 9))


def _start_plan(world: World, at: Instant, person: Person, data: Wire) -> None:
    _renew(world, at, person, data, "subscription_started", 1)


def _renew(world: World, at: Instant, person: Person, data: Wire, name: str, period: int) -> None:
    """A further month: its order, its money, and what the subscription says of it."""
    order = place_without_visit(world, at, person, {PLAN_SKU: 1}, "card", "subscription", "parcel_shop")
    tell(world, person, order)
    settle(world, at, person, order)
    told = {**data, "interval": "month", "currency": order.currency, "value": amount(order.totals.value_minor)}
    told["transaction_id"] = order.order_key
    told |= {"after_trial": True} if period == 1 else {"period": period}
    world.send(of_person(world, name, person, at + 5 * SECOND, told))
    ends_at = at + 30 * DAY
    if world.chance(0.15):
        world.later(ends_at - world.between(DAY, 20 * DAY), _end_plan, person, data, ends_at)
    else:
        world.later(ends_at, _renew, person, data, "subscription_renewed", period + 1)


def _end_plan(world: World, at: Instant, person: Person, data: Wire, ends_at: Instant) -> None:
    told = {**data, "reason": world.dice.choice(DISCARDED), "ends_at": ends_at}
    world.send(of_person(world, "subscription_cancelled", person, at, told))


AFTERWARDS: Mapping[Callable[[World, Instant, Person, PastOrder], object], float] = {
    _review: 0.13,
    _answer_nps: 0.13,
    _ask_support: 0.1,
    _chat: 0.04,
    _send_back: 0.11,
    _join_club: 0.08,
    _redeem: 0.3,
    _share: 0.05,
    _recommend: 0.06,
    _get_started: 0.14,
    _read_guide: 0.08,
    _visit_account: 0.14,
    _scan_label: 0.06,
    _share_computer: 0.035,
    _subscribe: 0.08,
    _try_plan: 0.05,
}
