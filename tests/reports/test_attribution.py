"""The report on attribution, from what single journeys book and from counters written down by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.builders import START, act, arrival, event, purchase
from tests.reports.asking import add_shop, ask, count
from tracker.attribution import LOOK_BACKS, MODELS
from tracker.clock import DAY, Instant
from tracker.errors import BadQuery
from tracker.events.types import Event
from tracker.journey.contribution import CREDIT_UNIT, Basis, add_up, contribution, difference
from tracker.journey.fold import fold
from tracker.journey.state import Subject, Terms
from tracker.pipeline.counters import add
from tracker.reports import REPORTS
from tracker.reports.attribution import REMOVAL, TOLD
from tracker.reports.table import Money, ReportTable
from tracker.reports.words import ATTRIBUTION_MODELS
from tracker.shops import Shop

UNITS = {"orders": CREDIT_UNIT, "net": 1, "first": CREDIT_UNIT}
SINCE = "2026-08-01"


def arrive(days: int, channel: str, source: str | None = None, campaign: str | None = None) -> tuple[Event, Any]:
    """An arrival so many days before START."""
    at = START - days * DAY
    return event("page_view", at, url=f"https://shop.example/?{channel}"), arrival(channel, source=source, campaign=campaign)


def buy(db: Connection, shop: Shop, *arrivals: tuple[Event, Any], order: Event) -> None:
    """Book what one person's arrivals and order come to."""
    subject = Subject()
    told = sorted((*arrivals, (order, None)), key=lambda one: one[0].position)
    fold([act(one, came) for one, came in told], Terms(window=100 * DAY), subject)
    basis = Basis(shop.settings.tz, shop.settings.currency)
    changes = [c for j in subject.journeys.values() for c in difference({}, contribution(j, basis))]
    add(db, shop.shop_id, shop.generation, add_up(changes))


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    """Two customers: 60 days by three channels and 100.01 DKK; one arrival and 50.00 DKK."""
    shop = add_shop(db, now)
    way = (
        arrive(60, "paid_social", "instagram", "sommer"),
        arrive(20, "organic_search", "google"),
        arrive(14, "paid_social", "facebook", "Sommer"),
        arrive(7, "direct", "direct"),
    )
    buy(db, shop, *way, order=purchase(START, value=10_001))
    buy(db, shop, arrive(0, "email", None, "uge-37"), order=purchase(START + 60_000, "o2", 5_000))
    return shop


def net_of(table: ReportTable, model: str, *keys: str) -> dict[tuple[Any, ...], int]:
    cells = ((tuple(row[key] for key in keys or ("channel",)), row[f"{model}_net"].minor) for row in table.rows)
    return {key: minor for key, minor in cells if minor}


@pytest.mark.parametrize(
    ("look_back", "model", "expected"),
    [
        (90, "first", {"paid_social": 10_001, "email": 5_000}),
        (30, "first", {"organic_search": 10_001, "email": 5_000}),
        (7, "first", {"direct": 10_001, "email": 5_000}),
        (30, "last", {"direct": 10_001, "email": 5_000}),
        (30, "last_non_direct", {"paid_social": 10_001, "email": 5_000}),
        (7, "last_non_direct", {"direct": 10_001, "email": 5_000}),
        (30, "linear", {"organic_search": 3_334, "paid_social": 3_334, "direct": 3_333, "email": 5_000}),
        (90, "linear", {"organic_search": 2_500, "paid_social": 5_001, "direct": 2_500, "email": 5_000}),
        (30, "position", {"organic_search": 4_001, "paid_social": 2_000, "direct": 4_000, "email": 5_000}),
        (30, "time_decay", {"organic_search": 1_554, "paid_social": 2_816, "direct": 5_631, "email": 5_000}),
    ],
)
def test_a_model_shares_out_each_order(
    db: Connection, shop: Shop, now: Instant, look_back: int, model: str, expected: dict[str, int]
) -> None:
    table = ask(db, shop, now, "attribution", since=SINCE, until="2026-09-16", look_back=str(look_back))
    found = {channel: minor for (channel,), minor in net_of(table, model).items()}
    assert found == expected
    assert sum(expected.values()) == 15_001


