"""However events arrive, the tables end as if they had all been folded in order at once.

Any order of arrival, in any batches, with repeats, late events, links made early or late, ticks in between: hypothesis makes
the traffic; a second shop gets the same events in order in one batch, and is then rebuilt.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, and_, or_, select

from tests.builders import HOLD, START, add_shop, event, intake_row, look, purchase, told, work_in
from tracker import tables as t
from tracker.clock import DAY, HOUR
from tracker.events.types import Consent, Event
from tracker.journey.contribution import FAMILIES, add_up, day_on, difference
from tracker.journey.state import load_journey
from tracker.pipeline import counters, process
from tracker.pipeline.codec import read_body, read_bytes
from tracker.pipeline.load import read_booked
from tracker.pipeline.process import tick_shop
from tracker.pipeline.rebuild import build_slice, rebuild_subjects, start_building, subject_ids
from tracker.pipeline.unlink import NoSuchLink, undo
from tracker.privacy.forget import NoSuchPerson, erase
from tracker.privacy.retention import expire
from tracker.shops import Shop
from tracker.storage import writing

END = START + 100 * DAY
UTM = "https://shop.example/?utm_source=letter&utm_medium=email&utm_campaign="

# PostgreSQL answers each small statement over a socket: there fewer examples, of what SQLite has shown.
SLOWER = 4 if os.environ.get("TEST_DATABASE") == "postgresql" else 1
EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "100")) // SLOWER  # `make properties` asks for thousands

hours = st.integers(0, 24 * 50)
visitors = st.sampled_from(["phone", "tablet", "work"])
people = st.sampled_from(
    [
        {"email": "anna@b.dk"},
        {"email": "bo@b.dk"},
        {"email": "anna@b.dk", "customer_key": "c1"},
        {"customer_key": "c2"},
        {"email": "eva@gmail.com", "customer_key": "c3"},
        {"email": "test@b.dk"},
        {},
    ]
)
orders = st.sampled_from(["o1", "o2", "o3"])


ANONYMOUS: dict[str, Any] = {"visitor_key": None, "consent": Consent.ANONYMOUS}
networks = st.sampled_from(["home", "office"])
bots = st.sampled_from([None, None, None, "crawler:Scanner"])


@pytest.fixture(autouse=True)
def checkpoints_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events make many checkpoints, so that late events are folded from them."""
    monkeypatch.setattr(process, "CHECKPOINT_EVERY", 3)


def _at(hour: int) -> int:
    return START + hour * HOUR


@st.composite
def anonymous(draw: st.DrawFn) -> Event:
    at, network = _at(draw(hours)), draw(networks)
    if draw(st.booleans()):
        return look(draw(st.sampled_from(["dress", "lamp"])), at, anonymous_key=network, **ANONYMOUS)
    if draw(st.booleans()):
        return event("purchase", at, anonymous_key=network, order_key=draw(orders), **ANONYMOUS)
    return event("consent_update", at, visitor_key=draw(visitors), anonymous_key=network, data={"level": "statistics"})


@st.composite
def browsed(draw: st.DrawFn) -> Event:
    at, visitor = _at(draw(hours)), draw(visitors)
    kind = draw(
        st.sampled_from(
            [
                *("page", "landing", "look", "cart", "share", "search", "sighting", "emptied", "engaged", "receipt", "own"),
                *("snapshot", "checkout", "coupon", "survey"),
            ]
        )
    )
    if kind == "look":
        return look(draw(st.sampled_from(["dress", "lamp"])), at, visitor_key=visitor)
    if kind == "landing":
        return event("page_view", at, visitor_key=visitor, url=UTM + draw(st.sampled_from("ab")), kind="home")
    if kind == "sighting":
        return event("purchase", at, visitor_key=visitor, order_key=draw(orders), bot=draw(bots))
    if kind in ("snapshot", "checkout"):
        items = [{"item_id": draw(st.sampled_from(["dress", "lamp"])), "quantity": draw(st.integers(1, 3)), "price": 100}]
        step = draw(st.sampled_from(["begin_checkout", "add_payment_info"])) if kind == "checkout" else "update_cart"
        told_with = {"items": items, "value": 300, "currency": "DKK"} if kind == "snapshot" else {}
        return event(step, at, visitor_key=visitor, cart_key=draw(st.sampled_from(["k1", "k2"])), data=told_with)
    if kind == "coupon":
        return event(draw(st.sampled_from(["apply_coupon", "coupon_denied"])), at, visitor_key=visitor, data={"coupon": "x10"})
    if kind == "survey":
        answer = draw(st.sampled_from([{}, {"answer_id": "a"}, {"answer_id": "b"}]))
        data = {"type": "nps", "score": draw(st.integers(0, 10)), **answer}
        return event("survey_submitted", at, visitor_key=visitor, data=data)
    if kind == "emptied":
        return event("update_cart", at, visitor_key=visitor, data={"items": []})
    if kind == "receipt":
        return event("page_view", at, visitor_key=visitor, kind="receipt", bot=draw(bots))
    if kind == "own":
        return event("custom", at, visitor_key=visitor, data={"name": "wizard", "items": ["dress"]})
    if kind == "engaged":
        return event("page_engaged", at, visitor_key=visitor, url=UTM + "a", data={"visible_seconds": 3})
    types = {"page": "page_view", "cart": "add_to_cart", "share": "share", "search": "search"}
    return event(types[kind], at, visitor_key=visitor, sequence=draw(st.one_of(st.none(), st.integers(0, 20))))


