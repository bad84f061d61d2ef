"""The overview, from counters and compact rows written down by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask, count, query
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant, parse
from tracker.reports.overview import compared
from tracker.reports.table import Money, Share
from tracker.shops import Shop


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    return add_shop(db, now)


def _mask(*stages: int) -> int:
    return sum(1 << (stage - 1) for stage in stages)


def fill(db: Connection, shop: Shop, day: int, times: int = 1) -> None:
    told = {
        "journeys": {
            "journeys": 40,
            "ordered": 4,
            "sessions": 60,
            f"m:{_mask(2)}.0": 20,
            f"m:{_mask(2, 3)}.0": 16,
            f"m:{_mask(2, 3, 5, 6)}.1": 4,
        },
        "orders": {
            "orders": 6,
            "cancelled": 1,
            "first": 3,
            "repeat": 1,
            "renewals": 1,
            "net": 40_000,
            "net.DKK": 36_000,
            "net.SEK": 5_500,
            "unrated": 1,
        },
        "acts": {
            "2.@email": 3,
            "2.@direct": 2,
            "3.page_view": 10,
            "3.~seconds": 250,
            "3.view_item_list": 8,
            "3.select_item": 3,
            "4.view_promotion": 2,
            "4.select_promotion": 1,
            "4.page_view": 5,
        },
        "satisfaction": {"nps:10": 3, "nps:0": 1, "csat:5": 1, "csat:1": 1},
        "advocacy": {"link": 2},
    }
    for family, amounts in told.items():
        count(db, shop, day, {name: amount * times for name, amount in amounts.items()}, family=family)


def add_journey(db: Connection, shop: Shop, subject_id: int, began_at: Instant, day: int, **fields: Any) -> None:
    row = {
        "shop_id": shop.shop_id,
        "subject_id": subject_id,
        "number": 1,
        "began_at": began_at,
        "last_at": began_at,
        "began_on": day,
        "outcome": "open",
        "stage": 3,
        "highest": 4,
        "channel": "email",
        "counted": True,
        "body": b"",
        **fields,
    }
    db.execute(insert(t.journeys), row)


def add_order(db: Connection, shop: Shop, subject_id: int, placed_at: Instant, **fields: Any) -> None:
    row = {
        "shop_id": shop.shop_id,
        "order_key": f"o{subject_id}",
        "subject_id": subject_id,
        "number": 1,
        "placed_at": placed_at,
        "counted_at": placed_at,
        "state": "paid",
        "currency": "DKK",
        "total_minor": 1,
        "net_minor": 1_000,
        "net_own_minor": 1_000,
        **fields,
    }
    db.execute(insert(t.orders), row)


def test_figures_of_the_period_and_of_the_one_before(db: Connection, now: Instant, shop: Shop) -> None:
    fill(db, shop, 20260910, 2)
    fill(db, shop, 20260813)
    add_order(db, shop, 1, now - DAY)
    table = ask(db, shop, now, "overview", since="2026-09-01", until="2026-09-15")
    assert table.totals == {
        "journeys": 80,
        "visits": 120,
        "conversion": Share(8, 80),
        "orders": 10,
        "net": Money(80_000, "DKK"),
        "order_value": Money(10_000, "DKK"),
        "new_customers": 6,
        "repeat_share": Share(4, 10),
        "csat": Share(2, 4),
        "nps": 50.0,
        "referral_rate": Share(4, 1),
    }
    assert table.beside["periods"].rows[1]["journeys"] == 0  # 17 to 31 August
    assert table.beside["changes"].rows == []
    assert [note.text[:13] for note in table.notes] == ["There are too", "%(count)s ord"]


def test_the_days_compared_with_are_told_as_they_would_be_alone(db: Connection, now: Instant, shop: Shop) -> None:
    for subject, (day, ago) in enumerate(((20260910, 1), (20260810, 35), (20250910, 365)), 1):
        fill(db, shop, day, subject)
        add_order(db, shop, subject, now - ago * DAY, channel="email")
    for more in ({}, {"filter": "channel=email"}, {"view": "five"}):
        asked = query(shop, now, **more)
        for then in (asked.before(), asked.year_before()):
            days = {"since": str(then.since), "until": str(then.until)}
            alone = replace(ask(db, shop, now, "overview", **days, **more), beside={}, notes=())
            assert alone.sample or "filter" in more
            assert compared(db, shop, asked, then) == (ask(db, shop, now, "overview", **more), alone)


def test_changes_are_in_per_cent_or_in_points(db: Connection, now: Instant, shop: Shop) -> None:
    fill(db, shop, 20260910, 3)
    fill(db, shop, 20260825)
    count(db, shop, 20260825, {"ordered": 4})
    count(db, shop, 20260825, {"nps:0": 2}, family="satisfaction")
    table = ask(db, shop, now, "overview", since="2026-09-01", until="2026-09-15")
    changes = {row["figure"]: (row["change"], row["points"]) for row in table.beside["changes"].rows}
    assert changes == {
        "journeys": (200.0, None),
        "visits": (200.0, None),
        "conversion": (None, -10.0),
        "orders": (200.0, None),
        "net": (200.0, None),
        "order_value": (0.0, None),
        "new_customers": (200.0, None),
        "repeat_share": (None, 0.0),
        "csat": (None, 0.0),
        "nps": (None, 50.0),
    }


def test_a_period_that_holds_today_says_that_it_is_not_over(db: Connection, now: Instant, shop: Shop) -> None:
    fill(db, shop, 20260916, 1)
    fill(db, shop, 20260801, 1)
    assert [note.text[:16] for note in ask(db, shop, now, "overview").notes] == ["Today is not ove", "%(count)s orders"]
    assert ask(db, shop, now, "overview", since="2026-08-18", until="2026-09-15").notes[0].text.startswith("There are too few")


@pytest.mark.parametrize(
    ("view", "stage", "cells"),
    [
        pytest.param(
            "five",
            "awareness",
            {
                "reach": 40,
                "visits": 5,
                "pages": 0,
                "time_on_page": None,
                "click_rate": Share(0, 0),
                "conversion": Share(4, 40),
                "sales": None,
                "nps": None,
            },
            id="awareness: reach and visits",
        ),
        pytest.param(
            "five",
            "consideration",
            {"reach": 20, "pages": 15, "time_on_page": 250 / 15, "click_rate": Share(4, 10), "conversion": Share(4, 20)},
            id="consideration: engagement, time, clicks",
        ),
        pytest.param(
            "five",
            "purchase",
            {"reach": 4, "conversion": Share(4, 4), "sales": Money(40_000, "DKK"), "repeat_share": None},
            id="purchase: conversion and sales",
        ),
        pytest.param(
            "five",
            "retention",
            {"conversion": None, "repeat_share": Share(2, 5), "csat": Share(1, 2), "nps": None},
            id="retention: repeat purchase and satisfaction",
        ),
        pytest.param(
            "five",
            "advocacy",
            {"nps": 50.0, "referral_rate": Share(2, 1), "repeat_share": None, "sales": None},
            id="advocacy: referral rate and NPS",
        ),
        pytest.param(
            "twelve", "decision", {"conversion": Share(4, 4), "sales": None}, id="of the twelve: sales at the purchase"
        ),
    ],
)
def test_each_stage_by_its_measures(
    db: Connection, now: Instant, shop: Shop, view: str, stage: str, cells: dict[str, Any]
) -> None:
    fill(db, shop, 20260910)
    add_order(db, shop, 1, now - DAY)
    row = next(row for row in ask(db, shop, now, "overview", view=view).rows if row["stage"] == stage)
    assert {key: row[key] for key in cells} == cells


def test_today_is_compared_with_the_same_weekday_until_the_same_hour(db: Connection, now: Instant, shop: Shop) -> None:
    """`now` is noon in Copenhagen."""
    midnight, other = now - 12 * HOUR, add_shop(db, now)
    add_journey(db, shop, 1, midnight, 20260916)
    add_journey(db, shop, 2, now - 1, 20260916)
    add_journey(db, shop, 3, now - 1, 20260916, counted=False)
    add_journey(db, shop, 4, midnight - 1, 20260915)
    add_journey(db, shop, 5, now - 7 * DAY - 1, 20260909)
    add_journey(db, shop, 6, now - 7 * DAY, 20260909)
    add_journey(db, other, 7, now - 1, 20260916)
    add_order(db, shop, 1, midnight, net_minor=500, net_own_minor=500)
    add_order(db, shop, 2, now - MINUTE, currency="SEK", net_own_minor=650)
    add_order(db, shop, 3, now - MINUTE, cancelled_at=now)
    add_order(db, shop, 4, now - MINUTE, counted_at=None)
    add_order(db, shop, 5, now - 7 * DAY - MINUTE, currency="NOK", net_own_minor=None)
    add_order(db, shop, 6, now - 7 * DAY + MINUTE)
    rows = ask(db, shop, now, "overview").beside["today"].rows
    assert [(row["span"], row["until"], row["journeys"], row["orders"], row["net"]) for row in rows] == [
        ("today", now, 2, 2, Money(1_150, "DKK")),
        ("last_week", now - 7 * DAY, 1, 1, Money(0, "DKK")),
    ]
    add_journey(db, shop, 8, now - 1, 20260916, channel="direct", number=2)
    add_order(db, shop, 8, now - 1, channel="direct")
    filtered = ask(db, shop, now, "overview", filter="channel=direct").beside["today"].rows
    assert [(row["journeys"], row["orders"]) for row in filtered] == [(1, 1), (0, 0)]


def test_the_same_hour_is_that_of_the_clock_on_the_wall(db: Connection, shop: Shop) -> None:
    """In the night to 25 October clocks go back an hour."""
    monday = parse("2026-10-26T09:00:00+01:00")
    rows = ask(db, shop, monday, "overview").beside["today"].rows
    assert rows[1]["until"] == parse("2026-10-19T09:00:00+02:00")