@pytest.mark.parametrize("level", ["channel", "source", "campaign"])
@pytest.mark.parametrize("look_back", LOOK_BACKS)
def test_every_column_adds_up_to_the_net_revenue_of_the_orders(
    db: Connection, shop: Shop, now: Instant, level: str, look_back: int
) -> None:
    days = {"since": SINCE, "until": "2026-09-16"}
    net = ask(db, shop, now, "orders", **days).totals["net"]
    table = ask(db, shop, now, "attribution", level=level, look_back=str(look_back), **days)
    models = [*MODELS, REMOVAL] if level == "channel" else [*MODELS]
    for model in models:
        assert Money(sum(net_of(table, model, "channel", "source", "campaign").values()), "DKK") == net == Money(15_001, "DKK")
        assert sum(row[f"{model}_orders"] for row in table.rows) == pytest.approx(2, abs=1e-9)
    assert all(row.get(f"{REMOVAL}_net") is None for row in table.rows) is (level != "channel")


def test_rows_are_as_fine_as_asked(db: Connection, shop: Shop, now: Instant) -> None:
    def last(level: str) -> dict[tuple[Any, ...], int]:
        table = ask(db, shop, now, "attribution", level=level, since=SINCE, until="2026-09-16", look_back="90")
        return net_of(table, "linear", "channel", "source", "campaign")

    assert last("channel") == {
        ("paid_social", None, None): 5_001,
        ("organic_search", None, None): 2_500,
        ("direct", None, None): 2_500,
        ("email", None, None): 5_000,
    }
    assert last("source")["paid_social", "instagram", None] == 2_501
    assert last("campaign")["paid_social", "facebook", "Sommer"] == 2_500


def test_an_order_that_nobody_led_to_is_nobodys(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    buy(db, shop, arrive(8, "email"), order=purchase(START))
    table = ask(db, shop, now, "attribution", look_back="7")
    assert net_of(table, "last") == {("none",): 10_000}
    assert net_of(table, REMOVAL) == {("email",): 10_000}  # it looks at whole journeys
    assert "more than %(days)s days" in table.notes[0].text


def test_the_removal_effect_shares_the_net_by_what_would_be_lost(db: Connection, now: Instant) -> None:
    """Of ten journeys by search two order; of ten by search and then mail, six: search would lose all, mail six of eight."""
    shop = add_shop(db, now)
    steps = {
        "t:(start)>organic_search": 20, "t:organic_search>(order)": 2, "t:organic_search>(null)": 8,
        "t:organic_search>email": 10, "t:email>(order)": 6, "t:email>(null)": 4,
    }  # fmt: skip
    count(db, shop, 20260910, steps, family="paths")
    count(db, shop, 20260910, {"orders": 9, "cancelled": 2, "net": 700}, family="orders")
    table = ask(db, shop, now, "attribution")
    assert net_of(table, REMOVAL) == {("organic_search",): 400, ("email",): 300}
    assert {row["channel"]: row["removal_orders"] for row in table.rows} == {"organic_search": 4.0, "email": 3.0}


def test_without_any_order_all_is_nothing(db: Connection, now: Instant) -> None:
    table = ask(db, add_shop(db, now), now, "attribution")
    assert (table.rows, table.totals) == ([], {"orders": 0, "net": Money(0, "DKK")})


def test_every_model_is_told_in_words() -> None:
    assert list(TOLD) == list(ATTRIBUTION_MODELS) == [*MODELS, REMOVAL]
    keys = [column.key for column in REPORTS["attribution"].COLUMNS]
    assert keys[3:] == [f"{model}_{what}" for model in TOLD for what in ("orders", "net")]


@pytest.mark.parametrize(
    "args",
    [{"look_back": "14"}, {"look_back": "x"}, {"level": "medium"}, {"filter": "channel=email"}, {"model": "removal"}],
    ids=str,
)
def test_what_is_not_on_the_lists_is_refused(db: Connection, now: Instant, args: Mapping[str, str]) -> None:
    with pytest.raises(BadQuery):
        ask(db, add_shop(db, now), now, "attribution", **args)


def test_a_filter_holds_for_orders_and_credits(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20260910, {"orders": 1, "net": 70}, "device=mobile", family="orders")
    count(db, shop, 20260910, {"net.last:email": 70}, "device=mobile", family="channel_credits_30")
    count(db, shop, 20260910, {"net.last:direct": 500}, family="channel_credits_30")
    table = ask(db, shop, now, "attribution", filter="device=mobile")
    assert net_of(table, "last") == {("email",): 70}
    assert table.totals["net"] == Money(70, "DKK")
