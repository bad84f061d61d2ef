"""Carts now, from rows of their table; how far carts get, from counters."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.errors import BadQuery
from tracker.reports.table import Money, Share
from tracker.shops import Shop


def fill(db: Connection, shop: Shop, subject_id: int, touched_at: Instant, **fields: Any) -> None:
    row = {
        "shop_id": shop.shop_id, "subject_id": subject_id, "number": 1, "position": 0, "state": "filled",
        "began_at": touched_at - HOUR, "touched_at": touched_at, "step": "cart", "pieces": 2, "value_minor": 1_000,
        "currency": "DKK", "channel": "email", "products": ["dress", "lamp"], **fields,
    }  # fmt: skip
    db.execute(insert(t.carts), row)


@pytest.mark.parametrize(
    ("ago", "age"),
    [
        pytest.param(-5 * MINUTE, "active", id="by a clock that is ahead"),
        pytest.param(15 * MINUTE - 1, "active", id="just within 15 minutes"),
        pytest.param(15 * MINUTE, "idle", id="15 minutes"),
        pytest.param(60 * MINUTE - 1, "idle", id="just within the shop's time"),
        pytest.param(60 * MINUTE, "abandoned", id="the shop's time"),
    ],
)
def test_a_cart_is_active_then_idle_then_abandoned(db: Connection, now: Instant, ago: int, age: str) -> None:
    shop = add_shop(db, now)
    fill(db, shop, 1, now - ago)
    table = ask(db, shop, now, "carts")
    assert [row["age"] for row in table.rows] == [age]
    assert [row["age"] for row in table.beside["ages"].rows] == [age]
    assert {name: table.totals[name] for name in ("active", "idle", "abandoned")} == {
        **dict.fromkeys(("active", "idle", "abandoned"), 0), age: 1
    }  # fmt: skip


def test_abandoned_sooner_than_active_ends_is_abandoned(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now, abandon_minutes=10)
    fill(db, shop, 1, now - 12 * MINUTE)
    assert ask(db, shop, now, "carts").totals["abandoned"] == 1


def test_carts_are_added_up_by_step_and_age_and_never_over_currencies(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    fill(db, shop, 1, now - MINUTE)
    fill(db, shop, 2, now - 2 * HOUR, step="add_payment_info", value_minor=500)
    fill(db, shop, 3, now - 3 * HOUR, step="add_payment_info", value_minor=700, currency="SEK", pieces=1)
    fill(db, shop, 4, now - DAY - 1, value_minor=30)
    for subject_id, state in enumerate(("emptied", "ordered", "expired", "uncounted"), 5):
        fill(db, shop, subject_id, now - MINUTE, state=state)
    fill(db, other, 1, now - MINUTE)
    table = ask(db, shop, now, "carts")
    assert table.totals == {
        "carts": 4, "checkouts": 2, "active": 1, "idle": 0, "abandoned": 3, "pieces": 7,
        "value": (Money(1_530, "DKK"), Money(700, "SEK")),
    }  # fmt: skip
    steps = [(row["step"], row["carts"], row["abandoned"], row["value"]) for row in table.beside["steps"].rows]
    assert steps == [
        ("cart", 2, 1, (Money(1_030, "DKK"),)),
        ("add_payment_info", 2, 2, (Money(500, "DKK"), Money(700, "SEK"))),
    ]
    ages = [(row["age"], row["days"], row["carts"], row["checkouts"], row["value"]) for row in table.beside["ages"].rows]
    assert ages == [
        ("active", None, 1, 0, (Money(1_000, "DKK"),)),
        ("abandoned", 0, 2, 2, (Money(500, "DKK"), Money(700, "SEK"))),
        ("abandoned", 1, 1, 0, (Money(30, "DKK"),)),
    ]


def test_the_latest_come_first_page_by_page_with_names_and_persons(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    row = {"shop_id": shop.shop_id, "product_key": "dress", "name": "Dress Vilma", "category": None}
    db.execute(insert(t.products), row)
    for subject_id in range(1, 6):  # three at one instant
        fill(db, shop, subject_id, now - HOUR if 2 <= subject_id <= 4 else now - subject_id * MINUTE)
    seen, cursor = [], ""
    for _ in range(3):
        table = ask(db, shop, now, "carts", limit="2", cursor=cursor)
        seen += [row["subject_id"] for row in table.rows]
        assert table.totals["carts"] == 5
        cursor = table.next_cursor or ""
    assert seen == ["1", "5", "4", "3", "2"]
    assert cursor == ""
    assert table.rows[0]["products"] == "Dress Vilma, lamp"


def test_a_cart_of_something_unnamed_has_a_value_and_no_products(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    fill(db, shop, 1, now, products=[""], channel=None)
    (row,) = ask(db, shop, now, "carts").rows
    assert (row["products"], row["value"], row["channel"]) == (None, Money(1_000, "DKK"), None)


def test_carts_can_be_asked_for_by_channel_alone(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    fill(db, shop, 1, now)
    fill(db, shop, 2, now, channel="direct")
    table = ask(db, shop, now, "carts", filter="channel=direct")
    assert ([row["subject_id"] for row in table.rows], table.totals["carts"]) == (["2"], 1)


@pytest.mark.parametrize(
    "args",
    [{"filter": "device=mobile"}, {"cursor": "1"}, {"cursor": "a.b"}, {"cursor": "1.2.3"}, {"cursor": f"1.{2**64}"}],
    ids=str,
)
def test_what_carts_cannot_answer_is_refused(db: Connection, now: Instant, args: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        ask(db, add_shop(db, now), now, "carts", **args)


def test_no_carts_are_none(db: Connection, now: Instant) -> None:
    table = ask(db, add_shop(db, now), now, "carts")
    assert (list(table.rows), table.totals["carts"], table.totals["value"]) == ([], 0, ())
    assert [list(other.rows) for other in table.beside.values()] == [[], []]


FUNNEL = {
    "carts": 100, "value": 9_000, "filled": 10, "filled_value": 800, "ordered": 30, "ordered_value": 4_000, "emptied": 20,
    "emptied_value": 1_500, "expired": 40, "expired_value": 2_700, "messaged": 12, "recovered": 3, "recovered_value": 333,
    "unrated": 4, "reached:cart": 100, "ordered_from:cart": 30, "open:cart": 8, "stopped:cart": 30, "stopped_value:cart": 2_000,
    "reached:begin_checkout": 50, "ordered_from:begin_checkout": 18, "open:begin_checkout": 2, "stopped:begin_checkout": 30,
    "stopped_value:begin_checkout": 2_200,
}  # fmt: skip


def test_how_far_carts_get_and_what_is_lost_where(db: Connection, now: Instant) -> None:
    """Twelve were ordered without a step of the checkout being told."""
    shop = add_shop(db, now)
    count(db, shop, 20260910, FUNNEL, family="carts")
    table = ask(db, shop, now, "checkouts")
    first, second, third = table.rows[:3]
    assert (first["reached"], first["went_on"], first["went_on_share"]) == (100, 62, Share(62, 100))
    assert (first["open"], first["stopped"], first["lost"]) == (8, 30, Money(2_000, "DKK"))
    assert (second["share"], second["went_on"], second["conversion"]) == (Share(50, 100), 18, Share(18, 50))
    assert (third["reached"], third["went_on_share"], third["lost"]) == (0, Share(0, 0), Money(0, "DKK"))
    assert len(table.rows) == 6
    assert table.totals == {
        "carts": 100, "value": Money(9_000, "DKK"), "conversion": Share(30, 100), "lost": Money(4_200, "DKK"), "messaged": 12,
        "recovered": 3, "recovered_value": Money(333, "DKK"),
    }  # fmt: skip
    outcomes = [(row["outcome"], row["carts"], row["value"]) for row in table.beside["outcomes"].rows]
    assert outcomes == [
        ("ordered", 30, Money(4_000, "DKK")), ("filled", 10, Money(800, "DKK")), ("emptied", 20, Money(1_500, "DKK")),
        ("expired", 40, Money(2_700, "DKK")),
    ]  # fmt: skip
    assert [note.params for note in table.notes] == [{"count": 4}]
