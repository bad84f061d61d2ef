"""The made journeys: as the door would have written them, the same for the same seed, and believable once worked in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, func, select

from tests.builders import add_shop, counters, work_in
from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.collect.intake import IntakeFiles, IntakeRow
from tracker.demo import history
from tracker.events.codec import unpack
from tracker.shops import Shop, ShopSettings

NOW: Instant = 1_789_552_800_000  # 2026-09-16T12:00+02:00
SHOP = Shop(1, "Lyng & Datter", "pk", "sk", None, ("shop.example",), ShopSettings())


@pytest.fixture(scope="module")
def bodies() -> list[dict[str, Any]]:
    return [orjson.loads(body) for _, body in history.make(SHOP, NOW)]


def _events(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for body in bodies for event in body.get("events", ())]


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    first = history.make(SHOP, NOW, days=2, seed=3)

    assert first == history.make(SHOP, NOW, days=2, seed=3)
    assert first != history.make(SHOP, NOW, days=2, seed=4)


def test_rows_come_in_order_of_arrival_and_none_after_now(bodies: list[dict[str, Any]]) -> None:
    arrived = [body["received_at"] for body in bodies]

    assert arrived == sorted(arrived)
    assert arrived[-1] < NOW
    assert all(event["received_at"] == body["received_at"] for body in bodies for event in body.get("events", ()))


def test_a_row_begins_with_the_instant_by_which_readers_sort() -> None:
    assert all(body.startswith(b'{"received_at":') for _, body in history.make(SHOP, NOW, days=1))


def test_every_event_unpacks_and_event_ids_are_unique(bodies: list[dict[str, Any]]) -> None:
    events = [unpack(packed) for packed in _events(bodies)]

    assert len(events) > 4_000
    most = Counter((event.source, event.event_id) for event in events).most_common(1)
    assert most[0][1] == 1


def test_only_former_customers_are_older_than_the_days_asked_for(bodies: list[dict[str, Any]]) -> None:
    before = [event for event in _events(bodies) if event["occurred_at"] < NOW - 28 * DAY - DAY]

    assert {event["type"] for event in before} == {"purchase", "order_paid", "order_shipped", "order_delivered"}
    assert all(event["occurred_at"] < NOW - 28 * DAY - 180 * DAY for event in before)


def test_consent_is_respected_as_at_the_door(bodies: list[dict[str, Any]]) -> None:
    anonymous = [event for event in _events(bodies) if event.get("consent") == 1 and event.get("source") != "server"]

    assert anonymous
    assert not any(event.get("visitor_key") or event.get("email") or event.get("customer_key") for event in anonymous)
    assert all(event["anonymous_key"] for event in anonymous)
    assert sum(body.get("counted", {}).get("page_view", 0) for body in bodies) > 10


def test_value_tax_and_shipping_add_up_to_what_the_buyer_pays(bodies: list[dict[str, Any]]) -> None:
    orders = [event["data"] for event in _events(bodies) if event["type"] == "purchase" and event.get("source") == "server"]

    assert len(orders) > 15
    assert all(order["value"] + order["tax"] + order["shipping"] == order["total_value"] for order in orders)
    assert {order["payment_type"] for order in orders} == {"card", "cod"}
    discounted = [order for order in orders if "coupon" in order]
    assert discounted and all(order["discount"] > 0 for order in discounted)


def test_some_requests_arrive_hours_late_and_some_come_from_robots(bodies: list[dict[str, Any]]) -> None:
    events = _events(bodies)

    assert sum(event["received_at"] - event["occurred_at"] > 1_800_000 for event in events) > 20
    assert sum("bot" in event for event in events) > 10


def test_worked_in_all_twelve_stages_are_reached_and_a_few_percent_of_journeys_end_in_an_order(engine: Engine) -> None:
    shop = add_shop(engine, NOW)
    rows = [IntakeRow("history", n, shop_id, body) for n, (shop_id, body) in enumerate(history.make(shop, NOW), 1)]
    for start in range(0, len(rows), 500):
        work_in(engine, shop, *rows[start : start + 500], now=NOW)

    with engine.connect() as db:
        stages = {stage for (tag,) in db.execute(select(t.events.c.tag)) if tag is not None for stage in [_stage(tag)]}
        total = counters(db, shop)
        channels = set(db.execute(select(t.journeys.c.channel).distinct()).scalars())
        set_aside = db.execute(select(func.count()).where(t.subjects.c.set_aside.is_not(None))).scalar_one()
    assert stages == set(range(1, 13))
    assert 0.015 < total["ordered"] / total["journeys"] < 0.09
    assert channels >= {"paid_social", "organic_search", "ai_assistant", "email", "direct", "paid_shopping", "affiliate"}
    assert set_aside == 0


def _stage(tag: Any) -> int:
    return int((orjson.loads(tag) if isinstance(tag, (str, bytes)) else tag)[0])


def test_the_intake_holds_every_row_in_order_once_written(tmp_path: Path) -> None:
    made = history.make(SHOP, NOW, days=3)

    history.write_intake(tmp_path, made)

    files = IntakeFiles(tmp_path)
    assert [(row.shop_id, row.body) for row in files.read(len(made) + 1)] == made
    files.close()
