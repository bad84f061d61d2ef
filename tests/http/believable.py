"""A shop's two months as the pages see them: journeys that wander through the stages, their counters, one person's events.

Drawn with a fixed seed, and booked by the real contribution(), so the figures hang together as those of a shop do.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from typing import Any

from sqlalchemy import Connection, insert

from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant, day_of
from tracker.events.types import Consent, Event, Page, Source
from tracker.journey.contribution import Basis, Change, add_up, cohort, contribution, difference
from tracker.journey.state import LAPSED, OPEN, ORDERED, Buy, Cart, Item, Journey, Note, Order, Subject, Tag, Touch
from tracker.pipeline.counters import add
from tracker.pipeline.save import cart_row, customer_row, journey_row
from tracker.pipeline.stored import event_row
from tracker.reports.counters import day_number
from tracker.reports.durations import BOUNDS
from tracker.shops import Shop

CHANNELS = {
    "organic_search": 30,
    "paid_social": 24,
    "direct": 18,
    "email": 10,
    "paid_search": 9,
    "referral": 6,
    "ai_assistant": 3,
}
DEVICES = {"mobile": 66, "desktop": 29, "tablet": 5}
COUNTRIES = {"DK": 80, "SE": 15, "DE": 5}
# stage -> where people go from there, with weights; 0 is away
NEXT = {
    1: {3: 55, 4: 10, 0: 35},
    2: {1: 18, 3: 42, 4: 4, 0: 36},
    3: {4: 34, 5: 6, 1: 8, 0: 52},
    4: {3: 12, 5: 22, 1: 4, 0: 62},
    5: {6: 34, 4: 26, 0: 40},
    6: {7: 88, 0: 12},
    7: {8: 30, 10: 12, 11: 8, 0: 50},
    8: {9: 25, 10: 10, 11: 10, 0: 55},
    9: {11: 20, 8: 20, 0: 60},
    10: {11: 15, 8: 15, 0: 70},
    11: {8: 10, 0: 90},
}
MEAN_STAY = {1: 40, 2: 15, 3: 90, 4: 300, 5: 1_500, 6: 30_000, 7: 250_000, 8: 400_000, 9: 600_000, 10: 200_000, 11: 90_000}


def _draw(dice: random.Random, weights: dict[Any, int]) -> Any:
    return dice.choices(list(weights), list(weights.values()))[0]


def fill(db: Connection, shop: Shop, now: Instant, *, journeys: int = 1_400, hostile: str | None = None) -> None:
    """Everything the pages show.  `hostile` stands wherever a text comes from outside."""
    dice = random.Random(7)
    basis = Basis(shop.settings.tz, shop.settings.currency)
    changes: list[Change] = []
    rows = []
    for subject_id in range(1, journeys + 1):
        began = now - int(dice.random() ** 1.2 * 60 * DAY) - MINUTE
        journey = _wander(dice, began, now, hostile)
        if subject_id % 20 == 0:
            journey.touches[0].channel, journey.touches[0].source = "ai_assistant", hostile or "chatgpt"
        booked = contribution(journey, basis)
        changes += difference({}, booked)
        journey.booked = booked
        rows.append(journey_row(shop.shop_id, subject_id, journey, basis))
    db.execute(insert(t.journeys), rows)
    add(db, shop.shop_id, shop.generation, add_up(changes))
    today = day_number(day_of(now, shop.settings.tz))
    add(db, shop.shop_id, shop.generation, {("mail", "", today): {f"sent:newsletter|{hostile or 'uge-37'}": 90}})
    crawlers = {("crawlers", "", today): {f"visits:ai:{hostile or 'GPTBot'}": 40}}
    crawlers["crawled", "", today] = {f"visits:ai:{hostile or 'GPTBot'}|{hostile or '/kjoler/havblik'}": 40}
    add(db, shop.shop_id, shop.generation, crawlers)
    _spend(db, shop, now, hostile)
    _cart_and_customer(db, shop, now, basis, hostile)
    _outcomes(db, shop, now, dice, hostile)
    _list(db, shop, now, hostile)
    _person(db, shop, journeys, now, hostile)


def _wander(dice: random.Random, began: Instant, now: Instant, hostile: str | None) -> Journey:
    touches = [
        Touch(
            began,
            "session",
            _draw(dice, CHANNELS),
            campaign=hostile or dice.choice([None, "sommer", "nyhedsbrev 24"]),
            landing=hostile or "/kjoler/havblik",
        )
        for _ in range(1 + int(dice.expovariate(0.6)))
    ]
    journey = Journey(1, began, began, touches=touches, touch_count=len(touches))
    journey.products, journey.categories = {hostile or "vilma": 2}, {hostile or "Kjoler": 1}
    journey.searches, journey.coupons = {hostile or "regnfrakke": [1, 1]}, {hostile or "SOMMER10": [1, 0]}
    journey.carts = [Cart(began, began, items=[Item(hostile or "vilma", 1, 59_900)], value=59_900, currency="DKK")]
    journey.last_page = hostile or "/kjoler"
    journey.device, journey.country, journey.consent = _draw(dice, DEVICES), _draw(dice, COUNTRIES), dice.choice([1, 2, 2])
    at, stage = began, dice.choice([2, 2, 2, 3])
    journey.reached["2"] = [began, began, 1]
    while stage and at < now:
        journey.reached.setdefault(str(stage), [at, at, 0])
        journey.stage, journey.highest, journey.last_at = stage, max(stage, journey.highest), at
        journey.acts[f"{stage}.page_view"] = journey.acts.get(f"{stage}.page_view", 0) + 1
        if stage == 6 and journey.order is None:
            journey.order = Order(
                hostile or f"{20_000 + dice.randrange(9_999)}", at, "DKK", "paid", value=dice.randrange(14_900, 189_900)
            )
            journey.order.revenue, journey.order.coupon = journey.order.value, hostile or "SOMMER10"
            journey.order.items = [Item(hostile or "vilma", 1, journey.order.value, hostile or "Kjoler")]
            journey.order.counted_at, journey.outcome, journey.ended_at = at, ORDERED, at
            journey.notes = [
                Note(at, "satisfaction", "nps:9"),
                Note(at, "satisfaction", "nps_at:6.9"),
                Note(at, "support", f"opened:{hostile or 'delivery'}"),
                Note(at, "advocacy", f"share:{hostile or 'link'}"),
            ]
        step = _draw(dice, NEXT[stage])
        if step:
            seconds = max(1, int(dice.expovariate(1 / MEAN_STAY[stage])))
            stay = journey.stays.setdefault(str(stage), [0, 0] + [0] * (len(BOUNDS) + 1))
            for i, amount in ((0, 1), (1, seconds), (2 + bisect_right(BOUNDS, seconds), 1)):
                stay[i] += amount
            journey.moves[f"{stage}.{step}"] = journey.moves.get(f"{stage}.{step}", 0) + 1
            at += seconds * SECOND
        stage = step
    silence = 30 * MINUTE if journey.consent == Consent.ANONYMOUS else 30 * DAY
    if journey.outcome == OPEN and journey.last_at < now - silence:
        journey.outcome, journey.ended_at = LAPSED, journey.last_at + silence
    return journey


def _cart_and_customer(db: Connection, shop: Shop, now: Instant, basis: Basis, hostile: str | None) -> None:
    journey = Journey(1, now - HOUR, now - HOUR, carts=[Cart(now - HOUR, now - HOUR, items=[Item("vilma", 1, 59_900)])])
    journey.booked = contribution(journey, basis)
    db.execute(insert(t.carts), cart_row(shop.shop_id, 1, journey, 0, journey.carts[0]))
    subject = Subject(buys={"o1": Buy(now - 40 * DAY, 50_000, 1, "email")})
    booked = cohort(subject, basis)
    add(db, shop.shop_id, shop.generation, add_up(difference({}, booked)))
    db.execute(insert(t.customers), customer_row(shop.shop_id, 1, subject, booked, basis))
    product = {
        "shop_id": shop.shop_id,
        "product_key": hostile or "vilma",
        "name": hostile or "Kjole Vilma",
        "category": "Kjoler",
    }
    db.execute(insert(t.products), product)


def _spend(db: Connection, shop: Shop, now: Instant, hostile: str | None) -> None:
    rows = [
        {
            "shop_id": shop.shop_id, "day_on": day_number(day_of(now - days * DAY, shop.settings.tz)), "channel": "paid_social",
            "source": hostile or "instagram", "campaign": hostile or "sommer", "currency": "DKK", "amount_minor": 12_345,
        }
        for days in range(60)
    ]  # fmt: skip
    db.execute(insert(t.ad_spend), rows)


def _outcomes(db: Connection, shop: Shop, now: Instant, dice: random.Random, hostile: str | None) -> None:
    rows = []
    for days in range(60):
        day = day_number(day_of(now - days * DAY, shop.settings.tz))
        busy = dice.randrange(250, 420)
        counts = {
            ("accepted", "event"): busy,
            ("refused", "wrong_origin"): dice.randrange(0, 9),
            ("refused", "in_future"): dice.randrange(0, 3),
            ("dropped", "duplicate"): dice.randrange(2, 14),
            ("counted_only", "page_view"): dice.randrange(20, 60),
            ("ignored_field", hostile or "data.colour"): dice.randrange(0, 5),
        }
        for (kind, reason), count in counts.items():
            if count:
                rows.append({"shop_id": shop.shop_id, "day_on": day, "kind": kind, "reason": reason, "count": count})
    db.execute(insert(t.outcomes), rows)


def _list(db: Connection, shop: Shop, now: Instant, hostile: str | None) -> None:
    """The shop's own list: an order a day, none of which is here."""
    rows = [
        {
            "shop_id": shop.shop_id, "order_key": f"{hostile or 'L'}{day}", "placed_at": now - day * DAY,
            "placed_on": day_number(day_of(now - day * DAY, shop.settings.tz)), "state": "paid", "currency": "DKK",
            "value_minor": 10_000, "payment": hostile or "card", "via": hostile or "checkout", "listed_at": now,
            "erased": False,
        }
        for day in range(1, 30)
    ]  # fmt: skip
    db.execute(insert(t.order_list), rows)


