"""The made-up past after the pipeline: what reports will find there."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from tests.builders import add_shop
from tests.demo.past import NOW, read
from tracker import tables as t
from tracker.clock import DAY
from tracker.config import Config
from tracker.demo import history
from tracker.journey.state import Tag
from tracker.pipeline.codec import read_body
from tracker.shops import Shop
from tracker.worker import Worker

DAYS = 45


def test_every_stage_is_reached_at_plausible_rates_and_orders_are_those_that_were_told(config: Config, engine: Engine) -> None:
    shop = add_shop(engine, NOW)
    past = history.make_past(shop, NOW, days=DAYS, strangers_per_day=36)
    history.write_intake(config.intake_dir, past.bodies)
    worker = Worker(engine, config)
    while worker.step(NOW):
        pass
    worker.close()

    with engine.connect() as db:
        assert _stages_of_events(db) == set(range(1, 13))
        _look_at_journeys(db, shop)
        _look_at_people(db, shop)
        assert db.execute(select(func.count()).where(t.subjects.c.set_aside.is_not(None))).scalar_one() == 0
        counted = set(db.execute(select(t.orders.c.order_key)).scalars())
    assert counted == read(past).orders().keys() == {order.order_key for order in past.orders} - past.unheard


def _stages_of_events(db: Connection) -> set[int]:
    tags = (tag for tag in db.execute(select(t.events.c.tag)).scalars() if tag is not None)
    return {Tag.load(tag).stage for tag in tags}


def _look_at_journeys(db: Connection, shop: Shop) -> None:
    c = t.journeys.c
    rows = list(
        db.execute(select(c.channel, c.outcome, c.body).where(c.shop_id == shop.shop_id, c.began_at >= NOW - DAYS * DAY))
    )
    bodies = [read_body(row.body) for row in rows]
    reached = Counter(int(stage) for body in bodies for stage in body["reached"])
    ordered = Counter(row.channel for row in rows if row.outcome == "ordered")
    touches = Counter(body.get("touch_count", 0) for row, body in zip(rows, bodies, strict=True) if row.outcome == "ordered")

    assert 0.03 < ordered.total() / len(rows) < 0.09
    assert {row.channel for row in rows} >= {
        "paid_social", "organic_search", "ai_assistant", "email", "direct", "paid_shopping", "affiliate", "offline", "none",
        "paid_video", "organic_video", "referral", "display", "sms",
    }  # fmt: skip
    assert {"email", "none", "offline", "ai_assistant"} <= ordered.keys()
    assert all(reached[stage] >= 8 for stage in range(1, 13))
    assert reached[2] > reached[3] > reached[4] > reached[5] > reached[6] > reached[7] > reached[8]
    assert sum(count for number, count in touches.items() if number >= 2) > 0.3 * touches.total()
    assert 7 <= max(touches) <= 20


def _look_at_people(db: Connection, shop: Shop) -> None:
    """Two devices of one person are one subject."""
    c = t.links.c
    links: dict[Any, set[str]] = {}
    for row in db.execute(select(c.kind, c.key, c.subject_id).where(c.shop_id == shop.shop_id, c.kind == "visitor")):
        links.setdefault(row.subject_id, set()).add(row.key)
    assert sum(len(visitors) > 1 for visitors in links.values()) > 10