@st.composite
def from_the_shop(draw: st.DrawFn) -> Event:
    at, order, who = _at(draw(hours)), draw(orders), draw(people)
    kind = draw(
        st.sampled_from(
            [
                "purchase",
                "purchase",
                "order_paid",
                "order_updated",
                "order_cancelled",
                "refund",
                "return_requested",
                "return_completed",
                "order_shipped",
                "order_delivered",
                "email_clicked",
                "email_sent",
                "identify",
                "subscribed",
                "renewed",
                "ticket",
                "answered",
                "crawler_visit",
            ]
        )
    )
    if kind == "purchase":
        visitor = draw(st.one_of(st.none(), visitors))
        status = draw(st.sampled_from(["paid", "pending", "placed_cod"]))
        consent = draw(st.sampled_from([Consent.STATISTICS, Consent.STATISTICS, Consent.ANONYMOUS]))
        value, trial = draw(st.integers(1, 9)) * 1_000, {"is_test": True} if draw(st.integers(0, 9)) == 0 else {}
        trial = trial | {"currency": draw(st.sampled_from(["DKK", "DKK", "SEK", "XXX"]))}
        told_with: dict[str, Any] = {"status": status, "visitor_key": visitor, "consent": consent, "data": trial}
        return purchase(at, order, value=value, **told_with, **who)
    if kind == "crawler_visit":
        return told(kind, at, url=UTM + draw(st.sampled_from("ab")), bot=draw(st.sampled_from(["ai:GPTBot", "library"])))
    if kind == "identify" and who:
        return told(kind, at, visitor_key=draw(visitors), **who)
    if kind == "order_updated":
        version, status = draw(st.integers(1, 3)), draw(st.sampled_from(["paid", "processing", "failed"]))
        data = {"version": version, "status": status, "value": version * 100, "currency": "DKK"}
        return told(kind, at, order_key=order, data=data)
    if kind in ("subscribed", "renewed") and who:
        if kind == "subscribed":
            return told("subscription_started", at, data={"subscription_id": draw(st.sampled_from("st"))}, **who)
        return purchase(at, f"r{draw(st.integers(1, 3))}", value=700, data={"created_via": "renewal"}, **who)
    if kind in ("ticket", "answered") and who:
        name = "support_ticket_created" if kind == "ticket" else "support_ticket_closed"
        return told(name, at, data={"ticket_id": draw(st.sampled_from("tu")), "topic": "delivery"}, **who)
    if kind == "email_sent" and who:
        return told(kind, at, data={"purpose": "cart"}, **who)
    if kind in ("email_clicked", "identify", "subscribed", "renewed", "ticket", "answered", "email_sent"):
        return told("email_clicked", at, data={"campaign": "x"}, **who) if who else told("order_shipped", at, order_key=order)
    data = {"refund_id": draw(st.sampled_from("xy")), "value": draw(st.sampled_from([500, 9_000]))} if kind == "refund" else {}
    if kind.startswith("return"):
        data = {"return_id": draw(st.sampled_from("vw")), "items": [{"item_id": "dress"}]}
    return told(kind, at, order_key=order, data=data)


traffic = st.lists(st.one_of(browsed(), from_the_shop(), from_the_shop(), anonymous()), min_size=1, max_size=25)


def snapshot(engine: Engine, shop: Shop) -> dict[str, Any]:
    """Everything derived: tags by event, journeys without internal numbers of subjects, counters."""
    with engine.connect() as db:

        def rows(table: Any, *columns: str) -> list[Any]:
            picked = [table.c[name] for name in columns]
            return sorted(db.execute(select(*picked).where(table.c.shop_id == shop.shop_id)), key=repr)

        return {
            "tags": rows(t.events, "event_id", "tag"),
            "journeys": rows(
                t.journeys,
                *(
                    "number",
                    "began_at",
                    "last_at",
                    "outcome",
                    "stage",
                    "highest",
                    "channel",
                    "order_key",
                    "net_minor",
                    "counted",
                ),
            ),
            "orders": rows(t.orders, "order_key", "number", "state", "net_minor", "counted_at"),
            "carts": rows(t.carts, "number", "position", "state", "began_at", "touched_at", "step", "pieces", "value_minor"),
            "customers": rows(t.customers, "first_at", "last_at", "order_count", "net_minor", "channel"),
            "counters": all_counters(db, shop),
        }


