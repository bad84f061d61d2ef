"""Missing orders are filled in from the list, once, and never over what the shop's server tells."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.builders import START, add_shop, counters, event, intake_row, purchase, told, work_in
from tests.order_list.listing import collect, fill, order, upload
from tests.reports.asking import ask
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.order_list import fill as filling
from tracker.reports.table import Share
from tracker.shops import Shop

NOW: Instant = START + 2 * DAY


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def totals(engine: Engine, shop: Shop) -> dict[str, Any]:
    with engine.connect() as db:
        return dict(ask(db, shop, NOW, "reconciliation").totals)


def money(engine: Engine, shop: Shop) -> tuple[int, int]:
    """Orders that count, and their net revenue."""
    with engine.connect() as db:
        found = counters(db, shop, family="orders")
    return found.get("orders", 0) - found.get("cancelled", 0), found.get("net", 0)


def test_what_is_missing_is_filled_in_and_the_share_is_whole(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "1")
    listed = [order(str(n), START + n * MINUTE, email=f"b{n}@b.dk") for n in range(1, 8)]
    upload(engine, shop, *listed, order("9", status="pending"), order("10", is_test=True), now=NOW)
    assert totals(engine, shop)["captured_share"] == Share(1, 7)
    task = fill(engine, shop, NOW)
    assert (task["error"], task["outcome"]) == (None, {"filled": 6, "skipped": 0})
    after = totals(engine, shop)
    assert (after["captured_share"], after["missing"], after["differing"]) == (Share(7, 7), 0, 0)
    assert money(engine, shop) == (7, 70_000)


def test_in_parts_and_twice_it_is_the_same(engine: Engine, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "TOGETHER", 2)
    listed = [order(str(n), START + n * DAY // 3) for n in range(5)]
    upload(engine, shop, *listed, now=NOW)
    assert fill(engine, shop, NOW)["outcome"] == {"filled": 5, "skipped": 0}
    upload(engine, shop, *listed, now=NOW)
    assert fill(engine, shop, NOW)["outcome"] == {"filled": 0, "skipped": 0}
    assert money(engine, shop) == (5, 50_000)
    with engine.connect() as db:
        ids = sorted(db.execute(select(t.events.c.event_id)).scalars())
    assert ids == [f"list:order:{n}" for n in range(5)]


def test_a_late_word_of_the_shops_server_wins(engine: Engine, shop: Shop) -> None:
    upload(engine, shop, order("1"), now=NOW)
    fill(engine, shop, NOW)
    work_in(engine, shop, intake_row(shop, purchase(START, "1", value=9_000, data={"version": 1}, received_at=NOW + HOUR)))
    assert money(engine, shop) == (1, 9_000)


def test_an_order_that_was_told_meanwhile_stays_as_it_was_told(engine: Engine, shop: Shop) -> None:
    """Filling in comes to it with the older word, and a lower version."""
    upload(engine, shop, order("1"), now=NOW)
    collect(engine, shop, "1", value=9_000, data={"version": 5})
    assert fill(engine, shop, NOW)["outcome"] == {"filled": 0, "skipped": 0}
    assert money(engine, shop) == (1, 9_000)


def test_it_joins_the_buyers_journey(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, event(), told("identify", START, visitor_key="v1", customer_key="c1")))
    upload(engine, shop, order("1", START + MINUTE, customer_key="c1"), now=NOW)
    fill(engine, shop, NOW)
    with engine.connect() as db:
        journeys = db.execute(select(t.journeys.c.order_key, t.journeys.c.channel)).all()
    assert [tuple(row) for row in journeys] == [("1", "direct")]


def test_what_was_given_back_is_given_back_here_too(engine: Engine, shop: Shop) -> None:
    upload(engine, shop, order("1", refunded=62.5), now=NOW)
    fill(engine, shop, NOW)
    assert money(engine, shop) == (1, 5_000)


def test_the_same_order_under_another_key_is_not_doubled(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "1")
    collect(engine, shop, "555", at=START + HOUR)
    upload(engine, shop, order("1"), order("#1002", START + HOUR + MINUTE), order("3", START + 2 * HOUR), now=NOW)
    assert fill(engine, shop, NOW)["outcome"] == {"filled": 1, "skipped": 1}
    assert money(engine, shop) == (3, 30_000)


def test_a_list_of_which_no_key_is_known_fills_in_nothing(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "555", at=START + HOUR)
    upload(engine, shop, order("#1"), order("#2", START + 3 * HOUR), now=NOW)
    task = fill(engine, shop, NOW)
    assert "under its key" in task["error"]["text"]
    assert money(engine, shop) == (1, 10_000)


def test_a_shop_that_begins_with_its_list_is_filled(engine: Engine, shop: Shop) -> None:
    upload(engine, shop, order("1", START - 300 * DAY), order("2"), now=NOW)
    assert fill(engine, shop, NOW)["outcome"] == {"filled": 2, "skipped": 0}


def test_no_lateness_is_counted_of_what_is_filled_in(engine: Engine, shop: Shop) -> None:
    upload(engine, shop, order("1"), now=NOW)
    fill(engine, shop, NOW)
    with engine.connect() as db:
        kinds = set(db.execute(select(t.outcomes.c.kind)).scalars())
    assert kinds == {"accepted"}
