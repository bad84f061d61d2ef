"""Orders in a currency whose rate changes, against the same counted by hand from the raw events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import NewDatabase
from tests.reports.filled import NOW, Asked, filled
from tracker.reports.table import Money


@pytest.fixture
def rated(tmp_path: Path, _new_database: NewDatabase) -> Iterator[Asked]:
    """One foreign currency has a rate, which changes in the middle."""
    with filled(tmp_path, _new_database, rates={"SEK": [["2024-01-01", "0.66"], ["2026-08-01", "0.6543"]]}) as shop:
        yield shop


def test_each_order_is_worth_what_its_currency_was_worth_on_its_day(rated: Asked) -> None:
    """The rate changes on the first of August: orders from before keep the old one, refunds and all."""
    recount, change = rated.recount, date(2026, 8, 1)
    orders = [order for journey in recount.journeys.values() for order in journey.orders if order.is_live]
    swedish = [order for order in orders if order.currency == "SEK"]
    days = [recount.day(order.placed_at) for order in swedish]
    assert min(days) < change <= max(days) and any(order.refunds for order in swedish)
    net = sum(recount.net(order) for order in orders)
    always = {"since": "2024-01-01", "until": "2026-09-16"}
    table = rated("orders", **always)
    assert table.totals["net"] == rated.money(net)
    assert rated("products", **always).totals["net"] == rated.money(net)
    [sek] = [row for row in table.beside["currencies"].rows if row["currency"] == "SEK"]
    assert (sek["net"], sek["unrated"]) == (Money(sum(order.net for order in swedish), "SEK"), 0)
    by_one_rate = sum(recount.own(order.net, "SEK", NOW) or 0 for order in swedish)
    assert by_one_rate != sum(recount.net(order) for order in swedish)