# type, seconds after the one before, page, stage, reason, parameters, data
_STORY: tuple[tuple[str, int, str | None, int, str, dict[str, Any], dict[str, Any]], ...] = (
    (
        "page_view",
        0,
        "/kjoler/havblik?utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer",
        3,
        "product_page",
        {},
        {},
    ),
    ("view_item", 1, "/kjoler/havblik", 3, "first_look", {}, {"items": [{"item_id": "k1", "item_name": "Kjole Havblik"}]}),
    ("page_engaged", 48, "/kjoler/havblik", 3, "continues", {}, {"visible_seconds": 47}),
    ("search", 12, "/soeg", 1, "searched", {"term": "sommerkjole"}, {"search_term": "sommerkjole"}),
    ("view_item_list", 4, "/kjoler", 4, "compared_list", {}, {}),
    (
        "view_reviews",
        60,
        "/kjoler/havblik",
        4,
        "read_reviews",
        {},
        {"items": [{"item_id": "k1", "item_name": "Kjole Havblik"}]},
    ),
    ("view_size_guide", 30, "/kjoler/havblik", 4, "read_size_guide", {}, {}),
    ("add_to_cart", 25, "/kjoler/havblik", 5, "cart", {}, {"items": [{"item_id": "k1", "item_name": "Kjole Havblik"}]}),
    ("newsletter_subscribe", 20, "/kurv", 5, "newsletter_with_cart", {}, {}),
    ("begin_checkout", 40, "/kasse", 5, "checkout", {"step": "begin_checkout"}, {}),
    ("purchase", 200, None, 6, "ordered", {}, {}),
    ("order_shipped", 86_400, None, 7, "shipped", {}, {}),
    ("order_delivered", 90_000, None, 7, "delivered", {}, {}),
    ("review_submitted", 200_000, "/kjoler/havblik", 11, "good_review", {"rating": 5}, {}),
)


