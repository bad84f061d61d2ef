"""What may be asked of a report."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from tests.reports.asking import add_shop, query
from tracker.clock import Instant, parse
from tracker.errors import BadQuery
from tracker.reports.query import PERIODS, read_query


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("today", "2026-09-16", "2026-09-16"),
        ("yesterday", "2026-09-15", "2026-09-15"),
        ("7d", "2026-09-10", "2026-09-16"),
        ("28d", "2026-08-20", "2026-09-16"),
        ("this_month", "2026-09-01", "2026-09-16"),
        ("last_month", "2026-08-01", "2026-08-31"),
        ("90d", "2026-06-19", "2026-09-16"),
        ("365d", "2025-09-17", "2026-09-16"),
    ],
)
def test_a_period_ends_on_the_shops_today(db: Connection, now: Instant, period: str, since: str, until: str) -> None:
    asked = query(add_shop(db, now), now, period=period)
    assert (str(asked.since), str(asked.until), asked.period) == (since, until, period)


def test_every_period_is_tried_above() -> None:
    assert len(PERIODS) == 8


def test_today_is_the_shops_day(db: Connection) -> None:
    late = parse("2026-09-16T23:30:00+00:00")  # already the 17th in Copenhagen
    assert str(query(add_shop(db, late), late, period="today").since) == "2026-09-17"
    assert str(query(add_shop(db, late, zone="UTC"), late, period="today").since) == "2026-09-16"


def test_days_of_its_own_come_before_the_period(db: Connection, now: Instant) -> None:
    asked = query(add_shop(db, now), now, period="7d", since="2026-01-01", until="2026-01-31")
    assert (str(asked.since), str(asked.until), asked.period, asked.days) == ("2026-01-01", "2026-01-31", "custom", 31)


def test_the_days_before_are_as_many(db: Connection, now: Instant) -> None:
    before = query(add_shop(db, now), now, since="2026-03-01", until="2026-03-10").before()
    assert (str(before.since), str(before.until)) == ("2026-02-19", "2026-02-28")


def test_days_follow_the_clock_change(db: Connection, now: Instant) -> None:
    """25 October 2026 has 25 hours in Copenhagen."""
    shop = add_shop(db, now)
    start, end = query(shop, now, since="2026-10-25", until="2026-10-25").instants(shop.settings.tz)
    assert end - start == 25 * 3_600_000


def test_the_view_is_the_shops_own_unless_asked(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now, stage_view="five")
    assert query(shop, now).view.key == "five"
    assert query(shop, now, view="agency").view.key == "agency"
    assert query(add_shop(db, now, stage_view="one that is gone"), now).view.key == "twelve"


@pytest.mark.parametrize(
    ("args", "field"),
    [
        pytest.param({"period": "fortnight"}, "period", id="a period that does not exist"),
        pytest.param({"period": "custom"}, "since", id="custom without days"),
        pytest.param({"since": "2026-01-01"}, "until", id="only the first day"),
        pytest.param({"until": "2026-01-01"}, "since", id="only the last day"),
        pytest.param({"since": "2026-02-01", "until": "2026-01-01"}, "until", id="the wrong way round"),
        pytest.param({"since": "2020-01-01", "until": "2026-01-01"}, "since", id="too many days"),
        pytest.param({"since": "0001-01-01", "until": "0001-01-02"}, "since", id="before everything"),
        pytest.param({"since": "9999-12-31", "until": "9999-12-31"}, "since", id="after everything"),
        pytest.param({"since": "yesterday", "until": "today"}, "since", id="no days at all"),
        pytest.param({"filter": "channel"}, "filter", id="a filter without a value"),
        pytest.param({"filter": "colour=red"}, "filter", id="a filter that does not exist"),
        pytest.param({"filter": "channel=email\n"}, "filter", id="a line break after a filter"),
        pytest.param({"filter": "channel=' OR 1=1"}, "filter", id="SQL in a filter"),
        pytest.param({"view": "seven"}, "view", id="a view that does not exist"),
        pytest.param({"limit": "0"}, "limit", id="no rows"),
        pytest.param({"limit": "501"}, "limit", id="too many rows"),
        pytest.param({"limit": "ten"}, "limit", id="no number"),
        pytest.param({"subject_id": str(2**63)}, "subject_id", id="beyond what a database holds"),
        pytest.param({"cursor": "<script>"}, "cursor", id="no cursor"),
        pytest.param({"colour": "red"}, "colour", id="an unknown parameter"),
    ],
)
def test_what_is_asked_wrongly_is_refused_by_field(db: Connection, now: Instant, args: dict[str, str], field: str) -> None:
    with pytest.raises(BadQuery) as refused:
        query(add_shop(db, now), now, **args)
    assert refused.value.field == field


def test_links_of_pages_may_carry_more(db: Connection, now: Instant) -> None:
    assert read_query({"live": "1"}, add_shop(db, now), now, strict=False).period == "28d"