def astray(engine: Engine, shop: Shop) -> list[Any]:
    """Subjects set aside, rows of orders that their journey does not hold or tells otherwise of, journeys of nobody, tied
    events without a tag."""
    o, j, s, e, li = t.orders.c, t.journeys.c, t.subjects.c, t.events.c, t.links.c
    of_order = and_(j.shop_id == o.shop_id, j.subject_id == o.subject_id, j.number == o.number)
    of_subject = and_(s.shop_id == j.shop_id, s.subject_id == j.subject_id)
    of_event = and_(li.shop_id == e.shop_id, li.link_id == e.link_id, li.subject_id.is_not(None))
    with engine.connect() as db:
        found: list[Any] = list(db.execute(select(s.set_aside).where(s.shop_id == shop.shop_id, s.set_aside.is_not(None))))
        found += db.execute(select(j.subject_id).where(j.shop_id == shop.shop_id, ~select(s.state).where(of_subject).exists()))
        found += db.execute(
            select(e.event_id).where(e.shop_id == shop.shop_id, e.tag.is_(None), select(li.key).where(of_event).exists())
        )
        told = [(o[name], j[name]) for name in ("channel", "device", "country", "is_returning")]
        other = select(o.order_key).join_from(t.orders, t.journeys, of_order).where(o.shop_id == shop.shop_id)
        found += db.execute(other.where(or_(*(ours.is_distinct_from(its) for ours, its in told))))
        held = select(o.order_key, j.body).outerjoin_from(t.orders, t.journeys, of_order).where(o.shop_id == shop.shop_id)
        for row in db.execute(held):
            if row.body is None or load_journey(read_bytes(row.body)).order_named(row.order_key) is None:
                found.append(row.order_key)
    return found


def all_counters(db: Connection, shop: Shop) -> dict[tuple[str, str, int], dict[str, int]]:
    """Every counter row that holds anything, by (family, filter, day)."""
    c = t.counters.c
    query = select(c.family, c.filter, c.day_on, c.amounts).where(c.shop_id == shop.shop_id, c.generation == shop.generation)
    return {(row.family, row.filter, row.day_on): held for row in db.execute(query) if (held := read_body(row.amounts))}


def tick(engine: Engine, shop: Shop, now: int) -> None:
    with writing(engine) as db:
        while tick_shop(db, shop, HOLD, now):
            pass


def rebuild(engine: Engine, shop: Shop, now: int) -> None:
    with writing(engine) as db:
        list(rebuild_subjects(db, shop, subject_ids(db, shop.shop_id), HOLD, now))


def same_identity(events: list[Event]) -> list[Event]:
    """Links are decided in order of arrival, so both shops hear first of what decides them; the rest may come in any order."""
    return sorted(events, key=lambda e: e.type != "purchase" or e.source.value == "browser")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=traffic, data=st.data())
def test_any_order_of_arrival_gives_what_a_rebuild_gives(engine: Engine, events: list[Event], data: st.DataObject) -> None:
    shop = add_shop(engine, b2b=data.draw(st.booleans()), rates={"SEK": [["2026-01-01", "0.66"]]})
    arriving = data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events), max_size=3))
    position = 0
    while position < len(arriving):
        size = data.draw(st.integers(1, 8))
        work_in(engine, shop, intake_row(shop, *arriving[position : position + size]), now=END)
        position += size
        if data.draw(st.integers(0, 3)) == 0:
            tick(engine, shop, _at(data.draw(hours)))
    tick(engine, shop, END)
    live = snapshot(engine, shop)
    assert astray(engine, shop) == []
    rebuild(engine, shop, END)
    assert snapshot(engine, shop) == live


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(browsed().filter(lambda e: e.type != "purchase"), min_size=1, max_size=25), data=st.data())
def test_any_order_of_arrival_of_a_browsers_events_is_the_same_as_in_order(
    engine: Engine, events: list[Event], data: st.DataObject
) -> None:
    live, straight = add_shop(engine), add_shop(engine)
    for some in data.draw(st.permutations(events)):
        work_in(engine, live, intake_row(live, some), now=START + 60 * DAY)
    work_in(engine, straight, intake_row(straight, *sorted(events, key=lambda e: e.position)), now=START + 60 * DAY)
    for shop in (live, straight):
        tick(engine, shop, END)
    assert snapshot(engine, live) == snapshot(engine, straight)


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=traffic)
def test_counters_are_the_sum_of_what_journeys_have_booked(engine: Engine, events: list[Event]) -> None:
    """So are the months, which are summed up half-way."""
    shop = add_shop(engine)
    for n, some in enumerate(events):
        work_in(engine, shop, intake_row(shop, some), now=END)
        if n == len(events) // 2:
            with writing(engine) as db:
                for month in counters.months_to_sum(db, shop.shop_id, shop.generation, day_on(END, shop.settings.tz)):
                    counters.sum_month(db, shop.shop_id, shop.generation, month)
    changes = []
    with engine.connect() as db:
        for subject_id in subject_ids(db, shop.shop_id, limit=10_000):
            changes += [
                change for booked in read_booked(db, shop.shop_id, subject_id).values() for change in difference({}, booked)
            ]
        for (booked,) in db.execute(select(t.customers.c.booked).where(t.customers.c.shop_id == shop.shop_id)):
            changes += difference({}, read_body(booked))
        stored = all_counters(db, shop)
    of_days = {key: names for key, names in stored.items() if key[2] % 100}
    of_journeys = {key: names for key, names in of_days.items() if key[0] not in ("mail", "crawlers", "crawled")}
    assert of_journeys == add_up(changes)
    for (family, which, month), names in stored.items():
        if month % 100 == 0:
            of_month = (of_days[key] for key in of_days if key[:2] == (family, which) and counters.month_of(key[2]) == month)
            total: Counter[str] = Counter()
            for amounts in of_month:
                total.update(amounts)
            assert names == {name: amount for name, amount in total.items() if amount}


