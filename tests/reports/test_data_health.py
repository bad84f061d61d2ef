"""Data health and its alarms, from outcomes written down by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.order_list.listing import order, store
from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.reports import alarms
from tracker.reports.alarms import Day
from tracker.reports.table import Share
from tracker.shops import Shop


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    return add_shop(db, now)


def came(db: Connection, shop: Shop, day: int, **told: dict[str, int]) -> None:
    """kind={reason: count}"""
    rows = [
        {"shop_id": shop.shop_id, "day_on": day, "kind": kind, "reason": reason, "count": amount}
        for kind, reasons in told.items()
        for reason, amount in reasons.items()
    ]
    db.execute(insert(t.outcomes), rows)


def test_what_the_figures_say(db: Connection, now: Instant, shop: Shop) -> None:
    other = add_shop(db, now)
    came(
        db, shop, 20260914,
        accepted={"event": 100}, dropped={"duplicate": 20, "erased": 1}, counted_only={"page_view": 10, "page_twice": 5},
        lag={"browser.0": 50, "browser.2": 50, "server.5": 10, "server.8": 10}, sender={"person": 70, "bot": 20, "staff": 10},
        consent={"anonymous": 20, "statistics": 10, "marketing": 40}, clock={"corrected": 7}, hour={"12": 100},
    )  # fmt: skip
    came(db, other, 20260914, accepted={"event": 5}, sender={"bot": 5})
    count(db, shop, 20260914, {"numbered": 90, "lost": 10, "journeys": 1})
    table = ask(db, shop, now, "data_health")
    assert table.totals == {
        "arrived": 115, "accepted": 100, "refused": Share(0, 115), "failed": 0, "captured_share": None,
        "consent_share": Share(50, 80), "lost_share": Share(10, 100), "duplicates": Share(20, 100),
        "lag_median": 1.0, "lag_p95": 5 + 25 * 0.9, "server_lag_median": 3_600.0, "server_lag_p95": 86_400.0,
        "clock_share": Share(7, 100), "tag_twice": 5, "bot_share": Share(20, 100), "staff_share": Share(10, 100),
    }  # fmt: skip
    (row,) = table.rows
    assert (row["accepted"], row["dropped"], row["consent_share"], row["lost_share"]) == (
        100,
        21,
        Share(50, 80),
        Share(10, 100),
    )
    beside = table.beside
    assert [(row["level"], row["pages"]) for row in beside["consents"].rows] == [
        ("none", 10), ("anonymous", 20), ("statistics", 10), ("marketing", 40),
    ]  # fmt: skip
    assert [(row["sender"], row["events"]) for row in beside["senders"].rows] == [("person", 70), ("bot", 20), ("staff", 10)]
    assert [(row["source"], row["b0"], row["b5"], row["b8"]) for row in beside["lags"].rows] == [
        ("browser", 50, 0, 0), ("server", 0, 10, 10),
    ]  # fmt: skip
    assert {row["kind"] for row in beside["reasons"].rows} == {"dropped", "counted_only"}


def test_nothing_is_divided_where_nothing_arrived(db: Connection, now: Instant, shop: Shop) -> None:
    table = ask(db, shop, now, "data_health")
    assert table.rows == []
    assert {value.value for value in table.totals.values() if isinstance(value, Share)} == {None}
    assert table.totals["lag_median"] is None
    assert {row["state"] for row in table.beside["alarms"].rows} == {"unknown"}


def test_hours_in_which_the_list_has_orders_and_none_is_here(db: Connection, now: Instant, shop: Shop) -> None:
    """`now` is noon."""
    came(db, shop, 20260915, accepted={"event": 50})
    yesterday = now - DAY
    store(db, shop, order("1", yesterday), order("2", yesterday + MINUTE), order("3", yesterday + 2 * HOUR),
          order("4", yesterday + 3 * HOUR), order("5", yesterday + 3 * HOUR, status="pending"), now=now)  # fmt: skip
    row = {
        "shop_id": shop.shop_id, "order_key": "3", "subject_id": 1, "number": 1, "placed_at": yesterday + 2 * HOUR,
        "state": "paid", "counted_at": yesterday, "currency": "DKK", "total_minor": 12_500, "net_minor": 10_000,
    }  # fmt: skip
    db.execute(insert(t.orders), row)
    table = ask(db, shop, now, "data_health")
    assert [(row["hour"], row["listed"]) for row in table.beside["silent_hours"].rows] == [
        (yesterday + 3 * HOUR, 1),
        (yesterday, 2),
    ]
    assert table.totals["captured_share"] == Share(1, 4)
    states = {row["alarm"]: (row["state"], str(row["since"])) for row in table.beside["alarms"].rows}
    assert states["silent_hours"] == ("on", "2026-09-15")
    assert states["orders_missing"] == ("on", "2026-09-15")


FINE: dict[str, Any] = {
    "accepted": 100, "captured": Share(20, 20), "consented": Share(40, 50), "lost": Share(1, 100), "late": Share(2, 100),
}  # fmt: skip


@pytest.mark.parametrize(
    ("alarm", "bad", "fine"),
    [
        ("nothing_arrives", {"accepted": 0}, {"accepted": 1}),
        ("orders_missing", {"captured": Share(18, 20)}, {"captured": Share(19, 20)}),
        ("silent_hours", {"silent_hours": 1}, {}),
        ("signatures", {"signatures": 1}, {}),
        ("refused", {"refused": 6}, {"refused": 5}),
        ("failed", {"failed": 1}, {}),
        ("late", {"late": Share(11, 100)}, {"late": Share(10, 100)}),
        ("clocks", {"corrected": 6}, {"corrected": 5}),
        ("tag_twice", {"tag_twice": 1}, {}),
        ("lost", {"lost": Share(6, 100)}, {"lost": Share(5, 100)}),
        ("no_consent", {"consented": Share(0, 30)}, {"consented": Share(1, 30)}),
        ("unrated", {"unrated": 1}, {}),
    ],
)
def test_an_alarm_goes_on_and_off(alarm: str, bad: dict[str, Any], fine: dict[str, Any]) -> None:
    assert alarms.ALARMS[alarm].is_bad(Day(**{**FINE, **bad})) is True
    assert alarms.ALARMS[alarm].is_bad(Day(**{**FINE, **fine})) is False


@pytest.mark.parametrize("alarm", alarms.ALARMS)
def test_of_a_day_of_which_nothing_is_known_no_alarm_speaks(alarm: str) -> None:
    assert alarms.ALARMS[alarm].is_bad(Day(is_over=False)) is None


@pytest.mark.parametrize(
    ("days", "state", "since", "count"),
    [
        pytest.param("..xx", "on", 2, 2, id="since the first of the days in a row"),
        pytest.param("x.xx", "on", 2, 3, id="not since an earlier one"),
        pytest.param(".xx.", "watch", 1, 2, id="it was, and is over"),
        pytest.param("....", "ok", None, 0, id="never"),
        pytest.param("xx??", "on", 0, 2, id="of the last days nothing is known"),
        pytest.param("????", "unknown", None, 0, id="of no day anything is known"),
    ],
)
def test_the_state_of_an_alarm(days: str, state: str, since: int | None, count: int) -> None:
    first = date(2026, 9, 1)
    known = {"x": Day(**{**FINE, "failed": 1}), ".": Day(**FINE), "?": Day()}
    rows = alarms.rows({first + timedelta(days=n): known[sign] for n, sign in enumerate(days)})
    row = next(row for row in rows if row["alarm"] == "failed")
    assert (row["state"], row["days"]) == (state, count)
    assert row["since"] == (None if since is None else first + timedelta(days=since))
    assert (row["advice"] is None) == (state in ("ok", "unknown"))


def test_alarms_look_at_every_day_since_the_first_that_anything_arrived(db: Connection, now: Instant, shop: Shop) -> None:
    came(db, shop, 20260910, accepted={"event": 40}, refused={"bad_signature": 2})
    came(db, shop, 20260913, accepted={"event": 40})
    rows = ask(db, shop, now, "data_health").beside["alarms"].rows
    told = {row["alarm"]: (row["state"], str(row["since"]), row["days"]) for row in rows}
    assert told["nothing_arrives"] == ("on", "2026-09-14", 4)  # 11, 12, 14, 15; today is not over
    assert told["signatures"] == ("watch", "2026-09-10", 1)
    assert [row["state"] for row in rows][:2] == ["on", "watch"]
