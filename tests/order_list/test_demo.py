"""The demo shop's own list against what its collector was told: the figures once more in plain Python, and filled in."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.builders import add_shop, counters, work_in
from tests.order_list.listing import SECRET, fill
from tests.reports.asking import ask
from tracker.clock import Instant
from tracker.collect.intake import IntakeRow
from tracker.config import Config
from tracker.demo import history
from tracker.demo.history import Past
from tracker.demo.past import books
from tracker.imports.order_list import read
from tracker.order_list import compare, kept
from tracker.reports.table import Share
from tracker.shops import Shop
from tracker.storage import writing

NOW: Instant = 1_789_552_800_000  # 2026-09-16T12:00+02:00
DAYS = 21


@pytest.fixture
def past(engine: Engine) -> tuple[Shop, Past]:
    """The demo shop, worked in, with its list uploaded."""
    shop = add_shop(engine, NOW, rates={"SEK": [["2020-01-01", "0.66"]]})
    made = history.make_past(shop, NOW, days=DAYS)
    rows = [IntakeRow("history", n, shop_id, body) for n, (shop_id, body) in enumerate(made.bodies, 1)]
    for start in range(0, len(rows), 2_000):
        work_in(engine, shop, *rows[start : start + 2_000], now=NOW)
    with writing(engine) as db:
        found, report = read(db, BytesIO(books.as_file(made.orders)), shop, Config(), NOW)
        assert not report.findings
        assert kept.store(db, shop, found, SECRET, NOW) == len(made.orders)
    return shop, made


def test_what_is_captured_missing_and_filled_in(engine: Engine, past: tuple[Shop, Past]) -> None:
    shop, made = past
    zone = shop.settings.tz
    states = {*shop.settings.counted_states, "refunded"}  # which has been paid
    by_day: dict[str, Counter[str]] = defaultdict(Counter)
    for order in made.orders:
        if order.status in states:
            day = datetime.fromtimestamp(order.placed_at / 1000, zone).date().isoformat()
            by_day[day].update(listed=1, captured=order.order_key not in made.unheard)
    with engine.connect() as db:
        table = ask(db, shop, NOW, "reconciliation", since="2024-01-01", until="2026-09-16")
    assert {str(row["day"]): (row["listed"], row["captured"]) for row in table.rows} == {
        day: (counts["listed"], counts["captured"]) for day, counts in by_day.items()
    }
    missing = {row["order_key"] for row in table.beside["missing"].rows}
    assert missing == {order.order_key for order in made.orders if order.order_key in made.unheard and order.status in states}
    assert len(missing) > 3
    assert {row["cause"] for row in table.beside["missing"].rows} <= set(compare.CAUSES) - {"other_key", "before_collecting"}
    assert (table.totals["unlisted"], table.totals["differing"]) == (0, 0)

    before = net(engine, shop)
    task = fill(engine, shop, NOW)
    assert (task["error"], task["outcome"]) == (None, {"filled": len(missing), "skipped": 0})
    with engine.connect() as db:
        totals: Any = ask(db, shop, NOW, "reconciliation", since="2024-01-01", until="2026-09-16").totals
    listed = sum(counts["listed"] for counts in by_day.values())
    assert (totals["captured_share"], totals["missing"], totals["differing"]) == (Share(listed, listed), 0, 0)
    told = [order for order in made.orders if order.order_key in missing and order.status != "refunded"]
    for currency in {order.currency for order in told}:
        gained = net(engine, shop)[f"net.{currency}"] - before[f"net.{currency}"]
        assert gained == sum(order.value_minor for order in told if order.currency == currency)


def net(engine: Engine, shop: Shop) -> Counter[str]:
    with engine.connect() as db:
        return Counter(counters(db, shop, family="orders"))