def free_of_words(counted: dict[tuple[str, str, int], dict[str, int]]) -> dict[tuple[str, str, int], dict[str, int]]:
    """Without what people typed, which goes with those who are erased."""
    return {key: names for key, names in counted.items() if not FAMILIES[key[0]].free_text}


def undo_a_link(engine: Engine, shop: Shop, data: st.DataObject) -> None:
    with writing(engine) as db:
        c = t.links.c
        tied = db.execute(select(c.kind, c.key).where(c.shop_id == shop.shop_id, c.subject_id.is_not(None)).order_by(c.link_id))
        keys = [tuple(row) for row in tied]
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        with contextlib.suppress(NoSuchLink):
            undo(db, shop, key, "owner@shop.example", HOLD, END)


def erase_somebody(engine: Engine, shop: Shop, data: st.DataObject) -> None:
    with writing(engine) as db:
        people = subject_ids(db, shop.shop_id)
        if not people:
            return
        before = all_counters(db, shop)
        gone = data.draw(st.sampled_from(sorted(people)))
        with contextlib.suppress(NoSuchPerson):
            erase(db, shop, gone, HOLD, END)
        assert free_of_words(all_counters(db, shop)) == free_of_words(before)


def let_time_pass(engine: Engine, shop: Shop, data: st.DataObject) -> None:
    with writing(engine) as db:
        before = all_counters(db, shop)
        later = END + data.draw(st.integers(0, 60)) * DAY
        kept = replace(shop, settings=replace(shop.settings, events_months=3, people_months=4))
        expire(db, kept, subject_ids(db, shop.shop_id), HOLD, later)
        assert free_of_words(all_counters(db, shop)) == free_of_words(before)


def build_anew(engine: Engine, shop: Shop) -> Shop:
    """Another generation of counters by the same settings."""
    with writing(engine) as db:
        building = start_building(db, shop, shop.settings, END)
    while building.building is not None:
        with writing(engine) as db:
            building = build_slice(db, building, HOLD, END, limit=2)
    return building


OPERATIONS = {"undo": undo_a_link, "erase": erase_somebody, "expire": let_time_pass}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=traffic, data=st.data())
def test_undo_erasing_and_expiring_leave_what_a_rebuild_and_a_new_generation_give(
    engine: Engine, events: list[Event], data: st.DataObject
) -> None:
    shop = add_shop(engine, b2b=data.draw(st.booleans()), rates={"SEK": [["2026-01-01", "0.66"]]})
    arriving = data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events), max_size=3))
    position = 0
    while position < len(arriving):
        size = data.draw(st.integers(1, 8))
        work_in(engine, shop, intake_row(shop, *arriving[position : position + size]), now=END)
        position += size
        if data.draw(st.booleans()):
            OPERATIONS[data.draw(st.sampled_from(sorted(OPERATIONS)))](engine, shop, data)
    tick(engine, shop, END)
    live = snapshot(engine, shop)
    assert astray(engine, shop) == []
    rebuild(engine, shop, END)
    assert snapshot(engine, shop) == live
    anew = build_anew(engine, shop)
    assert free_of_words(snapshot(engine, anew)["counters"]) == free_of_words(live["counters"])
    assert {name: rows for name, rows in snapshot(engine, anew).items() if name != "counters"} == {
        name: rows for name, rows in live.items() if name != "counters"
    }