def _person(db: Connection, shop: Shop, subject_id: int, now: Instant, hostile: str | None) -> None:
    """The last subject gets events and links."""
    links = {
        "visitor": ("a1B2c3D4e5F6g7H8", "first seen"),
        "customer": (hostile or "4711", "purchase"),
        "email": ("5f3a9c21d0b7", "newsletter_subscribe"),
        "order": (hostile or "20417", "purchase"),
    }
    for link_id, (kind, (key, evidence)) in enumerate(links.items(), 1):
        row = {"shop_id": shop.shop_id, "kind": kind, "key": key, "link_id": link_id, "subject_id": subject_id}
        db.execute(insert(t.links), {**row, "evidence": evidence, "linked_at": now - 6 * DAY})
    at = now - 6 * DAY
    for number, (type_, later, path, stage, reason, params, data) in enumerate(_STORY):
        at += later * SECOND
        event = Event(
            event_id=f"story-{number}",
            type=type_,
            source=Source.BROWSER if path else Source.SERVER,
            occurred_at=at,
            received_at=at,
            consent=Consent.STATISTICS,
            order_key=None if path else hostile or "20417",
            page=Page(f"https://shop.example{path}", hostile or "Kjole Havblik – Strandgade") if path else None,
            data={**data, **({"items": [{"item_id": "x", "item_name": hostile}]} if hostile and data else {})},
        )
        if hostile:
            params = dict.fromkeys(params, hostile)
        tag = Tag(stage, reason, params, 1).dump()
        db.execute(insert(t.events), event_row(shop.shop_id, event, "mobile" if path else None, 1 if path else 4, tag))
