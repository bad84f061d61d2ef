"""The set-up's checklist: what each step waits for, and that the page asks again only for what has changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert

from tests.http.site import add_shop, add_user, logged_in, make_app
from tests.reports.asking import add_shop as add_bare_shop
from tests.reports.asking import count, query
from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.config import Config
from tracker.http.checklist import STEPS, arrived
from tracker.storage import writing

pytestmark = pytest.mark.pages

_ORDER: dict[str, Any] = {"order_key": "1", "state": "paid", "currency": "DKK"}
_SPENT = {"channel": "display", "source": "x", "campaign": "", "currency": "DKK", "amount_minor": 1}


@pytest.mark.parametrize("event", sorted({type_ for step in STEPS.values() for type_ in step.types}))
def test_an_event_ticks_its_step_alone(db: Connection, now: Instant, event: str) -> None:
    shop = add_bare_shop(db, now)
    other = add_bare_shop(db, now)
    assert arrived(db, shop, query(shop, now)) == frozenset()
    count(db, shop, 20260910, {f"3.{event}": 1}, family="acts")
    [key] = arrived(db, shop, query(shop, now))
    assert event in STEPS[key].types
    assert arrived(db, other, query(other, now)) == frozenset()


def test_what_is_no_event_ticks_its_step(db: Connection, now: Instant) -> None:
    shop = add_bare_shop(db, now)
    own = {"shop_id": shop.shop_id}

    def ticked() -> set[str]:
        return set(arrived(db, shop, query(shop, now)))

    said = {**own, "day_on": 20260910, "kind": "consent", "count": 1}
    db.execute(insert(t.outcomes), {**said, "reason": "anonymous"})
    assert ticked() == set()  # which is what comes without a word
    db.execute(insert(t.outcomes), {**said, "reason": "statistics"})
    assert ticked() == {"consent"}
    told = {"subject_id": 1, "number": 1, "placed_at": now, "total_minor": 1, "net_minor": 1}
    db.execute(insert(t.orders), {**own, **_ORDER, **told})
    assert ticked() == {"consent", "order"}
    listed = {"placed_at": now, "placed_on": 20260910, "value_minor": 1, "listed_at": now}
    db.execute(insert(t.order_list), {**own, **_ORDER, **listed})
    db.execute(insert(t.ad_spend), {**own, **_SPENT, "day_on": 20260910})
    assert ticked() == {"consent", "order", "order_list", "ad_spend"}


def test_the_page_asks_again_and_hears_only_of_what_has_changed(engine: Engine, config: Config, now: Instant) -> None:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    client = logged_in(make_app(engine, config, now))
    text = client.get("/shops/1/setup").text
    assert "0 of 12" in text
    [poll] = re.findall(r'data-poll="([^"]+)"', text)
    answer = client.get(poll)
    assert (answer.status_code, answer.text) == (204, "")
    with writing(engine) as db:
        count(db, shop, 20260910, {"2.page_view": 1}, family="acts")
    answer = client.get(poll)
    assert answer.status_code == 200
    assert "1 of 12" in answer.text and answer.text.count(">done<") == 1
    assert "<html" not in answer.text
    [again] = re.findall(r'data-poll="([^"]+)"', answer.text)
    assert client.get(again).status_code == 204


def test_when_all_has_arrived_nothing_is_asked_any_more(engine: Engine, config: Config, now: Instant) -> None:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    with writing(engine) as db:
        count(db, shop, 20260910, {f"3.{type_}": 1 for step in STEPS.values() for type_ in step.types}, family="acts")
        own = {"shop_id": shop.shop_id}
        consent = {"day_on": 20260910, "kind": "consent", "reason": "marketing", "count": 1}
        db.execute(insert(t.outcomes), {**own, **consent})
        told = {"subject_id": 1, "number": 1, "placed_at": now - DAY, "total_minor": 1, "net_minor": 1}
        db.execute(insert(t.orders), {**own, **_ORDER, **told})
        listed = {"placed_at": now, "placed_on": 20260910, "value_minor": 1, "listed_at": now}
        db.execute(insert(t.order_list), {**own, **_ORDER, **listed})
        db.execute(insert(t.ad_spend), {**own, **_SPENT, "day_on": 20260910})
    text = logged_in(make_app(engine, config, now)).get("/shops/1/setup").text
    assert "12 of 12" in text and "data-poll" not in text


@pytest.mark.parametrize(
    ("system", "said"),
    [("woocommerce", "no plugin for WooCommerce in this version"), ("shopify", "no app for Shopify in this version"),
     ("own", "Three things to set up"), ("<x>", "Three things to set up")],
)  # fmt: skip
def test_each_shop_system_is_told_what_there_is(engine: Engine, config: Config, now: Instant, system: str, said: str) -> None:
    add_user(engine, now, add_shop(engine, now))
    text = logged_in(make_app(engine, config, now)).get("/shops/1/setup", query_string={"system": system}).text
    assert said in text
    assert text.count('aria-current="true"') == 1
